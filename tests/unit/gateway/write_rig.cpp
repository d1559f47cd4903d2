#include "write_rig.hpp"

#include "auth/scopes.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "gateway/http_api.hpp"
#include "gateway/methods.hpp"
#include "support/status_matchers.hpp"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <limits>
#include <utility>

namespace unibox::test {
namespace {

std::unique_ptr<rpc::Client> NewWriter(
    const std::string& writers, Millis deadline_max, obs::Metrics& metrics
) {
    rpc::ClientSettings settings;
    settings.target = writers;
    settings.retry_first_ms = 5;
    settings.reconnect_ms_max = 100;
    auto created = rpc::Client::Create(settings, gateway::WriterMethods(deadline_max), metrics);
    REQUIRE_OK(created);
    return std::move(created).value();
}

rpc::Settings GrpcSettings() {
    rpc::Settings settings;
    settings.receive_bytes_max = 512 << 10;
    settings.deadline_default_ms = 30'000;
    return settings;
}

}  // namespace

WriteRig::WriteRig(const std::string& writers, Millis deadline_max)
    : key_(crypto::NewApiKey().Reveal()),
      key_id_(NewUuidV7(1).ToString()),
      grpc_settings_(GrpcSettings()),
      pool_(pg::Pool::Create({}, metrics_).value()),
      router_(pg::ReadRouter::Create(*pool_, {}, {}, metrics_).value()),
      writer_(NewWriter(writers, deadline_max, metrics_)),
      authenticator_(
          {},
          [this](const auto& hashes, SteadyTime) { return FindKeys(hashes); },
          SystemClock(),
          metrics_
      ),
      inbox_(*router_, SystemClock(), 1 << 20),
      commands_(*writer_, SystemClock()),
      admin_({}, SystemClock()),
      search_(*pool_, SystemClock(), Millis(100)),
      stats_(*router_, SystemClock()),
      views_(*router_, admin_, SystemClock()),
      reads_("reads", {kThreads, kThreads, 64, 64}, SystemClock()),
      changes_("changes", {kThreads, kThreads, 64, 64}, SystemClock()),
      calls_(grpc_settings_, metrics_),
      open_(metrics_),
      admission_(
          calls_,
          authenticator_,
          open_.limiter,
          open_.call_limits,
          {reads_, changes_, changes_, reads_},
          metrics_
      ) {
    domain::ApiKeyInfo info;
    info.tenant = TenantId{7};
    info.key_id = Uuid::Parse(key_id_).value();
    info.name = "robot";
    info.scopes = {std::string(auth::kScopeInboxRead), std::string(auth::kScopeInboxWrite)};
    info.expires_at_ms = std::numeric_limits<std::int64_t>::max();
    keys_[crypto::Sha256(key_)] = info;
    auto table = gateway::MethodTable::Create(
        gateway::MethodsOf({inbox_, commands_, admin_, search_, stats_, views_})
    );
    REQUIRE_OK(table);
    table_ = std::move(table).value();
    grpc_api_ = std::make_unique<gateway::GrpcApi>(table_, admission_);
    auto grpc = rpc::Server::Start(grpc_settings_, grpc_api_->services(), metrics_);
    REQUIRE_OK(grpc);
    grpc_ = std::move(grpc).value();
    auto routes = gateway::HttpRoutes(table_, admission_);
    REQUIRE_OK(routes);
    http::Settings settings;
    settings.listen = "127.0.0.1:0";
    auto http = http::Server::Start(settings, std::move(routes).value(), SystemClock(), metrics_);
    REQUIRE_OK(http);
    http_ = std::move(http).value();
    stub_ = v1::InboxService::NewStub(
        grpc::CreateChannel(grpc_->address(), grpc::InsecureChannelCredentials())
    );
}

Result<domain::ApiKeysByHash> WriteRig::FindKeys(const std::vector<std::string>& hashes) const {
    domain::ApiKeysByHash found;
    for (const std::string& hash : hashes) {
        if (const auto known = keys_.find(hash); known != keys_.end()) found.insert(*known);
    }
    return found;
}

http::Response WriteRig::Post(
    const std::string& path, const std::string& body, std::vector<http::Header> more
) const {
    more.push_back({"Authorization", "Bearer " + key_});
    more.push_back({"Content-Type", "application/json"});
    return Send("POST", "/v1/conversations/" + kConversation + path, more, body);
}

http::Response WriteRig::Send(
    const std::string& method,
    const std::string& target,
    const std::vector<http::Header>& headers,
    const std::string& body
) const {
    auto response = http::Send(method, url() + target, headers, body, Millis(60'000));
    REQUIRE_OK(response);
    return std::move(response).value();
}

std::unique_ptr<grpc::ClientContext> WriteRig::Context() const {
    auto context = std::make_unique<grpc::ClientContext>();
    context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    context->AddMetadata("authorization", "Bearer " + key_);
    return context;
}

}  // namespace unibox::test
