-- Which tables have time partitions, how long a period is and how long its rows stay: a row here for each, instead of a list in each
-- of the functions. Another such table is its CREATE TABLE, a row here and a call of ub_make_partitions().
CREATE TABLE time_partitioned (
    parent text PRIMARY KEY,
    period text NOT NULL CHECK (period IN ('week', 'month')),
    kept   interval CHECK (kept > '0')  -- leaves of which every row is older are dropped; NULL = they stay
);
ALTER TABLE time_partitioned OWNER TO ub_owner;
REVOKE ALL ON time_partitioned FROM PUBLIC;
GRANT SELECT ON time_partitioned TO ub_writer, ub_admin;
INSERT INTO time_partitioned (parent, period, kept) VALUES
    ('conversations', 'month', NULL), ('messages', 'month', NULL),
    ('ext_ref', 'week', '56 days'), ('admin_audit', 'month', '12 months');

CREATE OR REPLACE FUNCTION ub_leaf_of(parent text, at timestamptz, OUT leaf text, OUT first timestamptz, OUT past timestamptz)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC'
AS $$
DECLARE
    unit text := (SELECT t.period FROM time_partitioned t WHERE t.parent = ub_leaf_of.parent);
BEGIN
    IF unit IS NULL THEN
        RAISE EXCEPTION 'table % has no time partitions', parent USING ERRCODE = '22023';
    ELSIF parent = 'conversations' AND at = 'infinity' THEN
        leaf := 'conversations_live';
        first := 'infinity';
        past := NULL;  -- MAXVALUE
    ELSE
        first := date_trunc(unit, at);
        past := first + ('1 ' || unit)::interval;
        leaf := parent || to_char(first, CASE unit WHEN 'week' THEN '_YYYY_MM_DD' ELSE '_YYYY_MM' END);
    END IF;
END $$;

-- Leaves with their first moment, from their names, and the first one after it; without conversations_live.
DROP FUNCTION ub_leaves(text);
CREATE FUNCTION ub_leaves(parent text) RETURNS TABLE (leaf text, first timestamptz, past timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC'
AS $$
    SELECT named.leaf, named.first, named.first + ('1 ' || named.period)::interval
    FROM (SELECT c.relname::text AS leaf, t.period, to_timestamp(substr(c.relname, length(t.parent) + 2),
                 CASE t.period WHEN 'week' THEN 'YYYY_MM_DD' ELSE 'YYYY_MM' END) AS first
          FROM time_partitioned t
               JOIN pg_inherits i ON i.inhparent = to_regclass(format('public.%I', t.parent))
               JOIN pg_class c ON c.oid = i.inhrelid
          WHERE t.parent = ub_leaves.parent AND c.relname ~ ('^' || t.parent || '_[0-9]{4}_')) AS named
$$;
ALTER FUNCTION ub_leaves(text) OWNER TO ub_owner;
REVOKE ALL ON FUNCTION ub_leaves(text) FROM PUBLIC;

-- The previous, the current and the next three periods of every table. Returns how many were missing. A detached leaf does not
-- keep the others from being made.
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
        SELECT t.parent, date_trunc(t.period, now()) + number * ('1 ' || t.period)::interval
        FROM time_partitioned t, generate_series(-1, 3) AS number
    LOOP
        BEGIN
            made := made + ub_make_partition(wanted.parent, wanted.at)::int;
        EXCEPTION WHEN object_not_in_prerequisite_state THEN
            NULL;  -- ub_detached_leaves tells of it.
        END;
    END LOOP;
    RETURN made;
END $$;

-- Whole periods beyond the current one, of the table that has the fewest.
CREATE OR REPLACE FUNCTION ub_periods_ahead() RETURNS int
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT min(ahead)::int
    FROM (SELECT count(l.leaf) AS ahead
          FROM time_partitioned t LEFT JOIN LATERAL (SELECT leaf FROM ub_leaves(t.parent) WHERE first > now()) l ON true
          GROUP BY t.parent) AS counted
$$;

-- Drops the leaves of `parent` in which every row is older than it is kept. Returns how many. 22023: its rows stay.
-- DROP locks the parent against everyone for a moment, so it does not wait long for that moment.
CREATE FUNCTION ub_drop_old_leaves(parent text) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET lock_timeout = '500ms'
AS $$
DECLARE
    kept interval := (SELECT t.kept FROM time_partitioned t WHERE t.parent = ub_drop_old_leaves.parent);
    old record;
    dropped int := 0;
BEGIN
    IF kept IS NULL THEN
        RAISE EXCEPTION 'rows of % are not dropped by their age', parent USING ERRCODE = '22023';
    END IF;
    PERFORM pg_advisory_xact_lock(7521001);
    FOR old IN SELECT l.leaf FROM ub_leaves(parent) l WHERE l.past <= now() - kept LOOP
        EXECUTE format('DROP TABLE public.%I', old.leaf);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;
ALTER FUNCTION ub_drop_old_leaves(text) OWNER TO ub_owner;
REVOKE ALL ON FUNCTION ub_drop_old_leaves(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ub_drop_old_leaves(text) TO ub_writer, ub_admin;

-- For writers from before this migration, which go on while it is applied.
CREATE OR REPLACE FUNCTION ub_drop_old_ext_ref() RETURNS int
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT ub_drop_old_leaves('ext_ref') $$;
CREATE OR REPLACE FUNCTION ub_drop_old_audit() RETURNS int
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT ub_drop_old_leaves('admin_audit') $$;

-- ---------------------------------------------------------------- the audit's rows

-- Every row of the audit, in a month that is made if it is missing: as after a restore of an old backup.
CREATE FUNCTION ub_audit_add(of_tenant bigint, of_kind text, of_object text, of_name text, was jsonb, became jsonb, came_out text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    told_at timestamptz := clock_timestamp();
BEGIN
    PERFORM ub_make_partition('admin_audit', told_at);
    INSERT INTO admin_audit (at, actor, db_user, client, verb, request_id, tenant, kind, object, name, old_value, new_value, outcome)
    VALUES (told_at, coalesce(nullif(current_setting('app.actor', true), ''), session_user), session_user,
            coalesce(host(inet_client_addr()), ''), coalesce(current_setting('app.verb', true), ''),
            coalesce(current_setting('app.request_id', true), ''), of_tenant, of_kind, of_object, of_name, was, became, came_out);
END $$;
ALTER FUNCTION ub_audit_add(bigint, text, text, text, jsonb, jsonb, text) OWNER TO ub_owner;
REVOKE ALL ON FUNCTION ub_audit_add(bigint, text, text, text, jsonb, jsonb, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION ub_audit(of_tenant bigint, of_kind text, of_object text, was jsonb, became jsonb, came_out text)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT ub_audit_add(of_tenant, of_kind, of_object, '', was, became, came_out) $$;

CREATE OR REPLACE FUNCTION ub_audit_row() RETURNS trigger
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
    PERFORM ub_audit_add(
        (subject ->> 'tenant_id')::bigint, TG_ARGV[0], subject ->> TG_ARGV[1], coalesce(subject ->> TG_ARGV[2], ''),
        CASE TG_OP WHEN 'UPDATE' THEN old_told WHEN 'DELETE' THEN jsonb_strip_nulls(old_told) END,
        CASE TG_OP WHEN 'UPDATE' THEN new_told WHEN 'INSERT' THEN jsonb_strip_nulls(new_told) END, 'done');
    RETURN NULL;
END $$;
