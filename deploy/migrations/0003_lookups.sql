-- Lookups before a tenant is known. Functions of ub_lookup, which may read these tables whole; callers may not.
-- A SECURITY DEFINER function is executable by PUBLIC unless that is taken away, and must not find objects of its caller:
-- hence REVOKE, and a search_path that ends in pg_temp.

-- The bodies cannot be checked here: with row_security off (as all migrations run) a role that is no superuser may not even
-- name these tables in a query. They run as ub_lookup, which has the policies.
SET LOCAL check_function_bodies = off;

GRANT CREATE ON SCHEMA public TO ub_lookup;  -- Only while it becomes the owner, see the end.
GRANT SELECT ON schema_migrations TO ub_lookup;

CREATE FUNCTION ub_schema_version() RETURNS int
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT coalesce(max(number), 0)::int FROM schema_migrations $$;

CREATE FUNCTION ub_find_api_key(wanted_hash bytea)
RETURNS TABLE (tenant_id bigint, key_id uuid, scopes text[], expires_at timestamptz, revoked boolean, expired boolean,
               tenant_disabled boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT k.tenant_id, k.key_id, k.scopes, k.expires_at, k.revoked_at IS NOT NULL, k.expires_at <= now(),
           t.disabled_at IS NOT NULL
    FROM directory d
    JOIN api_keys k ON k.tenant_id = d.tenant AND k.key_id = d.object_id AND k.key_hash = wanted_hash
    JOIN tenants t ON t.tenant_id = d.tenant
    WHERE d.kind = 1 AND d.key_hash = wanted_hash
$$;

CREATE FUNCTION ub_find_channel(wanted_tenant bigint, wanted_channel uuid)
RETURNS TABLE (tenant_id bigint, channel_id uuid, provider smallint, route_key text, token_hash bytea, public_base_url text,
               settings text, reopen_window_s int, ingest_rate_per_s int, ingest_burst int, disabled boolean,
               secrets bytea[], secrets_valid_until timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT c.tenant_id, c.channel_id, c.provider, c.route_key, c.token_hash, c.public_base_url, c.settings::text,
           c.reopen_window_s, t.ingest_rate_per_s, t.ingest_burst, c.disabled_at IS NOT NULL OR t.disabled_at IS NOT NULL,
           coalesce(s.sealed, '{}'), coalesce(s.valid_until, 'infinity')
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
               secrets bytea[], secrets_valid_until timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT c.* FROM directory d CROSS JOIN LATERAL ub_find_channel(d.tenant, d.object_id) c
    WHERE d.kind = 2 AND d.key_hash = wanted_hash AND c.token_hash = wanted_hash
$$;

-- The key of a route in the directory.
CREATE FUNCTION ub_route_hash(provider smallint, route_key text) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT sha256(convert_to(provider::text || ':' || route_key, 'UTF8')) $$;

CREATE FUNCTION ub_find_channels_by_route(wanted_provider smallint, wanted_keys text[])
RETURNS TABLE (wanted_key text, tenant_id bigint, channel_id uuid, provider smallint, route_key text, token_hash bytea,
               public_base_url text, settings text, reopen_window_s int, ingest_rate_per_s int, ingest_burst int,
               disabled boolean, secrets bytea[], secrets_valid_until timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT w.key, c.*
    FROM (SELECT DISTINCT unnest(wanted_keys[1:1000]) AS key) w
    JOIN directory d ON d.kind = 3 AND d.key_hash = ub_route_hash(wanted_provider, w.key)
    CROSS JOIN LATERAL ub_find_channel(d.tenant, d.object_id) c
    WHERE c.provider = wanted_provider AND c.route_key = w.key
$$;

CREATE FUNCTION ub_find_provider_apps(wanted_provider text)
RETURNS TABLE (app_id uuid, slug text, verify_token_sealed bytea, secrets bytea[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT a.app_id, a.slug, a.verify_token_sealed,
           coalesce((SELECT array_agg(x.sealed ORDER BY x.created_at DESC, x.secret_id DESC)
                     FROM provider_app_secrets x WHERE x.app_id = a.app_id AND x.expires_at > now()), '{}')
    FROM provider_apps a
    WHERE a.provider = wanted_provider AND a.disabled_at IS NULL
    ORDER BY a.slug
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY[
        'ub_schema_version()', 'ub_find_api_key(bytea)', 'ub_find_channel(bigint, uuid)', 'ub_find_channel_by_token(bytea)',
        'ub_route_hash(smallint, text)', 'ub_find_channels_by_route(smallint, text[])', 'ub_find_provider_apps(text)']
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO ub_lookup', signature);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
    END LOOP;
END $$;
REVOKE CREATE ON SCHEMA public FROM ub_lookup;

GRANT EXECUTE ON FUNCTION ub_schema_version() TO ub_writer, ub_ingest, ub_gateway, ub_admin;
GRANT EXECUTE ON FUNCTION ub_find_api_key(bytea) TO ub_ingest, ub_gateway;
GRANT EXECUTE ON FUNCTION ub_find_channel(bigint, uuid), ub_find_channel_by_token(bytea),
    ub_find_channels_by_route(smallint, text[]), ub_find_provider_apps(text) TO ub_ingest;
GRANT EXECUTE ON FUNCTION ub_route_hash(smallint, text) TO ub_admin;
