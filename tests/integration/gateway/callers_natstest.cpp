// Every method, over both transports, called by everybody who may not, and by those who may, with
// the real message-writer behind the gateway: right codes, and nothing told to whom it is not for.
#include "agents_fixture.hpp"
#include "auth/agent_tokens.hpp"
#include "auth/authenticator.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "message-writer/service.hpp"
#include "nats/connection.hpp"
#include "nats/streams.hpp"
#include "served_methods.hpp"
#include "store/admin/objects.hpp"
#include "store/admin/people.hpp"
#include "support/eventually.hpp"
#include "support/nats_server.hpp"
#include "support/problem.hpp"
#include "support/status_matchers.hpp"
#include "wire/json_transcoder.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using test::AgentsFixture;
using test::GatewayFixture;
using test::TestTenant;

namespace {

// How a method is asked about one conversation, so that it does what it is there for. In an order
// in which all of them can be done.
struct Ask {
    std::string method;
    std::string body;                 // JSON without the braces and without what stands in the path
    bool names_one = true;            // a resource; else it lists what there is
    bool tells_conversations = true;  // if it lists
    bool is_for_agents = true;        // of role AGENT too
};
const std::vector<Ask> kAsks = {
    {"AppendMessage", R"("text":"Secret 1")"},
    {"EditMessage", R"("text":"Secret 2")"},
    {"GetConversation", ""},
    {"ListMessages", ""},
    {"ListConversationAudit", ""},
    {"GetContact", ""},
    {"ListConversations", "", false},
    {"SetPriority", R"("priority":"PRIORITY_HIGH")"},
    {"ChangeLabels", R"("add":["vip"])"},
    {"ChangeAttributes", R"("set":{"order":"7"})"},
    {"AssignConversation", R"("assigneeId":"")"},
    {"MarkRead", ""},
    {"MarkUnread", ""},
    {"MuteConversation", ""},
    {"UnmuteConversation", ""},
    {"PendConversation", ""},
    {"SnoozeConversation", ""},
    {"DeleteMessage", ""},
    {"CloseConversation", R"("note":"Secret 3")"},
    {"OpenConversation", ""},
    {"UpdateContact", R"("displayName":"Secret 4","set":{"plan":"gold"})"},
    {"BlockContact", ""},
    {"ListBlockedContacts", "", false, false},
    {"UnblockContact", ""},
    {"MergeContacts", R"("mergedContactId":"{other_contact}")"},
    {"CountConversations", "", false, false},
    {"ListAgentStats", "", false, false},
    {"ListVolumes", "", false, false},
    {"GetDashboard", "", false, false, false},
    {"ListViews", "", false, false},
    {"CountViews", "", false, false},
};

// Whose agents and other tenants are asked in admin_*_pgtest.cpp, search_pgtest.cpp and
// views_pgtest.cpp: what the names of these methods begin with.
const std::vector<std::string> kAskedElsewhere = {
    "unibox.v1.AdminService.",
    "unibox.v1.SearchService.",
    "unibox.v1.ViewService.CreateView",
    "unibox.v1.ViewService.DeleteView",
    "unibox.v1.ViewService.UpdateView"};

bool IsAskedElsewhere(const std::string& method) {
    return std::any_of(kAskedElsewhere.begin(), kAskedElsewhere.end(), [&](const auto& prefix) {
        return method.rfind(prefix, 0) == 0;
    });
}

struct Target {
    std::string conversation;
    std::string contact;
    std::string other_contact;  // that nothing else is asked about
};
Target TargetOf(const TestTenant& tenant, int number) {
    return {
        GatewayFixture::ConversationUuid(tenant, number),
        GatewayFixture::ContactUuid(tenant, number),
        GatewayFixture::ContactUuid(tenant, number + 15)};
}

std::string BodyOf(const Ask& ask, const Target& target) {
    const std::string place = "{other_contact}";
    std::string body = "{" + ask.body + "}";
    if (const auto at = body.find(place); at != std::string::npos) {
        body.replace(at, place.size(), target.other_contact);
    }
    return body;
}

// What a call came to, whatever the transport.
struct Answer {
    int http_status = 0;
    Status status;  // of gRPC
    std::string said;
};

// Lines that only those may see who see the conversations.
bool TellsSecrets(const std::string& text) {
    const std::vector<std::string> secrets = {
        "Preview", "Contact ", "Secret", "thread", "eeeeeeee"};
    return std::any_of(secrets.begin(), secrets.end(), [&](const std::string& secret) {
        return text.find(secret) != std::string::npos;
    });
}

class World {
public:
    World()
        : agents_(
              [&](auto& config) {
                  config.nats.url = nats_.url();
                  config.api_keys.failed_per_s = 0;
              },
              [&](const test::PgDatabase& database) { return StartWriter(database); }
          ),
          other(gateway().AddTenant("other")) {
        Fill(tenant());
        Fill(other);
        member = agents_.AddAgent(tenant(), "member", v1::AGENT_ROLE_AGENT);
        agents_.AddAgent(tenant(), "outsider", v1::AGENT_ROLE_AGENT);
        agents_.AddAgent(tenant(), "supervisor", v1::AGENT_ROLE_SUPERVISOR);
        agents_.AddAgent(tenant(), "disabled", v1::AGENT_ROLE_ADMIN, true);
        Join(tenant().channel, member);
    }

