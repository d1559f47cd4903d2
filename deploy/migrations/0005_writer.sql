-- The first statement of the writer's transaction: locks the partitions of a batch in the order given (by generation and
-- partition), checks that the caller still owns each at the place where it believes it to be, moves each on and renews its
-- lease. Otherwise nothing happens and the error UB001 names all lost shards in its DETAIL, separated by commas.
-- Correctness rests on epoch and last_seq alone, never on the lease or a clock.
CREATE FUNCTION ub_fence(generations int[], partitions int[], epochs bigint[], from_seqs bigint[], to_seqs bigint[],
                         lease_ms bigint)
RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    lost text := '';
BEGIN
    FOR i IN 1 .. coalesce(array_length(generations, 1), 0) LOOP
        UPDATE ingest_partition
           SET last_seq = to_seqs[i], committed_at = clock_timestamp(),
               lease_until = clock_timestamp() + lease_ms * interval '1 ms'
         WHERE generation = generations[i] AND partition = partitions[i]
           AND epoch = epochs[i] AND last_seq = from_seqs[i] AND stopped_reason = '';
        IF NOT FOUND THEN
            lost := lost || ',' || (generations[i] * 1000 + partitions[i])::text;
        END IF;
    END LOOP;
    IF lost <> '' THEN
        RAISE EXCEPTION 'partitions belong to another writer' USING ERRCODE = 'UB001', DETAIL = substr(lost, 2);
    END IF;
END $$;
REVOKE ALL ON FUNCTION ub_fence FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ub_fence TO ub_writer;

-- The writer's statements probe indexes in the order of their arrays, whatever the statistics say; compiling them costs
-- more than running them.
-- Roles belong to the cluster: another database's migration may have set, or be setting, the same.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['jit=off', 'enable_seqscan=off', 'enable_hashjoin=off', 'enable_mergejoin=off',
                                  'plan_cache_mode=force_generic_plan']
    LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
                              WHERE r.rolname = 'ub_writer' AND s.setdatabase = 0 AND wanted = ANY (s.setconfig));
        BEGIN
            EXECUTE format('ALTER ROLE ub_writer SET %I = %L', split_part(wanted, '=', 1), split_part(wanted, '=', 2));
        EXCEPTION WHEN internal_error THEN
            NULL;  -- "tuple concurrently updated"
        END;
    END LOOP;
END $$;

-- How far each partition had been committed at a time: what the janitor may purge from the log, and how far back a
-- restored database would still find it whole. Written every minute by the writer that does the upkeep.
CREATE TABLE ingest_checkpoint (
    generation     int NOT NULL,
    partition      int NOT NULL,
    taken_at       timestamptz NOT NULL,
    stream_created timestamptz NOT NULL,
    last_seq       bigint NOT NULL,
    PRIMARY KEY (generation, partition, taken_at)
);
ALTER TABLE ingest_checkpoint OWNER TO ub_owner;
GRANT SELECT, INSERT, DELETE ON ingest_checkpoint TO ub_writer;
GRANT SELECT ON ingest_checkpoint TO ub_admin;
