#include "rpc/detail/relay_thread.hpp"

#include "async/worker_pool.hpp"
#include "rpc/detail/relay.hpp"

#include <unistd.h>

#include <future>

namespace unibox::rpc::detail {

RelayThread::~RelayThread() {
    Stop();
}

void RelayThread::Start() {
    thread_ = std::thread([this] {
        async::NameThisThread("grpc-relay");
        ArmSweep();
        loop_.run();
    });
}

void RelayThread::Stop() {
    if (!thread_.joinable()) return;
    async::asio::post(loop_, [this] {
        const auto relays = relays_;
        for (const auto& relay : relays) relay->Finish();
        sweep_timer_.cancel();
        work_.reset();
        loop_.stop();
    });
    thread_.join();
}

void RelayThread::StopHandingOver() {
    RunThere([this] { handing_over_ = false; });
}

void RelayThread::CountUntaken() {
    RunThere([this] {
        for (const auto& relay : relays_) relay->CountUntaken();
    });
}

void RelayThread::RunThere(const std::function<void()>& what) {
    if (!thread_.joinable()) return;
    std::promise<void> done;
    async::asio::post(loop_, [&what, &done] {
        what();
        done.set_value();
    });
    done.get_future().wait();
}

void RelayThread::Adopt(async::tcp::socket socket, std::string peer_address, net::Client* client) {
    async::asio::post(
        loop_,
        [this, socket = std::move(socket), address = std::move(peer_address), client]() mutable {
            auto relay =
                std::make_shared<Relay>(*this, std::move(socket), std::move(address), client);
            relay->index = relays_.size();
            relays_.push_back(relay);
            if (client != nullptr) shared_.metrics.CountConnection(1);
            relay->Start();
        }
    );
}

void RelayThread::Remove(Relay& relay) {
    const std::size_t index = relay.index;
    if (index >= relays_.size() || relays_[index].get() != &relay) return;
    std::swap(relays_[index], relays_.back());
    relays_[index]->index = index;
    relays_.pop_back();
    if (relay.holds_place()) shared_.metrics.CountConnection(-1);
}

bool RelayThread::HandOver(int descriptor) {
    if (handing_over_) {
        shared_.hand_over(descriptor);
    } else {
        ::close(descriptor);
    }
    return handing_over_;
}

// A deadline is seen up to kSweepInterval late; in exchange no call ever touches a timer.
void RelayThread::ArmSweep() {
    sweep_timer_.expires_after(kSweepInterval);
    sweep_timer_.async_wait([this](async::error_code error) {
        if (error) return;
        const auto now = std::chrono::steady_clock::now();
        for (std::size_t i = relays_.size(); i > 0; --i) {
            if (i > relays_.size()) continue;  // More than one went away meanwhile.
            const std::shared_ptr<Relay> relay = relays_[i - 1];
            relay->CheckTimes(now);
        }
        ArmSweep();
    });
}

}  // namespace unibox::rpc::detail
