#include "rpc/server.hpp"

#include "rpc/detail/acceptor.hpp"
#include "rpc/detail/calls.hpp"
#include "rpc/detail/grpc_log.hpp"
#include "rpc/detail/probe.hpp"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <future>
#include <mutex>
#include <utility>

namespace unibox::rpc {
namespace {

// How long connections without calls may take to say good-bye when the server stops.
constexpr Millis kFarewellMax{500};

using FromDescriptor = grpc::ServerBuilder::experimental_type::ExternalConnectionType;
using GrpcAcceptor = grpc::experimental::ExternalConnectionAcceptor;

void EnablePluginsOnce() {
    static std::once_flag once;
    std::call_once(once, [] {
        grpc::EnableDefaultHealthCheckService(true);
        grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    });
}

void SetLimits(grpc::ServerBuilder& builder, const Settings& settings) {
    grpc::ResourceQuota quota("grpc");
    quota.Resize(static_cast<std::size_t>(settings.memory_bytes_max));
    builder.SetResourceQuota(quota);
    builder.SetMaxReceiveMessageSize(settings.receive_bytes_max);
    builder.SetMaxSendMessageSize(settings.send_bytes_max);
    const std::pair<const char*, int> arguments[] = {
        {GRPC_ARG_MAX_CONCURRENT_STREAMS, settings.stream_count_per_connection_max},
        {GRPC_ARG_MAX_METADATA_SIZE, settings.header_bytes_max},
        {GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, settings.handshake_timeout_ms},
        {GRPC_ARG_KEEPALIVE_TIME_MS, settings.keepalive_interval_ms},
        {GRPC_ARG_KEEPALIVE_TIMEOUT_MS, settings.keepalive_timeout_ms},
        {GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1},
        {GRPC_ARG_MAX_CONNECTION_IDLE_MS, settings.idle_timeout_ms},
        {GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, settings.connection_age_grace_ms},
        // A client may ping every 10 s; one that pings more often is sent away.
        {GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000},
    };
    for (const auto& [name, value] : arguments) builder.AddChannelArgument(name, value);
    const auto age = std::min<std::int64_t>(settings.connection_age_ms_max, INT_MAX);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, static_cast<int>(age));
}

void Give(GrpcAcceptor& acceptor, int descriptor) {
    GrpcAcceptor::NewConnectionParameters connection;
    connection.listener_fd = -1;
    connection.fd = descriptor;
    acceptor.HandleNewConnection(&connection);
}

}  // namespace

// In the order of dependence: what is below uses what is above.
struct Server::Parts {
    explicit Parts(obs::Metrics& metrics) : log(metrics) {}

    detail::GrpcLog log;
    std::string address;
    detail::InProgress calls;
    std::unique_ptr<detail::Acceptor> acceptor;
    std::unique_ptr<GrpcAcceptor> grpc_acceptor;
    std::unique_ptr<grpc::Server> grpc;
    mutable Mutex probe_mutex;
    std::unique_ptr<detail::Probe> probe UNIBOX_GUARDED_BY(probe_mutex);
};

Result<std::unique_ptr<Server>> Server::Start(
    const Settings& settings, const std::vector<ServedService>& services, obs::Metrics& metrics
) {
    EnablePluginsOnce();
    auto parts = std::make_unique<Parts>(metrics);
    UNIBOX_ASSIGN_OR_RETURN(parts->acceptor, detail::Acceptor::Listen(settings, metrics));
    parts->address = parts->acceptor->address();

    grpc::ServerBuilder builder;
    SetLimits(builder, settings);
    parts->grpc_acceptor = builder.experimental().AddExternalConnectionAcceptor(
        FromDescriptor::FROM_FD, grpc::InsecureServerCredentials()
    );
    std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> creators;
    creators.push_back(detail::InterceptCalls(parts->calls));
    builder.experimental().SetInterceptorCreators(std::move(creators));
    for (const ServedService& served : services) builder.RegisterService(served.service);
    parts->grpc = builder.BuildAndStart();
    if (parts->grpc == nullptr) return Internal("gRPC cannot start a server");
    if (auto* health = parts->grpc->GetHealthCheckService()) {
        for (const ServedService& served : services) {
            health->SetServingStatus(served.name, true);
        }
        health->SetServingStatus(true);
    }
    parts->acceptor->Start([&acceptor = *parts->grpc_acceptor](int descriptor) {
        Give(acceptor, descriptor);
    });
    {
        const MutexLock lock(parts->probe_mutex);
        parts->probe = std::make_unique<detail::Probe>(
            *parts->acceptor,
            detail::ProbeSettings{.interval = Millis(settings.probe_interval_ms)},
            metrics
        );
    }
    return std::unique_ptr<Server>(new Server(std::move(parts)));
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() {
    Stop(Millis(0));
}

const std::string& Server::address() const {
    return parts_->address;
}
std::int64_t Server::connection_count() const {
    return parts_->acceptor->connection_count();
}

void Server::AnnounceStop() {
    if (auto* health = parts_->grpc->GetHealthCheckService()) health->SetServingStatus(false);
}

void Server::StopAccepting() {
    parts_->acceptor->StopAccepting();
}

Status Server::Alive() const {
    const MutexLock lock(parts_->probe_mutex);
    return parts_->probe ? parts_->probe->Alive() : Status();
}

void Server::Stop(Millis grace) {
    std::unique_ptr<detail::Probe> probe;
    {
        const MutexLock lock(parts_->probe_mutex);
        probe = std::move(parts_->probe);
    }
    probe.reset();  // Outside of the lock: Alive must not wait for a probe.
    const SteadyTime until = std::chrono::steady_clock::now() + grace;
    parts_->acceptor->StopAccepting();
    auto shut_down = std::async(std::launch::async, [this, grace] {
        parts_->grpc->Shutdown(std::chrono::system_clock::now() + grace);
    });
    // What is no unary call (a Watch, a half-sent request) would keep gRPC waiting to the end of
    // the grace: it ends with its connection, once nobody waits for an answer.
    parts_->calls.WaitUntilNone(until);
    parts_->acceptor->WaitUntilNone(std::min(grace, kFarewellMax));
    parts_->acceptor->WaitUntilTaken(until);
    parts_->calls.WaitUntilNone(until);
    parts_->acceptor->Stop();
    shut_down.get();
    parts_->grpc->Wait();
}

}  // namespace unibox::rpc
