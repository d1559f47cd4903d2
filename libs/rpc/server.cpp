#include "rpc/server.hpp"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <mutex>
#include <utility>

namespace unibox::rpc {
namespace {

void EnablePluginsOnce() {
    static std::once_flag once;
    std::call_once(once, [] {
        grpc::EnableDefaultHealthCheckService(true);
        grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    });
}

void SetLimits(grpc::ServerBuilder& builder, const Settings& settings) {
    builder.SetMaxReceiveMessageSize(settings.receive_bytes_max);
    builder.SetMaxSendMessageSize(settings.send_bytes_max);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, settings.connection_streams_max);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, settings.keepalive_ms);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, settings.keepalive_timeout_ms);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    // A client may ping every 10 s; one that pings more often is sent away.
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
}

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(
    const Settings& settings, const std::vector<grpc::Service*>& services
) {
    EnablePluginsOnce();
    grpc::ServerBuilder builder;
    SetLimits(builder, settings);
    int port = 0;
    builder.AddListeningPort(settings.listen, grpc::InsecureServerCredentials(), &port);
    for (grpc::Service* service : services) builder.RegisterService(service);
    auto server = builder.BuildAndStart();
    if (server == nullptr || port == 0) {
        return Unavailable("cannot listen on " + settings.listen + " (grpc.listen)");
    }
    const std::string host = settings.listen.substr(0, settings.listen.rfind(':'));
    return std::unique_ptr<Server>(new Server(std::move(server), host + ":" + std::to_string(port))
    );
}

Server::Server(std::unique_ptr<grpc::Server> server, std::string address)
    : server_(std::move(server)), address_(std::move(address)) {
    SetServing(true);
}

Server::~Server() {
    Stop(Millis(0));
}

void Server::SetServing(bool serving) {
    if (auto* health = server_->GetHealthCheckService()) health->SetServingStatus(serving);
}

void Server::Stop(Millis grace) {
    server_->Shutdown(std::chrono::system_clock::now() + grace);
    server_->Wait();
}

}  // namespace unibox::rpc
