#include "support/ledger.hpp"

#include "nats/log_reader.hpp"
#include "nats/streams.hpp"
#include "obs/metrics.hpp"
#include "pg/transaction.hpp"
#include "subjects/subjects.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"
#include "unibox/event/v1/feed.pb.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <map>
#include <unordered_set>

namespace unibox::test {
namespace {

constexpr std::size_t kComplaintCountMax = 20;
constexpr auto kCatchUpTimeout = std::chrono::seconds(60);
constexpr Millis kReadTimeout(30'000);

Result<pg::Rows> Query(pg::Pool& pool, const std::string& sql) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadOnly));
    return tx.ExecuteUnprepared(sql);
}

// Complains about every row that `sql` finds; its columns are texts.
void ComplainAboutRows(
    pg::Pool& pool, const std::string& what, const std::string& sql, Complaints* complaints
) {
    const auto rows = Query(pool, sql);
    if (!rows.ok()) return complaints->push_back(what + ": " + rows.status().ToString());
    for (const auto row : *rows) {
        if (complaints->size() >= kComplaintCountMax) return;
        complaints->push_back(what + ": " + std::string(row.Text(0)));
    }
}

struct ConversationFeed {
    std::int64_t last_version = 0;
    std::int64_t created_message_count = 0;
};

class FeedReader {
public:
    void Take(const nats::LogMessage& message) {
        event::v1::FeedEvent event;
        if (!event.ParseFromString(message.payload)) {
            return Complain(fmt::format("sequence {} is no FeedEvent", message.sequence));
        }
        if (!seen_.insert(event.event_id()).second || event.version() == 0) return;
        auto& feed = conversations[{event.tenant_id(), event.conversation_id()}];
        if (event.version() != feed.last_version + 1) {
            Complain(fmt::format(
                "{}: version {} follows {} at sequence {}",
                event.conversation_id(),
                event.version(),
                feed.last_version,
                message.sequence
            ));
        }
        feed.last_version = event.version();
        feed.created_message_count += event.has_message_created();
    }

    std::map<std::pair<std::int64_t, std::string>, ConversationFeed> conversations;
    Complaints complaints;

private:
    void Complain(std::string text) {
        if (complaints.size() < kComplaintCountMax) complaints.push_back("feed: " + text);
    }

    std::unordered_set<std::string> seen_;
};

Status ReadFeed(nats::Connection& connection, FeedReader* feed) {
    obs::Metrics metrics;
    UNIBOX_ASSIGN_OR_RETURN(const auto info, nats::Streams(connection).Info(subjects::kEvStream));
    UNIBOX_ASSIGN_OR_RETURN(
        auto reader, nats::LogReader::Open(connection, subjects::kEvStream, 1, {}, metrics)
    );
    while (reader->next_sequence() <= info.last_seq) {
        UNIBOX_ASSIGN_OR_RETURN(auto messages, reader->Fetch(1'000, 8 << 20, kReadTimeout));
        if (messages.empty()) return DeadlineExceeded("the feed stops before its end");
        for (const auto& message : messages) feed->Take(message);
    }
    return {};
}

Result<std::unique_ptr<nats::Connection>> Connect(Stack& stack, obs::Metrics& metrics) {
    nats::Settings settings;
    settings.url = stack.nats_cluster().url();
    settings.request_timeout_ms = kReadTimeout.count();
    return nats::Connection::Connect(settings, metrics);
}

}  // namespace

WebhookLoad LoadOf(const Stack& stack, int webhooks_per_second) {
    WebhookLoad load;
    load.ingest_address = stack.ingest_address();
    load.app_secret = Secret(Stack::kAppSecret);
    load.phone_number_ids = {Stack::kFirstPhoneNumberId, Stack::kSecondPhoneNumberId};
    load.webhooks_per_second = webhooks_per_second;
    return load;
}

void WaitForProgress(const WebhookClient& client, std::int64_t webhook_count) {
    const std::int64_t wanted = client.webhook_count() + webhook_count;
    INFO("acknowledged webhooks: " << client.webhook_count());
    REQUIRE(Eventually(std::chrono::seconds(60), [&] { return client.webhook_count() >= wanted; }));
}

Result<std::set<std::string>> StoredIds(pg::Pool& pool) {
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, Query(pool, "SELECT provider_id FROM messages"));
    std::set<std::string> ids;
    for (const auto row : rows) ids.emplace(row.Text(0));
    return ids;
}

Complaints CheckMessagesAre(pg::Pool& pool, const std::set<std::string>& provider_ids) {
    Complaints complaints;
    const auto rows = Query(pool, "SELECT provider_id FROM messages");
    if (!rows.ok()) return {rows.status().ToString()};
    std::set<std::string> stored;
    for (const auto row : *rows) {
        std::string id(row.Text(0));
        if (!provider_ids.contains(id)) complaints.push_back("was never acknowledged: " + id);
        if (!stored.insert(id).second) complaints.push_back("is there twice: " + id);
        if (complaints.size() >= kComplaintCountMax) return complaints;
    }
    for (const auto& id : provider_ids) {
        if (complaints.size() >= kComplaintCountMax) return complaints;
        if (!stored.contains(id)) complaints.push_back("was acknowledged and is lost: " + id);
    }
    return complaints;
}

