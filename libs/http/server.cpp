#include "http/server.hpp"

#include "base/strings.hpp"
#include "http/detail/connection.hpp"
#include "http/detail/net_thread.hpp"
#include "http/detail/shared.hpp"
#include "obs/log.hpp"

#include <sys/socket.h>

#include <future>

namespace unibox::http {
namespace {

using async::error_code;
using async::tcp;
using detail::NetThread;
using detail::Refusal;
using detail::Shared;

constexpr std::chrono::milliseconds kAcceptPause{100};

// The network that connection_count_per_client_max counts: IPv4 /24, IPv6 /64.
std::string NetworkOf(const async::asio::ip::address& address) {
    if (address.is_v4()) {
        const auto bytes = address.to_v4().to_bytes();
        return std::string(bytes.begin(), bytes.begin() + 3);
    }
    const auto v6 = address.to_v6();
    const auto bytes = v6.to_bytes();
    if (v6.is_v4_mapped()) return std::string(bytes.begin() + 12, bytes.begin() + 15);
    return std::string(bytes.begin(), bytes.begin() + 8);
}

Result<tcp::endpoint> ResolveListen(async::asio::io_context& loop, const std::string& listen) {
    const std::size_t colon = listen.rfind(':');
    const auto invalid = [&listen] {
        return InvalidArgument("listen must be host:port, not " + listen).WithField("listen");
    };
    if (colon == std::string::npos || colon == 0) return invalid();
    std::string host = listen.substr(0, colon);
    const auto port = ParseInt64(listen.substr(colon + 1));
    if (!port || *port < 0 || *port > 65535) return invalid();
    if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    error_code error;
    tcp::resolver resolver(loop);
    const auto found = resolver.resolve(host, std::to_string(*port), tcp::resolver::passive, error);
    if (error || found.empty()) return invalid();
    return found.begin()->endpoint();
}

std::string TextOf(const tcp::endpoint& endpoint) {
    const std::string address = endpoint.address().to_string();
    const std::string port = std::to_string(endpoint.port());
    return endpoint.address().is_v6() ? "[" + address + "]:" + port : address + ":" + port;
}

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
    if (settings.tls_cert_file.empty() != settings.tls_key_file.empty()) {
        return InvalidArgument("tls_cert_file and tls_key_file belong together")
            .WithField("tls_key_file");
    }
    return {};
}

std::string NoPlaceAnswer(std::int64_t retry_after_s) {
    return "HTTP/1.1 503 Service Unavailable\r\nRetry-After: " + std::to_string(retry_after_s) +
           "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
}

class AsioServer final : public Server {
public:
    AsioServer(Settings settings, Router router, obs::Metrics& metrics, std::string listener)
        : shared_(std::move(settings), std::move(router), metrics, std::move(listener)),
          no_place_(NoPlaceAnswer(shared_.settings.retry_after_s)) {
        for (std::int64_t i = 0; i < shared_.settings.net_thread_count; ++i) {
            threads_.push_back(std::make_unique<NetThread>(shared_));
        }
        acceptor_.emplace(threads_.front()->loop());
        pause_.emplace(threads_.front()->loop());
    }
    ~AsioServer() override { Stop(0); }
    AsioServer(const AsioServer&) = delete;
    AsioServer& operator=(const AsioServer&) = delete;

    Status Listen() {
        if (!shared_.settings.tls_cert_file.empty()) {
            UNIBOX_ASSIGN_OR_RETURN(
                shared_.tls,
                detail::TlsContext::Create(
                    shared_.settings.tls_cert_file, shared_.settings.tls_key_file
                )
            );
        }
        UNIBOX_ASSIGN_OR_RETURN(
            const tcp::endpoint endpoint,
            ResolveListen(threads_.front()->loop(), shared_.settings.listen)
        );
        error_code error;
        acceptor_->open(endpoint.protocol(), error);
        if (!error) acceptor_->set_option(tcp::acceptor::reuse_address(true), error);
        if (!error) acceptor_->bind(endpoint, error);
        if (!error) acceptor_->listen(async::asio::socket_base::max_listen_connections, error);
        if (error) {
            return Unavailable("cannot listen on " + TextOf(endpoint) + ": " + error.message());
        }
        address_ = TextOf(acceptor_->local_endpoint());
        Accept();
        for (const auto& thread : threads_) thread->Start();
        running_ = true;
        return {};
    }

    std::string address() const override { return address_; }

    void Drain() override { shared_.draining = true; }

    void StopAccepting() override {
        Drain();
        if (!running_ || accepting_ended_.exchange(true)) return;
        std::promise<void> closed;
        async::asio::post(threads_.front()->loop(), [this, &closed] {
            error_code ignored;
            acceptor_->close(ignored);
            pause_->cancel();
            closed.set_value();
        });
        closed.get_future().wait();
        for (const auto& thread : threads_) thread->CloseIdle();
    }

    void Stop(std::int64_t grace_ms) override {
        if (!running_) return;
        StopAccepting();
        if (!shared_.connections.WaitUntilNone(Millis(grace_ms)) && grace_ms > 0) {
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
    // Connections go round the net threads.
    void Accept() {
        NetThread& thread = *threads_[next_thread_];
        next_thread_ = (next_thread_ + 1) % threads_.size();
        acceptor_->async_accept(
            thread.loop(),
            [this, &thread](error_code error, tcp::socket socket) {
                if (error == async::asio::error::operation_aborted) return;
                if (error) return PauseAccepting(error);
                TakeIn(thread, std::move(socket));
                if (acceptor_->is_open()) Accept();
            }
        );
    }

    // Out of file descriptors, most likely: trying again at once would only burn the CPU.
    void PauseAccepting(error_code error) {
        if (!accept_failed_) {
            obs::Log(obs::Level::kError, "cannot accept", {{"error", error.message()}});
        }
        accept_failed_ = true;
        pause_->expires_after(kAcceptPause);
        pause_->async_wait([this](error_code cancelled) {
            if (!cancelled && acceptor_->is_open()) Accept();
        });
    }

    void TakeIn(NetThread& thread, tcp::socket socket) {
        accept_failed_ = false;
        error_code error;
        const tcp::endpoint peer = socket.remote_endpoint(error);
        if (error) return;  // Gone already.
        Refusal refusal{};
        detail::Client* client = shared_.connections.Take(NetworkOf(peer.address()), &refusal);
        if (client == nullptr) {
            shared_.metrics.CountRefusal(refusal);
            if (!shared_.tls) {
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
        thread.Adopt(std::move(socket), peer.address().to_string(), *client);
    }

    Shared shared_;
    const std::string no_place_;
    std::vector<std::unique_ptr<NetThread>> threads_;
    std::optional<tcp::acceptor> acceptor_;           // First net thread only, once started.
    std::optional<async::asio::steady_timer> pause_;  // Likewise.
    std::size_t next_thread_ = 0;
    bool accept_failed_ = false;
    std::string address_;
    std::atomic<bool> running_{false};
    std::atomic<bool> accepting_ended_{false};
};

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(
    Settings settings, std::vector<Route> routes, obs::Metrics& metrics, std::string listener
) {
    UNIBOX_RETURN_IF_ERROR(CheckSettings(settings));
    UNIBOX_ASSIGN_OR_RETURN(Router router, Router::Create(std::move(routes)));
    auto server = std::make_unique<AsioServer>(
        std::move(settings), std::move(router), metrics, std::move(listener)
    );
    UNIBOX_RETURN_IF_ERROR(server->Listen());
    return std::unique_ptr<Server>(std::move(server));
}

}  // namespace unibox::http
