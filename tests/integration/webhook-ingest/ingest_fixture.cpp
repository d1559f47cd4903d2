#include "ingest_fixture.hpp"

#include "base/assert.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "subjects/subjects.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"

#include <chrono>
#include <fstream>

namespace unibox::test {
namespace {

constexpr std::chrono::seconds kPatience{30};
constexpr Millis kOverlap{3'600'000};

}  // namespace

IngestFixture::IngestFixture(PgServer& database_server, const Configure& configure)
    : database(database_server.CreateDatabase()) {
    const auto key_file = dir / "key";
    std::ofstream(key_file) << crypto::GenerateKeyFileText().Reveal();
    box = std::make_unique<crypto::SealedBox>(crypto::SealedBox::FromKeyFile(key_file).value());
    admin = pg::Pool::Create(database.settings("ub_admin"), metrics).value();
    PutTenants();
    PutMetaApp("app", kAppSecret, kVerifyToken, *box);
    config.http.listen = "127.0.0.1:0";
    config.grpc.listen = "127.0.0.1:0";
    config.postgres.url = database.url("ub_ingest");
    config.nats.url = nats.url();
    config.redis.url = "redis://127.0.0.1:1";  // Away: it works without.
    config.secrets_key_file = key_file;
    config.intake.public_base_url = "https://hooks.example.com/in";
    config.lookups.unknown_ms_max = 60'000;
    config.log_refresh_interval_ms = 200;
    // Time is not the subject of most tests: a busy machine may take longer than a provider would.
    config.intake.deadline_ms = 10'000;
    config.postgres.connect_timeout_ms = config.postgres.io_timeout_ms = 10'000;
    config.postgres.acquire_timeout_ms = config.postgres.statement_timeout_ms = 10'000;
    if (configure) configure(config);
    connection = nats::Connection::Connect(config.nats, metrics).value();
    REQUIRE(Eventually(kPatience, [&] { return connection->connected(); }));
    nats::Streams streams(*connection);
    nats::StreamOptions options;
    options.partition_count = 4;
    options.in_bytes_max = options.ev_bytes_max = options.raw_bytes_max = 64 << 20;
    for (const auto& spec : nats::UniboxStreams(options)) REQUIRE_OK(streams.Ensure(spec));
    service = ingest::CreateService(config, SystemClock(), metrics).value();
    REQUIRE_OK(service->Start());
    const auto& partitions = metrics.GetGauge(
        "unibox_ingest_partitions", "Partitions of the log that is written to; 0 = unknown."
    );
    REQUIRE(Eventually(kPatience, [&] { return partitions.Get() == 4; }));
}

void IngestFixture::PutTenants() {
    store::TenantSpec spec;
    spec.slug = spec.name = "first";
    first = store::PutTenant(*admin, spec).value().tenant;
    spec.slug = spec.name = "second";
    second = store::PutTenant(*admin, spec).value().tenant;
}

void IngestFixture::PutMetaApp(
    const std::string& slug,
    const std::string& secret,
    const std::string& verify_token,
    const crypto::SealedBox& key
) {
    app = NewUuidV7(SystemClock().UnixMillis());
    const std::string aad = "app:" + app->ToString();
    const Secret opened(secret);
    REQUIRE_OK(store::PutApp(*admin, *app, {slug, "meta"}, key.Seal(Secret(verify_token), aad)));
    REQUIRE_OK(store::PutAppSecret(
        *admin, *app, {key.Seal(opened, aad), key.Fingerprint(opened)}, kOverlap
    ));
}

void IngestFixture::PutAppSecret(const std::string& secret) {
    const std::string aad = "app:" + app->ToString();
    const Secret opened(secret);
    REQUIRE_OK(store::PutAppSecret(
        *admin, *app, {box->Seal(opened, aad), box->Fingerprint(opened)}, kOverlap
    ));
}

store::ChannelPut IngestFixture::PutChannel(
    TenantId tenant,
    const std::string& slug,
    v1::Provider provider,
    const std::string& route_key,
    const std::vector<std::string>& secrets
) {
    store::ChannelSpec spec;
    spec.slug = spec.name = slug;
    spec.provider = provider;
    spec.route_key = route_key;
    spec.app_id = app;
    spec.token_hash = crypto::Sha256(slug + "-token");
    const auto put = store::PutChannel(*admin, tenant, spec);
    REQUIRE_OK(put);
    for (const std::string& secret : secrets) PutSecret(tenant, put->channel, secret);
    return *put;
}

void IngestFixture::PutSecret(
    TenantId tenant, ChannelId channel, const std::string& secret, const crypto::SealedBox* key
) {
    const crypto::SealedBox& used = key == nullptr ? *box : *key;
    const std::string aad = "channel:" + channel.ToString();
    REQUIRE_OK(store::PutChannelSecret(
        *admin,
        tenant,
        channel,
        {used.Seal(Secret(secret), aad), used.Fingerprint(Secret(secret))},
        kOverlap
    ));
}

Secret IngestFixture::PutApiKey(TenantId tenant, std::vector<std::string> scopes) {
    Secret key = crypto::NewApiKey();
    REQUIRE_OK(store::PutApiKey(
        *admin,
        tenant,
        {"key" + std::to_string(scopes.size()), crypto::Sha256(key.Reveal()), std::move(scopes)}
    ));
    return key;
}

void IngestFixture::TellChanges() {
    REQUIRE_OK(connection->Publish(subjects::kChannelsChanged, ""));
    REQUIRE_OK(connection->Flush(kPatience));
}

Result<http::Response> IngestFixture::Post(
    const std::string& path, const std::vector<http::Header>& headers, const std::string& body
) {
    const std::string url = "http://" + service->address("http") + path;
    return http::Send("POST", url, headers, body, kPatience);
}

Result<http::Response> IngestFixture::Get(const std::string& target) {
    return http::Send("GET", "http://" + service->address("http") + target, {}, "", kPatience);
}

int IngestFixture::PostSigned(
    const std::string& provider,
    const std::string& path,
    const std::string& secret,
    const std::string& body,
    const std::string& webhook_id
) {
    const Secret key(secret);
    const std::string url = config.intake.public_base_url + path;
    const auto headers =
        channels::Sign(provider, {key, body, url, SystemClock().UnixMillis(), webhook_id});
    if (!headers.ok()) return 0;
    std::vector<http::Header> sent;
    for (const auto& header : *headers) sent.push_back({header.name, header.value});
    const auto response = Post(path, sent, body);
    return response.ok() ? response->status : 0;
}

std::uint64_t IngestFixture::StoredCount() {
    std::uint64_t count = 0;
    const auto infos = nats::Streams(*connection).List(subjects::kInStreamPrefix).value();
    for (const auto& info : infos) count += info.messages;
    return count;
}

std::vector<event::v1::InboundEvent> IngestFixture::Stored() {
    std::vector<event::v1::InboundEvent> events;
    nats::Streams streams(*connection);
    const auto infos = streams.List(subjects::kInStreamPrefix).value();
    for (const auto& info : infos) {
        for (std::uint64_t seq = 1; seq <= info.last_seq; ++seq) {
            const auto message = streams.Get(info.name, seq).value();
            event::v1::InboundEvent event;
            REQUIRE(event.ParseFromString(message.payload));
            CHECK(message.subject.ends_with("." + std::to_string(event.tenant_id())));
            events.push_back(std::move(event));
        }
    }
    return events;
}

std::vector<event::v1::RawWebhook> IngestFixture::Raw() {
    std::vector<event::v1::RawWebhook> raws;
    nats::Streams streams(*connection);
    const auto info = streams.Info(subjects::kRawStream).value();
    for (std::uint64_t seq = 1; seq <= info.last_seq; ++seq) {
        event::v1::RawWebhook raw;
        REQUIRE(raw.ParseFromString(streams.Get(info.name, seq).value().payload));
        raws.push_back(std::move(raw));
    }
    return raws;
}

std::string WhatsAppBody(
    const std::vector<std::string>& phone_number_ids, const std::string& message_id
) {
    std::string entries;
    for (const std::string& id : phone_number_ids) {
        entries += (entries.empty() ? "" : ",");
        entries += R"({"id":"1","changes":[{"field":"messages","value":{)"
                   R"("messaging_product":"whatsapp","metadata":{"phone_number_id":")" +
                   id + R"("},"messages":[{"from":"351911222333","id":"wamid.)" + message_id +
                   R"(","timestamp":"1785412800","type":"text","text":{"body":"hi"}}]}}]})";
    }
    return R"({"object":"whatsapp_business_account","entry":[)" + entries + "]}";
}

std::string StandardBody(const std::string& message_id) {
    return R"({"type":"message.created","data":{"message_id":")" + message_id +
           R"(","contact":{"external_id":"u-9"},"text":"hello"}})";
}

std::string TelegramBody(int update_id) {
    return R"({"update_id":)" + std::to_string(update_id) + R"(,"message":{"message_id":)" +
           std::to_string(update_id) +
           R"(,"date":1785412800,"chat":{"id":5,"type":"private"},"from":{"id":5,)"
           R"("is_bot":false,"first_name":"Zoe"},"text":"Hi"}})";
}

}  // namespace unibox::test
