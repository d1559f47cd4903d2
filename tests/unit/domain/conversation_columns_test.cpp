#include "domain/conversation_columns.hpp"

#include "domain/actor_columns.hpp"

#include <catch2/catch.hpp>

namespace unibox::domain {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;

TEST_CASE("Columns: attributes come back, and the same ones are the same bytes", "[unit][domain]") {
    std::map<std::string, std::string> attributes;
    CHECK(EncodeAttributes(attributes).empty());
    for (int i = 0; i < 64; ++i) attributes["key" + std::to_string(i)] = std::string(1'024, 'v');
    const std::string bytes = EncodeAttributes(attributes);
    CHECK(bytes.size() > 64 * 1'024);
    const std::map<std::string, std::string> copy(attributes.begin(), attributes.end());
    CHECK(EncodeAttributes(copy) == bytes);
    ConversationRow row;
    REQUIRE(DecodeAttributes(bytes, row.attributes).ok());
    CHECK(row.attributes == attributes);
    ConversationRow none;
    REQUIRE(DecodeAttributes("", none.attributes).ok());
    CHECK(none.attributes.empty());
    CHECK(DecodeAttributes("\xff\xff", none.attributes).code() == Code::kDataLoss);
}

TEST_CASE("Columns: who waits in a row from before is told by its last words", "[unit][domain]") {
    ConversationRow row;
    row.status = v1::CONVERSATION_STATUS_OPEN;
    row.last_customer_at = 2 * kHourMs;
    SetReplyTimes(kMinusInfinity, std::nullopt, row);
    CHECK(row.waiting_since == 2 * kHourMs);
    row.last_agent_at = 3 * kHourMs;
    SetReplyTimes(kMinusInfinity, std::nullopt, row);
    CHECK(row.waiting_since == std::nullopt);
    row.last_agent_at = kHourMs;
    SetReplyTimes(kMinusInfinity, std::nullopt, row);
    CHECK(row.waiting_since == 2 * kHourMs);
    row.status = v1::CONVERSATION_STATUS_CLOSED;
    SetReplyTimes(kMinusInfinity, std::nullopt, row);
    CHECK(row.waiting_since == std::nullopt);
    row.status = v1::CONVERSATION_STATUS_OPEN;
    row.last_customer_at.reset();
    SetReplyTimes(kMinusInfinity, std::nullopt, row);
    CHECK(row.waiting_since == std::nullopt);
    // What is stored counts, whatever the last words were.
    SetReplyTimes(5 * kHourMs, std::nullopt, row);
    CHECK(row.waiting_since == 5 * kHourMs);
    row.last_customer_at = 6 * kHourMs;
    SetReplyTimes(std::nullopt, std::nullopt, row);
    CHECK(row.waiting_since == std::nullopt);
}

TEST_CASE("Columns: a window that is not stored is the provider's", "[unit][domain]") {
    ConversationRow row;
    row.last_customer_at = kHourMs;
    row.provider = v1::PROVIDER_TELEGRAM;
    SetReplyTimes(std::nullopt, std::nullopt, row);
    CHECK(row.can_reply_until == std::nullopt);
    for (const auto provider :
         {v1::PROVIDER_WHATSAPP, v1::PROVIDER_MESSENGER, v1::PROVIDER_INSTAGRAM}) {
        row.provider = provider;
        SetReplyTimes(std::nullopt, std::nullopt, row);
        CHECK(row.can_reply_until == 25 * kHourMs);
        SetReplyTimes(std::nullopt, 7 * kHourMs, row);
        CHECK(row.can_reply_until == 7 * kHourMs);
    }
    row.last_customer_at.reset();
    SetReplyTimes(std::nullopt, std::nullopt, row);
    CHECK(row.can_reply_until == std::nullopt);
}

TEST_CASE("Columns: an actor comes back, without an id that is none", "[unit][domain]") {
    v1::Actor actor;
    CHECK(ActorOf(ColumnsOf(actor)).ByteSizeLong() == 0);
    actor.set_kind(v1::ACTOR_KIND_AGENT);
    actor.set_id("00000000-0000-7000-8000-000000000001");
    actor.set_name("Anna");
    CHECK(ActorOf(ColumnsOf(actor)).SerializeAsString() == actor.SerializeAsString());
    actor.set_id("nobody");
    CHECK(ActorOf(ColumnsOf(actor)).id().empty());
}

}  // namespace
}  // namespace unibox::domain
