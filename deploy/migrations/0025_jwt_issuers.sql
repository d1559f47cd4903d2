-- Who may say who an agent is: issuers of JWTs. A tenant registers its own; the operator's serve all tenants and name the tenant in
-- a claim. Both are found by what a token says of itself, `iss` and one of `aud`: a pair belongs to one registration.
-- (docs/adr/2026-11-30-agents-tokens.md)

CREATE TABLE jwt_issuers (
    tenant_id      bigint NOT NULL,
    issuer_id      uuid NOT NULL,
    name           text NOT NULL,
    issuer         text NOT NULL,              -- iss, compared byte by byte
    audience       text NOT NULL,              -- one of aud
    algorithms     text[] NOT NULL,
    -- One of the three: where its keys are, the keys (a JWK set), or secrets of HS256: sealed with the installation's key (additional
    -- data "jwt_issuer:<issuer_id>"), two during a rotation.
    jwks_url       text NOT NULL DEFAULT '',
    jwks           text NOT NULL DEFAULT '',
    sealed_secrets bytea[] NOT NULL DEFAULT '{}',
    role_claim     text NOT NULL DEFAULT 'role',
    created_at     timestamptz NOT NULL DEFAULT now(),
    disabled_at    timestamptz,
    PRIMARY KEY (tenant_id, issuer_id),
    UNIQUE (tenant_id, name)
);

-- A system table, as provider_apps.
CREATE TABLE operator_jwt_issuers (
    issuer_id      uuid PRIMARY KEY,
    name           text NOT NULL UNIQUE,
    issuer         text NOT NULL,
    audience       text NOT NULL,
    algorithms     text[] NOT NULL,
    jwks_url       text NOT NULL DEFAULT '',
    jwks           text NOT NULL DEFAULT '',
    sealed_secrets bytea[] NOT NULL DEFAULT '{}',
    role_claim     text NOT NULL DEFAULT 'role',
    tenant_claim   text NOT NULL DEFAULT 'tenant' CHECK (tenant_claim <> ''),  -- its value is the slug of a tenant
    created_at     timestamptz NOT NULL DEFAULT now(),
    disabled_at    timestamptz,
    UNIQUE (issuer, audience)
);

-- What holds for both. A secret that both sides know never stands beside public keys, so no algorithm can be taken for another.
DO $$
DECLARE
    issuers text;
BEGIN
    FOREACH issuers IN ARRAY ARRAY['jwt_issuers', 'operator_jwt_issuers'] LOOP
        EXECUTE format($sql$
            ALTER TABLE %I
                ADD CONSTRAINT names CHECK (octet_length(issuer) BETWEEN 1 AND 512 AND octet_length(audience) BETWEEN 1 AND 512
                                            AND issuer || audience !~ '[[:cntrl:]]' AND role_claim <> ''),
                ADD CONSTRAINT algorithms CHECK (cardinality(algorithms) > 0
                                                 AND (algorithms = '{HS256}' OR algorithms <@ '{EdDSA,ES256,RS256}'::text[])),
                ADD CONSTRAINT keys CHECK ((jwks_url <> '')::int + (jwks <> '')::int + (cardinality(sealed_secrets) > 0)::int = 1),
                ADD CONSTRAINT secrets CHECK ((algorithms = '{HS256}') = (cardinality(sealed_secrets) > 0)
                                              AND cardinality(sealed_secrets) <= 2),
                ADD CONSTRAINT sizes CHECK (octet_length(jwks_url) <= 2048 AND octet_length(jwks) <= 16384)
            $sql$, issuers);
        EXECUTE format('ALTER TABLE %I OWNER TO ub_owner', issuers);
        EXECUTE format('REVOKE ALL ON %I FROM PUBLIC', issuers);
        EXECUTE format('GRANT SELECT ON %I TO ub_lookup', issuers);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO ub_admin', issuers);
    END LOOP;
END $$;

ALTER TABLE jwt_issuers ENABLE ROW LEVEL SECURITY;
ALTER TABLE jwt_issuers FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON jwt_issuers TO ub_gateway, ub_admin
    USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::bigint))
    WITH CHECK (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::bigint));
