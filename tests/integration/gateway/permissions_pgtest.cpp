// Every method, over both transports, from the table that the gateway serves: what is added there
// is tested here. Who sees what: callers_natstest.cpp.
#include "auth/scopes.hpp"
#include "served_methods.hpp"
#include "support/status_matchers.hpp"
#include "wire/json_transcoder.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <string>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using test::GatewayFixture;
using test::HasCode;
using test::ServedMethods;

namespace {

// What opens which method, said once more and by itself: a row that asks for too little is a hole
// that no test of the rows against themselves would find.
const std::map<std::string, std::string> kScopeOf = {
    {"unibox.v1.AdminService.AddChannelMember", "admin:write"},
    {"unibox.v1.AdminService.AddTeamMember", "admin:write"},
    {"unibox.v1.AdminService.CreateAgent", "admin:write"},
    {"unibox.v1.AdminService.CreateApiKey", "admin:write"},
    {"unibox.v1.AdminService.CreateAttributeDefinition", "admin:write"},
    {"unibox.v1.AdminService.CreateCannedReply", "admin:write"},
    {"unibox.v1.AdminService.CreateChannel", "admin:write"},
    {"unibox.v1.AdminService.CreateLabel", "admin:write"},
    {"unibox.v1.AdminService.CreateTeam", "admin:write"},
    {"unibox.v1.AdminService.CreateWebhookEndpoint", "admin:write"},
    {"unibox.v1.AdminService.DeleteAttributeDefinition", "admin:write"},
    {"unibox.v1.AdminService.DeleteCannedReply", "admin:write"},
    {"unibox.v1.AdminService.DeleteLabel", "admin:write"},
    {"unibox.v1.AdminService.DeleteWebhookEndpoint", "admin:write"},
    {"unibox.v1.AdminService.DisableAgent", "admin:write"},
    {"unibox.v1.AdminService.DisableChannel", "admin:write"},
    {"unibox.v1.AdminService.DisableTeam", "admin:write"},
    {"unibox.v1.AdminService.DisableWebhookEndpoint", "admin:write"},
    {"unibox.v1.AdminService.DropOldChannelSecrets", "admin:write"},
    {"unibox.v1.AdminService.DropOldWebhookEndpointSecret", "admin:write"},
    {"unibox.v1.AdminService.EnableAgent", "admin:write"},
    {"unibox.v1.AdminService.EnableChannel", "admin:write"},
    {"unibox.v1.AdminService.EnableTeam", "admin:write"},
    {"unibox.v1.AdminService.EnableWebhookEndpoint", "admin:write"},
    {"unibox.v1.AdminService.GetAgent", "inbox:read"},
    {"unibox.v1.AdminService.GetAttributeDefinition", "inbox:read"},
    {"unibox.v1.AdminService.GetCannedReply", "inbox:read"},
    {"unibox.v1.AdminService.GetChannel", "admin:read"},
    {"unibox.v1.AdminService.GetLabel", "inbox:read"},
    {"unibox.v1.AdminService.GetTeam", "inbox:read"},
    {"unibox.v1.AdminService.GetTenant", "admin:read"},
    {"unibox.v1.AdminService.GetWebhookEndpoint", "admin:read"},
    {"unibox.v1.AdminService.ListAdminAudit", "admin:read"},
    {"unibox.v1.AdminService.ListAgents", "inbox:read"},
    {"unibox.v1.AdminService.ListApiKeys", "admin:read"},
    {"unibox.v1.AdminService.ListAttributeDefinitions", "inbox:read"},
    {"unibox.v1.AdminService.ListCannedReplies", "inbox:read"},
    {"unibox.v1.AdminService.ListChannelMembers", "inbox:read"},
    {"unibox.v1.AdminService.ListChannels", "admin:read"},
    {"unibox.v1.AdminService.ListLabels", "inbox:read"},
    {"unibox.v1.AdminService.ListTeamMembers", "inbox:read"},
    {"unibox.v1.AdminService.ListTeams", "inbox:read"},
    {"unibox.v1.AdminService.ListWebhookEndpoints", "admin:read"},
    {"unibox.v1.AdminService.RemoveChannelMember", "admin:write"},
    {"unibox.v1.AdminService.RemoveTeamMember", "admin:write"},
    {"unibox.v1.AdminService.RevokeApiKey", "admin:write"},
    {"unibox.v1.AdminService.RotateChannelSecret", "admin:write"},
    {"unibox.v1.AdminService.RotateWebhookEndpointSecret", "admin:write"},
    {"unibox.v1.AdminService.UpdateAgent", "admin:write"},
    {"unibox.v1.AdminService.UpdateApiKey", "admin:write"},
    {"unibox.v1.AdminService.UpdateAttributeDefinition", "admin:write"},
    {"unibox.v1.AdminService.UpdateCannedReply", "admin:write"},
    {"unibox.v1.AdminService.UpdateChannel", "admin:write"},
    {"unibox.v1.AdminService.UpdateLabel", "admin:write"},
    {"unibox.v1.AdminService.UpdateTeam", "admin:write"},
    {"unibox.v1.AdminService.UpdateTenant", "admin:write"},
    {"unibox.v1.AdminService.UpdateTenantPlan", "operator:write"},
    {"unibox.v1.AdminService.UpdateWebhookEndpoint", "admin:write"},
    {"unibox.v1.InboxService.AppendMessage", "inbox:write"},
    {"unibox.v1.InboxService.AssignConversation", "inbox:write"},
    {"unibox.v1.InboxService.BlockContact", "inbox:write"},
    {"unibox.v1.InboxService.ChangeAttributes", "inbox:write"},
    {"unibox.v1.InboxService.ChangeLabels", "inbox:write"},
    {"unibox.v1.InboxService.CloseConversation", "inbox:write"},
    {"unibox.v1.InboxService.DeleteMessage", "inbox:write"},
    {"unibox.v1.InboxService.EditMessage", "inbox:write"},
    {"unibox.v1.InboxService.GetContact", "inbox:read"},
    {"unibox.v1.InboxService.GetConversation", "inbox:read"},
    {"unibox.v1.InboxService.ListBlockedContacts", "inbox:read"},
    {"unibox.v1.InboxService.ListConversationAudit", "inbox:read"},
    {"unibox.v1.InboxService.ListConversations", "inbox:read"},
    {"unibox.v1.InboxService.ListMessages", "inbox:read"},
    {"unibox.v1.InboxService.MarkRead", "inbox:write"},
    {"unibox.v1.InboxService.MarkUnread", "inbox:write"},
    {"unibox.v1.InboxService.MergeContacts", "inbox:write"},
    {"unibox.v1.InboxService.MuteConversation", "inbox:write"},
    {"unibox.v1.InboxService.OpenConversation", "inbox:write"},
    {"unibox.v1.InboxService.PendConversation", "inbox:write"},
    {"unibox.v1.InboxService.SetPriority", "inbox:write"},
    {"unibox.v1.InboxService.SnoozeConversation", "inbox:write"},
    {"unibox.v1.InboxService.UnblockContact", "inbox:write"},
    {"unibox.v1.InboxService.UnmuteConversation", "inbox:write"},
    {"unibox.v1.InboxService.UpdateContact", "inbox:write"},
    {"unibox.v1.SearchService.SearchContacts", "inbox:read"},
    {"unibox.v1.SearchService.SearchMessages", "inbox:read"},
    {"unibox.v1.StatsService.CountConversations", "inbox:read"},
    {"unibox.v1.StatsService.GetDashboard", "inbox:read"},
    {"unibox.v1.StatsService.ListAgentStats", "inbox:read"},
    {"unibox.v1.StatsService.ListVolumes", "inbox:read"},
    {"unibox.v1.ViewService.CountViews", "inbox:read"},
    {"unibox.v1.ViewService.CreateView", "inbox:write"},
    {"unibox.v1.ViewService.DeleteView", "inbox:write"},
    {"unibox.v1.ViewService.ListViews", "inbox:read"},
    {"unibox.v1.ViewService.UpdateView", "inbox:write"},
};

// By scope: a key that has this one alone.
using Keys = std::map<std::string, std::string, std::less<>>;

struct Everything {
    Everything() {
        const auto tenant = fixture.AddTenant("permissions");
        for (const auto scope : auth::kScopes) {
            const std::string name(scope);
            keys[name] = fixture.AddKey(tenant, name, name);
        }
    }

