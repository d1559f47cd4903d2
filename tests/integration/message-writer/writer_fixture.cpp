#include "writer_fixture.hpp"

#include "pg/transaction.hpp"
#include "subjects/subjects.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"

#include <fstream>
#include <map>
#include <set>

namespace unibox::test {

using std::chrono::seconds;

namespace {

// Another one for each generation, so that conversations change their partition.
int PartitionCount(int generation) {
    return WriterFixture::kPartitions + generation - 1;
}

}  // namespace

WriterFixture::WriterFixture(PgServer& server)
    : server_(server), database_(server.CreateDatabase()) {
    config.postgres = database_.settings("ub_writer");
    config.nats.url = nats_.url();
    config.ownership = {.owner = "", .lease_ms = 3'000, .interval_ms = 200};
    config.outbox.idle_delete_ms = 50;
    config.outbox.sweep_interval_ms = 500;
    config.batch.retry_ms_max = 500;
    config.grpc.listen = "127.0.0.1:0";
    auto observer = config.nats;
    observer.request_timeout_ms = 20'000;
    connection_ = nats::Connection::Connect(observer, registry).value();
    streams_ = std::make_unique<nats::Streams>(*connection_);
    pool_ = pg::Pool::Create(database_.settings(), registry).value();
    REQUIRE(Eventually(seconds(30), [&] { return connection_->connected(); }));
    EnsureStreams();
    Run("INSERT INTO tenants (tenant_id, slug, name) VALUES (1, 'acme', 'Acme');"
        "INSERT INTO channels (tenant_id, channel_id, slug, name, provider, route_key) VALUES "
        "(1, '" +
        TestChannel().ToString() + "', 'tg', 'Telegram', 1, '')");
}

WriterFixture::~WriterFixture() {
    writers_.clear();
}

void WriterFixture::EnsureStreams(int generation) {
    const nats::StreamOptions options{
        .generation = generation, .partition_count = PartitionCount(generation)};
    for (const nats::StreamSpec& spec : nats::UniboxStreams(options)) {
        REQUIRE_OK(streams_->Ensure(spec));
    }
}

runtime::Service& WriterFixture::StartWriter(const std::string& owner) {
    config.ownership.owner = owner;
    auto writer = create_writer(config, clock, registry);
    REQUIRE_OK(writer);
    REQUIRE_OK((*writer)->Start());
    writers_.push_back(std::move(*writer));
    return *writers_.back();
}

std::unique_ptr<Process> WriterFixture::StartProcess(
    const std::string& owner,
    const std::string& freeze_at,
    const std::map<std::string, std::string>& more_environment
) {
    ProcessOptions options;
    options.environment = more_environment;
    options.environment.insert({
        {"UNIBOX_POSTGRES_URL", config.postgres.url + "&application_name=" + owner},
        {"UNIBOX_NATS_URL", config.nats.url},
        {"UNIBOX_OWNERSHIP_OWNER", owner},
        {"UNIBOX_OWNERSHIP_LEASE_MS", "3000"},
        {"UNIBOX_OWNERSHIP_INTERVAL_MS", "200"},
        {"UNIBOX_OUTBOX_SWEEP_INTERVAL_MS", "500"},
        {"FREEZE_AT", freeze_at},
        {"UNIBOX_GRPC_LISTEN", "127.0.0.1:0"},
        {"UNIBOX_RUNTIME_DRAIN_MS", "0"},
    });
    return std::make_unique<Process>(
        std::filesystem::path(UNIBOX_BINARY_DIR) / "bin" / "freezing_writer", options
    );
}

bool WriterFixture::IsFrozen(const Process& process) {
    std::ifstream file("/proc/" + std::to_string(process.pid()) + "/stat");
    std::string number, name, state;
    file >> number >> name >> state;
    return state == "T";
}

void WriterFixture::RestartNats(const std::function<void()>& while_down) {
    nats_.Stop();
    REQUIRE(Eventually(seconds(30), [&] { return !connection_->connected(); }));
    while_down();
    nats_.Start();
    REQUIRE(Eventually(seconds(30), [&] { return connection_->connected(); }));
}

void WriterFixture::CopyLog() {
    RestartNats([&] { nats_.CopyStore(log_copy_); });
}

void WriterFixture::LogGoesBack() {
    RestartNats([&] { nats_.RestoreStore(log_copy_); });
}

void WriterFixture::Publish(const std::vector<event::v1::InboundEvent>& events, int generation) {
    REQUIRE_OK(PublishInbound(*connection_, {generation, PartitionCount(generation)}, events));
    published_count += static_cast<std::int64_t>(events.size());
}

bool WriterFixture::AllCommitted() {
    return Eventually(seconds(60), [&] {
        return Count("SELECT coalesce(sum(last_seq), 0) FROM ingest_partition") == published_count;
    });
}

bool WriterFixture::AllPublished() {
    return Eventually(seconds(60), [&] { return Count("SELECT count(*) FROM outbox") == 0; });
}

bool WriterFixture::FeedStreamIsKnown() {
    return Eventually(seconds(30), [&] {
        return Ask("SELECT stream_created IS NOT NULL FROM feed") == "true";
    });
}

std::string WriterFixture::Ask(const std::string& sql) {
    auto tx = pg::SystemTx::Begin(*pool_, pg::Access::kReadOnly);
    REQUIRE_OK(tx);
    const auto rows = tx->ExecuteUnprepared("SELECT (" + sql + ")::text");
    REQUIRE_OK(rows);
    return rows->empty() || (*rows)[0].IsNull(0) ? "" : std::string((*rows)[0].Text(0));
}

std::vector<event::v1::FeedEvent> WriterFixture::Feed() {
    std::vector<event::v1::FeedEvent> events;
    const auto info = streams_->Info(subjects::kEvStream);
    REQUIRE_OK(info);
    auto reader = nats::LogReader::Open(*connection_, subjects::kEvStream, 1, {}, registry);
    REQUIRE_OK(reader);
    std::set<std::string> seen;
    while ((*reader)->next_sequence() <= info->last_seq) {
        auto messages = (*reader)->Fetch(1'000, 1 << 24, Millis(30'000));
        REQUIRE_OK(messages);
        REQUIRE(!messages->empty());
        for (const nats::LogMessage& message : *messages) {
            event::v1::FeedEvent event;
            REQUIRE(event.ParseFromString(message.payload));
            if (seen.insert(event.event_id()).second) events.push_back(std::move(event));
        }
    }
    return events;
}

std::string WriterFixture::FeedGap() {
    std::map<std::string, std::int64_t> versions;
    for (const event::v1::FeedEvent& event : Feed()) {
        if (event.version() == 0) continue;
        std::int64_t& last = versions[event.conversation_id()];
        if (event.version() != last + 1) {
            return event.conversation_id() + ": " + std::to_string(event.version()) + " after " +
                   std::to_string(last);
        }
        last = event.version();
    }
    for (const auto& [conversation, version] : versions) {
        const std::string row =
            Ask("SELECT version FROM conversation_counters WHERE conversation_id = '" +
                conversation + "'");
        if (row != std::to_string(version)) return conversation + " ends at " + row;
    }
    if (static_cast<std::int64_t>(versions.size()) !=
        Count("SELECT count(*) FROM conversation_counters")) {
        return "conversations are missing in the feed";
    }
    return "";
}

}  // namespace unibox::test
