-- Administration of one tenant by API: the role ub_console, of gateway's second pool. It may do to the tenant of its transaction what
-- uniboxctl may do to all of them, under the same policies; of secrets and keys it can only write new ones.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ub_console') THEN
        CREATE ROLE ub_console LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;  -- Made by a migration of another database at the same moment.
END $$;
GRANT USAGE ON SCHEMA public TO ub_console;

ALTER TABLE tenants
    ADD COLUMN plan           text NOT NULL DEFAULT '',  -- the operator's word for what it sold
    ADD COLUMN retention_days int NOT NULL DEFAULT 0 CHECK (retention_days BETWEEN 0 AND 36500);  -- 0 = for ever
DROP TRIGGER audit ON tenants;
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON tenants FOR EACH ROW EXECUTE FUNCTION ub_audit_row(
    'tenant', 'tenant_id', 'slug', '{slug,name,ingest_rate_per_s,ingest_burst,api_limits,disabled_at,plan,retention_days}', '{}');

DO $$
DECLARE
    tenant_table text;
BEGIN
    FOREACH tenant_table IN ARRAY ARRAY[
        'tenants', 'channels', 'channel_secrets', 'api_keys', 'agents', 'teams', 'team_members', 'channel_members']
    LOOP
        EXECUTE format('ALTER POLICY tenant_isolation ON %I TO ub_gateway, ub_admin, ub_console', tenant_table);
    END LOOP;
END $$;

GRANT SELECT, UPDATE (name, ingest_rate_per_s, ingest_burst, disabled_at, plan, retention_days, api_limits) ON tenants TO ub_console;
GRANT SELECT, INSERT, UPDATE ON channels, agents, teams TO ub_console;
GRANT SELECT, INSERT, DELETE ON team_members, channel_members TO ub_console;
GRANT SELECT (tenant_id, channel_id, secret_id, fingerprint, created_at, expires_at), INSERT, UPDATE (expires_at), DELETE
    ON channel_secrets TO ub_console;
GRANT SELECT (tenant_id, key_id, name, scopes, created_at, expires_at, revoked_at), INSERT, UPDATE (scopes, revoked_at)
    ON api_keys TO ub_console;
-- A channel names the app that serves it.
GRANT SELECT (app_id, slug, provider, disabled_at) ON provider_apps TO ub_console;
GRANT EXECUTE ON FUNCTION ub_route_hash(smallint, text) TO ub_console;

-- Its tenant's API keys, channel tokens and routes; slugs and issuers are uniboxctl's.
CREATE POLICY own_entries ON directory TO ub_console
    USING (tenant = (SELECT nullif(current_setting('app.tenant_id', true), '')::bigint) AND kind IN (1, 2, 3))
    WITH CHECK (tenant = (SELECT nullif(current_setting('app.tenant_id', true), '')::bigint) AND kind IN (1, 2, 3));
GRANT SELECT, INSERT, DELETE ON directory TO ub_console;

-- The audit of the transaction's tenant, the newest first: admin_audit has the operator's rows too. Who is connected from where is the
-- operator's business.
CREATE FUNCTION ub_tenant_audit(
    before_id bigint, wanted_kind text, wanted_actor text, since timestamptz, past timestamptz, count_max int)
RETURNS TABLE (id bigint, at timestamptz, actor text, verb text, request_id text, kind text, object text, name text,
               old_value text, new_value text, outcome text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT a.id, a.at, a.actor, a.verb, a.request_id, a.kind, a.object, a.name, coalesce(a.old_value::text, ''),
           coalesce(a.new_value::text, ''), a.outcome
    FROM admin_audit a
    WHERE a.tenant = nullif(current_setting('app.tenant_id', true), '')::bigint AND a.id < before_id
          AND (wanted_kind = '' OR a.kind = wanted_kind) AND (wanted_actor = '' OR a.actor = wanted_actor)
          AND a.at >= since AND a.at < past
    ORDER BY a.id DESC LIMIT count_max
$$;
ALTER FUNCTION ub_tenant_audit(bigint, text, text, timestamptz, timestamptz, int) OWNER TO ub_owner;
REVOKE ALL ON FUNCTION ub_tenant_audit(bigint, text, text, timestamptz, timestamptz, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ub_tenant_audit(bigint, text, text, timestamptz, timestamptz, int) TO ub_console;
