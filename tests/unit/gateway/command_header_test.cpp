#include "gateway/command_header.hpp"

#include "support/fake_clock.hpp"
#include "support/status_matchers.hpp"
#include "unibox/v1/inbox_service.pb.h"

#include <catch2/catch.hpp>

#include <set>
#include <string>

using namespace unibox;  // NOLINT(google-build-using-namespace)

namespace {

const std::string kConversation = "01901F3E-0000-7000-8000-000000000001";
const std::string kKey = "01901f3e-0000-7000-8000-000000000002";

struct Caller {
    Caller() {
        call.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        caller.principal.tenant = TenantId{7};
        caller.principal.key_id = Uuid::Parse(kKey).value();
        caller.principal.key_name = "robot";
    }
    rpc::Call call;
    gateway::Caller caller{{}, call};
};

v1::CloseConversationRequest Close(const std::string& note = "") {
    v1::CloseConversationRequest request;
    request.set_conversation_id(kConversation);
    request.set_note(note);
    return request;
}

template <class Request>
writer::v1::CommandHeader Header(const Request& request) {
    const Caller who;
    test::FakeClock clock;
    const auto header = gateway::HeaderOf(who.caller, gateway::CommonFieldsOf(request), clock);
    REQUIRE_OK(header);
    CHECK(header->receive_time_ms() == clock.UnixMillis());
    return *header;
}

}  // namespace

TEST_CASE("CommandHeader: who, what about, when, in which trace", "[unit][gateway]") {
    auto request = Close();
    request.set_if_version(12);
    request.set_request_id("r-1");
    const auto header = Header(request);
    CHECK(header.tenant_id() == 7);
    CHECK(header.conversation_id() == Uuid::Parse(kConversation)->ToBytes());
    CHECK(header.actor().kind() == v1::ACTOR_KIND_API_KEY);
    CHECK(header.actor().id() == kKey);
    CHECK(header.actor().name() == "robot");
    CHECK(header.if_version() == 12);
    CHECK(header.traceparent() == Caller().call.traceparent);
    CHECK(header.request_key().scope() == "key:" + kKey);
    CHECK(header.request_key().key() == "r-1");
    CHECK(header.request_key().digest() == gateway::DigestOf(request));
    const auto command_id = Uuid::FromBytes(header.command_id());
    REQUIRE_OK(command_id);
    CHECK(UuidV7Millis(*command_id) == header.receive_time_ms());
}

TEST_CASE("CommandHeader: an agent is named as the tenant knows it", "[unit][gateway]") {
    Caller who;
    who.caller.principal.kind = auth::Principal::Kind::kAgent;
    who.caller.principal.subject = "sub-1";
    who.caller.principal.agent = AgentId{Uuid::Parse(kConversation).value()};
    who.caller.principal.agent_name = "Ada";
    const auto request = Close();
    const auto header =
        gateway::HeaderOf(who.caller, gateway::CommonFieldsOf(request), test::FakeClock());
    REQUIRE_OK(header);
    CHECK(header->actor().kind() == v1::ACTOR_KIND_AGENT);
    CHECK(header->actor().id() == Uuid::Parse(kConversation)->ToString());
    CHECK(header->actor().name() == "Ada");
    CHECK(header->request_key().scope() == "agent:" + header->actor().id());
    // Who sees its channels alone is told so to the writer; also where no role is known.
    const auto member_of = [&](std::optional<auth::Role> role) {
        who.caller.principal.role = role;
        const auto fields = gateway::CommonFieldsOf(request);
        return gateway::HeaderOf(who.caller, fields, test::FakeClock())->member_id();
    };
    const std::string own = Uuid::Parse(kConversation)->ToBytes();
    CHECK(member_of(auth::Role::kAgent) == own);
    CHECK(member_of({}) == own);
    CHECK(member_of(auth::Role::kSupervisor).empty());
    CHECK(member_of(auth::Role::kAdmin).empty());
    CHECK(Header(request).member_id().empty());
}

TEST_CASE("CommandHeader: a call without request id has one of its own", "[unit][gateway]") {
    const auto one = Header(Close());
    const auto other = Header(Close());
    CHECK(one.command_id() != other.command_id());
    CHECK_FALSE(one.request_key().key().empty());
    CHECK(one.request_key().key() != other.request_key().key());
    CHECK(one.request_key().scope() == "key:" + kKey);
    CHECK(one.request_key().digest().size() == 32);
}

TEST_CASE("CommandHeader: a conversation is named by its UUID", "[unit][gateway]") {
    const Caller who;
    auto request = Close();
    for (const std::string id : {"", "x", "01901f3e00007000800000000000000", "nil"}) {
        request.set_conversation_id(id);
        const auto header =
            gateway::HeaderOf(who.caller, gateway::CommonFieldsOf(request), SystemClock());
        CHECK(header.status().field() == "conversation_id");
    }
}

TEST_CASE("CommandHeader: an agent's request ids are its own", "[unit][gateway]") {
    v1::Actor agent;
    agent.set_kind(v1::ACTOR_KIND_AGENT);
    agent.set_id(kKey);
    CHECK(gateway::RequestKeyScopeOf(agent) == "agent:" + kKey);
}

TEST_CASE("Digest: the same for what says the same, whatever its id", "[unit][gateway]") {
    auto request = Close("note");
    const std::string digest = gateway::DigestOf(request);
    CHECK(digest.size() == 32);
    request.set_request_id("another");
    CHECK(gateway::DigestOf(request) == digest);
    CHECK(request.request_id() == "another");
    // Every field counts.
    auto changed = request;
    changed.set_if_version(1);
    CHECK(gateway::DigestOf(changed) != digest);
    changed = request;
    changed.set_note("Note");
    CHECK(gateway::DigestOf(changed) != digest);
    changed = request;
    changed.set_conversation_id(kKey);
    CHECK(gateway::DigestOf(changed) != digest);
    // Two methods whose requests have the same bytes are two requests.
    v1::MarkReadRequest read;
    v1::MarkUnreadRequest unread;
    read.set_conversation_id(kConversation);
    unread.set_conversation_id(kConversation);
    REQUIRE(read.SerializeAsString() == unread.SerializeAsString());
    CHECK(gateway::DigestOf(read) != gateway::DigestOf(unread));
    // Nobody and as it is are two things.
    v1::AssignConversationRequest nobody;
    nobody.set_assignee_id("");
    CHECK(gateway::DigestOf(nobody) != gateway::DigestOf(v1::AssignConversationRequest()));
}

TEST_CASE("Digest: a map has no order", "[unit][gateway]") {
    std::set<std::string> digests;
    for (const int step : {1, 2, 3, 5, 7, 11, 13, 40}) {
        v1::ChangeAttributesRequest request;
        for (int i = 1; i <= 40; ++i) {
            const int n = (i * step) % 41;  // Each of 1 … 40 once, in another order.
            (*request.mutable_set())["key" + std::to_string(n)] = std::to_string(n);
        }
        REQUIRE(request.set().size() == 40);
        digests.insert(gateway::DigestOf(request));
    }
    CHECK(digests.size() == 1);
}
