// A gateway in this process with a database of its own, and clients for both of its transports.
// Thread safety: one thread.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "gateway/service.hpp"
#include "http/client.hpp"
#include "obs/metrics.hpp"
#include "support/pg_server.hpp"
#include "unibox/v1/inbox_service.grpc.pb.h"

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::test {

struct TestTenant {
    TenantId id;
    std::string key;      // inbox:read
    std::string channel;  // UUIDs
    std::string other_channel;
};

class GatewayFixture {
public:
    // Starts what writes into the database, and tells its address.
    using StartWriter = std::function<std::string(const PgDatabase&)>;

    // Its database is added to config.postgres and to the servers in config.reads.urls.
    explicit GatewayFixture(
        PgServer& server = PgServer::Shared(),
        gateway::Config config = DefaultConfig(),
        const StartWriter& start_writer = {}
    );

    // Port 0, short answers when the database is away.
    static gateway::Config DefaultConfig();

    TestTenant AddTenant(const std::string& slug);
    // Another key of the tenant.
    std::string AddKey(const TestTenant& tenant, const std::string& name, const std::string& scope);
    std::string AddKey(
        const TestTenant& tenant, const std::string& name, const std::vector<std::string>& scopes
    );
    // SQL as superuser.
    void Sql(const std::string& sql) { server_.Run(database_.name(), sql); }

    // `count` live conversations numbered from `first`, with contacts and counters, without
    // messages. Their last_activity_at are one second apart, or all the same. Number n has status 1
    // + n % 3, n % 4 unread messages, and lies on other_channel if n % 5 = 0.
    void AddConversations(const TestTenant& tenant, int first, int count, bool same_time);
    static std::string ConversationUuid(const TestTenant& tenant, int number);
    static std::string ContactUuid(const TestTenant& tenant, int number);

    http::Response Get(const std::string& target, const std::string& key);
    v1::InboxService::Stub& stub() { return *stub_; }
    // A context with the key, and a deadline of 30 s.
    static std::unique_ptr<grpc::ClientContext> Context(const std::string& key);

    pg::Settings settings(std::string_view role) const { return database_.settings(role); }
    // Of role ub_admin.
    pg::Pool& admin() { return *admin_; }
    runtime::Service& gateway() { return *gateway_; }
    PgServer& server() { return server_; }
    obs::Metrics& metrics() { return metrics_; }

private:
    PgServer& server_;
    PgDatabase database_;
    obs::Metrics metrics_;
    std::unique_ptr<runtime::Service> gateway_;
    std::unique_ptr<pg::Pool> admin_;
    std::unique_ptr<http::Client> client_;
    std::unique_ptr<v1::InboxService::Stub> stub_;
};

}  // namespace unibox::test
