// The service in this process, in front of a real nats-server and PostgreSQL with two tenants.
// Thread safety: the test's thread, but for Post.
#pragma once

#include "channels/sign.hpp"
#include "crypto/sealed_box.hpp"
#include "http/client.hpp"
#include "nats/connection.hpp"
#include "nats/streams.hpp"
#include "obs/metrics.hpp"
#include "pg/pool.hpp"
#include "store/admin/objects.hpp"
#include "support/nats_server.hpp"
#include "support/pg_server.hpp"
#include "support/temp_dir.hpp"
#include "unibox/event/v1/feed.pb.h"
#include "unibox/event/v1/inbound.pb.h"
#include "webhook-ingest/service.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace unibox::test {

class IngestFixture {
public:
    static constexpr const char* kAppSecret = "app-secret";
    static constexpr const char* kVerifyToken = "verify-me";

    using Configure = std::function<void(ingest::Config&)>;

    // The service's database is `database_server`'s, which the test may stop. `configure` has the
    // last word on its configuration.
    explicit IngestFixture(
        PgServer& database_server = PgServer::Shared(), const Configure& configure = {}
    );

    // Makes a channel of a tenant (1 or 2), of the app that was put last; its token is the slug
    // with
    // "-token".
    store::ChannelPut PutChannel(
        TenantId tenant,
        const std::string& slug,
        v1::Provider provider,
        const std::string& route_key,
        const std::vector<std::string>& secrets
    );
    // Sealed with the service's key, or with another one.
    void PutSecret(
        TenantId tenant,
        ChannelId channel,
        const std::string& secret,
        const crypto::SealedBox* key = nullptr
    );
    Secret PutApiKey(TenantId tenant, std::vector<std::string> scopes);
    // Another app of Meta's, whose secret and verify token are sealed with `key`.
    void PutMetaApp(
        const std::string& slug,
        const std::string& secret,
        const std::string& verify_token,
        const crypto::SealedBox& key
    );
    // A new secret of the app that was put last; the one before stays good for an hour.
    void PutAppSecret(const std::string& secret);
    // As `uniboxctl apply` does after its changes.
    void TellChanges();

    Result<http::Response> Post(
        const std::string& path, const std::vector<http::Header>& headers, const std::string& body
    );
    Result<http::Response> Get(const std::string& target);
    // Status of the answer, 0 if none came.
    int PostSigned(
        const std::string& provider,
        const std::string& path,
        const std::string& secret,
        const std::string& body,
        const std::string& webhook_id = "w-1"
    );

    std::uint64_t StoredCount();
    std::vector<event::v1::InboundEvent> Stored();
    std::vector<event::v1::RawWebhook> Raw();

    NatsServer nats;
    PgDatabase database;
    TempDir dir;
    obs::Metrics metrics;
    std::unique_ptr<crypto::SealedBox> box;
    std::unique_ptr<pg::Pool> admin;
    TenantId first;
    TenantId second;
    std::optional<Uuid> app;
    ingest::Config config;
    std::unique_ptr<nats::Connection> connection;
    std::unique_ptr<runtime::Service> service;

private:
    void PutTenants();
};

// One WhatsApp text message each for `phone_number_ids`, in one POST.
std::string WhatsAppBody(
    const std::vector<std::string>& phone_number_ids, const std::string& message_id
);
std::string StandardBody(const std::string& message_id);
std::string TelegramBody(int update_id);

}  // namespace unibox::test