    GatewayFixture fixture;
    ServedMethods served{fixture};
    const gateway::MethodTable& table = served.table();
    Keys keys;
};

// With a UUID for each variable.
std::string TargetOf(const wire::HttpBinding& binding) {
    std::string target = binding.pattern;
    while (target.find('{') != std::string::npos) {
        const std::size_t begin = target.find('{');
        target.replace(begin, target.find('}') - begin + 1, Uuid().ToString());
    }
    return target;
}

}  // namespace

TEST_CASE("Permissions: each method asks for its scope and no other opens it", "[pg][gateway]") {
    Everything all;
    std::map<std::string, std::string> asked;
    for (const gateway::Method& method : all.table.methods()) asked[method.name] = method.scope;
    CHECK(asked == kScopeOf);
    for (const gateway::Method& method : all.table.methods()) {
        INFO(method.name);
        const Status unnamed = all.served.Call(method, "");
        CHECK_THAT(unnamed, HasCode(Code::kUnauthenticated));
        CHECK(unnamed.reason() == "API_KEY_INVALID");
        for (const auto& [scope, key] : all.keys) {
            INFO(scope);
            const Status status = all.served.Call(method, key);
            CHECK((status.reason() == "SCOPE_MISSING") == (scope != method.scope));
            CHECK((status.code() == Code::kPermissionDenied) == (scope != method.scope));
            CHECK(status.code() != Code::kUnauthenticated);
            CHECK(status.code() != Code::kUnimplemented);
        }
    }
}

