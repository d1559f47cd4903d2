// Every recorded webhook of the supported providers: verified and parsed as webhook-ingest would,
// and compared with what the index expects.
#include "fixtures.hpp"

#include "channels/complete.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <map>
#include <set>

namespace unibox::channels::test {
namespace {

using Json = nlohmann::json;
using event::v1::InboundEvent;

struct Outcome {
    int http = 0;
    std::string word;
    std::vector<ProviderEvent> events;
    std::vector<Problem> problems;
};

Outcome Handshake(const Adapter& adapter, const Fixture& fixture) {
    const std::vector<Secret> tokens = {Secret(fixture.secret)};
    const auto challenge = adapter.check_url(fixture.request.query, tokens);
    if (!challenge.ok())
        return {challenge.status().code() == Code::kPermissionDenied ? 403 : 500, "reject", {}, {}};
    CHECK(*challenge == "1158201444");
    return {200, "handshake", {}, {}};
}

Outcome Receive(const Fixture& fixture) {
    const Adapter& adapter = AdapterOf(fixture.provider);
    if (fixture.request.method == "GET" && adapter.check_url != nullptr)
        return Handshake(adapter, fixture);
    const std::vector<Secret> secrets = {Secret(fixture.secret)};
    const WebhookRequest request = fixture.request.View();
    const auto verified = adapter.verify({request, secrets, fixture.public_url, fixture.now_ms});
    if (!verified.ok()) {
        CHECK(verified.status().code() == Code::kUnauthenticated);
        return {401, "reject", {}, {}};
    }
    auto parsed = adapter.parse(request);
    if (!parsed.ok()) {
        CHECK(parsed.status().code() == Code::kInvalidArgument);
        if (!adapter.source.sender_reads_errors) return {200, "quarantine", {}, {}};
        CHECK_FALSE(parsed.status().field().empty());
        return {400, "reject", {}, {}};
    }
    std::string word = parsed->problems.empty() ? "ignore" : "quarantine";
    if (!parsed->events.empty()) word = "publish";
    return {200, std::move(word), std::move(parsed->events), std::move(parsed->problems)};
}

std::string KindOf(const InboundEvent& event) {
    switch (event.body_case()) {
        case InboundEvent::kMessage:
            if (event.message().kind() == v1::MESSAGE_KIND_POSTBACK) return "postback";
            return event.message().direction() == v1::DIRECTION_OUTBOUND ? "echo" : "message";
        case InboundEvent::kEdit:
            return "edit";
        case InboundEvent::kDelete:
            return "delete";
        case InboundEvent::kReaction:
            return "reaction";
        case InboundEvent::kReceipt:
            return event.receipt().watermark_ms() != 0 ? "status_watermark" : "status";
        case InboundEvent::kControl:
            return event.control().type();
        default:
            return "other";
    }
}

std::string TextOf(const InboundEvent& event) {
    return event.has_edit() ? event.edit().text() : event.message().text();
}

std::string StatusOf(const InboundEvent& event) {
    if (event.has_control()) return event.control().attributes().at("status");
    switch (event.receipt().state()) {
        case v1::DELIVERY_STATE_SENT:
            return "sent";
        case v1::DELIVERY_STATE_DELIVERED:
            return "delivered";
        case v1::DELIVERY_STATE_READ:
            return "read";
        case v1::DELIVERY_STATE_FAILED:
            return "failed";
        default:
            return "";
    }
}

// What the index does not name of two events.
const std::map<std::string, Json> kUnnamed = {
    {"telegram-callback-query.json", {{"reply_to", "5012345678:44"}}},
    {"whatsapp-interactive-nfm-reply.json",
     {{"payload", R"({"flow_token":"ft-1","slot":"10:30"})"}}}};

// What the index names, compared with the event; a name that it leaves out must be empty.
void CheckContent(const InboundEvent& event, const Json& expected) {
    CHECK(TextOf(event) == expected.value("text", ""));
    CHECK(event.message().payload() == expected.value("payload", ""));
    CHECK(event.message().client_ref() == expected.value("client_ref", ""));
    CHECK(event.message().reply_to_provider_id() == expected.value("reply_to", ""));
    if (expected.contains("attachments"))
        CHECK(event.message().attachments_size() == expected["attachments"]);
    if (expected.contains("status")) CHECK(StatusOf(event) == expected["status"]);
    if (expected.contains("error")) CHECK(event.receipt().error() == expected["error"].dump());
    CHECK(event.receipt().watermark_ms() == expected.value("watermark_ms", std::int64_t{0}));
    CHECK(event.edit().revision() == expected.value("revision", std::int64_t{0}));
    CHECK(event.reaction().emoji() == expected.value("emoji", ""));
    if (expected.contains("action"))
        CHECK(event.reaction().removed() == (expected["action"] == "unreact"));
    if (expected.contains("seq")) {
        CHECK(event.control().attributes().at("sequence") == expected["seq"].dump());
    }
}

void CheckEvent(const ProviderEvent& found, const Json& expected, const Fixture& fixture) {
    const InboundEvent& event = found.event;
    CHECK(KindOf(event) == expected["kind"]);
    const bool by_url = fixture.provider == "telegram" || fixture.provider == "standard";
    CHECK(found.route_key == (by_url ? "" : expected.value("route", "")));
    const std::string external_id = expected.value("external_id", "");
    const bool business = fixture.request.body.find("business_connection_id") != std::string::npos;
    CHECK(event.provider_id() == (business ? "bc_FIXTURE:" + external_id : external_id));
    if (expected.contains("sender")) CHECK(event.contact_key() == expected["sender"]);
    CHECK(event.provider_time_ms() == expected.value("ts_ms", std::int64_t{0}));
    CheckContent(event, expected);
    if (expected.contains("update_id") && !event.has_message()) {
        CHECK(found.discriminator.starts_with(expected["update_id"].dump()));
    }
    if (event.has_reaction() && expected.contains("event_id"))
        CHECK(found.discriminator == expected["event_id"]);
    CHECK_FALSE(event.thread_key().empty());
    CHECK_THAT(CheckIdentity(event), unibox::test::IsOk());
}

// None of the webhooks that have events holds anything odd beside them, but one, which has a
// parameter that Twilio does not know either.
void CheckProblems(const Outcome& outcome, const std::string& name) {
    if (outcome.word != "publish") return;
    if (name == "twilio-duplicate-params.form") {
        REQUIRE(outcome.problems.size() == 1);
        CHECK(outcome.problems[0].detail == "Extra is not known");
        return;
    }
    for (const Problem& problem : outcome.problems)
        FAIL_CHECK(problem.reason + ": " + problem.detail);
}

TEST_CASE(
    "fixtures: every recorded webhook has the expected answer and events", "[unit][channels]"
) {
    // The index says "ignore"; Unibox keeps the raw body of what it does not know, and answers 200
    // all the same.
    const std::set<std::string> kept = {
        "telegram-unknown-update.json", "twilio-json-bodysha256.json"};
    // The dashboard's test button sends a message to an account that no channel has.
    const std::string test_button = "instagram-test-changes.json";
    const auto fixtures = LoadFixtures();
    CHECK(fixtures.size() == 73);
    for (const Fixture& fixture : fixtures) {
        CAPTURE(fixture.name);
        const Json expected = Json::parse(fixture.expect_json);
        const Outcome outcome = Receive(fixture);
        CHECK(outcome.http == expected["http"]);
        if (fixture.name == test_button) {
            REQUIRE(outcome.events.size() == 1);
            CHECK(outcome.events[0].route_key == "0");
            continue;
        }
        CHECK(
            outcome.word ==
            (kept.contains(fixture.name) ? "quarantine" : expected["outcome"].get<std::string>())
        );
        CheckProblems(outcome, fixture.name);
        if (!expected.contains("events")) continue;
        REQUIRE(outcome.events.size() == expected["events"].size());
        for (std::size_t i = 0; i < outcome.events.size(); ++i) {
            CAPTURE(i);
            Json event = expected["events"][i];
            if (const auto more = kUnnamed.find(fixture.name); more != kUnnamed.end())
                event.update(more->second);
            CheckEvent(outcome.events[i], event, fixture);
        }
    }
}

TEST_CASE("fixtures: every message of a large body is an event", "[unit][channels]") {
    for (const Fixture& fixture : LoadFixtures()) {
        if (fixture.name != "whatsapp-large-300k.json") continue;
        const auto body = Json::parse(fixture.request.body);
        std::vector<std::string> ids;
        for (const Json& message : body["entry"][0]["changes"][0]["value"]["messages"]) {
            ids.push_back(message["id"]);
        }
        const Parsed parsed = ParseBody("whatsapp", fixture.request.body);
        CHECK(parsed.problems.empty());
        REQUIRE(parsed.events.size() == ids.size());
        for (std::size_t i = 0; i < ids.size(); ++i) {
            CHECK(parsed.events[i].event.provider_id() == ids[i]);
        }
    }
}

TEST_CASE(
    "fixtures: what was accepted is refused when a bit of body or signature changes",
    "[unit][channels]"
) {
    for (const Fixture& fixture : LoadFixtures()) {
        const bool accepted =
            Json::parse(fixture.expect_json)["http"] == 200 && fixture.request.method == "POST";
        // Telegram authenticates the sender and not the body.
        if (!accepted || fixture.provider == "telegram") continue;
        CAPTURE(fixture.name);
        const std::vector<Secret> secrets = {Secret(fixture.secret)};
        const std::size_t size = fixture.request.body.size();
        for (const std::size_t at : {std::size_t{0}, size / 3, size / 2, size - 1}) {
            Fixture changed = fixture;
            changed.request.body[at] = static_cast<char>(changed.request.body[at] ^ 1);
            const WebhookRequest request = changed.request.View();
            CHECK_FALSE(AdapterOf(fixture.provider)
                            .verify({request, secrets, fixture.public_url, fixture.now_ms})
                            .ok());
        }
        Fixture cut = fixture;
        cut.request.body.pop_back();
        const WebhookRequest request = cut.request.View();
        CHECK_FALSE(AdapterOf(fixture.provider)
                        .verify({request, secrets, fixture.public_url, fixture.now_ms})
                        .ok());
    }
}

}  // namespace
}  // namespace unibox::channels::test
