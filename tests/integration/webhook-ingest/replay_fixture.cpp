#include "replay_fixture.hpp"

#include "base/strings.hpp"
#include "nats/publisher.hpp"
#include "pg/transaction.hpp"
#include "subjects/subjects.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"
#include "uniboxctl/program.hpp"

#include <future>
#include <sstream>

namespace unibox::test {

using std::chrono::seconds;

ReplayFixture::ReplayFixture() : all_(pg::Pool::Create(database.settings(), metrics).value()) {
    writer::Config settings;
    settings.postgres = database.settings("ub_writer");
    settings.nats.url = nats.url();
    settings.ownership.owner = "replay";
    writer_ = CreateWritingService(settings, SystemClock(), metrics).value();
    REQUIRE_OK(writer_->Start());
}

ReplayFixture::~ReplayFixture() {
    writer_->Stop(Millis(10'000));
}

ReplayFixture::Outcome ReplayFixture::Ctl(std::vector<std::string> arguments) {
    std::vector<std::string> all{"--output", "json"};
    for (const std::string& setting :
         {"postgres.url=" + database.url("ub_admin"),
          "nats.url=" + nats.url(),
          "secrets.key_file=" + config.secrets_key_file.string()}) {
        all.insert(all.end(), {"--set", setting});
    }
    all.insert(all.end(), arguments.begin(), arguments.end());
    std::ostringstream out;
    std::ostringstream log;
    const int code = ctl::RunProgram(all, out, log);
    return {code, out.str(), log.str()};
}

ReplayFixture::Outcome ReplayFixture::Replay(std::vector<std::string> more) {
    const auto newest = nats::Streams(*connection).Info(subjects::kRawStream).value().last_seq;
    std::vector<std::string> arguments{"raw", "replay", std::to_string(newest)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Ctl(std::move(arguments));
}

int ReplayFixture::GetFromTwilio(const std::string& target) {
    const std::string url = config.intake.public_base_url + target;
    const auto signature = channels::Sign("twilio", {Secret("auth-token"), "", url, 0, ""});
    REQUIRE_OK(signature);
    const auto& header = signature->back();
    const auto answer = http::Send(
        "GET",
        "http://" + service->address("http") + target,
        {{header.name, header.value}},
        "",
        seconds(30)
    );
    return answer.ok() ? answer->status : 0;
}

void ReplayFixture::StoreRaw(const event::v1::RawWebhook& raw) {
    auto publisher = nats::Publisher::Create(*connection, {}, metrics).value();
    std::promise<Status> stored;
    publisher->Publish(
        {subjects::RawSubject(raw.provider()),
         "",
         std::string(subjects::kRawStream),
         raw.SerializeAsString(),
         ""},
        std::chrono::steady_clock::now() + seconds(30),
        [&](const Result<nats::PubAck>& ack) { stored.set_value(ack.status()); }
    );
    REQUIRE_OK(stored.get_future().get());
}

std::string ReplayFixture::Ask(const std::string& sql) {
    auto tx = pg::SystemTx::Begin(*all_, pg::Access::kReadOnly);
    REQUIRE_OK(tx);
    const auto rows = tx->ExecuteUnprepared("SELECT (" + sql + ")::text");
    REQUIRE_OK(rows);
    return std::string((*rows)[0].Text(0));
}

void ReplayFixture::WaitUntilWritten() {
    REQUIRE(Eventually(seconds(60), [&] {
        const auto written =
            ParseInt64(Ask("SELECT coalesce(sum(last_seq), 0) FROM ingest_partition"));
        return written == static_cast<std::int64_t>(StoredCount());
    }));
}

std::int64_t ReplayFixture::MessageCount(const std::string& provider_id) {
    WaitUntilWritten();
    return *ParseInt64(
        Ask("SELECT count(*) FROM messages WHERE provider_id = '" + provider_id + "'")
    );
}

void ReplayFixture::LimitEvents(std::int64_t bytes_max) {
    nats::StreamOptions options;
    options.partition_count = 4;
    options.in_bytes_max = 64 << 20;
    for (nats::StreamSpec spec : nats::UniboxStreams(options)) {
        if (!spec.name.starts_with(subjects::kInStreamPrefix)) continue;
        spec.message_bytes_max = bytes_max > 0 ? bytes_max : -1;
        REQUIRE_OK(nats::Streams(*connection).Ensure(spec));
    }
}

event::v1::RawWebhook ReplayFixture::NewestRaw() {
    nats::Streams streams(*connection);
    const auto last = streams.Info(subjects::kRawStream).value().last_seq;
    REQUIRE(last > 0);
    event::v1::RawWebhook raw;
    REQUIRE(raw.ParseFromString(streams.Get(subjects::kRawStream, last).value().payload));
    return raw;
}

}  // namespace unibox::test
