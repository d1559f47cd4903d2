// One event loop: the connections and sessions it owns, one coarse timer for all deadlines of
// connections (a session has none of the server's). Thread safety: as said at each method.
#pragma once

#include "async/asio.hpp"
#include "base/clock.hpp"
#include "http/detail/loop_inbox.hpp"
#include "http/detail/shared.hpp"

#include <array>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace unibox::http::detail {

class Connection;
class SessionConnection;

class NetThread {
public:
    static constexpr std::size_t kReadBytes = 64 << 10;
    static constexpr Millis kSweepInterval{100};
    // How long a client may take nothing of an answer, or of a head, once the stop has begun.
    static constexpr Millis kFarewell{5'000};

    explicit NetThread(Shared& shared);
    ~NetThread();
    NetThread(const NetThread&) = delete;
    NetThread& operator=(const NetThread&) = delete;

    void Start();
    // Closes all connections and joins. Not from the net thread itself.
    void Stop();

    async::asio::io_context& loop() { return loop_; }
    // Any thread: takes over an accepted connection whose place was taken in ConnectionCounts.
    void Adopt(async::tcp::socket socket, std::string address, Client& client);
    // Any thread: the stop has begun. Closes connections that wait for a request, tells sessions,
    // and gives who has vanished no more than kFarewell.
    void BeginStop();

    // The rest: net thread only.
    void Remove(Connection& connection);
    // A connection whose head is out goes on as a session; `received` came behind its request.
    void HandOver(
        Connection& connection,
        std::unique_ptr<SessionConnection> session,
        std::string_view received
    );
    void Remove(SessionConnection& session);
    bool stopping() const { return stopping_; }
    SteadyTime now() const { return now_; }
    void ReadClock() { now_ = shared_.clock.Steady(); }
    std::span<char> read_buffer() { return read_buffer_; }
    std::string& write_buffer() { return write_buffer_; }
    // Value of the Date field, renewed each second.
    std::string_view date();
    Shared& shared() { return shared_; }
    const std::shared_ptr<LoopInbox>& inbox() const { return inbox_; }

private:
    void Run();
    void ArmSweep();
    void Sweep();
    void Forget(Connection& connection);
    void CloseAll();

    Shared& shared_;
    async::asio::io_context loop_{1};
    async::asio::executor_work_guard<async::asio::io_context::executor_type> work_;
    async::asio::steady_timer sweep_timer_;
    std::shared_ptr<LoopInbox> inbox_;
    std::vector<std::shared_ptr<Connection>> connections_;
    std::vector<std::shared_ptr<SessionConnection>> sessions_;
    bool stopping_ = false;
    std::array<char, kReadBytes> read_buffer_{};
    std::string write_buffer_;
    std::string date_;
    SteadyTime date_until_{};
    SteadyTime now_{};
    std::thread thread_;
};

}  // namespace unibox::http::detail
