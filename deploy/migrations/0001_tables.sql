-- Tables of Unibox. The rules behind them: docs/architecture.md and docs/adr.
-- tenant_id leads every key and index of a tenant table; system tables have none and belong to one role.
-- Enumerations are smallint, named in proto/unibox/v1/common.proto.

-- ---------------------------------------------------------------- tenants and channels

CREATE TABLE tenants (
    tenant_id   bigint PRIMARY KEY,
    slug        text NOT NULL,                 -- name in tenants.yaml; unique through directory (kind 4)
    name        text NOT NULL,
    -- Webhook events a second that a tenant's API channels may send, and how many at once.
    ingest_rate_per_s  int NOT NULL DEFAULT 200 CHECK (ingest_rate_per_s > 0),
    ingest_burst       int NOT NULL DEFAULT 1000 CHECK (ingest_burst > 0),
    created_at  timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz
);
CREATE SEQUENCE tenant_ids AS bigint;

CREATE TABLE channels (
    tenant_id   bigint NOT NULL,
    channel_id  uuid NOT NULL,
    slug        text NOT NULL,                 -- name in tenants.yaml
    name        text NOT NULL,
    provider    smallint NOT NULL,             -- unibox.v1.Provider
    route_key   text NOT NULL,                 -- phone number id, page id, account id; '' = by channel token only
    token_hash  bytea,                         -- SHA-256 of the channel token; NULL = only through a provider app
    -- Twilio signs the URL that it calls, so the path prefix of ours may be set for each channel; '' = service default.
    public_base_url text NOT NULL DEFAULT '',
    reopen_window_s int NOT NULL DEFAULT 604800 CHECK (reopen_window_s >= 0),
    settings    jsonb NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz,
    PRIMARY KEY (tenant_id, channel_id),
    UNIQUE (tenant_id, slug)
);

-- Sealed with the installation's key (XChaCha20-Poly1305, additional data "channel:<channel_id>"). Two are live during a rotation.
CREATE TABLE channel_secrets (
    tenant_id   bigint NOT NULL,
    channel_id  uuid NOT NULL,
    secret_id   uuid NOT NULL,
    sealed      bytea NOT NULL,
    fingerprint bytea NOT NULL,                -- keyed hash of the secret: apply sees what is new without unsealing
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (tenant_id, channel_id, secret_id),
    FOREIGN KEY (tenant_id, channel_id) REFERENCES channels
);

CREATE TABLE api_keys (
    tenant_id   bigint NOT NULL,
    key_id      uuid NOT NULL,
    name        text NOT NULL,
    key_hash    bytea NOT NULL,                -- SHA-256 of the whole key (256 random bits: no salt needed)
    scopes      text[] NOT NULL,               -- inbox:read, ingest:write
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL DEFAULT 'infinity',
    revoked_at  timestamptz,
    PRIMARY KEY (tenant_id, key_id),
    UNIQUE (tenant_id, name)
);

-- System tables: one provider app (a Meta app) serves many tenants.
CREATE TABLE provider_apps (
    app_id      uuid PRIMARY KEY,
    slug        text NOT NULL UNIQUE,
    provider    text NOT NULL,                 -- as in the URL: meta
    verify_token_sealed bytea NOT NULL,        -- for GET handshakes; additional data "app:<app_id>"
    created_at  timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz
);
CREATE TABLE provider_app_secrets (
    app_id      uuid NOT NULL REFERENCES provider_apps,
    secret_id   uuid NOT NULL,
    sealed      bytea NOT NULL,                -- additional data "app:<app_id>"
    fingerprint bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (app_id, secret_id)
);

-- The one place that leads from a key, known before the tenant is, to a tenant and an object of it.
-- A system table: read through SECURITY DEFINER functions alone, written by ub_admin alone.
CREATE TABLE directory (
    kind        smallint NOT NULL,             -- 1 API key, 2 channel token, 3 route (provider and route key), 4 tenant slug
    key_hash    bytea NOT NULL,                -- SHA-256 of the key; routes: of '<provider>:<route_key>'
    tenant      bigint NOT NULL,
    object_id   uuid,                          -- key_id, channel_id; NULL for slugs
    PRIMARY KEY (kind, key_hash)
);

