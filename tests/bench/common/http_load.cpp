#include "bench/common/http_load.hpp"

#include "base/strings.hpp"

#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <optional>
#include <string_view>

namespace unibox::bench {
namespace {

using Time = std::chrono::steady_clock::time_point;

double MillisBetween(Time from, Time to) {
    return std::chrono::duration<double, std::milli>(to - from).count();
}

struct Connection {
    int socket = -1;
    bool busy = false;
    Time due;  // of the request under way
    std::size_t sent_bytes = 0;
    std::size_t request_index = 0;
    std::string answer;
};

struct Answer {
    int status = 0;
    std::size_t total_bytes = 0;
};

// A complete answer at the front of `bytes`, or nothing yet. Understands Content-Length, which all
// contenders send.
std::optional<Answer> ParseAnswer(const std::string& bytes) {
    const std::size_t head_end = bytes.find("\r\n\r\n");
    if (head_end == bytes.npos || bytes.size() < 12) return std::nullopt;
    Answer answer;
    std::from_chars(bytes.data() + 9, bytes.data() + 12, answer.status);
    std::size_t body_bytes = 0;
    std::string_view head = std::string_view(bytes).substr(0, head_end);
    for (const auto line : Split(head, '\n')) {
        const std::size_t colon = line.find(':');
        if (colon == line.npos || !EqualsIgnoreCaseAscii(line.substr(0, colon), "content-length"))
            continue;
        const auto value = TrimSpace(line.substr(colon + 1));
        std::from_chars(value.data(), value.data() + value.size(), body_bytes);
    }
    answer.total_bytes = head_end + 4 + body_bytes;
    if (bytes.size() < answer.total_bytes) return std::nullopt;
    return answer;
}

class Load {
public:
    Load(const LoadSettings& settings, const std::vector<std::string>& requests)
        : settings_(settings), requests_(requests) {
        latencies_ms_.reserve(requests.size());
    }
    ~Load() {
        for (const auto& connection : connections_) {
            if (connection.socket >= 0) close(connection.socket);
        }
        if (epoll_ >= 0) close(epoll_);
    }
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

    Result<LoadResult> Run() {
        epoll_ = epoll_create1(0);
        connections_.resize(static_cast<std::size_t>(settings_.connection_count));
        for (std::size_t i = 0; i < connections_.size(); ++i) UNIBOX_RETURN_IF_ERROR(Open(i));
        start_ = std::chrono::steady_clock::now();
        const Time deadline = start_ + std::chrono::milliseconds(settings_.timeout_ms);
        while (finished_count_ < static_cast<std::int64_t>(requests_.size())) {
            const Time now = std::chrono::steady_clock::now();
            if (now >= deadline) break;
            StartDueRequests(now);
            UNIBOX_RETURN_IF_ERROR(HandleEvents());
        }
        return Summary();
    }

private:
    Status Open(std::size_t index) {
        Connection& connection = connections_[index];
        connection = Connection{};
        connection.socket = socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(settings_.port));
        inet_pton(AF_INET, settings_.host.c_str(), &address.sin_addr);
        if (connect(connection.socket, reinterpret_cast<sockaddr*>(&address), sizeof address) !=
            0) {
            return Unavailable(std::string("connect: ") + std::strerror(errno));
        }
        const int on = 1;
        setsockopt(connection.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = index;
        epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.socket, &event);
        idle_.push_back(index);
        return {};
    }

    Time DueTime(std::size_t request_index, Time now) const {
        if (settings_.requests_per_second <= 0) return now;
        const std::chrono::duration<double> offset(
            static_cast<double>(request_index) / settings_.requests_per_second
        );
        return start_ + std::chrono::duration_cast<Time::duration>(offset);
    }

    void StartDueRequests(Time now) {
        while (!idle_.empty() && next_request_ < requests_.size()) {
            const Time due = DueTime(next_request_, now);
            if (due > now) return;
            Connection& connection = connections_[idle_.back()];
            idle_.pop_back();
            connection.busy = true;
            connection.due = due;
            connection.request_index = next_request_++;
            connection.sent_bytes = 0;
            SendRest(connection);
        }
    }

