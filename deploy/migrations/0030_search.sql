-- Search: what is found by its words (docs/adr/2026-11-30-search.md). Behind the writer: its statements put down which messages and
-- contacts changed, an indexer makes words of them later. Words are made by libs/search, so the texts of tsvectors come ready.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ub_search') THEN
        BEGIN
            CREATE ROLE ub_search NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- Made by a migration of another database at the same moment.
        END;
    END IF;
    IF NOT pg_has_role(current_user, 'ub_search', 'MEMBER') THEN
        EXECUTE format('GRANT ub_search TO %I', current_user);
    END IF;
END $$;
GRANT USAGE ON SCHEMA public TO ub_search;

-- ---------------------------------------------------------------- what changed

-- A row for each statement that changed some, in its transaction; gone when they are indexed. A system table.
CREATE TABLE search_pending (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    made_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind      smallint NOT NULL,               -- 1 messages, 2 contacts
    key_count int NOT NULL,
    tenants   bigint[] NOT NULL,
    objects   uuid[] NOT NULL,                 -- conversations; contacts
    seqs      bigint[],                        -- of messages
    times     timestamptz[]                    -- their created_at
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000);
ALTER TABLE search_pending ALTER tenants SET STORAGE EXTERNAL, ALTER objects SET STORAGE EXTERNAL,
    ALTER seqs SET STORAGE EXTERNAL, ALTER times SET STORAGE EXTERNAL;
ALTER TABLE search_pending OWNER TO ub_owner;
REVOKE ALL ON search_pending FROM PUBLIC;
GRANT SELECT, DELETE ON search_pending TO ub_writer;

-- How far the indexer has walked through what was there before it, or must be looked at again: contacts, then messages by months,
-- the latest first.
CREATE TABLE search_walk (
    only_row     boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    begun_at     timestamptz NOT NULL DEFAULT now(),
    month        timestamptz NOT NULL DEFAULT 'infinity',     -- infinity: contacts; -infinity: all is done
    tenant       bigint NOT NULL DEFAULT 0,                   -- the place within: everything up to it is indexed
    object       uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    seq          bigint NOT NULL DEFAULT 0
);
INSERT INTO search_walk DEFAULT VALUES;
ALTER TABLE search_walk OWNER TO ub_owner;
REVOKE ALL ON search_walk FROM PUBLIC;
GRANT SELECT, UPDATE ON search_walk TO ub_writer;

-- Triggers, and not the writer's own statements: whoever changes a text, by whatever path and of whatever version, is noticed.
CREATE FUNCTION ub_search_new_messages() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    INSERT INTO search_pending (kind, key_count, tenants, objects, seqs, times)
    SELECT 1, count(*), array_agg(n.tenant_id), array_agg(n.conversation_id), array_agg(n.seq), array_agg(n.created_at)
    FROM changed n WHERE n.body <> '' HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE FUNCTION ub_search_changed_message() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    INSERT INTO search_pending (kind, key_count, tenants, objects, seqs, times)
    VALUES (1, 1, ARRAY[OLD.tenant_id], ARRAY[OLD.conversation_id], ARRAY[OLD.seq], ARRAY[OLD.created_at]);
    RETURN NULL;
END $$;
CREATE FUNCTION ub_search_new_contacts() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    INSERT INTO search_pending (kind, key_count, tenants, objects)
    SELECT 2, count(*), array_agg(n.tenant_id), array_agg(n.contact_id) FROM changed n HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE FUNCTION ub_search_changed_contact() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    INSERT INTO search_pending (kind, key_count, tenants, objects)
    VALUES (2, 1, ARRAY[OLD.tenant_id], ARRAY[OLD.contact_id]);
    RETURN NULL;
END $$;

CREATE TRIGGER search_new AFTER INSERT ON messages REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION ub_search_new_messages();
CREATE TRIGGER search_changed AFTER UPDATE OF body, deleted_at ON messages FOR EACH ROW
    WHEN (OLD.body <> NEW.body OR OLD.deleted_at IS DISTINCT FROM NEW.deleted_at) EXECUTE FUNCTION ub_search_changed_message();
CREATE TRIGGER search_gone AFTER DELETE ON messages FOR EACH ROW WHEN (OLD.body <> '') EXECUTE FUNCTION ub_search_changed_message();
CREATE TRIGGER search_new AFTER INSERT ON contacts REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION ub_search_new_contacts();
CREATE TRIGGER search_changed AFTER UPDATE OF display_name, contact_key, aliases ON contacts FOR EACH ROW
    WHEN (OLD.display_name <> NEW.display_name OR OLD.contact_key <> NEW.contact_key OR OLD.aliases <> NEW.aliases)
    EXECUTE FUNCTION ub_search_changed_contact();
