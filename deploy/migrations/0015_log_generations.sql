-- How many partitions each generation of the ingest log has. A conversation's partition follows from it, so it is written
-- down once, before the streams are made, and no role may change or remove it.

CREATE TABLE log_generation (
    generation      int PRIMARY KEY CHECK (generation > 0),
    partition_count int NOT NULL CHECK (partition_count > 0),
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE log_generation OWNER TO ub_owner;
REVOKE ALL ON log_generation FROM PUBLIC;
GRANT SELECT, INSERT ON log_generation TO ub_admin;

-- webhook-ingest reads no table.
CREATE FUNCTION ub_log_generations() RETURNS TABLE (generation int, partition_count int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT g.generation, g.partition_count FROM log_generation g ORDER BY g.generation
$$;
ALTER FUNCTION ub_log_generations() OWNER TO ub_owner;
REVOKE ALL ON FUNCTION ub_log_generations() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ub_log_generations() TO ub_ingest, ub_writer, ub_admin;
