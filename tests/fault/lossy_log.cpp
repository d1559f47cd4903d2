#include "lossy_log.hpp"

#include "base/clock.hpp"
#include "domain/event_key.hpp"
#include "subjects/subjects.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace unibox::test {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kProgressStep = 500;

StackOptions Options(const std::map<std::string, std::string>& environment) {
    StackOptions options;
    options.partition_count = LossyLog::kPartitionCount;
    options.environment = environment;
    return options;
}

std::set<std::string> IdsOf(const std::map<std::string, Delivery>& deliveries) {
    std::set<std::string> ids;
    for (const auto& [id, delivery] : deliveries) ids.insert(id);
    return ids;
}

}  // namespace

LossyLog::LossyLog(int webhooks_per_second, const std::map<std::string, std::string>& environment)
    : stack(Options(environment)) {
    nats::Settings settings;
    settings.url = stack.nats().url();
    settings.request_timeout_ms = 20'000;
    auto connected = nats::Connection::Connect(settings, metrics_);
    REQUIRE_OK(connected);
    connection_ = std::move(connected).value();
    streams_ = std::make_unique<nats::Streams>(*connection_);
    for (const std::string id : {Stack::kFirstPhoneNumberId, Stack::kSecondPhoneNumberId}) {
        const std::string where = " FROM channels WHERE route_key = '" + id + "'";
        const auto channel = Uuid::Parse(stack.Ask("SELECT channel_id" + where));
        REQUIRE_OK(channel);
        const TenantId tenant{std::stoll(stack.Ask("SELECT tenant_id" + where))};
        channels_.emplace(id, std::pair(tenant, ChannelId{*channel}));
    }
    WebhookLoad load = LoadOf(stack, webhooks_per_second);
    load.is_ordered = true;
    load.contact_count = 10;
    load.id_prefix = "wamid.1";
    client_ = std::make_unique<WebhookClient>(std::move(load));
    client_->Start();
    Progress(kWebhooksPerSecond);
    WaitUntilWritten();
}

void LossyLog::Progress(std::int64_t webhook_count) {
    for (; webhook_count > 0; webhook_count -= kProgressStep) {
        WaitForProgress(*client_, std::min(webhook_count, kProgressStep));
    }
}

std::map<int, std::int64_t> LossyLog::Ends() {
    const auto infos = streams_->List(subjects::kInStreamPrefix);
    REQUIRE_OK(infos);
    std::map<int, std::int64_t> ends;
    for (const nats::StreamInfo& info : *infos) {
        ends[subjects::ParseInStream(info.name)->partition] =
            static_cast<std::int64_t>(info.last_seq);
    }
    return ends;
}

std::map<int, std::int64_t> LossyLog::WaitUntilSeen() {
    const auto ends = Ends();
    const auto lag = [&](int partition) {
        const auto name =
            fmt::format("unibox_writer_lag_messages{{shard=\"{}\"}}", 1000 + partition);
        return stack.WriterMetric(0, name);
    };
    // The second look that shows more has begun after the first one was told.
    for (int look = 0; look < 2; ++look) {
        std::map<int, double> before;
        for (const auto& [partition, end] : ends) before[partition] = lag(partition);
        for (const auto& [partition, seen] : before) {
            const auto grew = [&lag, shard = partition, was = seen] { return lag(shard) > was; };
            REQUIRE(Eventually(seconds(60), grew));
        }
    }
    return ends;
}

void LossyLog::WaitUntilWritten() {
    for (const auto& [partition, end] : Ends()) {
        const std::string last_seq = fmt::format(
            "SELECT last_seq FROM ingest_partition WHERE generation = 1 AND partition = {}",
            partition
        );
        const auto written = [&, last = end] { return stack.AskNumber(last_seq) >= last; };
        REQUIRE(Eventually(seconds(60), written));
    }
}

template <typename WhileDown>
void LossyLog::RestartNats(const WhileDown& while_down) {
    stack.nats().Stop();
    while_down();
    stack.nats().Start();
    REQUIRE(Eventually(seconds(60), [&] { return connection_->connected(); }));
}

void LossyLog::Copy() {
    RestartNats([&] {
        std::filesystem::remove_all(dir_ / "store");
        stack.nats().CopyStore(dir_ / "store");
    });
}

std::int64_t LossyLog::GoBack() {
    std::int64_t gone_ms = 0;
    RestartNats([&] {
        gone_ms = SystemClock().UnixMillis();
        stack.nats().RestoreStore(dir_ / "store");
    });
    return gone_ms;
}

void LossyLog::Settle() {
    client_->Stop();
    acknowledged_ = client_->Acknowledged();
    REQUIRE(WaitForWriters(stack) == Complaints{});
    auto pool = pg::Pool::Create(stack.database().settings(), metrics_);
    REQUIRE_OK(pool);
    pool_ = std::move(pool).value();
    const auto stored = StoredIds(*pool_);
    REQUIRE_OK(stored);
    lost_ = acknowledged_;
    for (const auto& id : *stored) lost_.erase(id);
}

std::map<std::string, Delivery> LossyLog::Lost(std::optional<int> partition) const {
    auto lost = lost_;
    std::erase_if(lost, [&](const auto& entry) {
        return partition && PartitionOf(entry.second) != *partition;
    });
    return lost;
}

std::int64_t LossyLog::Count(int partition, const std::function<bool(const Delivery&)>& is_so)
    const {
    return std::count_if(acknowledged_.begin(), acknowledged_.end(), [&](const auto& entry) {
        return PartitionOf(entry.second) == partition && is_so(entry.second);
    });
}

Complaints LossyLog::CheckRest(bool with_feed) {
    auto there = IdsOf(acknowledged_);
    for (const auto& [id, delivery] : lost_) there.erase(id);
    Complaints complaints = CheckOrder(*pool_);
    const auto add = [&](Complaints more) {
        complaints.insert(complaints.end(), more.begin(), more.end());
    };
    if (with_feed) {
        add(CheckBooks(stack, there));
    } else {
        add(CheckMessagesAre(*pool_, there));
        add(CheckCounters(*pool_));
    }
    if (stack.Ask("SELECT count(*) FROM dead_letter") != "0")
        complaints.emplace_back("dead letters");
    return complaints;
}

Complaints LossyLog::CheckRepeatsAreWritten() {
    const std::int64_t now_s = SystemClock().UnixMillis() / 1000;
    for (const auto& [id, delivery] : lost_) {
        SignedWebhook webhook;
        webhook.secret = Secret(Stack::kAppSecret);
        webhook.body =
            WhatsAppWebhook({{delivery.phone_number_id, delivery.from, id, "again", now_s}});
        const auto response = PostWebhook(stack.ingest_address(), webhook);
        REQUIRE_OK(response);
        REQUIRE(response->status == 200);
    }
    REQUIRE(WaitForWriters(stack) == Complaints{});
    return CheckMessagesAre(*pool_, IdsOf(acknowledged_));
}

std::string LossyLog::Summary() const {
    return fmt::format(
        "{} webhooks of {} messages, refused {} times, {} messages lost",
        client_->webhook_count(),
        acknowledged_.size(),
        client_->retry_count(),
        lost_.size()
    );
}

int LossyLog::PartitionOf(const Delivery& delivery) const {
    const auto& [tenant, channel] = channels_.at(delivery.phone_number_id);
    return static_cast<int>(domain::PartitionOf(tenant, channel, delivery.from, kPartitionCount));
}

}  // namespace unibox::test
