// gateway: the inbox over gRPC and HTTP+JSON.
#include "runtime/main.hpp"

#include "gateway/config.hpp"
#include "gateway/server.hpp"

#include <memory>

namespace {

constexpr unibox::Millis kStopGrace{10'000};

unibox::Status Run(unibox::runtime::Service& service, const unibox::gateway::Config& config) {
    std::unique_ptr<unibox::gateway::Server> server;
    const auto start = [&]() -> unibox::Status {
        UNIBOX_ASSIGN_OR_RETURN(
            server, unibox::gateway::Server::Start(config, service.clock(), service.metrics())
        );
        service.AddAddress("http", server->http_address());
        service.AddAddress("grpc", server->grpc_address());
        return {};
    };
    service.AddWorker("gateway", start, [&] { server->Stop(kStopGrace); });
    service.AddLivenessCheck("gateway", [&] { return server->Alive(); });
    service.OnStopping([&] { server->AnnounceStop(); });
    return service.RunUntilSignal();
}

}  // namespace

int main(int argc, char** argv) {
    return unibox::runtime::Main<unibox::gateway::Config>("gateway", argc, argv, Run);
}
