// The gateway's method table behind real listeners of both transports, with writers of the test's
// choice and no database: what is read goes nowhere.
// Thread safety: one thread.
#pragma once

#include "async/fair_pool.hpp"
#include "auth/authenticator.hpp"
#include "gateway/admin/admin.hpp"
#include "gateway/admission.hpp"
#include "gateway/commands.hpp"
#include "gateway/grpc_api.hpp"
#include "gateway/inbox.hpp"
#include "gateway/method_table.hpp"
#include "gateway/search.hpp"
#include "gateway/stats.hpp"
#include "gateway/views.hpp"
#include "http/client.hpp"
#include "http/server.hpp"
#include "open_limits.hpp"
#include "rpc/client.hpp"
#include "rpc/server.hpp"
#include "unibox/v1/inbox_service.grpc.pb.h"

#include <memory>
#include <string>
#include <vector>

namespace unibox::test {

inline const std::string kConversation = "01901f3e-0000-7000-8000-000000000001";

class WriteRig {
public:
    static constexpr std::size_t kThreads = 4;  // For reads, and for changes.

    // `writers`: addresses, as a client has them.
    explicit WriteRig(const std::string& writers, Millis deadline_max = Millis(30'000));

    const std::string& key() const { return key_; }  // inbox:read and inbox:write, named "robot".
    const std::string& key_id() const { return key_id_; }
    std::string url() const { return "http://" + http_->address(); }

    // POST to a path under /v1/conversations/<kConversation>, with the key, as JSON.
    http::Response Post(
        const std::string& path, const std::string& body, std::vector<http::Header> more = {}
    ) const;
    http::Response Send(
        const std::string& method,
        const std::string& target,
        const std::vector<http::Header>& headers,
        const std::string& body
    ) const;
    v1::InboxService::Stub& stub() { return *stub_; }
    // A context with the key and a deadline of 30 s.
    std::unique_ptr<grpc::ClientContext> Context() const;

private:
    Result<domain::ApiKeysByHash> FindKeys(const std::vector<std::string>& hashes) const;

    std::string key_;
    std::string key_id_;
    domain::ApiKeysByHash keys_;
    obs::Metrics metrics_;
    rpc::Settings grpc_settings_;
    std::unique_ptr<pg::Pool> pool_;
    std::unique_ptr<pg::ReadRouter> router_;
    std::unique_ptr<rpc::Client> writer_;
    auth::Authenticator authenticator_;
    gateway::Inbox inbox_;
    gateway::Commands commands_;
    gateway::Admin admin_;
    gateway::Search search_;
    gateway::Stats stats_;
    gateway::Views views_;
    async::FairPool reads_;
    async::FairPool changes_;
    rpc::Calls calls_;
    OpenLimits open_;
    gateway::Admission admission_;
    gateway::MethodTable table_;
    std::unique_ptr<gateway::GrpcApi> grpc_api_;
    std::unique_ptr<rpc::Server> grpc_;
    std::unique_ptr<http::Server> http_;
    std::unique_ptr<v1::InboxService::Stub> stub_;
};

}  // namespace unibox::test
