-- A leaf that was detached (an archiver's slip, half of a repair) still holds its rows: it is waited for, never made anew and
-- never taken for one that was dropped. What tells the two apart is the name: a relation that has a leaf's name and is none.

-- As before, and: a leaf that is there counts whatever its time; one whose detaching is not finished is not there; the refusal
-- says which times are served.
CREATE OR REPLACE FUNCTION ub_make_partition(parent text, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET lock_timeout = '2s'
AS $$
DECLARE
    days_served constant int := 400;
    oldest constant timestamptz := now() - days_served * interval '1 day';
    newest constant timestamptz := now() + days_served * interval '1 day';
    served boolean;
    target record;
    existing record;
BEGIN
    SELECT * INTO target FROM ub_leaf_of(parent, at);
    served := target.past IS NULL OR at BETWEEN oldest AND newest;
    -- Not to_regclass: it may answer from a cache that has not yet heard of another session's table.
    SELECT (SELECT i.inhparent::regclass::text FROM pg_inherits i WHERE i.inhrelid = c.oid AND NOT i.inhdetachpending) AS parent
    INTO existing FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relname = target.leaf;
    IF NOT FOUND AND served THEN
        PERFORM pg_advisory_xact_lock(7521001);  -- One at a time; the loser looks again.
        SELECT (SELECT i.inhparent::regclass::text FROM pg_inherits i WHERE i.inhrelid = c.oid AND NOT i.inhdetachpending)
            AS parent
        INTO existing FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relname = target.leaf;
    END IF;
    IF FOUND AND existing.parent = ub_make_partition.parent THEN
        RETURN false;
    END IF;
    IF NOT served THEN
        RAISE EXCEPTION '% has no partition for %, and none is made for it: the times from % to % are served (% days around now)',
            parent, at, to_char(oldest, 'YYYY-MM-DD'), to_char(newest, 'YYYY-MM-DD'), days_served USING ERRCODE = '22008';
    END IF;
    IF FOUND THEN
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

-- As before; a detached leaf does not keep the others from being made.
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
        FROM unnest(ARRAY['conversations', 'messages']) AS parent, generate_series(-1, 3) AS period
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

-- Leaves whose rows may be needed and that no statement sees: a relation has the name, and is no partition of its table, or its
-- detaching was begun and not finished. Of messages and conversations those of the times that are served, of ext_ref those of the
-- eight weeks that are looked through and of the next four. conversations_live: first is infinity, past is NULL.
CREATE FUNCTION ub_detached_leaves() RETURNS TABLE (parent text, leaf text, first timestamptz, past timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC'
AS $$
    SELECT served.parent, named.leaf, named.first, named.past
    FROM (SELECT 'conversations' AS parent, timestamptz 'infinity' AS at
          UNION ALL
          SELECT parent, at
          FROM unnest(ARRAY['conversations', 'messages']) AS parent,
               generate_series(date_trunc('month', now() - interval '400 days'), now() + interval '400 days', '1 month') AS at
          UNION ALL
          SELECT 'ext_ref', at
          FROM generate_series(date_trunc('week', now() - interval '56 days'), now() + interval '28 days', '7 days') AS at
         ) AS served,
         LATERAL ub_leaf_of(served.parent, served.at) AS named
         JOIN pg_class c ON c.relnamespace = 'public'::regnamespace AND c.relname = named.leaf
    WHERE NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid AND NOT i.inhdetachpending
                                                   AND i.inhparent = to_regclass('public.' || served.parent))
    ORDER BY served.parent, named.first
$$;
ALTER FUNCTION ub_detached_leaves() OWNER TO ub_owner;
REVOKE ALL ON FUNCTION ub_detached_leaves() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ub_detached_leaves() TO ub_writer, ub_admin;
