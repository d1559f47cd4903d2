#include "http/server.hpp"

#include "async/listener.hpp"
#include "http/detail/connection.hpp"
#include "http/detail/net_thread.hpp"
#include "http/detail/shared.hpp"
#include "net/client_network.hpp"
#include "obs/log.hpp"

#include <sys/socket.h>

namespace unibox::http {
namespace {

using async::tcp;
using detail::NetThread;
using detail::Refusal;
using detail::Shared;

Status CheckSettings(const Settings& settings) {
    const std::pair<const char*, std::int64_t> positive[] = {
        {"net_thread_count", settings.net_thread_count},
        {"connection_count_max", settings.connection_count_max},
        {"in_flight_request_count_max", settings.in_flight_request_count_max},
        {"in_flight_bytes_max", settings.in_flight_bytes_max},
        {"in_flight_bytes_per_client_percent", settings.in_flight_bytes_per_client_percent},
        {"head_bytes_max", settings.head_bytes_max},
        {"header_count_max", settings.header_count_max},
        {"target_bytes_max", settings.target_bytes_max},
        {"request_count_per_connection_max", settings.request_count_per_connection_max},
        {"head_timeout_ms", settings.head_timeout_ms},
        {"body_timeout_ms", settings.body_timeout_ms},
        {"body_bytes_per_s_min", settings.body_bytes_per_s_min},
        {"body_total_ms_max", settings.body_total_ms_max},
        {"idle_timeout_ms", settings.idle_timeout_ms},
        {"handler_timeout_ms", settings.handler_timeout_ms},
        {"write_timeout_ms", settings.write_timeout_ms},
    };
    for (const auto& [field, value] : positive) {
        if (value <= 0) return InvalidArgument("must be greater than 0").WithField(field);
    }
    return {};
}

std::string NoPlaceAnswer(std::int64_t retry_after_s) {
    return "HTTP/1.1 503 Service Unavailable\r\nRetry-After: " + std::to_string(retry_after_s) +
           "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
}

class AsioServer final : public Server {
public:
    AsioServer(
        Settings settings,
        Router router,
        const Clock& clock,
        obs::Metrics& metrics,
        std::string listener
    )
        : shared_(std::move(settings), std::move(router), clock, metrics, std::move(listener)),
          no_place_(NoPlaceAnswer(shared_.settings.retry_after_s)) {
        for (int i = 0; i < shared_.settings.net_thread_count; ++i) {
            threads_.push_back(std::make_unique<NetThread>(shared_));
        }
        listener_.emplace(async::LoopsOf(threads_), MakeHooks());
    }
    ~AsioServer() override { Stop(Millis(0)); }
    AsioServer(const AsioServer&) = delete;
    AsioServer& operator=(const AsioServer&) = delete;

    Status Listen() {
        UNIBOX_ASSIGN_OR_RETURN(
            shared_.credentials,
            net::Credentials::Create(
                {shared_.settings.tls, detail::kAlpn},
                [this](const Status& change) { shared_.metrics.TellCertificateChange(change); }
            )
        );
        UNIBOX_RETURN_IF_ERROR(listener_->Listen(shared_.settings.listen));
        listener_->Start();
        for (const auto& thread : threads_) thread->Start();
        running_ = true;
        return {};
    }

    std::string address() const override { return listener_->address(); }

    void AnnounceStop() override { shared_.draining = true; }

    void StopAccepting() override {
        AnnounceStop();
        if (!running_ || accepting_ended_.exchange(true)) return;
        listener_->CloseAndWait();
        for (const auto& thread : threads_) thread->BeginStop();
    }

    void Stop(Millis grace) override {
        if (!running_) return;
        StopAccepting();
        if (!shared_.connections.WaitUntilNone(grace) && grace > Millis(0)) {
            obs::Log(
                obs::Level::kWarn,
                "connections are cut at the end of the grace time",
                {{"count", shared_.connections.Count()}}
            );
        }
        for (const auto& thread : threads_) thread->Stop();
        running_ = false;
    }

private:
    async::Listener::Hooks MakeHooks() {
        return {
            .accepted = [this](
                            std::size_t index, tcp::socket socket, const tcp::endpoint& peer
                        ) { TakeIn(*threads_[index], std::move(socket), peer); },
            .failed = [this](
                          const async::error_code& error, bool first
                      ) { shared_.metrics.TellAcceptFailure(error.message(), first); }};
    }

    void TakeIn(NetThread& thread, tcp::socket socket, const tcp::endpoint& peer) {
        net::NoPlace why{};
        std::string address = peer.address().to_string();
        net::Client* client = shared_.connections.Take(net::NetworkOf(address), &why);
        if (client == nullptr) {
            shared_.metrics.CountRefusal(
                why == net::NoPlace::kInAll ? Refusal::kConnectionCount
                                            : Refusal::kConnectionCountOfClient
            );
            if (!shared_.credentials->has_tls()) {
                // As far as it goes without waiting; the connection is closed in any case.
                ::send(
                    socket.native_handle(),
                    no_place_.data(),
                    no_place_.size(),
                    MSG_NOSIGNAL | MSG_DONTWAIT
                );
            }
            return;
        }
        thread.Adopt(std::move(socket), std::move(address), *client);
    }

    Shared shared_;
    const std::string no_place_;
    std::vector<std::unique_ptr<NetThread>> threads_;
    std::optional<async::Listener> listener_;  // First net thread only, once started.
    std::atomic<bool> running_{false};
    std::atomic<bool> accepting_ended_{false};
};

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(
    Settings settings,
    std::vector<Route> routes,
    const Clock& clock,
    obs::Metrics& metrics,
    std::string listener
) {
    UNIBOX_RETURN_IF_ERROR(CheckSettings(settings));
    UNIBOX_ASSIGN_OR_RETURN(Router router, Router::Create(std::move(routes)));
    auto server = std::make_unique<AsioServer>(
        std::move(settings), std::move(router), clock, metrics, std::move(listener)
    );
    UNIBOX_RETURN_IF_ERROR(server->Listen());
    return std::unique_ptr<Server>(std::move(server));
}

}  // namespace unibox::http