-- ---------------------------------------------------------------- the inbox

CREATE TABLE contacts (
    tenant_id    bigint NOT NULL,
    contact_id   uuid NOT NULL,
    channel_id   uuid NOT NULL,
    contact_key  text NOT NULL,
    display_name text NOT NULL DEFAULT '',
    aliases      text[] NOT NULL DEFAULT '{}',
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, contact_id),
    UNIQUE (tenant_id, channel_id, contact_key)
);

CREATE TABLE threads (
    tenant_id       bigint NOT NULL,
    channel_id      uuid NOT NULL,
    thread_key      text NOT NULL,
    contact_id      uuid NOT NULL,             -- who began it
    conversation_id uuid,                      -- the latest; NULL before the first message
    -- Watermarks of the provider: every outbound message up to then was delivered, read.
    delivered_until timestamptz NOT NULL DEFAULT '-infinity',
    read_until      timestamptz NOT NULL DEFAULT '-infinity',
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, channel_id, thread_key)
) WITH (fillfactor = 70);

-- RANGE (closed_at): the live leaf holds 'infinity', closed conversations lie in monthly leaves.
CREATE TABLE conversations (
    tenant_id         bigint NOT NULL,
    conversation_id   uuid NOT NULL,
    channel_id        uuid NOT NULL,
    thread_key        text NOT NULL,
    contact_id        uuid NOT NULL,
    provider          smallint NOT NULL,
    status            smallint NOT NULL,
    assignee_id       uuid,
    unread_count      int NOT NULL DEFAULT 0,
    message_count     bigint NOT NULL DEFAULT 0,
    preview           text NOT NULL DEFAULT '',
    preview_direction smallint NOT NULL DEFAULT 0,
    last_activity_at  timestamptz NOT NULL,
    last_customer_at  timestamptz,
    last_agent_at     timestamptz,
    created_at        timestamptz NOT NULL,
    closed_at         timestamptz NOT NULL DEFAULT 'infinity',
    version           bigint NOT NULL,
    PRIMARY KEY (tenant_id, conversation_id, closed_at)
) PARTITION BY RANGE (closed_at);
CREATE INDEX conversations_by_activity ON conversations (tenant_id, last_activity_at DESC, conversation_id DESC);
CREATE INDEX conversations_by_channel ON conversations (tenant_id, channel_id, last_activity_at DESC, conversation_id DESC);
CREATE INDEX conversations_unread ON conversations (tenant_id, last_activity_at DESC, conversation_id DESC) WHERE unread_count > 0;