CREATE TRIGGER search_gone AFTER DELETE ON contacts FOR EACH ROW EXECUTE FUNCTION ub_search_changed_contact();

-- ---------------------------------------------------------------- the words

-- By weeks: a search goes from the latest on and reads few of them, and sorts what it finds in a few. What is older than the times
-- that messages are stored under is not searched.
CREATE TABLE message_search (
    tenant_id       bigint NOT NULL,
    conversation_id uuid NOT NULL,
    seq             bigint NOT NULL,
    created_at      timestamptz NOT NULL,
    channel_id      uuid NOT NULL,
    words           tsvector NOT NULL,         -- every lexeme begins with its tenant (libs/search/lexemes.hpp)
    PRIMARY KEY (tenant_id, conversation_id, seq, created_at)
) PARTITION BY RANGE (created_at);
-- The words' own tenant leads it. A short list of what is not in the tree yet: every search reads all of it.
CREATE INDEX message_search_words ON message_search USING gin (words) WITH (gin_pending_list_limit = 256);

CREATE TABLE contact_search (
    tenant_id  bigint NOT NULL,
    contact_id uuid NOT NULL,
    channel_id uuid NOT NULL,
    folded     text COLLATE "C" NOT NULL,      -- name and ids, as they are compared
    grams      tsvector NOT NULL,
    PRIMARY KEY (tenant_id, contact_id)
);
CREATE INDEX contact_search_grams ON contact_search USING gin (grams) WITH (gin_pending_list_limit = 256);

