-- Roles, ownership, row-level security and grants.
--
-- Roles belong to the cluster, so all of this must be harmless when they exist already. LOGIN roles get no password
-- here: the operator sets one, see README.md in this folder.

DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN SELECT * FROM (VALUES
        ('ub_owner',   'NOLOGIN'),
        ('ub_lookup',  'NOLOGIN'),
        ('ub_writer',  'LOGIN'),
        ('ub_ingest',  'LOGIN'),
        ('ub_gateway', 'LOGIN'),
        ('ub_admin',   'LOGIN')) AS v (name, login)
    LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name);
        BEGIN
            EXECUTE format('CREATE ROLE %I %s NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS',
                           wanted.name, wanted.login);
            IF wanted.name = 'ub_writer' THEN  -- A frozen writer must not keep its locks.
                ALTER ROLE ub_writer SET idle_in_transaction_session_timeout = '5s';
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- Made by a migration of another database at the same moment.
        END;
    END LOOP;
    -- Whoever migrates without being superuser must be able to give objects away.
    IF NOT pg_has_role(current_user, 'ub_owner', 'MEMBER') OR NOT pg_has_role(current_user, 'ub_lookup', 'MEMBER') THEN
        EXECUTE format('GRANT ub_owner, ub_lookup TO %I', current_user);
    END IF;
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END $$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO ub_lookup, ub_writer, ub_ingest, ub_gateway, ub_admin;
GRANT USAGE, CREATE ON SCHEMA public TO ub_owner;  -- Makes the partitions.

DO $$
DECLARE
    object record;
BEGIN
    FOR object IN
        SELECT c.relname, c.relkind FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
           OR c.relnamespace = 'public'::regnamespace AND c.relkind = 'S'
              AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i'))
    LOOP
        EXECUTE format('ALTER %s public.%I OWNER TO ub_owner',
                       CASE object.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, object.relname);
        EXECUTE format('REVOKE ALL ON %s public.%I FROM PUBLIC',
                       CASE object.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, object.relname);
    END LOOP;
END $$;

-- Tenant tables: whoever is no writer sees the tenant of the transaction alone. The sub-select is evaluated once for
-- each query; nullif, because the setting reads '' and not NULL once it was set in the session.
DO $$
DECLARE
    tenant_table text;
    tenant_is    constant text := '(tenant_id = (SELECT nullif(current_setting(''app.tenant_id'', true), '''')::bigint))';
BEGIN
    FOREACH tenant_table IN ARRAY ARRAY[
        'tenants', 'channels', 'channel_secrets', 'api_keys', 'contacts', 'threads', 'conversations',
        'conversation_counters', 'messages', 'ext_ref', 'parked_events']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('CREATE POLICY tenant_isolation ON %I TO ub_gateway, ub_admin USING %s WITH CHECK %s',
                       tenant_table, tenant_is, tenant_is);
    END LOOP;
    -- The writer's batches hold many tenants: just the tables that its transactions touch.
    FOREACH tenant_table IN ARRAY ARRAY[
        'channels', 'contacts', 'threads', 'conversations', 'conversation_counters', 'messages', 'ext_ref', 'parked_events']
    LOOP
        EXECUTE format('CREATE POLICY writer_all_tenants ON %I TO ub_writer USING (true) WITH CHECK (true)', tenant_table);
    END LOOP;
    -- What must be found before the tenant is known.
    FOREACH tenant_table IN ARRAY ARRAY['tenants', 'channels', 'channel_secrets', 'api_keys']
    LOOP
        EXECUTE format('CREATE POLICY lookup ON %I FOR SELECT TO ub_lookup USING (true)', tenant_table);
        EXECUTE format('GRANT SELECT ON %I TO ub_lookup', tenant_table);
    END LOOP;
END $$;

-- The directory names tenants and their objects: a system table, guarded like a tenant's.
ALTER TABLE directory ENABLE ROW LEVEL SECURITY;
ALTER TABLE directory FORCE ROW LEVEL SECURITY;
CREATE POLICY lookup ON directory FOR SELECT TO ub_lookup USING (true);
CREATE POLICY administration ON directory TO ub_admin USING (true) WITH CHECK (true);
GRANT SELECT ON directory, provider_apps, provider_app_secrets TO ub_lookup;

-- message-writer
GRANT SELECT (tenant_id, channel_id, slug, provider, reopen_window_s, settings, disabled_at) ON channels TO ub_writer;
GRANT SELECT, INSERT, UPDATE ON contacts, threads, conversations, conversation_counters, messages, ext_ref TO ub_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON parked_events TO ub_writer;
GRANT SELECT, INSERT, UPDATE ON ingest_partition, writer_slots TO ub_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON writer_instances TO ub_writer;
GRANT SELECT, INSERT, DELETE ON outbox TO ub_writer;
GRANT SELECT, INSERT ON dead_letter TO ub_writer;
GRANT SELECT, UPDATE ON feed TO ub_writer;

-- gateway: reads. Hashes and secrets are none of its business.
GRANT SELECT (tenant_id, slug, name, created_at, disabled_at) ON tenants TO ub_gateway;
GRANT SELECT (tenant_id, channel_id, slug, name, provider, route_key, reopen_window_s, created_at, disabled_at)
    ON channels TO ub_gateway;
GRANT SELECT ON contacts, threads, conversations, conversation_counters, messages, feed TO ub_gateway;

-- uniboxctl
GRANT SELECT, INSERT, UPDATE ON tenants, channels, channel_secrets, api_keys TO ub_admin;
GRANT DELETE ON channel_secrets TO ub_admin;
GRANT USAGE ON SEQUENCE tenant_ids TO ub_admin;
GRANT SELECT ON contacts, threads, conversations, conversation_counters, messages, ext_ref, parked_events TO ub_admin;
GRANT SELECT, INSERT, UPDATE, DELETE ON directory, provider_apps, provider_app_secrets TO ub_admin;
GRANT SELECT, INSERT, UPDATE ON ingest_partition, writer_slots TO ub_admin;
GRANT SELECT ON writer_instances, outbox, ingest_gap, schema_migrations TO ub_admin;
GRANT INSERT ON ingest_gap TO ub_admin;
GRANT SELECT, UPDATE ON dead_letter, feed TO ub_admin;