CREATE POLICY lookup ON jwt_issuers FOR SELECT TO ub_lookup USING (true);

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON jwt_issuers FOR EACH ROW EXECUTE FUNCTION ub_audit_row(
    'jwt_issuer', 'issuer_id', 'name', '{name,issuer,audience,algorithms,jwks_url,jwks,role_claim,disabled_at}', '{sealed_secrets}');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON operator_jwt_issuers FOR EACH ROW EXECUTE FUNCTION ub_audit_row(
    'operator_jwt_issuer', 'issuer_id', 'name',
    '{name,issuer,audience,algorithms,jwks_url,jwks,role_claim,tenant_claim,disabled_at}', '{sealed_secrets}');

-- ---------------------------------------------------------------- lookups, as in 0003

SET LOCAL check_function_bodies = off;
GRANT CREATE ON SCHEMA public TO ub_lookup;  -- Only while it becomes the owner, see the end.

-- The key of a tenant's issuer in the directory, kind 5. Neither name has a line feed.
CREATE FUNCTION ub_jwt_issuer_hash(issuer text, audience text) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT sha256(convert_to(issuer || E'\n' || audience, 'UTF8')) $$;

-- The operator's comes first: no tenant can stand in its way by registering the same pair.
CREATE FUNCTION ub_find_jwt_issuers(wanted_issuers text[], wanted_audiences text[])
RETURNS TABLE (wanted_issuer text, wanted_audience text, tenant_id bigint, issuer_id uuid, algorithms text[], jwks_url text,
               jwks text, sealed_secrets bytea[], role_claim text, tenant_claim text, disabled boolean, tenant_disabled boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT w.issuer, w.audience, f.tenant_id, f.issuer_id, f.algorithms, f.jwks_url, f.jwks, f.sealed_secrets, f.role_claim,
           f.tenant_claim, f.disabled, f.tenant_disabled
    FROM unnest(wanted_issuers[1:1000], wanted_audiences[1:1000]) AS w (issuer, audience)
    CROSS JOIN LATERAL (
        SELECT 1 AS place, NULL::bigint AS tenant_id, o.issuer_id, o.algorithms, o.jwks_url, o.jwks, o.sealed_secrets, o.role_claim,
               o.tenant_claim, o.disabled_at IS NOT NULL AS disabled, false AS tenant_disabled
        FROM operator_jwt_issuers o
        WHERE o.issuer = w.issuer AND o.audience = w.audience
        UNION ALL
        SELECT 2, j.tenant_id, j.issuer_id, j.algorithms, j.jwks_url, j.jwks, j.sealed_secrets, j.role_claim, '',
               j.disabled_at IS NOT NULL, t.disabled_at IS NOT NULL
        FROM directory d
        JOIN jwt_issuers j ON j.tenant_id = d.tenant AND j.issuer_id = d.object_id AND j.issuer = w.issuer AND j.audience = w.audience
        JOIN tenants t ON t.tenant_id = d.tenant
        WHERE d.kind = 5 AND d.key_hash = ub_jwt_issuer_hash(w.issuer, w.audience)
        ORDER BY place LIMIT 1) f
$$;

-- The tenants of slugs, as tokens of the operator's issuers name them.
CREATE FUNCTION ub_find_tenants(wanted_slugs text[]) RETURNS TABLE (slug text, tenant_id bigint, disabled boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT t.slug, t.tenant_id, t.disabled_at IS NOT NULL
    FROM (SELECT DISTINCT unnest(wanted_slugs[1:1000]) AS slug) w
    JOIN directory d ON d.kind = 4 AND d.key_hash = sha256(convert_to(w.slug, 'UTF8'))
    JOIN tenants t ON t.tenant_id = d.tenant AND t.slug = w.slug
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY[
        'ub_jwt_issuer_hash(text, text)', 'ub_find_jwt_issuers(text[], text[])', 'ub_find_tenants(text[])']
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO ub_lookup', signature);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
    END LOOP;
END $$;
REVOKE CREATE ON SCHEMA public FROM ub_lookup;

GRANT EXECUTE ON FUNCTION ub_find_jwt_issuers(text[], text[]), ub_find_tenants(text[]) TO ub_gateway;
GRANT EXECUTE ON FUNCTION ub_jwt_issuer_hash(text, text) TO ub_admin;
