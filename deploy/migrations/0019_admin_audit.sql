-- Who changed what of the administration: a row for each object that a command changed, written in the transaction that changed it.
-- Rows are only added (no role may change or remove one) and stay for 12 months at least: monthly partitions, dropped whole by the
-- keeper of message-writer. Secrets, and what could be compared with one, are never in it: of those it tells only that they changed.

CREATE SEQUENCE admin_audit_ids AS bigint;
ALTER SEQUENCE admin_audit_ids OWNER TO ub_owner;

CREATE TABLE admin_audit (
    id         bigint NOT NULL DEFAULT nextval('admin_audit_ids'),
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor      text NOT NULL,             -- as the command names itself: user@host, or --by
    db_user    text NOT NULL,             -- as PostgreSQL knows it
    client     text NOT NULL,             -- its network address; '' = through a socket
    verb       text NOT NULL,             -- "partitions skip"; '' = not by a command
    request_id text NOT NULL,             -- the same in all rows of one command
    tenant     bigint,                    -- whose object it is; NULL = the installation's
    kind       text NOT NULL,             -- of the object: tenant, channel, api_key, partition …
    object     text NOT NULL,             -- its id
    name       text NOT NULL DEFAULT '',  -- its name, if it has one
    old_value  jsonb,                     -- of what changed; NULL = it is new
    new_value  jsonb,                     -- NULL = it is gone
    -- What PostgreSQL does not hold is told twice: "begun" before the change, "done" or "failed: …" after it.
    outcome    text NOT NULL,
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE INDEX admin_audit_by_tenant ON admin_audit (tenant, id);
ALTER TABLE admin_audit OWNER TO ub_owner;
REVOKE ALL ON admin_audit FROM PUBLIC;
REVOKE ALL ON SEQUENCE admin_audit_ids FROM PUBLIC;
GRANT SELECT ON admin_audit TO ub_admin;

-- ---------------------------------------------------------------- its partitions, as those of messages

CREATE OR REPLACE FUNCTION ub_leaf_of(parent text, at timestamptz, OUT leaf text, OUT first timestamptz, OUT past timestamptz)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $$
BEGIN
    IF parent = 'conversations' AND at = 'infinity' THEN
        leaf := 'conversations_live';
        first := 'infinity';
        past := NULL;  -- MAXVALUE
    ELSIF parent IN ('conversations', 'messages', 'admin_audit') THEN
        first := date_trunc('month', at);
        past := first + interval '1 month';
        leaf := parent || to_char(first, '_YYYY_MM');
    ELSIF parent = 'ext_ref' THEN
        first := date_trunc('week', at);
        past := first + interval '7 days';
        leaf := parent || to_char(first, '_YYYY_MM_DD');
    ELSE
        RAISE EXCEPTION 'table % has no time partitions', parent USING ERRCODE = '22023';
    END IF;
END $$;

CREATE OR REPLACE FUNCTION ub_make_partitions() RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC'
AS $$
DECLARE
    made int := 0;
    wanted record;
BEGIN
    FOR wanted IN
        SELECT 'conversations' AS parent, timestamptz 'infinity' AS at
        UNION ALL
        SELECT parent, date_trunc('month', now()) + period * interval '1 month'
        FROM unnest(ARRAY['conversations', 'messages', 'admin_audit']) AS parent, generate_series(-1, 3) AS period
        UNION ALL
        SELECT 'ext_ref', date_trunc('week', now()) + period * interval '7 days' FROM generate_series(-1, 3) AS period
    LOOP
        BEGIN
            made := made + ub_make_partition(wanted.parent, wanted.at)::int;
        EXCEPTION WHEN object_not_in_prerequisite_state THEN
            NULL;  -- ub_detached_leaves tells of it.
        END;
    END LOOP;
    RETURN made;
END $$;

CREATE OR REPLACE FUNCTION ub_periods_ahead() RETURNS int
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT min(ahead)::int
    FROM (SELECT count(l.leaf) AS ahead
          FROM unnest(ARRAY['conversations', 'messages', 'admin_audit', 'ext_ref']) AS parent
          LEFT JOIN LATERAL (SELECT leaf FROM ub_leaves(parent) WHERE first > now()) l ON true
          GROUP BY parent) AS counted
$$;

-- Drops leaves in which every row is older than 12 months. Returns how many. As ub_drop_old_ext_ref.
CREATE FUNCTION ub_drop_old_audit() RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET lock_timeout = '500ms'
AS $$
DECLARE
    old record;
    dropped int := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(7521001);
    FOR old IN SELECT leaf FROM ub_leaves('admin_audit') WHERE first + interval '1 month' <= now() - interval '12 months' LOOP
        EXECUTE format('DROP TABLE public.%I', old.leaf);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;
ALTER FUNCTION ub_drop_old_audit() OWNER TO ub_owner;
REVOKE ALL ON FUNCTION ub_drop_old_audit() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ub_drop_old_audit() TO ub_writer, ub_admin;

-- ---------------------------------------------------------------- rows

-- Who acts, and with what, stands in settings of the transaction (pg::Settings::actor); without them it is the database's user.
-- What was and what became of it are of the caller's choice: no secrets.
CREATE FUNCTION ub_audit(of_tenant bigint, of_kind text, of_object text, was jsonb, became jsonb, came_out text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    PERFORM ub_make_partition('admin_audit', now());
    INSERT INTO admin_audit (actor, db_user, client, verb, request_id, tenant, kind, object, old_value, new_value, outcome)
    VALUES (coalesce(nullif(current_setting('app.actor', true), ''), session_user), session_user,
            coalesce(host(inet_client_addr()), ''), coalesce(current_setting('app.verb', true), ''),
            coalesce(current_setting('app.request_id', true), ''), of_tenant, of_kind, of_object, was, became, came_out);
END $$;
ALTER FUNCTION ub_audit(bigint, text, text, jsonb, jsonb, text) OWNER TO ub_owner;
REVOKE ALL ON FUNCTION ub_audit(bigint, text, text, jsonb, jsonb, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ub_audit(bigint, text, text, jsonb, jsonb, text) TO ub_admin;

-- For tables that only administration changes, whoever does it. Arguments: kind, columns of id and name (or ''), the columns that
-- are told, and those of which it is told that they changed. A column that stands in neither list is not told at all.
CREATE FUNCTION ub_audit_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC'
AS $$
DECLARE
    was      jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    became   jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    subject  jsonb := coalesce(became, was);
    old_told jsonb := '{}';
    new_told jsonb := '{}';
    one      text;
BEGIN
    FOREACH one IN ARRAY TG_ARGV[3]::text[] LOOP
        CONTINUE WHEN was -> one IS NOT DISTINCT FROM became -> one;
        old_told := old_told || jsonb_build_object(one, was -> one);
        new_told := new_told || jsonb_build_object(one, became -> one);
    END LOOP;
    FOREACH one IN ARRAY TG_ARGV[4]::text[] LOOP
        CONTINUE WHEN was -> one IS NOT DISTINCT FROM became -> one;
        old_told := old_told || jsonb_build_object(one, CASE WHEN was ->> one IS NOT NULL THEN '(secret)' END);
        new_told := new_told || jsonb_build_object(one, CASE
            WHEN became ->> one IS NULL THEN NULL WHEN was ->> one IS NULL THEN '(secret)' ELSE '(changed)' END);
    END LOOP;
    IF new_told = '{}' THEN
        RETURN NULL;  -- Nothing that is told has changed.
    END IF;
    INSERT INTO admin_audit (actor, db_user, client, verb, request_id, tenant, kind, object, name, old_value, new_value, outcome)
    VALUES (coalesce(nullif(current_setting('app.actor', true), ''), session_user), session_user,
            coalesce(host(inet_client_addr()), ''), coalesce(current_setting('app.verb', true), ''),
            coalesce(current_setting('app.request_id', true), ''), (subject ->> 'tenant_id')::bigint, TG_ARGV[0],
            subject ->> TG_ARGV[1], coalesce(subject ->> TG_ARGV[2], ''),
            CASE TG_OP WHEN 'UPDATE' THEN old_told WHEN 'DELETE' THEN jsonb_strip_nulls(old_told) END,
            CASE TG_OP WHEN 'UPDATE' THEN new_told WHEN 'INSERT' THEN jsonb_strip_nulls(new_told) END, 'done');
    RETURN NULL;
END $$;
ALTER FUNCTION ub_audit_row() OWNER TO ub_owner;
REVOKE ALL ON FUNCTION ub_audit_row() FROM PUBLIC;

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON tenants FOR EACH ROW EXECUTE FUNCTION ub_audit_row(
    'tenant', 'tenant_id', 'slug', '{slug,name,ingest_rate_per_s,ingest_burst,disabled_at}', '{}');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON channels FOR EACH ROW EXECUTE FUNCTION ub_audit_row(
    'channel', 'channel_id', 'slug',
    '{slug,name,provider,route_key,public_base_url,reopen_window_s,settings,app_id,disabled_at}', '{token_hash}');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON channel_secrets FOR EACH ROW EXECUTE FUNCTION ub_audit_row(
    'channel_secret', 'secret_id', '', '{channel_id,expires_at}', '{sealed,fingerprint}');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON api_keys FOR EACH ROW EXECUTE FUNCTION ub_audit_row(
    'api_key', 'key_id', 'name', '{name,scopes,expires_at,revoked_at}', '{key_hash}');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON provider_apps FOR EACH ROW EXECUTE FUNCTION ub_audit_row(
    'app', 'app_id', 'slug', '{slug,provider,disabled_at}', '{verify_token_sealed}');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON provider_app_secrets FOR EACH ROW EXECUTE FUNCTION ub_audit_row(
    'app_secret', 'secret_id', '', '{app_id,expires_at}', '{sealed,fingerprint}');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON log_generation FOR EACH ROW EXECUTE FUNCTION ub_audit_row(
    'log_generation', 'generation', '', '{partition_count}', '{}');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON ingest_gap FOR EACH ROW EXECUTE FUNCTION ub_audit_row(
    'gap', 'id', '', '{generation,partition,first_seq,last_seq,acknowledged_by}', '{}');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON ingest_burial FOR EACH ROW EXECUTE FUNCTION ub_audit_row(
    'burial', 'id', '',
    '{generation,partition,stream_created,last_break,first_seq,last_seq,undecodable_count,buried_by,reason,buried_at}', '{}');
-- message-writer adds letters, which are no change of the administration.
CREATE TRIGGER audit AFTER UPDATE OR DELETE ON dead_letter FOR EACH ROW EXECUTE FUNCTION ub_audit_row(
    'dead_letter', 'id', '', '{replayed_at}', '{}');

SELECT ub_make_partitions();
