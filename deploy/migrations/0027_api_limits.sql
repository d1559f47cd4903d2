-- What a tenant's plan says of the rates of API calls: policy=per_s/burst, separated by blanks, in the form that
-- domain::TenantLimits writes; NULL = what the services' settings say. The lookups that authenticate a call tell it too, so that
-- limits cost no statement of their own.

ALTER TABLE tenants ADD COLUMN api_limits text CHECK (
    api_limits ~ '^((key|agent|tenant|read|write|search|admin)=[1-9][0-9]{0,5}/[1-9][0-9]{0,6}( (?=[a-z])|$))+$');

DROP TRIGGER audit ON tenants;
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON tenants FOR EACH ROW EXECUTE FUNCTION ub_audit_row(
    'tenant', 'tenant_id', 'slug', '{slug,name,ingest_rate_per_s,ingest_burst,api_limits,disabled_at}', '{}');

GRANT CREATE ON SCHEMA public TO ub_lookup;  -- Only while it becomes the owner, see the end.

DROP FUNCTION ub_find_api_key(bytea);
DROP FUNCTION ub_find_jwt_issuers(text[], text[]);
DROP FUNCTION ub_find_tenants(text[]);

-- The bodies cannot be checked here, as in 0003.
SET LOCAL check_function_bodies = off;

CREATE FUNCTION ub_find_api_key(wanted_hash bytea)
RETURNS TABLE (tenant_id bigint, key_id uuid, scopes text[], expires_at timestamptz, revoked boolean, expired boolean,
               tenant_disabled boolean, name text, api_limits text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT k.tenant_id, k.key_id, k.scopes, k.expires_at, k.revoked_at IS NOT NULL, k.expires_at <= now(),
           t.disabled_at IS NOT NULL, k.name, t.api_limits
    FROM directory d
    JOIN api_keys k ON k.tenant_id = d.tenant AND k.key_id = d.object_id AND k.key_hash = wanted_hash
    JOIN tenants t ON t.tenant_id = d.tenant
    WHERE d.kind = 1 AND d.key_hash = wanted_hash
$$;

-- The operator's comes first: no tenant can stand in its way by registering the same pair.
CREATE FUNCTION ub_find_jwt_issuers(wanted_issuers text[], wanted_audiences text[])
RETURNS TABLE (wanted_issuer text, wanted_audience text, tenant_id bigint, issuer_id uuid, algorithms text[], jwks_url text,
               jwks text, sealed_secrets bytea[], role_claim text, tenant_claim text, disabled boolean, tenant_disabled boolean,
               api_limits text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT w.issuer, w.audience, f.tenant_id, f.issuer_id, f.algorithms, f.jwks_url, f.jwks, f.sealed_secrets, f.role_claim,
           f.tenant_claim, f.disabled, f.tenant_disabled, f.api_limits
    FROM unnest(wanted_issuers[1:1000], wanted_audiences[1:1000]) AS w (issuer, audience)
    CROSS JOIN LATERAL (
        SELECT 1 AS place, NULL::bigint AS tenant_id, o.issuer_id, o.algorithms, o.jwks_url, o.jwks, o.sealed_secrets, o.role_claim,
               o.tenant_claim, o.disabled_at IS NOT NULL AS disabled, false AS tenant_disabled,
               NULL::text AS api_limits
        FROM operator_jwt_issuers o
        WHERE o.issuer = w.issuer AND o.audience = w.audience
        UNION ALL
        SELECT 2, j.tenant_id, j.issuer_id, j.algorithms, j.jwks_url, j.jwks, j.sealed_secrets, j.role_claim, '',
               j.disabled_at IS NOT NULL, t.disabled_at IS NOT NULL, t.api_limits
        FROM directory d
        JOIN jwt_issuers j ON j.tenant_id = d.tenant AND j.issuer_id = d.object_id AND j.issuer = w.issuer AND j.audience = w.audience
        JOIN tenants t ON t.tenant_id = d.tenant
        WHERE d.kind = 5 AND d.key_hash = ub_jwt_issuer_hash(w.issuer, w.audience)
        ORDER BY place LIMIT 1) f
$$;

-- The tenants of slugs, as tokens of the operator's issuers name them.
CREATE FUNCTION ub_find_tenants(wanted_slugs text[]) RETURNS TABLE (slug text, tenant_id bigint, disabled boolean, api_limits text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT t.slug, t.tenant_id, t.disabled_at IS NOT NULL, t.api_limits
    FROM (SELECT DISTINCT unnest(wanted_slugs[1:1000]) AS slug) w
    JOIN directory d ON d.kind = 4 AND d.key_hash = sha256(convert_to(w.slug, 'UTF8'))
    JOIN tenants t ON t.tenant_id = d.tenant AND t.slug = w.slug
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY[
        'ub_find_api_key(bytea)', 'ub_find_jwt_issuers(text[], text[])', 'ub_find_tenants(text[])']
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO ub_lookup', signature);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO ub_gateway', signature);
    END LOOP;
END $$;
REVOKE CREATE ON SCHEMA public FROM ub_lookup;
GRANT EXECUTE ON FUNCTION ub_find_api_key(bytea) TO ub_ingest;
