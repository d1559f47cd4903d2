#include "http_fixture.hpp"

#include "base/assert.hpp"
#include "base/strings.hpp"
#include "support/status_matchers.hpp"

#include <poll.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <sys/socket.h>

#include <stdexcept>

namespace unibox::test {
namespace {

using RequestPtr = std::shared_ptr<http::Request>;

std::vector<http::Route> Routes(HeldAnswers* held) {
    const auto ok = [](RequestPtr, http::PathParams, const http::Respond& respond) {
        respond({200, "", "", {}});
    };
    std::vector<http::Route> routes;
    routes.push_back(
        {"POST",
         "/echo",
         1000,
         [](const RequestPtr& request, http::PathParams, const http::Respond& respond) {
             respond({200, "text/plain", request->body, {}});
         }}
    );
    routes.push_back(
        {"POST",
         "/big",
         8 << 20,
         [](const RequestPtr& request, http::PathParams, const http::Respond& respond) {
             respond({200, "text/plain", std::to_string(request->body.size()), {}});
         }}
    );
    routes.push_back(
        {"GET",
         "/get",
         0,
         [](RequestPtr, http::PathParams, const http::Respond& respond) {
             respond({200, "text/plain", "got", {}});
         }}
    );
    routes.push_back(
        {"GET",
         "/large",
         0,
         [](RequestPtr, http::PathParams, const http::Respond& respond) {
             respond({200, "text/plain", std::string(8 << 20, 'x'), {}});
         }}
    );
    routes.push_back(
        {"POST",
         "/held",
         8 << 20,
         [held](RequestPtr, http::PathParams, http::Respond respond) {
             held->Hold(std::move(respond));
         }}
    );
    routes.push_back({"POST", "/hooks/{provider}", 1 << 20, ok});
    routes.push_back({"GET", "/throw", 0, [](RequestPtr, http::PathParams, const http::Respond&) {
                          throw std::runtime_error("a fault");
                      }});
    return routes;
}

}  // namespace

void HeldAnswers::Hold(http::Respond respond) {
    const MutexLock lock(mutex_);
    held_.push_back(std::move(respond));
}

std::size_t HeldAnswers::count() const {
    const MutexLock lock(mutex_);
    return held_.size();
}

void HeldAnswers::Release(const std::string& body) {
    std::vector<http::Respond> released;
    {
        const MutexLock lock(mutex_);
        released.swap(held_);
    }
    for (const http::Respond& respond : released) respond({200, "text/plain", body, {}});
}

void HeldAnswers::DropAll() {
    const MutexLock lock(mutex_);
    held_.clear();
}

HttpFixture::HttpFixture(http::Settings settings) {
    auto started = http::Server::Start(settings, Routes(&held), metrics);
    REQUIRE_OK(started);
    server = std::move(started).value();
}

HttpFixture::~HttpFixture() {
    server->Stop(0);
}

double HttpFixture::Refused(const std::string& reason) {
    return metrics
        .GetCounter(
            "unibox_http_refused_total",
            "Connections and requests refused before any handler.",
            {{"listener", "http"}, {"reason", reason}}
        )
        .Get();
}

RawSocket::RawSocket(const std::string& address) {
    const std::size_t colon = address.rfind(':');
    sockaddr_in peer{};
    peer.sin_family = AF_INET;
    peer.sin_port = htons(static_cast<std::uint16_t>(*ParseInt64(address.substr(colon + 1))));
    UNIBOX_ASSERT(inet_pton(AF_INET, address.substr(0, colon).c_str(), &peer.sin_addr) == 1);
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    UNIBOX_ASSERT(socket_ >= 0);
    const auto* generic = static_cast<const sockaddr*>(static_cast<const void*>(&peer));
    UNIBOX_ASSERT(::connect(socket_, generic, sizeof peer) == 0);
}

RawSocket::~RawSocket() {
    ::close(socket_);
}

bool RawSocket::Send(std::string_view data) {
    while (!data.empty()) {
        const ssize_t count = ::send(socket_, data.data(), data.size(), MSG_NOSIGNAL);
        if (count <= 0) return false;
        data.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

void RawSocket::FinishSending() {
    ::shutdown(socket_, SHUT_WR);
}

std::string RawSocket::ReadUntil(std::string_view text, std::chrono::milliseconds timeout) {
    std::string received;
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (text.empty() || received.find(text) == std::string::npos) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now()
        );
        pollfd ready{socket_, POLLIN, 0};
        if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) <= 0) break;
        char buffer[16384];
        const ssize_t count = ::recv(socket_, buffer, sizeof buffer, 0);
        if (count <= 0) break;
        received.append(buffer, static_cast<std::size_t>(count));
    }
    return received;
}

bool RawSocket::ReadToEnd(std::string* received, std::chrono::milliseconds timeout) {
    *received = ReadUntil({}, timeout);
    pollfd ready{socket_, POLLIN, 0};
    char byte = 0;
    return ::poll(&ready, 1, 0) > 0 && ::recv(socket_, &byte, 1, MSG_PEEK) <= 0;
}

int StatusOf(std::string_view text) {
    if (!text.starts_with("HTTP/1.1 ") || text.size() < 12) return 0;
    return static_cast<int>(ParseInt64(text.substr(9, 3)).value_or(0));
}

std::size_t CountOf(std::string_view text, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos;
         at = text.find(part, at + part.size())) {
        ++count;
    }
    return count;
}

}  // namespace unibox::test
