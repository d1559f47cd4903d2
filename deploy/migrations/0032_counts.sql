-- What is counted of an inbox as it goes (docs/adr/2026-11-30-counts.md): open conversations of each kind, and what went through each
-- hour. Rows of shard 0 are the totals. A transaction adds to rows of its own shard, whose fence it holds, so that no two ever wait for
-- each other; the keeper folds those into the totals. Whatever reads adds up both.

-- Conversations that are not closed. The nil UUID: nobody's, no team's. A count may be below zero in one shard: it is the sum that counts.
CREATE TABLE conversation_tallies (
    tenant_id            bigint NOT NULL,
    channel_id           uuid NOT NULL,
    status               smallint NOT NULL,     -- unibox.v1.ConversationStatus
    assignee_id          uuid NOT NULL,
    team_id              uuid NOT NULL,
    shard                int NOT NULL,          -- 0 the total, 1 repairs; else of the transaction (as in outbox)
    conversation_count   bigint NOT NULL,
    unread_count         bigint NOT NULL,       -- conversations with unread messages
    unread_message_count bigint NOT NULL,
    waiting_count        bigint NOT NULL,       -- conversations whose customer waits for an answer
    PRIMARY KEY (tenant_id, channel_id, status, assignee_id, team_id, shard)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX conversation_tallies_unfolded ON conversation_tallies (tenant_id) WHERE shard <> 0;

-- What happened in a period. Agents have rows of their own; the nil UUID: what no agent did. Times in milliseconds are sums.
CREATE TABLE inbox_volumes (
    tenant_id            bigint NOT NULL,
    period               smallint NOT NULL,     -- 1 an hour, 2 a day (UTC), 3 ever (starts_at -infinity); 2 and 3 in shard 0 alone
    starts_at            timestamptz NOT NULL,
    channel_id           uuid NOT NULL,
    agent_id             uuid NOT NULL,
    shard                int NOT NULL,          -- as above
    begun_count          bigint NOT NULL,       -- conversations
    inbound_count        bigint NOT NULL,       -- messages of customers; to customers, of agents, programs, and past Unibox:
    agent_outbound_count bigint NOT NULL,
    bot_outbound_count   bigint NOT NULL,
    other_outbound_count bigint NOT NULL,
    response_count       bigint NOT NULL,       -- answers to customers that waited
    response_ms          bigint NOT NULL,
    first_response_count bigint NOT NULL,       -- of them: the first answer of a conversation
    first_response_ms    bigint NOT NULL,
    closed_count         bigint NOT NULL,       -- conversations
    resolution_ms        bigint NOT NULL,       -- from their beginning to their closing
    PRIMARY KEY (tenant_id, period, starts_at, channel_id, agent_id, shard)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX inbox_volumes_unfolded ON inbox_volumes (tenant_id) WHERE shard <> 0;

DO $$
DECLARE
    tenant_table text;
    tenant_is    constant text := '(tenant_id = (SELECT nullif(current_setting(''app.tenant_id'', true), '''')::bigint))';
BEGIN
    FOREACH tenant_table IN ARRAY ARRAY['conversation_tallies', 'inbox_volumes']
    LOOP
        EXECUTE format('ALTER TABLE %I OWNER TO ub_owner', tenant_table);
        EXECUTE format('REVOKE ALL ON %I FROM PUBLIC', tenant_table);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('CREATE POLICY tenant_isolation ON %I TO ub_gateway, ub_admin USING %s WITH CHECK %s',
                       tenant_table, tenant_is, tenant_is);
        EXECUTE format('CREATE POLICY writer_all_tenants ON %I TO ub_writer USING (true) WITH CHECK (true)', tenant_table);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO ub_writer', tenant_table);
        EXECUTE format('GRANT SELECT ON %I TO ub_gateway', tenant_table);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO ub_admin', tenant_table);
    END LOOP;
END $$;