    GatewayFixture& gateway() { return agents_.gateway; }
    const TestTenant& tenant() const { return agents_.tenant; }
    std::string Token(const std::string& role, const std::string& subject) {
        return agents_.Token(AgentsFixture::Claims(role, subject));
    }
    std::string Key(const TestTenant& of, const std::vector<std::string>& scopes) {
        const Secret key = crypto::NewApiKey();
        store::ApiKeySpec spec;
        spec.name = fmt::format("key {}", ++key_count_);
        spec.key_hash = crypto::Sha256(key.Reveal());
        spec.scopes = scopes;
        REQUIRE_OK(store::PutApiKey(gateway().admin(), of.id, spec));
        return std::string(key.Reveal());
    }
    std::string Worker(const TestTenant& of) { return Key(of, {"inbox:read", "inbox:write"}); }
    // A key about which something is set afterwards.
    std::string KeyWith(const std::string& change) {
        const std::string key = Worker(tenant());
        gateway().Sql(
            fmt::format("UPDATE api_keys SET {} WHERE name = 'key {}'", change, key_count_)
        );
        return key;
    }
    void Join(const std::string& channel, AgentId agent) {
        REQUIRE_OK(store::AddChannelMember(
            gateway().admin(), tenant().id, ChannelId{Uuid::Parse(channel).value()}, agent
        ));
    }
    void Leave(const std::string& channel, AgentId agent) {
        REQUIRE_OK(store::RemoveChannelMember(
            gateway().admin(), tenant().id, ChannelId{Uuid::Parse(channel).value()}, agent
        ));
    }

    Answer ByGrpc(const Ask& ask, const Target& target, const std::string& credential);
    Answer ByHttp(const Ask& ask, const Target& target, const std::string& credential);
    test::ServedMethods& served() { return served_; }

private:
    std::string StartWriter(const test::PgDatabase& database);
    void Fill(const TestTenant& owner);
    const gateway::Method& MethodOf(const Ask& ask) {
        const auto& methods = served_.table().methods();
        const auto at = std::find_if(methods.begin(), methods.end(), [&](const auto& method) {
            return method.short_name() == ask.method;
        });
        REQUIRE(at != methods.end());
        return *at;
    }

