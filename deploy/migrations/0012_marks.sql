-- A watermark of the provider ("read up to …") is kept as a mark of its conversation: it raises the delivery state of every
-- outbound message below it without touching one of them. A message's state is the greater of its row's and the marks'
-- (1 SENT, 2 FAILED, 3 DELIVERED, 4 READ; above FAILED there is no delivery_error).
-- Metadata only: no row is written.
ALTER TABLE conversation_counters
    ADD COLUMN delivered_until timestamptz NOT NULL DEFAULT '-infinity',
    ADD COLUMN read_until      timestamptz NOT NULL DEFAULT '-infinity';

-- unibox.v1.Message with nothing but reactions set: those that contacts took back, and when. '' when there are none.
ALTER TABLE messages ADD COLUMN removed_reactions bytea NOT NULL DEFAULT '';