    // Until the next request is due, if a connection is free for it. Sleeping leaves the processor
    // to who is measured.
    timespec WaitFor(Time now) const {
        constexpr std::chrono::nanoseconds kMax = std::chrono::milliseconds(100);
        std::chrono::nanoseconds wait = kMax;
        if (!idle_.empty() && next_request_ < requests_.size()) {
            wait = std::clamp<std::chrono::nanoseconds>(
                DueTime(next_request_, now) - now, std::chrono::nanoseconds(0), kMax
            );
        }
        return {.tv_sec = 0, .tv_nsec = wait.count()};
    }

    // Requests are small beside the socket buffer, so a blocking send does not wait in practice.
    void SendRest(Connection& connection) {
        const std::string& request = requests_[connection.request_index];
        while (connection.sent_bytes < request.size()) {
            const ssize_t count = send(
                connection.socket,
                request.data() + connection.sent_bytes,
                request.size() - connection.sent_bytes,
                MSG_NOSIGNAL
            );
            if (count <= 0) return;  // The read side reports the loss.
            connection.sent_bytes += static_cast<std::size_t>(count);
        }
    }

    Status HandleEvents() {
        std::array<epoll_event, 256> events;
        const timespec wait = WaitFor(std::chrono::steady_clock::now());
        const int count =
            epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &wait, nullptr);
        for (int i = 0; i < count; ++i) {
            UNIBOX_RETURN_IF_ERROR(
                ReadFrom(static_cast<std::size_t>(events[static_cast<std::size_t>(i)].data.u64))
            );
        }
        return {};
    }

    Status ReadFrom(std::size_t index) {
        Connection& connection = connections_[index];
        std::array<char, 16'384> buffer;
        const ssize_t count = recv(connection.socket, buffer.data(), buffer.size(), 0);
        if (count <= 0) {
            if (connection.busy) {
                ++result_.broken_count;
                ++finished_count_;
            }
            close(connection.socket);
            std::erase(idle_, index);
            return Open(index);
        }
        connection.answer.append(buffer.data(), static_cast<std::size_t>(count));
        if (const auto answer = ParseAnswer(connection.answer)) Finish(index, *answer);
        return {};
    }

    void Finish(std::size_t index, const Answer& answer) {
        Connection& connection = connections_[index];
        latencies_ms_.push_back(MillisBetween(connection.due, std::chrono::steady_clock::now()));
        ++(answer.status / 100 == 2 ? result_.ok_count : result_.refused_count);
        ++finished_count_;
        connection.answer.erase(0, answer.total_bytes);
        connection.busy = false;
        idle_.push_back(index);
    }

    LoadResult Summary() {
        result_.seconds = MillisBetween(start_, std::chrono::steady_clock::now()) / 1000;
        result_.broken_count += static_cast<std::int64_t>(requests_.size()) - finished_count_;
        std::sort(latencies_ms_.begin(), latencies_ms_.end());
        if (!latencies_ms_.empty()) {
            result_.latency_p50_ms = latencies_ms_[latencies_ms_.size() / 2];
            result_.latency_p99_ms = latencies_ms_[latencies_ms_.size() * 99 / 100];
        }
        return result_;
    }

    const LoadSettings& settings_;
    const std::vector<std::string>& requests_;
    std::vector<Connection> connections_;
    std::vector<std::size_t> idle_;
    std::vector<double> latencies_ms_;
    std::size_t next_request_ = 0;
    std::int64_t finished_count_ = 0;
    int epoll_ = -1;
    Time start_;
    LoadResult result_;
};

}  // namespace

Result<LoadResult> RunHttpLoad(
    const LoadSettings& settings, const std::vector<std::string>& requests
) {
    return Load(settings, requests).Run();
}

}  // namespace unibox::bench
