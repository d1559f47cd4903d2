// What was done in a conversation, as it is read: by pages, the newest first, by nobody else.
#include "gateway_fixture.hpp"
#include "rpc/status_map.hpp"
#include "support/status_matchers.hpp"
#include "unibox/v1/audit.pb.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using test::GatewayFixture;

namespace {

v1::AuditChanges Change(const std::string& field, const std::string& from, const std::string& to) {
    v1::AuditChanges changes;
    auto* change = changes.add_changes();
    change->set_field(field);
    change->set_old_value(from);
    change->set_new_value(to);
    return changes;
}

std::string Hex(const std::string& bytes) {
    std::string hex;
    for (const char byte : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    return hex;
}

// A conversation in which Ada did `count` things, two at each moment.
struct Worked {
    explicit Worked(int count) : tenant(fixture.AddTenant("worked")) {
        fixture.AddConversations(tenant, 1, 2, false);
        conversation = GatewayFixture::ConversationUuid(tenant, 1);
        fixture.Sql("UPDATE conversation_counters SET first_message_at = now() - interval '1 hour'"
        );
        for (int n = 0; n < count; ++n) {
            fixture.Sql(fmt::format(
                "INSERT INTO command_audit (tenant_id, at, command_id, conversation_id, "
                "actor_kind, actor_id, actor_name, action, changes) VALUES ({}, "
                "date_trunc('second', now()) - interval '1 s' * {}, gen_random_uuid(), '{}', 1, "
                "gen_random_uuid(), 'Ada', 'set_status', '\\x{}')",
                tenant.id.value,
                n / 2,
                conversation,
                Hex(Change("status", "open", "closed").SerializeAsString())
            ));
        }
    }

    Result<v1::ListConversationAuditResponse> List(
        const std::string& key, const v1::ListConversationAuditRequest& request
    ) {
        v1::ListConversationAuditResponse page;
        const auto context = GatewayFixture::Context(key);
        const auto status = fixture.stub().ListConversationAudit(context.get(), request, &page);
        if (!status.ok()) return rpc::FromGrpc(status);
        return page;
    }

    GatewayFixture fixture;
    test::TestTenant tenant;
    std::string conversation;
};

}  // namespace

TEST_CASE("Audit: pages of any size give each command once, the newest first", "[pg][gateway]") {
    Worked worked(9);
    for (const int page_size : {1, 2, 5, 0}) {
        CAPTURE(page_size);
        v1::ListConversationAuditRequest request;
        request.set_conversation_id(worked.conversation);
        request.set_page_size(page_size);
        std::vector<v1::AuditedCommand> all;
        do {
            const auto page = worked.List(worked.tenant.key, request);
            REQUIRE_OK(page);
            all.insert(all.end(), page->commands().begin(), page->commands().end());
            request.set_page_token(page->next_page_token());
        } while (!request.page_token().empty());
        REQUIRE(all.size() == 9);
        for (std::size_t i = 1; i < all.size(); ++i) {
            const auto place = [&](std::size_t n) {
                return std::pair(all[n].time().seconds(), all[n].command_id());
            };
            CHECK(place(i) < place(i - 1));
        }
    }
}

TEST_CASE("Audit: who, what, and from what to what, over HTTP", "[pg][gateway]") {
    Worked worked(1);
    const std::string target = "/v1/conversations/" + worked.conversation + "/audit";
    const auto answer = worked.fixture.Get(target, worked.tenant.key);
    CHECK(answer.status == 200);
    for (const char* said :
         {R"("name":"Ada")",
          R"("action":"set_status")",
          R"("changes":[{"field":"status","oldValue":"open","newValue":"closed"}])",
          R"("nextPageToken":"")"}) {
        CAPTURE(said, answer.body);
        CHECK(answer.body.find(said) != std::string::npos);
    }
    const auto untouched = worked.fixture.Get(
        "/v1/conversations/" + GatewayFixture::ConversationUuid(worked.tenant, 2) + "/audit",
        worked.tenant.key
    );
    CHECK(untouched.body == R"({"commands":[],"nextPageToken":""})");
}

TEST_CASE("Audit: not of others' conversations, not by others' tokens", "[pg][gateway]") {
    Worked worked(3);
    const auto other = worked.fixture.AddTenant("curious");
    v1::ListConversationAuditRequest request;
    request.set_conversation_id(worked.conversation);
    request.set_page_size(1);
    const auto refused = worked.List(other.key, request);
    CHECK(refused.status().reason() == "CONVERSATION_NOT_FOUND");
    const auto first = worked.List(worked.tenant.key, request);
    REQUIRE_OK(first);
    request.set_page_token(first->next_page_token());
    CHECK(worked.List(other.key, request).status().field() == "page_token");
    request.set_conversation_id(GatewayFixture::ConversationUuid(worked.tenant, 2));
    CHECK(worked.List(worked.tenant.key, request).status().field() == "page_token");
    request.Clear();
    CHECK(worked.List(worked.tenant.key, request).status().field() == "conversation_id");
    request.set_conversation_id(worked.conversation);
    request.set_page_size(-1);
    CHECK(worked.List(worked.tenant.key, request).status().field() == "page_size");
}
