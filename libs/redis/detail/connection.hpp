// One connection to one server, which it makes again whenever it breaks: commands go out one behind
// the other, and answers come in that order. Thread safety: the I/O thread.
#pragma once

#include "async/asio.hpp"
#include "async/backoff.hpp"
#include "base/secret.hpp"
#include "net/transport.hpp"
#include "obs/outage_log.hpp"
#include "redis/detail/desk.hpp"
#include "redis/detail/endpoints.hpp"
#include "redis/detail/wire.hpp"
#include "redis/settings.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::redis::detail {

// What all connections of a client share.
struct Surroundings {
    Surroundings(const Settings& from, async::asio::io_context& io, ClientMetrics& counts);

    const Settings settings;
    const bool tls;
    async::asio::io_context& loop;
    ClientMetrics& metrics;
    Desk desk;
    obs::OutageLog outages;
    std::array<char, 64 << 10> read_buffer;
};

// What is said first on a connection.
struct Greeting {
    std::string user;
    Secret password;  // Where there is no file.
    std::filesystem::path password_file;
    std::int64_t database = 0;
    bool master_only = false;  // Another one is no success.
};

class Connection;

class ConnectionOwner {
public:
    virtual ~ConnectionOwner() = default;
    virtual void OnUp(Connection& connection) = 0;
    // An attempt failed, or the connection broke; the next attempt comes by itself.
    virtual void OnDown(Connection& connection, const Status& why) = 0;
    // The answer of a request that is still waited for, errors included.
    virtual void OnAnswer(Connection& connection, RequestPtr request, Reply reply) = 0;
};

class Connection : public std::enable_shared_from_this<Connection> {
public:
    // `owner` must live until Close.
    Connection(
        Surroundings& surroundings, Address address, Greeting greeting, ConnectionOwner& owner
    );

    void Start();
    // To another server, at once. What is under way ends as when the connection breaks.
    void Retarget(Address address);
    // For good. Ends what is under way with `why`.
    void Close(const Status& why);

    bool ready() const { return state_ == State::kReady; }
    // The first attempt is not decided: what must go here may wait for it.
    bool may_become_ready() const { return !was_decided_; }
    bool idle() const { return unsent_.empty() && unanswered_.empty(); }
    const Address& address() const { return address_; }

    // When ready, or when it may become so.
    void Enqueue(RequestPtr request);

private:
    enum class State { kWaiting, kConnecting, kGreeting, kReady, kClosed };
    enum class Part { kLogin, kOptional, kNeeded };  // Of the greeting.
    using Socket = std::shared_ptr<async::tcp::socket>;

    void Connect();
    void ConnectTo(const std::vector<async::tcp::endpoint>& endpoints);
    void OnConnected(const async::error_code& error);
    Status OpenTransport();
    Status Greet();
    void Say(const std::vector<std::string>& parts, Part part);
    void OnGreeted(const Reply& reply);
    Status Judge(Part part, const Reply& reply) const;
    void BecomeReady();

    void ArmRead();
    void ArmWrite();
    void ArmTimer(Millis wait);
    void ArmFlush();
    void ArmTick();
    void OnTimer();
    void Tick();
    void Ping();

    // All end early when the connection breaks under way.
    void Read();
    void Consume(std::string_view bytes);
    void OnReply(Reply reply);
    void Flush();
    void Fill();

    // Ends everything of the present attempt, and what is under way.
    void Drop(const Status& why, std::string_view reason_of_unanswered);
    void Fail(const Status& why);

    Surroundings& around_;
    Address address_;
    const Greeting greeting_;
    ConnectionOwner& owner_;

    State state_ = State::kWaiting;
    bool was_decided_ = false;
    std::uint64_t epoch_ = 0;        // Counts the attempts: handlers of an earlier one do nothing.
    std::uint64_t timer_epoch_ = 0;  // The same for the timer.
    async::Backoff backoff_;
    async::asio::steady_timer timer_;
    async::tcp::resolver resolver_;
    Socket socket_;
    std::unique_ptr<net::Transport> transport_;
    std::optional<ReplyReader> reader_;

    std::deque<Part> greeting_left_;  // What is not answered of it.
    std::deque<RequestPtr> unsent_;
    std::deque<RequestPtr> unanswered_;
    std::string out_;  // What the socket has not taken yet begins at sent_.
    std::size_t sent_ = 0;
    bool write_armed_ = false;
    bool flush_armed_ = false;
    SteadyTime ready_since_{};
    // The last sign of life: a byte, or that a full socket took more; or the first command after
    // all were answered.
    SteadyTime silent_since_{};
};

}  // namespace unibox::redis::detail
