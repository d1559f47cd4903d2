-- What commands of agents and programs read and write (proto/unibox/writer/v1/command.proto).

ALTER TABLE conversations
    ADD COLUMN priority        smallint NOT NULL DEFAULT 0,   -- unibox.v1.Priority
    ADD COLUMN team_id         uuid,
    ADD COLUMN labels          text[] NOT NULL DEFAULT '{}',  -- sorted
    ADD COLUMN attributes      bytea NOT NULL DEFAULT '',     -- unibox.v1.Conversation with nothing but attributes set
    ADD COLUMN snooze_time     timestamptz,                   -- snoozed: when it opens by itself; NULL = with the next message
    ADD COLUMN muted           boolean NOT NULL DEFAULT false,
    ADD COLUMN preview_seq     bigint NOT NULL DEFAULT 0,     -- which message the preview is of; 0 = the last one
    -- Of the customer's oldest message that nobody answered; NULL = there is none. '-infinity' in rows from before, as a default
    -- because an UPDATE would see no row: then what the times of the last messages tell (domain/conversation_columns.hpp).
    ADD COLUMN waiting_since   timestamptz DEFAULT '-infinity',
    -- Until when the channel takes free text. NULL = not told: the provider's own window after last_customer_at, if it has one.
    ADD COLUMN can_reply_until timestamptz;
ALTER TABLE conversations ALTER COLUMN waiting_since DROP DEFAULT;


-- How many messages the conversation got in the minute of the last one: what two robots that answer each other are known by.
ALTER TABLE conversation_counters
    ADD COLUMN rate_minute int NOT NULL DEFAULT 0,            -- Unix time in minutes
    ADD COLUMN rate_count  int NOT NULL DEFAULT 0;

ALTER TABLE messages
    ADD COLUMN author_kind smallint NOT NULL DEFAULT 0,       -- unibox.v1.ActorKind
    ADD COLUMN author_id   uuid,
    ADD COLUMN author_name text NOT NULL DEFAULT '';

-- The first answer of a call that its client may repeat. A system table, of the writer alone: found by key for a day, then dropped by
-- age, whoever's it is.
CREATE TABLE request_keys (
    tenant     bigint NOT NULL,
    scope      text NOT NULL,                                 -- whose key it is: "key:<uuid>", "agent:<uuid>"
    key        text NOT NULL,
    digest     bytea NOT NULL,                                -- SHA-256 of the request
    answer     bytea NOT NULL,                                -- unibox.writer.v1.KeptAnswer
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, scope, key)
);
CREATE INDEX request_keys_by_age ON request_keys (created_at);
ALTER TABLE request_keys OWNER TO ub_owner;
REVOKE ALL ON request_keys FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON request_keys TO ub_writer;

-- Conversations that open by themselves. A system table, of the writer alone: what it says beyond a conversation's own snooze_time is
-- worth nothing, so a row too many does no harm.
CREATE TABLE snoozes (
    snooze_time   timestamptz NOT NULL,
    tenant        bigint NOT NULL,
    conversation  uuid NOT NULL,
    claimed_until timestamptz NOT NULL DEFAULT '-infinity',   -- a writer is about to open it
    PRIMARY KEY (snooze_time, tenant, conversation)
);
ALTER TABLE snoozes OWNER TO ub_owner;
REVOKE ALL ON snoozes FROM PUBLIC;
GRANT SELECT, INSERT, DELETE, UPDATE (claimed_until) ON snoozes TO ub_writer;

-- Who did what in which conversation: a row for each command that changed something, in its transaction.
CREATE TABLE command_audit (
    tenant_id       bigint NOT NULL,
    at              timestamptz NOT NULL,
    command_id      uuid NOT NULL,
    conversation_id uuid NOT NULL,
    actor_kind      smallint NOT NULL,                        -- unibox.v1.ActorKind
    actor_id        uuid,
    actor_name      text NOT NULL DEFAULT '',
    action          text NOT NULL,                            -- of the command's body: append, set_status, …
    changes         bytea NOT NULL,                           -- unibox.v1.AuditChanges: fields, before and after; no texts of messages
    PRIMARY KEY (tenant_id, at, command_id)
) PARTITION BY RANGE (at);
CREATE INDEX command_audit_by_conversation ON command_audit (tenant_id, conversation_id, at, command_id);
ALTER TABLE command_audit OWNER TO ub_owner;
ALTER TABLE command_audit ENABLE ROW LEVEL SECURITY;
ALTER TABLE command_audit FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON command_audit TO ub_gateway, ub_admin
    USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::bigint))
    WITH CHECK (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::bigint));
CREATE POLICY writer_all_tenants ON command_audit TO ub_writer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON command_audit TO ub_writer;
GRANT SELECT ON command_audit TO ub_gateway, ub_admin;
INSERT INTO time_partitioned (parent, period, kept) VALUES ('command_audit', 'month', '12 months');
SELECT ub_make_partitions();

-- The first statement of a transaction of commands, as ub_fence is of a batch of the log: locks the slot, checks that it is still the
-- caller's under its epoch, renews its lease. UB001 with the shard in its DETAIL otherwise.
CREATE FUNCTION ub_fence_slot(of_slot int, of_epoch bigint, lease_ms bigint) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    UPDATE writer_slots SET leased_at = clock_timestamp(), lease_until = clock_timestamp() + lease_ms * interval '1 ms'
    WHERE slot = of_slot AND epoch = of_epoch;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the slot belongs to another writer' USING ERRCODE = 'UB001', DETAIL = (-1 - of_slot)::text;
    END IF;
END $$;
ALTER FUNCTION ub_fence_slot(int, bigint, bigint) OWNER TO ub_owner;
REVOKE ALL ON FUNCTION ub_fence_slot(int, bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ub_fence_slot(int, bigint, bigint) TO ub_writer;
