-- Lists of what an agent has and of who waits longest. Of the live leaf alone, and of those of its rows that a list can show: every
-- change of a conversation writes an entry in each index of its leaf that has the row.

CREATE INDEX conversations_live_by_assignee
    ON conversations_live (tenant_id, assignee_id, last_activity_at DESC, conversation_id DESC)
    WHERE assignee_id IS NOT NULL;

-- Rows from before 0023 have waiting_since '-infinity': then the times of the last messages tell (domain/conversation_columns.hpp).
-- Without functions and COALESCE, which row security would keep from the index's conditions.
CREATE INDEX conversations_live_waiting
    ON conversations_live (
        tenant_id,
        (CASE WHEN waiting_since > '-infinity'::timestamptz THEN waiting_since
              WHEN waiting_since IS NOT NULL AND (last_agent_at IS NULL OR last_customer_at > last_agent_at) THEN last_customer_at END),
        conversation_id)
    WHERE (CASE WHEN waiting_since > '-infinity'::timestamptz THEN waiting_since
                WHEN waiting_since IS NOT NULL AND (last_agent_at IS NULL OR last_customer_at > last_agent_at)
                THEN last_customer_at END) IS NOT NULL;
