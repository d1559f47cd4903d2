#include "rpc/detail/acceptor.hpp"

#include "async/listener.hpp"
#include "net/client_network.hpp"
#include "obs/certificate_log.hpp"
#include "rpc/detail/peer_name.hpp"
#include "rpc/detail/relay_thread.hpp"

#include <atomic>
#include <utility>
#include <vector>

namespace unibox::rpc::detail {
namespace {

using async::tcp;

class RelayAcceptor final : public Acceptor {
public:
    RelayAcceptor(const Settings& settings, obs::Metrics& metrics)
        : shared_(settings, metrics), registry_(metrics) {
        for (int i = 0; i < settings.net_thread_count; ++i) {
            threads_.push_back(std::make_unique<RelayThread>(shared_));
        }
        listener_ = std::make_unique<async::Listener>(async::LoopsOf(threads_), MakeHooks());
    }
    ~RelayAcceptor() override { Stop(); }
    RelayAcceptor(const RelayAcceptor&) = delete;
    RelayAcceptor& operator=(const RelayAcceptor&) = delete;

    Status Listen() {
        UNIBOX_RETURN_IF_ERROR(CheckPeerNames());
        UNIBOX_ASSIGN_OR_RETURN(
            shared_.credentials,
            net::Credentials::Create(
                {shared_.settings.tls, kAlpn},
                [this](const Status& change) {
                    obs::TellCertificateChange(
                        registry_, "unibox_rpc_certificates_total", {}, "grpc", change
                    );
                }
            )
        );
        return listener_->Listen(shared_.settings.listen);
    }

    void Start(HandOver hand_over) override {
        shared_.hand_over = std::move(hand_over);
        listener_->Start();
        for (const auto& thread : threads_) thread->Start();
        accepting_ = true;
        running_ = true;
    }

    std::string address() const override { return listener_->address(); }
    std::int64_t connection_count() const override { return shared_.connections.Count(); }
    void ExpectOwn(std::uint16_t port) override { own_port_ = port; }

    void StopAccepting() override {
        if (!accepting_.exchange(false)) return;
        listener_->CloseAndWait();
        for (const auto& thread : threads_) thread->StopHandingOver();
    }

    bool WaitUntilTaken(SteadyTime until) override {
        shared_.finishing = true;
        for (const auto& thread : threads_) thread->CountUntaken();
        return shared_.untaken.WaitUntilNone(until);
    }
    bool WaitUntilNone(Millis wait) override { return shared_.connections.WaitUntilNone(wait); }

    void Stop() override {
        StopAccepting();
        if (!running_.exchange(false)) return;
        for (const auto& thread : threads_) thread->Stop();
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

    void TakeIn(RelayThread& thread, tcp::socket socket, const tcp::endpoint& peer) {
        async::error_code error;
        const bool is_own = own_port_ != 0 && peer.port() == own_port_ &&
                            peer.address() == socket.local_endpoint(error).address();
        std::string address = peer.address().to_string();
        if (is_own) return thread.Adopt(std::move(socket), std::move(address), nullptr);
        net::NoPlace why{};
        net::Client* client = shared_.connections.Take(net::NetworkOf(address), &why);
        if (client == nullptr) return shared_.metrics.CountRefused(why);
        thread.Adopt(std::move(socket), std::move(address), client);
    }

    Shared shared_;
    obs::Metrics& registry_;
    std::vector<std::unique_ptr<RelayThread>> threads_;
    std::unique_ptr<async::Listener> listener_;  // First thread only, once started.
    std::atomic<std::uint16_t> own_port_{0};
    std::atomic<bool> accepting_{false};
    std::atomic<bool> running_{false};
};

}  // namespace

Result<std::unique_ptr<Acceptor>> Acceptor::Listen(
    const Settings& settings, obs::Metrics& metrics
) {
    auto acceptor = std::make_unique<RelayAcceptor>(settings, metrics);
    UNIBOX_RETURN_IF_ERROR(acceptor->Listen());
    return std::unique_ptr<Acceptor>(std::move(acceptor));
}

}  // namespace unibox::rpc::detail
