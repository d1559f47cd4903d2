// A gRPC server behind a listener of our own: connections are accepted, counted and relayed by
// rpc/detail, so that nothing that a client does ends the listener or takes unbounded memory. With
// health (grpc.health.v1, for the server and each service), reflection, limits and keepalive.
// Thread safety: every function from any thread.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "obs/metrics.hpp"
#include "rpc/settings.hpp"

#include <grpcpp/impl/service_type.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace unibox::rpc {

struct ServedService {
    std::string name;  // Full, as health knows it: "unibox.v1.InboxService".
    grpc::Service* service = nullptr;
};

class Server {
public:
    // The services and `metrics` must outlive the server. UNAVAILABLE if the address cannot be
    // bound (never shared with another process). Metrics: unibox_rpc_connections,
    // unibox_rpc_connections_refused_total{reason}, unibox_rpc_connections_ended_total{reason},
    // unibox_rpc_calls_ended_total{reason}, unibox_rpc_accept_failed_total,
    // unibox_rpc_probe_failed_total; unibox_library_log_lines_total of gRPC's own lines.
    static Result<std::unique_ptr<Server>> Start(
        const Settings& settings, const std::vector<ServedService>& services, obs::Metrics& metrics
    );
    // Stop(Millis(0)).
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // "host:port" as bound.
    const std::string& address() const;
    // Open connections of clients.
    std::int64_t connection_count() const;
    // From now on grpc.health.v1 answers NOT_SERVING, for the server and each service; calls are
    // still taken.
    void AnnounceStop();
    // Takes no new calls. Does not wait.
    void StopAccepting();
    // UNAVAILABLE if the server has not answered its own probes, over its own listening socket, for
    // a while: only a new process helps. Ok once it is stopping.
    Status Alive() const;
    // StopAccepting, waits at most `grace` for the unary ones that run, cancels the rest (a
    // Watch or a reflection at once), waits for their handlers.
    void Stop(Millis grace);

private:
    struct Parts;
    explicit Server(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace unibox::rpc
