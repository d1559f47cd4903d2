-- Who wrote a message is kept with its name as it was then: the lookup of an API key tells the key's name too.

GRANT CREATE ON SCHEMA public TO ub_lookup;  -- Only while it becomes the owner, see the end.

DROP FUNCTION ub_find_api_key(bytea);

-- The body cannot be checked here, as in 0003.
SET LOCAL check_function_bodies = off;

CREATE FUNCTION ub_find_api_key(wanted_hash bytea)
RETURNS TABLE (tenant_id bigint, key_id uuid, scopes text[], expires_at timestamptz, revoked boolean, expired boolean,
               tenant_disabled boolean, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT k.tenant_id, k.key_id, k.scopes, k.expires_at, k.revoked_at IS NOT NULL, k.expires_at <= now(),
           t.disabled_at IS NOT NULL, k.name
    FROM directory d
    JOIN api_keys k ON k.tenant_id = d.tenant AND k.key_id = d.object_id AND k.key_hash = wanted_hash
    JOIN tenants t ON t.tenant_id = d.tenant
    WHERE d.kind = 1 AND d.key_hash = wanted_hash
$$;

ALTER FUNCTION ub_find_api_key(bytea) OWNER TO ub_lookup;
REVOKE ALL ON FUNCTION ub_find_api_key(bytea) FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM ub_lookup;
GRANT EXECUTE ON FUNCTION ub_find_api_key(bytea) TO ub_ingest, ub_gateway;
