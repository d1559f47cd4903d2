#include "gateway_fixture.hpp"

#include "base/assert.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "store/admin/objects.hpp"
#include "support/no_limits.hpp"
#include "support/status_matchers.hpp"

#include <fmt/format.h>

namespace unibox::test {
namespace {

// The id of the n-th thing of a kind: the same in SQL (md5) and here would be fragile, so it is
// spelled out.
std::string Numbered(std::string_view kind, TenantId tenant, int number) {
    return fmt::format("{}-0000-7000-8000-{:04d}{:08d}", kind, tenant.value % 10'000, number);
}

constexpr std::string_view kConversationKind = "cccccccc";
constexpr std::string_view kContactKind = "aaaaaaaa";

}  // namespace

gateway::Config GatewayFixture::DefaultConfig() {
    gateway::Config config;
    config.http.listen = "127.0.0.1:0";
    config.grpc.listen = "127.0.0.1:0";
    config.nats.url = "nats://127.0.0.1:1";  // Away: it works without.
    config.redis.url = kAwayRedis;
    config.limits = NoLimits();
    config.writer.client.target = "127.0.0.1:1";
    config.postgres.connection_count_max = 4;
    config.work.thread_count = 6;
    return config;
}

GatewayFixture::GatewayFixture(
    PgServer& server, gateway::Config config, const StartWriter& start_writer
)
    : server_(server), database_(server.CreateDatabase()) {
    if (start_writer) config.writer.client.target = start_writer(database_);
    config.postgres.url = database_.url("ub_gateway");
    for (std::string& url : config.reads.urls) url += "/" + database_.name() + "?sslmode=disable";
    if (config.console.url.empty()) config.console.url = database_.url("ub_console");
    auto created = gateway::CreateService(config, SystemClock(), metrics_);
    REQUIRE_OK(created);
    gateway_ = std::move(created).value();
    REQUIRE_OK(gateway_->Start());
    auto admin = pg::Pool::Create(database_.settings("ub_admin"), metrics_);
    REQUIRE_OK(admin);
    admin_ = std::move(admin).value();
    client_ = std::make_unique<http::Client>(gateway_->address("http"));
    stub_ = v1::InboxService::NewStub(
        grpc::CreateChannel(gateway_->address("grpc"), grpc::InsecureChannelCredentials())
    );
}

TestTenant GatewayFixture::AddTenant(const std::string& slug) {
    store::TenantSpec spec;
    spec.slug = slug;
    spec.name = slug;
    const auto put = store::PutTenant(*admin_, spec);
    REQUIRE_OK(put);
    TestTenant tenant{put->tenant, {}, {}, {}};
    tenant.key = AddKey(tenant, "reader", "inbox:read");
    tenant.channel = Numbered("eeeeeeee", tenant.id, 1);
    tenant.other_channel = Numbered("eeeeeeee", tenant.id, 2);
    return tenant;
}

std::string GatewayFixture::AddKey(
    const TestTenant& tenant, const std::string& name, const std::string& scope
) {
    return AddKey(tenant, name, std::vector{scope});
}

std::string GatewayFixture::AddKey(
    const TestTenant& tenant, const std::string& name, const std::vector<std::string>& scopes
) {
    const Secret key = crypto::NewApiKey();
    store::ApiKeySpec spec;
    spec.name = name;
    spec.key_hash = crypto::Sha256(key.Reveal());
    spec.scopes = scopes;
    REQUIRE_OK(store::PutApiKey(*admin_, tenant.id, spec));
    return std::string(key.Reveal());
}

std::string GatewayFixture::ConversationUuid(const TestTenant& tenant, int number) {
    return Numbered(kConversationKind, tenant.id, number);
}
std::string GatewayFixture::ContactUuid(const TestTenant& tenant, int number) {
    return Numbered(kContactKind, tenant.id, number);
}

void GatewayFixture::AddConversations(
    const TestTenant& tenant, int first, int count, bool same_time
) {
    const auto id = [&](std::string_view kind) {
        return fmt::format(
            "('{}-0000-7000-8000-{:04d}' || lpad(n::text, 8, '0'))::uuid",
            kind,
            tenant.id.value % 10'000
        );
    };
    const std::string range = fmt::format("generate_series({}, {}) n", first, first + count - 1);
    const std::string time = fmt::format(
        "timestamptz '2026-07-01 10:00:00.123456+00' + n * interval '{} second'", same_time ? 0 : 1
    );
    Sql(fmt::format(
        "INSERT INTO contacts (tenant_id, contact_id, channel_id, contact_key, display_name, "
        "created_at, updated_at) SELECT {0}, {1}, '{2}', 'key' || n, 'Contact ' || n, {3}, {3} "
        "FROM {4}",
        tenant.id.value,
        id(kContactKind),
        tenant.channel,
        time,
        range
    ));
    Sql(fmt::format(
        "INSERT INTO conversations (tenant_id, conversation_id, channel_id, thread_key, "
        "contact_id, provider, status, unread_count, message_count, preview, preview_direction, "
        "last_activity_at, last_customer_at, created_at, version) "
        "SELECT {0}, {1}, CASE WHEN n % 5 = 0 THEN '{2}' ELSE '{3}' END::uuid, 'thread' || n, {4}, "
        "1, 1 + n % 3, n % 4, 0, 'Preview ' || n, 1, {5}, {5}, {5}, n FROM {6}",
        tenant.id.value,
        id(kConversationKind),
        tenant.other_channel,
        tenant.channel,
        id(kContactKind),
        time,
        range
    ));
    Sql(fmt::format(
        "INSERT INTO conversation_counters (tenant_id, conversation_id, version, unread_count) "
        "SELECT {}, {}, n, n % 4 FROM {}",
        tenant.id.value,
        id(kConversationKind),
        range
    ));
}

http::Response GatewayFixture::Get(const std::string& target, const std::string& key) {
    std::vector<http::Header> headers;
    if (!key.empty()) headers.push_back({"Authorization", "Bearer " + key});
    auto response = client_->Send("GET", target, headers, "", Millis(30'000));
    REQUIRE_OK(response);
    return std::move(response).value();
}

std::unique_ptr<grpc::ClientContext> GatewayFixture::Context(const std::string& key) {
    auto context = std::make_unique<grpc::ClientContext>();
    context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    if (!key.empty()) context->AddMetadata("authorization", "Bearer " + key);
    return context;
}

}  // namespace unibox::test