Complaints CheckCounters(pg::Pool& pool) {
    Complaints complaints;
    const std::string recount =
        "(SELECT tenant_id, conversation_id, count(*) AS n, min(seq) AS lo, max(seq) AS hi,"
        " count(*) FILTER (WHERE direction = 1) AS inbound, max(version) AS version"
        " FROM messages GROUP BY 1, 2) m";
    ComplainAboutRows(
        pool,
        "seq has gaps",
        "SELECT conversation_id::text FROM " + recount + " WHERE lo <> 1 OR hi <> n",
        &complaints
    );
    ComplainAboutRows(
        pool,
        "counters differ from a recount",
        "SELECT c.conversation_id::text FROM conversation_counters c LEFT JOIN " + recount +
            " USING (tenant_id, conversation_id) WHERE m.n IS NULL OR c.last_seq <> m.n"
            " OR c.inbound_count <> m.inbound OR c.unread_count <> m.inbound"
            " OR c.inbound_count + c.outbound_count <> m.n OR c.version < m.version",
        &complaints
    );
    ComplainAboutRows(
        pool,
        "the conversation differs from its counters",
        "SELECT v.conversation_id::text FROM conversations v FULL JOIN conversation_counters c"
        " USING (tenant_id, conversation_id) WHERE v.version IS DISTINCT FROM c.version"
        " OR v.unread_count IS DISTINCT FROM c.unread_count"
        " OR v.message_count IS DISTINCT FROM c.last_seq",
        &complaints
    );
    ComplainAboutRows(
        pool,
        "a thread has several open conversations",
        "SELECT thread_key FROM conversations WHERE closed_at = 'infinity'"
        " GROUP BY tenant_id, channel_id, thread_key HAVING count(*) > 1",
        &complaints
    );
    return complaints;
}

Complaints CheckOrder(pg::Pool& pool) {
    Complaints complaints;
    ComplainAboutRows(
        pool,
        "out of order",
        "SELECT provider_id FROM (SELECT provider_id, seq, row_number() OVER (PARTITION BY"
        " tenant_id, conversation_id ORDER BY split_part(provider_id, '.', 2)::int,"
        " split_part(provider_id, '.', 4)::int, split_part(provider_id, '.', 5)::int) AS n"
        " FROM messages) x WHERE seq <> n ORDER BY seq",
        &complaints
    );
    return complaints;
}

Complaints CheckFeed(pg::Pool& pool, nats::Connection& connection) {
    FeedReader feed;
    if (const auto status = ReadFeed(connection, &feed); !status.ok()) return {status.ToString()};
    Complaints complaints = std::move(feed.complaints);
    const auto rows = Query(
        pool,
        "SELECT tenant_id, conversation_id::text, version, last_seq FROM conversation_counters"
    );
    if (!rows.ok()) return {rows.status().ToString()};
    for (const auto row : *rows) {
        if (complaints.size() >= kComplaintCountMax) return complaints;
        const auto& seen = feed.conversations[{row.Int64(0), std::string(row.Text(1))}];
        if (seen.last_version == row.Int64(2) && seen.created_message_count == row.Int64(3))
            continue;
        complaints.push_back(fmt::format(
            "feed of {} ends at version {} of {} with {} of {} messages",
            row.Text(1),
            seen.last_version,
            row.Int64(2),
            seen.created_message_count,
            row.Int64(3)
        ));
    }
    return complaints;
}

Complaints CheckBooks(Stack& stack, const std::set<std::string>& acknowledged_ids) {
    obs::Metrics metrics;
    auto pool = pg::Pool::Create(stack.database().settings(), metrics);
    if (!pool.ok()) return {pool.status().ToString()};
    const auto expected = static_cast<std::int64_t>(acknowledged_ids.size());
    Eventually(kCatchUpTimeout, [&] { return CountRows(**pool, "messages") >= expected; });
    Eventually(kCatchUpTimeout / 2, [&] { return CountRows(**pool, "outbox") == 0; });
    Complaints complaints = CheckMessagesAre(**pool, acknowledged_ids);
    if (CountRows(**pool, "outbox") != 0) complaints.push_back("the outbox is not empty");
    for (auto& complaint : CheckCounters(**pool)) complaints.push_back(std::move(complaint));
    auto connection = Connect(stack, metrics);
    if (!connection.ok()) return {connection.status().ToString()};
    for (auto& complaint : CheckFeed(**pool, **connection)) {
        complaints.push_back(std::move(complaint));
    }
    return complaints;
}

namespace {

// What the streams of the log hold that PostgreSQL has not, as far as both can be asked.
Complaints Unwritten(Stack& stack, nats::Streams& streams) {
    const auto infos = streams.List(subjects::kInStreamPrefix);
    if (!infos.ok()) return {infos.status().ToString()};
    Complaints complaints;
    for (const nats::StreamInfo& info : *infos) {
        const auto id = subjects::ParseInStream(info.name);
        const auto written = stack.Ask(fmt::format(
            "SELECT last_seq || ' of the stream of ' || extract(epoch FROM stream_created) * 1000 "
            "FROM ingest_partition WHERE generation = {} AND partition = {}",
            id->generation,
            id->partition
        ));
        const auto held =
            fmt::format("{} of the stream of {}", info.last_seq, info.created_unix_ms);
        if (!written.starts_with(held))
            complaints.push_back(fmt::format("{}: {}, written {}", info.name, held, written));
    }
    return complaints;
}

}  // namespace

Complaints WaitForWriters(Stack& stack) {
    obs::Metrics metrics;
    auto connection = Connect(stack, metrics);
    REQUIRE_OK(connection);
    nats::Streams streams(**connection);
    Complaints complaints;
    Eventually(kCatchUpTimeout, [&] { return (complaints = Unwritten(stack, streams)).empty(); });
    return complaints;
}

std::int64_t CountRows(pg::Pool& pool, const std::string& table) {
    const auto rows = Query(pool, "SELECT count(*) FROM " + table);
    return rows.ok() ? (*rows)[0].Int64(0) : -1;
}

}  // namespace unibox::test