-- The identity of a conversation, and the lock under which seq and version are given out.
CREATE TABLE conversation_counters (
    tenant_id       bigint NOT NULL,
    conversation_id uuid NOT NULL,
    last_seq        bigint NOT NULL DEFAULT 0,
    version         bigint NOT NULL DEFAULT 0,
    unread_count    int NOT NULL DEFAULT 0,
    inbound_count   bigint NOT NULL DEFAULT 0,
    outbound_count  bigint NOT NULL DEFAULT 0,
    closed_at       timestamptz NOT NULL DEFAULT 'infinity',
    -- Range of messages.created_at, so that reads prune partitions.
    first_message_at timestamptz,
    last_message_at  timestamptz,
    PRIMARY KEY (tenant_id, conversation_id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01);

CREATE TABLE messages (
    tenant_id       bigint NOT NULL,
    conversation_id uuid NOT NULL,
    seq             bigint NOT NULL,
    created_at      timestamptz NOT NULL,      -- provider time within [received - 7 days, received + 5 min]
    message_id      uuid NOT NULL,
    channel_id      uuid NOT NULL,
    direction       smallint NOT NULL,
    kind            smallint NOT NULL,
    contact_id      uuid,                      -- author; NULL for outbound
    body            text NOT NULL,
    payload         text NOT NULL DEFAULT '',
    -- unibox.v1.Message with nothing but attachments and reactions set; '' when there are none.
    extras          bytea NOT NULL DEFAULT '',
    reply_to        text NOT NULL DEFAULT '',  -- provider's id of the message answered
    provider_id     text NOT NULL DEFAULT '',
    client_ref      text NOT NULL DEFAULT '',
    delivery_state  smallint NOT NULL DEFAULT 0,
    delivery_error  text NOT NULL DEFAULT '',
    provider_time   timestamptz,               -- as given; NULL = none
    received_at     timestamptz NOT NULL,
    edited_at       timestamptz,
    edit_revision   bigint NOT NULL DEFAULT 0, -- provider's revision, or its time in ms: the greatest one wins
    deleted_at      timestamptz,
    version         bigint NOT NULL,           -- of the conversation, at this message's last change
    PRIMARY KEY (tenant_id, conversation_id, seq, created_at)
) PARTITION BY RANGE (created_at);

-- Provider id → message, and what makes a repeated event harmless. Weekly, RANGE (seen_at); uniqueness lies on the leaves.
CREATE TABLE ext_ref (
    tenant_id       bigint NOT NULL,
    channel_id      uuid NOT NULL,
    event_key       uuid NOT NULL,
    seen_at         timestamptz NOT NULL,
    conversation_id uuid,                      -- the message, where the event is or found one
    seq             bigint,
    created_at      timestamptz                -- of the message: prunes partitions
) PARTITION BY RANGE (seen_at);

-- Receipts, edits, deletes and reactions that came before their message.
CREATE TABLE parked_events (
    tenant_id   bigint NOT NULL,
    channel_id  uuid NOT NULL,
    target_key  uuid NOT NULL,
    event_key   uuid NOT NULL,
    event       bytea NOT NULL,                -- unibox.event.v1.InboundEvent
    parked_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, channel_id, target_key, event_key)
);

-- ---------------------------------------------------------------- system tables of the writer

CREATE TABLE ingest_partition (
    generation     int NOT NULL,
    partition      int NOT NULL,
    stream_created timestamptz NOT NULL,       -- of the stream that last_seq counts in
    last_seq       bigint NOT NULL DEFAULT 0,
    epoch          bigint NOT NULL DEFAULT 0,  -- raised by every take-over; the fence compares it
    owner          text,
    lease_until    timestamptz NOT NULL DEFAULT '-infinity',
    committed_at   timestamptz NOT NULL DEFAULT now(),
    stopped_reason text NOT NULL DEFAULT '',   -- not '': an alarm; the partition waits for an operator
    PRIMARY KEY (generation, partition)
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0.01);

-- Writers that are alive: how many share the partitions.
CREATE TABLE writer_instances (
    owner      text PRIMARY KEY,
    seen_until timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Shards of API writes; each has lease and epoch like a partition.
CREATE TABLE writer_slots (
    slot        int PRIMARY KEY,
    epoch       bigint NOT NULL DEFAULT 0,
    owner       text,
    lease_until timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 10);

-- Shard of a partition: generation * 1000 + partition; of a slot: -1 - slot.
CREATE TABLE outbox (
    shard      int NOT NULL,
    target     smallint NOT NULL,              -- 1 UB_EV
    id         bigint GENERATED ALWAYS AS IDENTITY,
    batch      bytea NOT NULL,                 -- unibox.event.v1.OutboxBatch
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shard, target, id)
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000);

CREATE TABLE dead_letter (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    generation  int NOT NULL,
    partition   int NOT NULL,
    stream_seq  bigint NOT NULL,
    event       bytea NOT NULL,                -- as read from the stream, whatever it is
    sqlstate    text NOT NULL,
    error       text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    replayed_at timestamptz
);

-- Gaps that an operator acknowledged: sequences that were never written.
CREATE TABLE ingest_gap (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    generation   int NOT NULL,
    partition    int NOT NULL,
    first_seq    bigint NOT NULL,
    last_seq     bigint NOT NULL,
    acknowledged_by text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now()
);

-- One row. The feed epoch changes when UB_EV is made anew or PostgreSQL is restored.
CREATE TABLE feed (
    only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    feed_epoch uuid NOT NULL DEFAULT gen_random_uuid(),
    stream_created timestamptz
);
INSERT INTO feed DEFAULT VALUES;
