-- Time partitions. No role but the owner can make or drop a table, so these functions do it for message-writer and uniboxctl.
-- A leaf is made beside its parent and then attached: ATTACH takes a lock that reads and writes pass, CREATE … PARTITION OF does not.
-- Leaves do not inherit row-level security: each is set to ENABLE and FORCE, without a policy and without grants,
-- so that it can only be reached through its parent. All bounds are UTC.

CREATE FUNCTION ub_leaf_of(parent text, at timestamptz, OUT leaf text, OUT first timestamptz, OUT past timestamptz)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $$
BEGIN
    IF parent = 'conversations' AND at = 'infinity' THEN
        leaf := 'conversations_live';
        first := 'infinity';
        past := NULL;  -- MAXVALUE
    ELSIF parent IN ('conversations', 'messages') THEN
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

-- Makes the leaf of `parent` that holds `at`. False if it is there.
CREATE FUNCTION ub_make_partition(parent text, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET lock_timeout = '2s'
AS $$
DECLARE
    target record;
    existing record;
BEGIN
    SELECT * INTO target FROM ub_leaf_of(parent, at);
    IF target.past IS NOT NULL AND (at < now() - interval '400 days' OR at > now() + interval '400 days') THEN
        RAISE EXCEPTION 'a partition of % for % is too far from now', parent, at USING ERRCODE = '22008';
    END IF;
    -- Not to_regclass: it may answer from a cache that has not yet heard of another session's table.
    SELECT (SELECT i.inhparent::regclass::text FROM pg_inherits i WHERE i.inhrelid = c.oid) AS parent INTO existing
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relname = target.leaf;
    IF NOT FOUND THEN
        PERFORM pg_advisory_xact_lock(7521001);  -- One at a time; the loser looks again.
        SELECT (SELECT i.inhparent::regclass::text FROM pg_inherits i WHERE i.inhrelid = c.oid) AS parent INTO existing
        FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relname = target.leaf;
    END IF;
    IF FOUND THEN
        IF existing.parent = ub_make_partition.parent THEN
            RETURN false;
        END IF;
        RAISE EXCEPTION 'table % exists but is no partition of %', target.leaf, parent USING ERRCODE = '55000';
    END IF;
    EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)',
                   target.leaf, parent);
    IF parent = 'ext_ref' THEN
        EXECUTE format('ALTER TABLE public.%I ADD UNIQUE (tenant_id, channel_id, event_key)', target.leaf);
    ELSIF target.leaf = 'conversations_live' THEN
        EXECUTE format('ALTER TABLE public.%I ADD UNIQUE (tenant_id, channel_id, thread_key), '
                       'SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01)', target.leaf);
    END IF;
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', target.leaf);
    EXECUTE format('REVOKE ALL ON public.%I FROM PUBLIC', target.leaf);
    EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%s)', parent, target.leaf,
                   target.first, CASE WHEN target.past IS NULL THEN 'MAXVALUE' ELSE quote_literal(target.past) END);
    RETURN true;
END $$;

-- The previous, the current and the next three periods of every table. Returns how many were missing.
CREATE FUNCTION ub_make_partitions() RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC'
AS $$
DECLARE
    made int := 0;
    period int;
BEGIN
    made := made + ub_make_partition('conversations', 'infinity')::int;
    FOR period IN -1..3 LOOP
        made := made + ub_make_partition('conversations', date_trunc('month', now()) + period * interval '1 month')::int;
        made := made + ub_make_partition('messages', date_trunc('month', now()) + period * interval '1 month')::int;
        made := made + ub_make_partition('ext_ref', date_trunc('week', now()) + period * interval '7 days')::int;
    END LOOP;
    RETURN made;
END $$;

-- Leaves with their first moment, from their names; without conversations_live.
CREATE FUNCTION ub_leaves(parent text) RETURNS TABLE (leaf text, first timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC'
AS $$
    SELECT c.relname::text, to_timestamp(substr(c.relname, length(parent) + 2),
                                   CASE parent WHEN 'ext_ref' THEN 'YYYY_MM_DD' ELSE 'YYYY_MM' END)
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = to_regclass(format('public.%I', parent)) AND c.relname ~ ('^' || parent || '_[0-9]{4}_')
$$;

-- Drops leaves of ext_ref in which every row is older than 8 weeks. Returns how many.
-- DROP locks the parent against everyone for a moment, so it does not wait long for that moment.
CREATE FUNCTION ub_drop_old_ext_ref() RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET lock_timeout = '500ms'
AS $$
DECLARE
    old record;
    dropped int := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(7521001);
    FOR old IN SELECT leaf FROM ub_leaves('ext_ref') WHERE first + interval '7 days' <= now() - interval '56 days' LOOP
        EXECUTE format('DROP TABLE public.%I', old.leaf);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;

-- Whole periods beyond the current one, of the table that has the fewest.
CREATE FUNCTION ub_periods_ahead() RETURNS int
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT min(ahead)::int
    FROM (SELECT count(l.leaf) AS ahead
          FROM unnest(ARRAY['conversations', 'messages', 'ext_ref']) AS parent
          LEFT JOIN LATERAL (SELECT leaf FROM ub_leaves(parent) WHERE first > now()) l ON true
          GROUP BY parent) AS counted
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY[
        'ub_leaf_of(text, timestamptz)', 'ub_make_partition(text, timestamptz)', 'ub_make_partitions()', 'ub_leaves(text)',
        'ub_drop_old_ext_ref()', 'ub_periods_ahead()']
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO ub_owner', signature);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
    END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION ub_make_partition(text, timestamptz), ub_make_partitions(), ub_drop_old_ext_ref(), ub_periods_ahead()
    TO ub_writer, ub_admin;

SELECT ub_make_partitions();