TEST_CASE("Permissions: each route asks for the scope of its method", "[pg][gateway]") {
    Everything all;
    std::size_t route_count = 0;
    for (const auto* service : all.table.services()) {
        const auto bindings = wire::HttpBindings(*service);
        REQUIRE_OK(bindings);
        for (const wire::HttpBinding& binding : *bindings) {
            INFO(binding.verb << ' ' << binding.pattern);
            ++route_count;
            const auto status_with = [&](const std::string& key) {
                std::vector<http::Header> headers;
                if (!key.empty()) headers.push_back({"Authorization", "Bearer " + key});
                const std::string url =
                    "http://" + all.fixture.gateway().address("http") + TargetOf(binding);
                const std::string body = binding.body.empty() ? "" : "{}";
                const auto response = http::Send(binding.verb, url, headers, body, Millis(30'000));
                REQUIRE_OK(response);
                return response->status;
            };
            CHECK(status_with("") == 401);
            for (const auto& [scope, key] : all.keys) {
                INFO(scope);
                const bool may = scope == all.table.Of(*binding.method).scope;
                CHECK((status_with(key) == 403) != may);
            }
        }
    }
    CHECK(route_count >= all.table.methods().size());
}

TEST_CASE("Permissions: what is no method is UNIMPLEMENTED, with any key", "[pg][gateway]") {
    Everything all;
    for (const auto& [scope, key] : all.keys) {
        for (const char* path :
             {"/unibox.v1.InboxService/DropEverything",
              "/unibox.v1.IngestService/Ingest",
              "/unibox.v1.NoService/GetContact",
              "/GetContact"}) {
            INFO(path);
            CHECK_THAT(all.served.CallByPath(path, key), HasCode(Code::kUnimplemented));
        }
    }
}
