// One event loop with the relays it owns and one coarse timer for all their deadlines.
// Thread safety: as said at each method.
#pragma once

#include "async/asio.hpp"
#include "base/clock.hpp"
#include "rpc/detail/shared.hpp"

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace unibox::rpc::detail {

class Relay;

class RelayThread {
public:
    static constexpr std::size_t kReadBytes = 64 << 10;
    static constexpr std::chrono::milliseconds kSweepInterval{200};

    explicit RelayThread(Shared& shared) : shared_(shared) {}
    ~RelayThread();
    RelayThread(const RelayThread&) = delete;
    RelayThread& operator=(const RelayThread&) = delete;

    void Start();
    // Finishes all connections and joins. Not from the thread itself.
    void Stop();
    // From now on no connection is handed over to gRPC; returns when none is being handed over.
    void StopHandingOver();
    // Makes all relays tell Shared::untaken how they stand; returns when they have.
    void CountUntaken();
    async::asio::io_context& loop() { return loop_; }
    // Any thread: takes over a connection from this address. `client`: whose place it holds; null
    // for a connection of our own.
    void Adopt(async::tcp::socket socket, std::string peer_address, net::Client* client);

    // The rest: the thread itself only.
    void Remove(Relay& relay);
    bool HandOver(int descriptor);
    std::span<char> read_buffer() { return read_buffer_; }
    std::string& scratch() { return scratch_; }
    Shared& shared() { return shared_; }

private:
    // On the thread, if it runs; returns when it is done.
    void RunThere(const std::function<void()>& what);
    void ArmSweep();

    Shared& shared_;
    async::asio::io_context loop_{1};
    async::asio::executor_work_guard<async::asio::io_context::executor_type> work_{
        loop_.get_executor()};
    async::asio::steady_timer sweep_timer_{loop_};
    std::vector<std::shared_ptr<Relay>> relays_;
    std::array<char, kReadBytes> read_buffer_{};
    std::string scratch_;
    bool handing_over_ = true;
    std::thread thread_;
};

}  // namespace unibox::rpc::detail
