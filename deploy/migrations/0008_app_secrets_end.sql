-- Looking apps up tells when the first of their secrets ends, as it does for channels: a cache in front of a database that
-- is away must not take a rotated-out secret for longer than that.
GRANT CREATE ON SCHEMA public TO ub_lookup;  -- Only while it becomes the owner, see the end.

DROP FUNCTION ub_find_provider_apps(text);
CREATE FUNCTION ub_find_provider_apps(wanted_provider text)
RETURNS TABLE (app_id uuid, slug text, verify_token_sealed bytea, secrets bytea[], secrets_valid_until timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT a.app_id, a.slug, a.verify_token_sealed, coalesce(s.sealed, '{}'), coalesce(s.valid_until, 'infinity')
    FROM provider_apps a
    CROSS JOIN LATERAL (
        SELECT array_agg(x.sealed ORDER BY x.created_at DESC, x.secret_id DESC) AS sealed, min(x.expires_at) AS valid_until
        FROM provider_app_secrets x WHERE x.app_id = a.app_id AND x.expires_at > now()) s
    WHERE a.provider = wanted_provider AND a.disabled_at IS NULL
    ORDER BY a.slug
$$;

ALTER FUNCTION ub_find_provider_apps(text) OWNER TO ub_lookup;
REVOKE ALL ON FUNCTION ub_find_provider_apps(text) FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM ub_lookup;
GRANT EXECUTE ON FUNCTION ub_find_provider_apps(text) TO ub_ingest, ub_admin;
