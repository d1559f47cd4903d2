// Bodies that no provider sends: random changes of recorded ones. Nothing may crash, hang or leave
// a limit.
#include "base/utf8.hpp"
#include "channels/complete.hpp"
#include "channels/parse_sink.hpp"
#include "fixtures.hpp"
#include "mutations.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

namespace unibox::channels::test {
namespace {

const ChannelId kChannel{Uuid::Parse("0190f6c2-1111-7222-8333-444455556666").value()};
constexpr int kRoundCount = 12'000;

bool IsCleanText(const std::string& text) {
    return CleanText(text) == text;
}

void CheckEvent(ProviderEvent&& found) {
    CHECK_THAT(CheckIdentity(found.event), unibox::test::IsOk());
    const auto event = Complete(std::move(found), TenantId{1}, kChannel, 1'785'412'800'000, "");
    CHECK(event.event_key().size() == 16);
    CHECK(event.message_id().size() == 16);
    CHECK(IsCleanText(event.thread_key()));
    CHECK(IsCleanText(event.contact_name()));
    CHECK(IsCleanText(event.provider_id()));
    CHECK(IsCleanText(event.message().text()));
    CHECK(IsCleanText(event.edit().text()));
    std::string wire;
    CHECK(event.SerializeToString(&wire));
    event::v1::InboundEvent read;
    CHECK(read.ParseFromString(wire));
}

TEST_CASE(
    "robustness: changed bodies give events within the limits, problems or a refusal",
    "[unit][channels]"
) {
    const unsigned seed = std::random_device()();
    WARN("seed " << seed);
    Random random(seed);
    std::vector<Fixture> fixtures = LoadFixtures();
    std::erase_if(fixtures, [](const Fixture& fixture) {
        return fixture.request.body.size() > 10'000;
    });
    std::size_t event_count = 0;
    for (int round = 0; round < kRoundCount; ++round) {
        const Fixture& fixture = fixtures[Pick(random, fixtures.size())];
        OwnedRequest request = fixture.request;
        request.body = Mutated(request.body, random);
        request.headers["webhook-id"] = "msg_1";
        CAPTURE(fixture.name, request.body);
        auto parsed = AdapterOf(fixture.provider).parse(request.View());
        if (!parsed.ok()) {
            CHECK(parsed.status().code() == Code::kInvalidArgument);
            continue;
        }
        event_count += parsed->events.size();
        for (ProviderEvent& event : parsed->events) CheckEvent(std::move(event));
    }
    CHECK(event_count > kRoundCount / 10);
}

TEST_CASE("robustness: changed headers never verify and never crash", "[unit][channels]") {
    const unsigned seed = std::random_device()();
    WARN("seed " << seed);
    Random random(seed);
    const std::vector<Secret> secrets = {Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")};
    const std::vector<Fixture> fixtures = LoadFixtures();
    for (int round = 0; round < 2000; ++round) {
        const Fixture& fixture = fixtures[Pick(random, fixtures.size())];
        OwnedRequest request = fixture.request;
        for (auto& [name, value] : request.headers) value = Mutated(value, random);
        request.query = Mutated(request.query, random);
        const WebhookRequest view = request.View();
        const auto verified =
            AdapterOf(fixture.provider)
                .verify({view, secrets, Mutated(fixture.public_url, random), fixture.now_ms});
        CHECK(verified.status().code() == Code::kUnauthenticated);
    }
}

TEST_CASE("robustness: depth and size alone do no harm", "[unit][channels]") {
    std::string deep =
        R"({"object":"page","entry":[{"id":"1","messaging":[{"sender":{"id":"2"},"deep":)";
    deep += std::string(5000, '[') + std::string(5000, ']');
    deep += R"(},{"sender":{"id":"3"},"timestamp":1,"message":{"mid":"m_1","text":"good"}}]}]})";
    const Parsed parsed = ParseBody("meta", deep);
    REQUIRE(parsed.events.size() == 1);
    CHECK(parsed.events[0].event.message().text() == "good");
    CHECK(parsed.problems.size() == 2);

    std::string many = R"({"object":"page","entry":[{"id":"1","messaging":[)";
    for (int i = 0; i < 5000; ++i) {
        many += R"({"sender":{"id":"2"},"message":{"mid":"m)" + std::to_string(i) +
                R"(","text":"x"}},)";
    }
    many += "{}]}]}";
    CHECK(ParseBody("meta", many).events.size() == 5000);
}

TEST_CASE(
    "robustness: a body of more events than a provider sends is refused whole", "[unit][channels]"
) {
    const auto body = [](std::size_t id_count) {
        std::string ids = "1";
        for (std::size_t i = 1; i < id_count; ++i) ids += ",1";
        OwnedRequest request;
        request.body =
            R"({"update_id":1,"deleted_business_messages":{"chat":{"id":1},"message_ids":[)" + ids +
            "]}}";
        return request;
    };
    const Adapter& telegram = AdapterOf("telegram");
    CHECK(telegram.parse(body(kEventCountMax).View())->events.size() == kEventCountMax);
    const auto refused = telegram.parse(body(kEventCountMax + 1).View());
    CHECK(refused.status().code() == Code::kInvalidArgument);
}

}  // namespace
}  // namespace unibox::channels::test
