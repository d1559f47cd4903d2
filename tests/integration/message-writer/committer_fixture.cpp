#include "committer_fixture.hpp"

#include "pg/transaction.hpp"
#include "support/status_matchers.hpp"

namespace unibox::test {

CommitterFixture::CommitterFixture(const std::string& owner)
    : database_(PgServer::Shared().CreateDatabase()) {
    Build(owner);
    Run("INSERT INTO tenants (tenant_id, slug, name) VALUES (1, 'acme', 'Acme'), (2, 'b', 'B');"
        "INSERT INTO channels (tenant_id, channel_id, slug, name, provider, route_key) VALUES "
        "(1, '" +
        TestChannel().ToString() +
        "', 'tg', 'Telegram', 1, ''),"
        "(2, '" +
        TestChannel().ToString() + "', 'tg', 'Telegram', 1, '')");
    Own(1);
}

CommitterFixture::CommitterFixture(CommitterFixture& other, const std::string& owner)
    : database_(other.database_) {
    Build(owner);
}

void CommitterFixture::Build(const std::string& owner) {
    owner_ = owner;
    metrics_ = std::make_unique<writer::WriterMetrics>(registry_);
    const pg::Settings writer_settings = database_.settings("ub_writer");
    pool_ = pg::Pool::Create(writer_settings, registry_).value();
    super_pool_ = pg::Pool::Create(database_.settings(), registry_).value();
    session_ = pg::Session::Create(writer_settings, registry_).value();
    committer_ = std::make_unique<writer::BatchCommitter>(writer::BatchCommitter::Environment{
        .session = *session_,
        .pool = *pool_,
        .settings = settings,
        .owner = owner_,
        .lease = Millis(15'000),
        .metrics = *metrics_,
        .clock = SystemClock(),
        .pause =
            [this](Millis) {
                on_pause();
                return --pauses_allowed >= 0;
            },
        .publish = [this](writer::CommittedOutbox rows) { Publish(std::move(rows)); },
    });
}

void CommitterFixture::Publish(writer::CommittedOutbox rows) {
    for (auto& [id, batch] : rows) {
        if (id.target != domain::OutboxTarget::kFeed) continue;
        acknowledged_.push_back(id);
        published_.push_back(std::move(batch));
    }
}

void CommitterFixture::Own(int partition_count) {
    std::vector<domain::PartitionId> wanted;
    for (int partition = 0; partition < partition_count; ++partition) {
        wanted.push_back({1, partition});
        REQUIRE_OK(store::EnsurePartition(*pool_, wanted.back(), 1'785'000'000'000));
    }
    auto taken = store::TakePartitions(*pool_, owner_, wanted, Millis(15'000));
    REQUIRE_OK(taken);
    for (const store::OwnedPartition& owned : *taken) {
        writer::WrittenShard shard;
        shard.owned = owned;
        shards_[owned.id.Shard()] = shard;
    }
}

bool CommitterFixture::Write(const std::vector<event::v1::InboundEvent>& events) {
    writer::GatheredBatch batch;
    std::map<domain::ShardId, writer::WrittenShard*> shards;
    for (auto& [number, shard] : shards_) {
        std::int64_t sequence = shard.owned.last_seq;
        for (const auto& event : events) {
            const int partition = PartitionOfEvent(event, static_cast<int>(shards_.size()));
            if (shard.owned.id.partition != partition) continue;
            writer::AddToBatch(
                number,
                static_cast<std::uint64_t>(++sequence),
                LogMark{KeptMsgId(event.event_key()), NowMs()},
                event.SerializeAsString(),
                &batch
            );
            shards[number] = &shard;
        }
    }
    return committer_->Commit(batch, shards, &acknowledged_);
}

bool CommitterFixture::WritePayloads(
    const std::vector<std::string>& payloads, std::int32_t partition
) {
    writer::WrittenShard& written = shard(partition);
    writer::GatheredBatch batch;
    std::int64_t sequence = written.owned.last_seq;
    for (const std::string& payload : payloads) {
        writer::AddToBatch(
            written.owned.id.Shard(),
            static_cast<std::uint64_t>(++sequence),
            LogMark{"", NowMs()},
            payload,
            &batch
        );
    }
    return committer_->Commit(batch, {{written.owned.id.Shard(), &written}}, &acknowledged_);
}

writer::CommandResult CommitterFixture::Do(const writer::v1::Command& command) {
    const auto slot = store::TakeSlot(*pool_, owner_, Millis(15'000));
    REQUIRE_OK(slot);
    writer::CommandCommitter committer({
        .session = *session_,
        .pool = *pool_,
        .lease = Millis(15'000),
        .retry_max = Millis(200),
        .metrics = *metrics_,
        .clock = SystemClock(),
        .slot = [&slot] { return std::optional(*slot); },
        .on_slot_lost = [] {},
        .on_outcome_unknown = [] {},
        .pause = [](Millis) { return false; },
        .publish = [this](writer::CommittedOutbox rows) { Publish(std::move(rows)); },
        .acknowledged = &acknowledged_,
    });
    writer::CommandResult result;
    std::vector<writer::PendingCommand> commands(1);
    commands[0].command = command;
    commands[0].deadline = SystemClock().Steady() + Millis(30'000);
    commands[0].done = [&result](writer::CommandResult done) { result = std::move(done); };
    committer.Commit(std::move(commands));
    REQUIRE_OK(store::ReleaseSlot(*pool_, owner_, *slot));
    return result;
}

std::string CommitterFixture::Ask(const std::string& sql) {
    auto tx = pg::SystemTx::Begin(*super_pool_, pg::Access::kReadWrite);
    REQUIRE_OK(tx);
    const auto rows = tx->ExecuteUnprepared("SELECT (" + sql + ")::text");
    REQUIRE_OK(rows);
    REQUIRE_OK(tx->Commit());
    return rows->empty() || (*rows)[0].IsNull(0) ? "" : std::string((*rows)[0].Text(0));
}

void CommitterFixture::Run(const std::string& sql) {
    PgServer::Shared().Run(database_.name(), sql);
}

std::string CommitterFixture::Inconsistency() {
    return Ask(R"sql(
SELECT string_agg(what, '; ') FROM (
    SELECT 'seq of ' || conversation_id AS what FROM messages GROUP BY tenant_id, conversation_id
    HAVING min(seq) <> 1 OR max(seq) <> count(*)
    UNION ALL
    SELECT 'counters of ' || c.conversation_id FROM conversation_counters c
    LEFT JOIN (SELECT tenant_id, conversation_id, max(seq) AS last_seq, count(*) FILTER (WHERE
    direction = 1) AS inbound,
                      count(*) FILTER (WHERE direction = 2) AS outbound, max(version) AS version
               FROM messages GROUP BY 1, 2) m USING (tenant_id, conversation_id)
    WHERE (c.last_seq, c.inbound_count, c.outbound_count)
          IS DISTINCT FROM (m.last_seq, m.inbound, m.outbound) OR c.version < m.version
    UNION ALL
    SELECT 'conversation ' || v.conversation_id FROM conversations v
    FULL JOIN conversation_counters c USING (tenant_id, conversation_id)
    WHERE (v.version, v.unread_count, v.message_count, v.closed_at)
          IS DISTINCT FROM (c.version, c.unread_count, c.inbound_count + c.outbound_count,
          c.closed_at)
    UNION ALL
    SELECT 'thread ' || t.thread_key FROM threads t LEFT JOIN conversations v
        ON v.tenant_id = t.tenant_id AND v.conversation_id = t.conversation_id
    WHERE t.conversation_id IS NOT NULL AND v.thread_key IS DISTINCT FROM t.thread_key
    UNION ALL
    SELECT 'ref ' || r.event_key FROM ext_ref r LEFT JOIN messages m
        ON (m.tenant_id, m.conversation_id, m.seq, m.created_at) = (r.tenant_id,
        r.conversation_id, r.seq, r.created_at)
    WHERE r.seq IS NOT NULL AND m.message_id IS NULL
) x)sql");
}

std::vector<event::v1::FeedEvent> CommitterFixture::feed() const {
    std::vector<event::v1::FeedEvent> events;
    for (const event::v1::OutboxBatch& batch : published_) {
        for (const event::v1::OutboxEntry& entry : batch.entries()) {
            REQUIRE(events.emplace_back().ParseFromString(entry.payload()));
        }
    }
    return events;
}

}  // namespace unibox::test