    test::NatsServer nats_;
    obs::Metrics metrics_;
    std::unique_ptr<runtime::Service> writer_;
    AgentsFixture agents_;
    test::ServedMethods served_{agents_.gateway};
    int key_count_ = 0;

public:
    TestTenant other;
    AgentId member;
};

std::string World::StartWriter(const test::PgDatabase& database) {
    nats::Settings settings;
    settings.url = nats_.url();
    settings.request_timeout_ms = 20'000;
    const auto connection = nats::Connection::Connect(settings, metrics_).value();
    REQUIRE(test::Eventually(std::chrono::seconds(30), [&] { return connection->connected(); }));
    nats::Streams streams(*connection);
    for (const auto& spec : nats::UniboxStreams({.generation = 1, .partition_count = 1})) {
        REQUIRE_OK(streams.Ensure(spec));
    }
    writer::Config config;
    config.postgres = database.settings("ub_writer");
    config.nats.url = nats_.url();
    config.grpc.listen = "127.0.0.1:0";
    config.ownership.owner = "one";
    writer_ = writer::CreateService(config, SystemClock(), metrics_).value();
    REQUIRE_OK(writer_->Start());
    return writer_->address("grpc");
}

// Conversations as the writer would have left them, one each for whoever works in one.
void World::Fill(const TestTenant& owner) {
    gateway().AddConversations(owner, 1, 30, false);
    gateway().Sql(fmt::format(
        "INSERT INTO channels (tenant_id, channel_id, slug, name, provider, route_key) "
        "SELECT {0}, c::uuid, c, c, 1, c FROM unnest(ARRAY['{1}', '{2}']) c",
        owner.id.value,
        owner.channel,
        owner.other_channel
    ));
    gateway().Sql(
        "UPDATE contacts k SET channel_id = c.channel_id FROM conversations c "
        "WHERE c.tenant_id = k.tenant_id AND c.contact_id = k.contact_id"
    );
    gateway().Sql(fmt::format(
        "INSERT INTO threads (tenant_id, channel_id, thread_key, contact_id, conversation_id, "
        "created_at) SELECT tenant_id, channel_id, thread_key, contact_id, conversation_id, "
        "created_at FROM conversations WHERE tenant_id = {}",
        owner.id.value
    ));
}

Answer World::ByGrpc(const Ask& ask, const Target& target, const std::string& credential) {
    const gateway::Method& method = MethodOf(ask);
    const auto request = method.new_request();
    wire::HttpBinding whole;
    whole.method = method.descriptor();
    whole.body = "*";
    REQUIRE_OK(wire::ToRequest(whole, {}, "", BodyOf(ask, target), request.get()));
    const auto set = [&](const char* name, const auto& setter) {
        if (const auto* field = request->GetDescriptor()->FindFieldByName(name)) setter(field);
    };
    const auto* reflection = request->GetReflection();
    set("conversation_id", [&](const auto* field) {
        reflection->SetString(request.get(), field, target.conversation);
    });
    set("contact_id",
        [&](const auto* field) { reflection->SetString(request.get(), field, target.contact); });
    set("seq", [&](const auto* field) { reflection->SetInt64(request.get(), field, 1); });
    Answer answer;
    answer.status = served_.Call(method, credential, request->SerializeAsString(), &answer.said);
    answer.said += answer.status.ToString();
    return answer;
}

Answer World::ByHttp(const Ask& ask, const Target& target, const std::string& credential) {
    const gateway::Method& method = MethodOf(ask);
    const auto bindings = wire::HttpBindings(*method.descriptor()->service()).value();
    const auto binding = std::find_if(bindings.begin(), bindings.end(), [&](const auto& one) {
        return one.method == method.descriptor();
    });
    REQUIRE(binding != bindings.end());
    std::string path = binding->pattern;
    for (const auto& [variable, value] :
         {std::pair(std::string("{conversation_id}"), target.conversation),
          std::pair(std::string("{contact_id}"), target.contact),
          std::pair(std::string("{seq}"), std::string("1"))}) {
        if (const auto at = path.find(variable); at != std::string::npos) {
            path.replace(at, variable.size(), value);
        }
    }
    for (auto at = path.find('{'); at != std::string::npos; at = path.find('{')) {
        path.replace(at, path.find('}') + 1 - at, target.contact);  // Of something else.
    }
    std::vector<http::Header> headers;
    if (!binding->body.empty()) headers.push_back({"Content-Type", "application/json"});
    if (!credential.empty()) headers.push_back({"Authorization", "Bearer " + credential});
    const auto response = http::Send(
        binding->verb,
        "http://" + gateway().gateway().address("http") + path,
        headers,
        binding->body.empty() ? "" : BodyOf(ask, target),
        Millis(30'000)
    );
    REQUIRE_OK(response);
    return {response->status, {}, test::WithoutTraceId(response->body)};
}

}  // namespace

TEST_CASE("Callers: the table has every method", "[nats][gateway]") {
    GatewayFixture fixture;
    test::ServedMethods served(fixture);
    std::set<std::string> asked;
    for (const Ask& ask : kAsks) CHECK(asked.insert(ask.method).second);
    std::set<std::string> all;
    for (const gateway::Method& method : served.table().methods()) {
        if (!IsAskedElsewhere(method.name)) all.insert(method.short_name());
    }
    CHECK(asked == all);
}

TEST_CASE("Callers: whoever is nobody here gets 401 or 403, of every method", "[nats][gateway]") {
    World world;
    struct Caller {
        std::string credential;
        Code code;
        const char* reason;
    };
    const std::vector<Caller> callers = {
        {"", Code::kUnauthenticated, auth::kApiKeyInvalid},
        {"nonsense", Code::kUnauthenticated, auth::kApiKeyInvalid},
        {std::string(crypto::NewApiKey().Reveal()), Code::kUnauthenticated, auth::kApiKeyInvalid},
        {world.KeyWith("revoked_at = now()"), Code::kUnauthenticated, auth::kApiKeyInvalid},
        {world.KeyWith("expires_at = now()"), Code::kUnauthenticated, auth::kApiKeyInvalid},
        {world.Key(world.tenant(), {"ingest:write"}), Code::kPermissionDenied, auth::kScopeMissing},
        {world.Token("admin", "stranger"), Code::kPermissionDenied, auth::kAgentUnknown},
        {world.Token("admin", "disabled"), Code::kPermissionDenied, auth::kAgentDisabled},
        {world.Token("owner", "member"), Code::kPermissionDenied, auth::kRoleMissing}};
    const Target target = TargetOf(world.tenant(), 1);
    for (const gateway::Method& method : world.served().table().methods()) {
        const Ask ask{method.short_name(), ""};
        for (const Caller& caller : callers) {
            INFO(ask.method << ' ' << caller.reason << ' ' << caller.credential);
            const Answer by_grpc = world.ByGrpc(ask, target, caller.credential);
            CHECK(by_grpc.status.code() == caller.code);
            CHECK(by_grpc.status.reason() == caller.reason);
            CHECK_FALSE(TellsSecrets(by_grpc.said));
            const Answer by_http = world.ByHttp(ask, target, caller.credential);
            CHECK(by_http.http_status == (caller.code == Code::kUnauthenticated ? 401 : 403));
            CHECK(by_http.said.find(caller.reason) != std::string::npos);
            CHECK_FALSE(TellsSecrets(by_http.said));
        }
    }
}

TEST_CASE("Callers: what is not for them is not there, of every method", "[nats][gateway]") {
    World world;
    // A member of the other channel, which conversations 5, 10, … lie on.
    const std::string outsider = world.Token("agent", "outsider");
    const std::string member = world.Token("agent", "member");
    const Target own = TargetOf(world.tenant(), 1);
    const Target unknown{NewUuidV7(1).ToString(), NewUuidV7(2).ToString(), NewUuidV7(3).ToString()};
    struct Caller {
        const char* who;
        std::string credential;
        Target target;
    };
    const std::vector<Caller> callers = {
        {"another tenant's key", world.Worker(world.other), own},
        {"another tenant's ids", world.Worker(world.tenant()), TargetOf(world.other, 1)},
        {"an agent's, of another tenant", member, TargetOf(world.other, 1)},
        {"an agent without membership", outsider, own},
        {"an admin whom the tenant made an agent", world.Token("admin", "outsider"), own},
        {"a member of another channel", member, TargetOf(world.tenant(), 5)}};
    for (const Ask& ask : kAsks) {
        if (!ask.names_one) continue;
        for (const Caller& caller : callers) {
            INFO(ask.method << ' ' << caller.who);
            const Answer by_grpc = world.ByGrpc(ask, caller.target, caller.credential);
            CHECK(by_grpc.status.code() == Code::kNotFound);
            CHECK_FALSE(TellsSecrets(by_grpc.said));
            CHECK(by_grpc.said == world.ByGrpc(ask, unknown, caller.credential).said);
            const Answer by_http = world.ByHttp(ask, caller.target, caller.credential);
            CHECK(by_http.http_status == 404);
            CHECK_FALSE(TellsSecrets(by_http.said));
            CHECK(by_http.said == world.ByHttp(ask, unknown, caller.credential).said);
        }
    }
    // Lists have what the caller sees, and no trace of the rest.
    for (const Ask& ask : kAsks) {
        if (ask.names_one) continue;
        INFO(ask.method);
        const Answer nothing = world.ByHttp(ask, own, outsider);
        CHECK(nothing.http_status == (ask.is_for_agents ? 200 : 403));
        CHECK_FALSE(TellsSecrets(nothing.said));
        CHECK_FALSE(TellsSecrets(world.ByGrpc(ask, own, outsider).said));
        if (!ask.tells_conversations) continue;
        for (const std::string& said :
             {world.ByHttp(ask, own, member).said, world.ByGrpc(ask, own, member).said}) {
            CHECK(said.find(own.conversation) != std::string::npos);
            const std::string hidden = GatewayFixture::ConversationUuid(world.tenant(), 5);
            CHECK(said.find(hidden) == std::string::npos);
            const std::string foreign = GatewayFixture::ConversationUuid(world.other, 1);
            CHECK(said.find(foreign) == std::string::npos);
        }
    }
}

TEST_CASE("Callers: whoever may does what each method is there for", "[nats][gateway]") {
    World world;
    const std::vector<std::pair<std::string, int>> callers = {
        {world.Worker(world.tenant()), 1},
        {world.Token("agent", "member"), 2},
        {world.Token("agent", "supervisor"), 0},
        {world.Token("supervisor", "supervisor"), 5}};
    for (const auto& [credential, number] : callers) {
        if (number == 0) continue;  // Of two roles the lesser: an agent without channels.
        for (const Ask& ask : kAsks) {
            INFO(ask.method << ' ' << number);
            if (number == 2 && !ask.is_for_agents) continue;
            // A conversation for each transport, since some of it can be done once.
            const Target by_grpc = TargetOf(world.tenant(), number);
            const Answer answer = world.ByGrpc(ask, by_grpc, credential);
            CHECK_THAT(answer.status, test::IsOk());
            const Target by_http = TargetOf(world.tenant(), number + 10);
            CHECK(world.ByHttp(ask, by_http, credential).http_status == 200);
        }
    }
    CHECK(world.ByHttp(kAsks[2], TargetOf(world.tenant(), 1), callers[2].first).http_status == 404);
}

TEST_CASE("Callers: who leaves a channel is out with the next call", "[nats][gateway]") {
    World world;
    const std::string token = world.Token("agent", "member");
    const Target own = TargetOf(world.tenant(), 1);
    const std::vector<Ask> asks = {kAsks[0], kAsks[2], kAsks[3], kAsks[4]};
    for (const Ask& ask : asks) {
        INFO(ask.method);
        CHECK(world.ByHttp(ask, own, token).http_status == 200);
    }
    world.Leave(world.tenant().channel, world.member);
    for (const Ask& ask : asks) {
        INFO(ask.method);
        CHECK(world.ByHttp(ask, own, token).http_status == 404);
    }
    world.Join(world.tenant().channel, world.member);
    for (const Ask& ask : asks) {
        INFO(ask.method);
        CHECK(world.ByHttp(ask, own, token).http_status == 200);
    }
}
