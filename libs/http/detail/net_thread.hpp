// One event loop: the connections it owns, one coarse timer for all their deadlines, and the queue
// through which answers from other threads come back. Thread safety: as said at each method.
#pragma once

#include "async/asio.hpp"
#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "http/detail/shared.hpp"
#include "http/message.hpp"

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace unibox::http::detail {

class Connection;

// Answers on their way to a net thread. Outlives the thread, so that a handler may hold on to its
// Respond for as long as it likes.
class AnswerQueue : public std::enable_shared_from_this<AnswerQueue> {
public:
    explicit AnswerQueue(async::asio::io_context& loop) : loop_(&loop) {}

    // Any thread.
    void Push(std::weak_ptr<Connection> connection, std::uint64_t request_number, Response answer);
    // After it nothing is delivered. Any thread.
    void Close();
    bool OnOwnThread() const { return std::this_thread::get_id() == owner_.load(); }
    void SetOwner(std::thread::id owner) { owner_ = owner; }

private:
    struct Item {
        std::weak_ptr<Connection> connection;
        std::uint64_t request_number;
        Response answer;
    };
    void Deliver();

    std::atomic<std::thread::id> owner_{};
    Mutex mutex_;
    async::asio::io_context* loop_ UNIBOX_GUARDED_BY(mutex_);  // Null once closed.
    std::vector<Item> items_ UNIBOX_GUARDED_BY(mutex_);
    std::vector<Item> delivering_;  // Net thread only; kept for its capacity.
};

class NetThread {
public:
    static constexpr std::size_t kReadBytes = 64 << 10;
    static constexpr std::chrono::milliseconds kSweepInterval{100};

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
    // Any thread: closes connections that wait for a request.
    void CloseIdle();

    // The rest: net thread only.
    void Remove(Connection& connection);
    SteadyTime now() const { return now_; }
    void ReadClock() { now_ = std::chrono::steady_clock::now(); }
    std::span<char> read_buffer() { return read_buffer_; }
    std::string& write_buffer() { return write_buffer_; }
    // Value of the Date field, renewed each second.
    std::string_view date();
    Shared& shared() { return shared_; }
    const std::shared_ptr<AnswerQueue>& answers() const { return answers_; }

private:
    void Run();
    void ArmSweep();
    void Sweep();
    void CloseAll();

    Shared& shared_;
    async::asio::io_context loop_{1};
    async::asio::executor_work_guard<async::asio::io_context::executor_type> work_;
    async::asio::steady_timer sweep_timer_;
    std::shared_ptr<AnswerQueue> answers_;
    std::vector<std::shared_ptr<Connection>> connections_;
    std::array<char, kReadBytes> read_buffer_{};
    std::string write_buffer_;
    std::string date_;
    SteadyTime date_until_{};
    SteadyTime now_{};
    std::thread thread_;
};

}  // namespace unibox::http::detail
