-- A channel that is reached through a provider app takes only what that app signed: the owner of one app must not write into
-- channels of another's.

GRANT CREATE ON SCHEMA public TO ub_lookup;  -- Only while it becomes the owner, see the end.

-- Channels that exist belong to the only app, if there is just one; else `uniboxctl apply` has to say whose they are. As a default,
-- because an UPDATE would see no row of other tenants. No foreign key: checking it would not either.
DO $$
DECLARE
    only_app uuid;
BEGIN
    SELECT min(app_id::text)::uuid INTO only_app FROM provider_apps HAVING count(*) = 1;
    EXECUTE format('ALTER TABLE channels ADD COLUMN app_id uuid DEFAULT %L', only_app);
    ALTER TABLE channels ALTER COLUMN app_id DROP DEFAULT;
END $$;

DROP FUNCTION ub_find_channels_by_route(smallint, text[]);
DROP FUNCTION ub_find_channel_by_token(bytea);
DROP FUNCTION ub_find_channel(bigint, uuid);

-- The bodies cannot be checked here, as in 0003.
SET LOCAL check_function_bodies = off;

CREATE FUNCTION ub_find_channel(wanted_tenant bigint, wanted_channel uuid)
RETURNS TABLE (tenant_id bigint, channel_id uuid, provider smallint, route_key text, token_hash bytea, public_base_url text,
               settings text, reopen_window_s int, ingest_rate_per_s int, ingest_burst int, disabled boolean,
               secrets bytea[], secrets_valid_until timestamptz, app_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT c.tenant_id, c.channel_id, c.provider, c.route_key, c.token_hash, c.public_base_url, c.settings::text,
           c.reopen_window_s, t.ingest_rate_per_s, t.ingest_burst, c.disabled_at IS NOT NULL OR t.disabled_at IS NOT NULL,
           coalesce(s.sealed, '{}'), coalesce(s.valid_until, 'infinity'), c.app_id
    FROM channels c
    JOIN tenants t ON t.tenant_id = c.tenant_id
    CROSS JOIN LATERAL (
        SELECT array_agg(x.sealed ORDER BY x.created_at DESC, x.secret_id DESC) AS sealed, min(x.expires_at) AS valid_until
        FROM channel_secrets x
        WHERE x.tenant_id = c.tenant_id AND x.channel_id = c.channel_id AND x.expires_at > now()) s
    WHERE c.tenant_id = wanted_tenant AND c.channel_id = wanted_channel
$$;

CREATE FUNCTION ub_find_channel_by_token(wanted_hash bytea)
RETURNS TABLE (tenant_id bigint, channel_id uuid, provider smallint, route_key text, token_hash bytea, public_base_url text,
               settings text, reopen_window_s int, ingest_rate_per_s int, ingest_burst int, disabled boolean,
               secrets bytea[], secrets_valid_until timestamptz, app_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT c.* FROM directory d CROSS JOIN LATERAL ub_find_channel(d.tenant, d.object_id) c
    WHERE d.kind = 2 AND d.key_hash = wanted_hash AND c.token_hash = wanted_hash
$$;

CREATE FUNCTION ub_find_channels_by_route(wanted_provider smallint, wanted_keys text[])
RETURNS TABLE (wanted_key text, tenant_id bigint, channel_id uuid, provider smallint, route_key text, token_hash bytea,
               public_base_url text, settings text, reopen_window_s int, ingest_rate_per_s int, ingest_burst int,
               disabled boolean, secrets bytea[], secrets_valid_until timestamptz, app_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT w.key, c.*
    FROM (SELECT DISTINCT unnest(wanted_keys[1:1000]) AS key) w
    JOIN directory d ON d.kind = 3 AND d.key_hash = ub_route_hash(wanted_provider, w.key)
    CROSS JOIN LATERAL ub_find_channel(d.tenant, d.object_id) c
    WHERE c.provider = wanted_provider AND c.route_key = w.key
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY[
        'ub_find_channel(bigint, uuid)', 'ub_find_channel_by_token(bytea)', 'ub_find_channels_by_route(smallint, text[])']
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO ub_lookup', signature);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO ub_ingest, ub_admin', signature);
    END LOOP;
END $$;
REVOKE CREATE ON SCHEMA public FROM ub_lookup;
