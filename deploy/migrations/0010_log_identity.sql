-- Numbers do not identify a log: a server that comes back with an older store gives them out again. So what identifies the
-- message at last_seq is kept beside it. Of use only while marked_seq = last_seq: whoever moves last_seq without it (an older
-- writer, an operator) leaves it behind.
ALTER TABLE ingest_partition
    ADD COLUMN marked_seq       bigint NOT NULL DEFAULT -1,
    ADD COLUMN marked_msg_id    text NOT NULL DEFAULT '',  -- Nats-Msg-Id, '' = it had none
    ADD COLUMN marked_stored_at timestamptz NOT NULL DEFAULT '-infinity';

-- The same for the checkpoints: places up to which two histories of the log may agree. NULL = not known.
ALTER TABLE ingest_checkpoint
    ADD COLUMN msg_id    text,
    ADD COLUMN stored_at timestamptz;

-- When a lease was given. One from the future was given before the clock went back, and says nothing; an older writer that
-- renews without telling leaves a time from the past, which is as good.
ALTER TABLE ingest_partition ADD COLUMN leased_at timestamptz NOT NULL DEFAULT '-infinity';
ALTER TABLE writer_slots ADD COLUMN leased_at timestamptz NOT NULL DEFAULT '-infinity';
ALTER TABLE writer_instances ADD COLUMN seen_at timestamptz NOT NULL DEFAULT '-infinity';

-- As the function with six arguments, which older writers call; and keeps what identifies the last message.
CREATE FUNCTION ub_fence(generations int[], partitions int[], epochs bigint[], from_seqs bigint[], to_seqs bigint[],
                         lease_ms bigint, msg_ids text[], stored_at timestamptz[])
RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    lost text := '';
BEGIN
    FOR i IN 1 .. coalesce(array_length(generations, 1), 0) LOOP
        UPDATE ingest_partition
           SET last_seq = to_seqs[i], committed_at = clock_timestamp(),
               marked_seq = to_seqs[i], marked_msg_id = msg_ids[i], marked_stored_at = stored_at[i],
               leased_at = clock_timestamp(), lease_until = clock_timestamp() + lease_ms * interval '1 ms'
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
REVOKE ALL ON FUNCTION ub_fence(int[], int[], bigint[], bigint[], bigint[], bigint, text[], timestamptz[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ub_fence(int[], int[], bigint[], bigint[], bigint[], bigint, text[], timestamptz[]) TO ub_writer;

-- Each time that a stream of the log went on differently from what had been read of it: what is known of the loss.
CREATE TABLE ingest_break (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    generation          int NOT NULL,
    partition           int NOT NULL,
    found_at            timestamptz NOT NULL DEFAULT now(),
    found_by            text NOT NULL,
    -- Up to here the log is the one that was read; it is read again from the next message on.
    common_seq          bigint NOT NULL,
    -- What was written of the lost history: all of it is in PostgreSQL. NULL = time not known.
    committed_seq       bigint NOT NULL,
    committed_stored_at timestamptz,
    -- Of the stream as it was found.
    stream_created      timestamptz NOT NULL,
    stream_last_seq     bigint NOT NULL,
    -- Events that a writer saw in the lost history and that nobody had written: at least so many are lost.
    unwritten_count     bigint NOT NULL
);
ALTER TABLE ingest_break OWNER TO ub_owner;
GRANT SELECT, INSERT ON ingest_break TO ub_writer;
GRANT SELECT ON ingest_break TO ub_admin;

-- The feed's end as its writers know it, at most a second old. 0 = nothing known of this epoch. The Nats-Msg-Id is the event's
-- own id, so it is enough.
ALTER TABLE feed
    ADD COLUMN marked_seq    bigint NOT NULL DEFAULT 0,
    ADD COLUMN marked_msg_id text NOT NULL DEFAULT '';