DO $$
DECLARE
    tenant_table text;
    tenant_is    constant text := '(tenant_id = (SELECT nullif(current_setting(''app.tenant_id'', true), '''')::bigint))';
BEGIN
    FOREACH tenant_table IN ARRAY ARRAY['message_search', 'contact_search'] LOOP
        EXECUTE format('ALTER TABLE %I OWNER TO ub_owner', tenant_table);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('CREATE POLICY tenant_isolation ON %I TO ub_admin USING %s WITH CHECK %s', tenant_table, tenant_is, tenant_is);
        EXECUTE format('CREATE POLICY writer_all_tenants ON %I TO ub_writer USING (true) WITH CHECK (true)', tenant_table);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO ub_writer', tenant_table);
        EXECUTE format('GRANT SELECT ON %I TO ub_admin', tenant_table);
    END LOOP;
    -- What the functions below read. Row security would keep them from the index (@@ is not leakproof); they name the tenant.
    FOREACH tenant_table IN ARRAY ARRAY[
        'message_search', 'contact_search', 'channel_members', 'conversations', 'conversation_counters']
    LOOP
        EXECUTE format('CREATE POLICY search ON %I FOR SELECT TO ub_search USING (true)', tenant_table);
    END LOOP;
END $$;
GRANT SELECT ON message_search, contact_search, channel_members TO ub_search;
GRANT SELECT (tenant_id, conversation_id, closed_at, status, assignee_id, labels) ON conversations TO ub_search;
GRANT SELECT (tenant_id, conversation_id, closed_at) ON conversation_counters TO ub_search;

INSERT INTO time_partitioned (parent, period, kept) VALUES ('message_search', 'week', '400 days');
SELECT ub_make_partitions();

-- ---------------------------------------------------------------- searching

SET LOCAL check_function_bodies = off;
GRANT CREATE ON SCHEMA public TO ub_search;  -- Only while it becomes the owner, see the end.

-- Messages of the transaction's tenant that have the words, the latest first: below the place (below_time, below_conversation,
-- below_seq) and not before from_time, at most count_max. member: only of channels that this agent belongs to; status 0, the nil
-- UUIDs' absence (NULL) and '' do not filter. Goes back by weeks, then by more of them at a time, for about budget_ms: then a last
-- row without conversation tells down to which time everything was looked at.
CREATE FUNCTION ub_search_messages(
    wanted tsquery, member uuid, channel uuid, wanted_status smallint, assignee uuid, unassigned boolean, label text,
    from_time timestamptz, below_time timestamptz, below_conversation uuid, below_seq bigint, count_max bigint, budget_ms bigint)
RETURNS TABLE (found_conversation uuid, found_seq bigint, found_time timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC'
SET plan_cache_mode = force_custom_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
DECLARE
    me       constant bigint := nullif(current_setting('app.tenant_id', true), '')::bigint;
    began    constant timestamptz := clock_timestamp();
    oldest   constant timestamptz := greatest(from_time, now() - interval '400 days');
    filtered constant boolean := wanted_status <> 0 OR assignee IS NOT NULL OR unassigned OR label <> '';
    high     timestamptz := least(below_time, now() + interval '1 day') + interval '1 microsecond';
    low      timestamptz := date_trunc('week', high - interval '2 microseconds');  -- Before the place: each page gets further.
    weeks    int := 1;
    missing  bigint := count_max;
    found    bigint;
BEGIN
    LOOP
        low := greatest(low, oldest);
        -- tenant_id + 0: what leads to the rows are the words, never the primary key.
        RETURN QUERY
            SELECT s.conversation_id, s.seq, s.created_at
            FROM message_search s
            WHERE s.words @@ wanted AND s.tenant_id + 0 = me
              AND s.created_at >= low AND s.created_at < high
              AND (s.created_at, s.conversation_id, s.seq) < (below_time, below_conversation, below_seq)
              AND (channel IS NULL OR s.channel_id = channel)
              AND (member IS NULL OR EXISTS (
                  SELECT FROM channel_members m
                  WHERE m.tenant_id = me AND m.channel_id = s.channel_id AND m.agent_id = member))
              AND (NOT filtered OR EXISTS (
                  SELECT FROM conversation_counters n,
                      LATERAL (SELECT c.status, c.assignee_id, c.labels FROM conversations c
                               WHERE c.tenant_id = me AND c.conversation_id = s.conversation_id AND c.closed_at = n.closed_at
                               LIMIT 1) c
                  WHERE n.tenant_id = me AND n.conversation_id = s.conversation_id
                    AND (wanted_status = 0 OR c.status = wanted_status)
                    AND (assignee IS NULL OR c.assignee_id = assignee)
                    AND (NOT unassigned OR c.assignee_id IS NULL)
                    AND (label = '' OR label = ANY (c.labels))))
            ORDER BY s.created_at DESC, s.conversation_id DESC, s.seq DESC LIMIT missing;
        GET DIAGNOSTICS found = ROW_COUNT;
        missing := missing - found;
        EXIT WHEN missing <= 0 OR low <= oldest;
        IF clock_timestamp() - began > budget_ms * interval '1 ms' THEN
            RETURN QUERY SELECT NULL::uuid, NULL::bigint, low;
            EXIT;
        END IF;
        high := low;
        low := low - weeks * interval '7 days';
        weeks := weeks * 2;
    END LOOP;
END $$;

-- Contacts of the transaction's tenant in whose name or ids all `parts` stand (`wanted`: what leads there by the index), by name,
-- behind the place (after_folded, after_contact).
CREATE FUNCTION ub_search_contacts(
    wanted tsquery, parts text[], member uuid, channel uuid, after_folded text, after_contact uuid, count_max bigint)
RETURNS TABLE (found_contact uuid, found_folded text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_custom_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
DECLARE
    me constant bigint := nullif(current_setting('app.tenant_id', true), '')::bigint;
BEGIN
    RETURN QUERY
        SELECT s.contact_id, s.folded
        FROM contact_search s
        WHERE s.grams @@ wanted AND s.tenant_id + 0 = me
          AND (s.folded, s.contact_id) > (after_folded COLLATE "C", after_contact)
          AND NOT EXISTS (SELECT FROM unnest(parts) AS part WHERE strpos(s.folded, part) = 0)
          AND (channel IS NULL OR s.channel_id = channel)
          AND (member IS NULL OR EXISTS (
              SELECT FROM channel_members m WHERE m.tenant_id = me AND m.channel_id = s.channel_id AND m.agent_id = member))
        ORDER BY s.folded, s.contact_id LIMIT count_max;
END $$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY[
        'ub_search_new_messages()', 'ub_search_changed_message()', 'ub_search_new_contacts()', 'ub_search_changed_contact()']
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO ub_owner', signature);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
    END LOOP;
    FOREACH signature IN ARRAY ARRAY[
        'ub_search_messages(tsquery, uuid, uuid, smallint, uuid, boolean, text, timestamptz, timestamptz, uuid, bigint, bigint, bigint)',
        'ub_search_contacts(tsquery, text[], uuid, uuid, text, uuid, bigint)']
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO ub_search', signature);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO ub_gateway', signature);
    END LOOP;
END $$;
REVOKE CREATE ON SCHEMA public FROM ub_search;
