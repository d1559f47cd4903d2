// One tenant's load is its own: what is left for the others while it sends as much as it can.
// Shares are asserted, not times.
#include "ingest_fixture.hpp"
#include "support/eventually.hpp"
#include "unibox/v1/ingest_service.grpc.pb.h"

#include <catch2/catch.hpp>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <future>
#include <map>

namespace unibox::test {
namespace {

using std::chrono::seconds;
using Posts = std::vector<std::future<int>>;

constexpr int kNoisyPosts = 50;
constexpr std::size_t kWindow = 64;  // Of which 60 are used, and 30 by one tenant.

int CountOf(Posts& posts, int status) {
    int count = 0;
    for (auto& post : posts) count += post.get() == status ? 1 : 0;
    return count;
}

obs::Counter& Overloaded(IngestFixture& f, const std::string& provider) {
    return f.metrics.GetCounter(
        "unibox_ingest_unstored_total",
        "Webhooks answered 503, by the reason.",
        {{"provider", provider}, {"reason", "TENANT_OVERLOADED"}}
    );
}

TEST_CASE("Neighbours: a noisy tenant fills its share of the window", "[nats][pg]") {
    IngestFixture f(PgServer::Shared(), [](auto& config) {
        config.publisher.window_count_max = kWindow;
        config.intake.deadline_ms = 60'000;
        config.http.handler_timeout_ms = 60'000;
    });
    f.PutChannel(f.first, "noisy", v1::PROVIDER_WHATSAPP, "111", {});
    f.PutChannel(f.second, "quiet", v1::PROVIDER_WHATSAPP, "222", {});
    f.PutChannel(f.second, "bot", v1::PROVIDER_TELEGRAM, "", {"tg-secret"});
    const auto post = [&f](std::vector<std::string> numbers, const std::string& id) {
        return std::async(std::launch::async, [&f, numbers = std::move(numbers), id] {
            const std::string body = WhatsAppBody(numbers, id);
            return f.PostSigned("meta", "/v1/hooks/meta", f.kAppSecret, body);
        });
    };
    // Known from now on: look-ups are not the subject.
    REQUIRE(post({"111", "222"}, "first").get() == 200);
    REQUIRE(
        f.PostSigned("telegram", "/v1/hooks/telegram/bot-token", "tg-secret", TelegramBody(1)) ==
        200
    );
    f.nats.Pause();
    Posts noisy;
    for (int i = 0; i < kNoisyPosts; ++i) noisy.push_back(post({"111"}, "N" + std::to_string(i)));
    // All that is over the share, and nothing else.
    const auto& overloaded = Overloaded(f, "meta");
    CHECK(Eventually(seconds(30), [&] { return overloaded.Get() == kNoisyPosts - 30; }));
    // Of the same app: the noisy one's part of a mixed webhook is no reason to refuse the other's.
    Posts quiet;
    for (int i = 0; i < 5; ++i) {
        quiet.push_back(post({"222"}, "Q" + std::to_string(i)));
        quiet.push_back(post({"111", "222"}, "M" + std::to_string(i)));
    }
    quiet.push_back(std::async(std::launch::async, [&f] {
        const std::string path = "/v1/hooks/telegram/bot-token";
        return f.PostSigned("telegram", path, "tg-secret", TelegramBody(2));
    }));
    f.nats.Resume();
    CHECK(CountOf(quiet, 200) == 11);
    CHECK(CountOf(noisy, 200) == 30);
    CHECK(overloaded.Get() == kNoisyPosts - 30);
    // Its share is free again.
    CHECK(post({"111"}, "after").get() == 200);
}

TEST_CASE("Neighbours: calls share the window with webhooks", "[nats][pg]") {
    IngestFixture f(PgServer::Shared(), [](auto& config) {
        config.publisher.window_count_max = kWindow;
        config.intake.deadline_ms = 60'000;
    });
    const std::string whsec = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const auto channel = f.PutChannel(f.first, "s", v1::PROVIDER_STANDARD, "", {whsec}).channel;
    const auto other = f.PutChannel(f.second, "o", v1::PROVIDER_STANDARD, "", {whsec}).channel;
    const Secret key = f.PutApiKey(f.first, {"ingest:write"});
    const Secret other_key = f.PutApiKey(f.second, {"ingest:write"});
    const auto stub = v1::IngestService::NewStub(
        grpc::CreateChannel(f.service->address("grpc"), grpc::InsecureChannelCredentials())
    );
    const auto call = [&](const Secret& api_key, const ChannelId& to, const std::string& id) {
        return std::async(std::launch::async, [&, to, id] {
            grpc::ClientContext context;
            context.AddMetadata("authorization", "Bearer " + std::string(api_key.Reveal()));
            context.set_deadline(std::chrono::system_clock::now() + seconds(60));
            v1::IngestRequest request;
            request.set_channel_id(to.ToString());
            request.set_message_id(id);
            request.set_contact_id("u");
            request.set_text("hello");
            v1::IngestResponse response;
            return static_cast<int>(stub->Ingest(&context, request, &response).error_code());
        });
    };
    REQUIRE(call(key, channel, "first").get() == 0);
    REQUIRE(call(other_key, other, "first").get() == 0);
    f.nats.Pause();
    Posts noisy;
    for (int i = 0; i < kNoisyPosts; ++i) noisy.push_back(call(key, channel, std::to_string(i)));
    const auto refused = [&] {
        return std::count_if(noisy.begin(), noisy.end(), [](auto& one) {
            return one.wait_for(seconds(0)) == std::future_status::ready;
        });
    };
    CHECK(Eventually(seconds(30), [&] { return refused() == kNoisyPosts - 30; }));
    Posts quiet;
    for (int i = 0; i < 5; ++i) quiet.push_back(call(other_key, other, "q" + std::to_string(i)));
    f.nats.Resume();
    CHECK(CountOf(quiet, 0) == 5);
    CHECK(CountOf(noisy, static_cast<int>(grpc::StatusCode::UNAVAILABLE)) == kNoisyPosts - 30);
}

TEST_CASE("Neighbours: made up tokens do not stand before a new channel", "[nats][pg]") {
    IngestFixture f(PgServer::Shared(), [](auto& config) {
        config.lookups.failed_per_s = 1;
        config.lookups.failed_burst = 5;
    });
    const auto post = [&f](const std::string& token, int id) {
        const std::string path = "/v1/hooks/telegram/" + token;
        return f.PostSigned("telegram", path, "tg-secret", TelegramBody(id));
    };
    std::map<int, int> count_by_status;
    for (int i = 0; i < 60; ++i) ++count_by_status[post("none-" + std::to_string(i), i)];
    CHECK(count_by_status[401] >= 5);
    CHECK(count_by_status[503] >= 1);  // Not 401: this one may exist.
    CHECK(count_by_status[401] + count_by_status[503] == 60);
    f.PutChannel(f.first, "bot", v1::PROVIDER_TELEGRAM, "", {"tg-secret"});
    f.TellChanges();
    // The same network, as soon as it has a look-up free; and then without any.
    REQUIRE(Eventually(seconds(30), [&] { return post("bot-token", 1) == 200; }));
    for (int i = 0; i < 20; ++i) post("more-" + std::to_string(i), i);
    CHECK(post("bot-token", 2) == 200);
}

}  // namespace
}  // namespace unibox::test
