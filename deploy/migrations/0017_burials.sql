-- Ranges of the log whose unreadable events an operator gave to dead_letter: within one, they do not count as the systematic
-- fault that stops a partition. A row stays for good (who, when, why) and has no effect on another life of the stream.
CREATE TABLE ingest_burial (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    generation     int NOT NULL,
    partition      int NOT NULL,
    stream_created timestamptz NOT NULL,       -- of the stream that first_seq and last_seq are of
    last_break     bigint NOT NULL,            -- the last ingest_break of the partition: a later one is another history
    first_seq      bigint NOT NULL,
    last_seq       bigint NOT NULL CHECK (last_seq >= first_seq),
    undecodable_count bigint NOT NULL CHECK (undecodable_count > 0),  -- as the operator saw it
    buried_by      text NOT NULL CHECK (buried_by <> ''),
    reason         text NOT NULL CHECK (reason <> ''),
    buried_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ingest_burial_stream ON ingest_burial (generation, partition, stream_created);
ALTER TABLE ingest_burial OWNER TO ub_owner;
GRANT SELECT ON ingest_burial TO ub_writer;
GRANT SELECT, INSERT ON ingest_burial TO ub_admin;
