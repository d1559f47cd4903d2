-- A row of the outbox lives for some milliseconds: pglz took longer over it than all that is written about its events.
-- lz4 where the server was built with it, else as it is.
DO $$
BEGIN
    ALTER TABLE outbox ALTER COLUMN batch SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    ALTER TABLE outbox ALTER COLUMN batch SET STORAGE EXTERNAL;
END $$;
