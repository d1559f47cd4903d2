#include "http_fixture.hpp"

#include "support/status_matchers.hpp"

#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <iterator>
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
         [held](RequestPtr request, http::PathParams, http::Respond respond) {
             held->Hold(std::move(request), std::move(respond));
         }}
    );
    routes.push_back({"POST", "/hooks/{provider}", 1 << 20, ok});
    routes.push_back({"GET", "/throw", 0, [](RequestPtr, http::PathParams, const http::Respond&) {
                          throw std::runtime_error("a fault");
                      }});
    return routes;
}

}  // namespace

void HeldAnswers::Hold(std::shared_ptr<http::Request> request, http::Respond respond) {
    const MutexLock lock(mutex_);
    held_.push_back(std::move(respond));
    requests_.push_back(std::move(request));
}

std::size_t HeldAnswers::abandoned_count() const {
    const MutexLock lock(mutex_);
    return static_cast<std::size_t>(std::count_if(
        requests_.begin(), requests_.end(), [](const auto& request) { return request->abandoned(); }
    ));
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

HttpFixture::HttpFixture(
    http::Settings settings, std::vector<http::Route> more_routes, const Clock& clock
) {
    std::vector<http::Route> routes = Routes(&held);
    std::move(more_routes.begin(), more_routes.end(), std::back_inserter(routes));
    auto started = http::Server::Start(settings, std::move(routes), clock, metrics);
    REQUIRE_OK(started);
    server = std::move(started).value();
}

HttpFixture::~HttpFixture() {
    server->Stop(Millis(0));
}

double HttpFixture::Gauge(const std::string& name) {
    return metrics.GetGauge(name, "", {{"listener", "http"}}).Get();
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

CannedServer::CannedServer(const std::string& answer)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(socket_, any, bytes) == 0);
    REQUIRE(::listen(socket_, 1) == 0);
    REQUIRE(::getsockname(socket_, any, &bytes) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, answer] { Serve(answer); });
}

CannedServer::~CannedServer() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
}

void CannedServer::Serve(const std::string& answer) const {
    const int peer = ::accept(socket_, nullptr, nullptr);
    if (peer < 0) return;
    std::string request;
    char buffer[4096];
    while (request.find("\r\n\r\n") == std::string::npos) {
        const ssize_t count = ::recv(peer, buffer, sizeof buffer, 0);
        if (count <= 0) break;
        request.append(buffer, static_cast<std::size_t>(count));
    }
    std::string_view left = answer;
    while (!left.empty()) {
        const ssize_t count = ::send(peer, left.data(), left.size(), MSG_NOSIGNAL);
        if (count <= 0) break;
        left.remove_prefix(static_cast<std::size_t>(count));
    }
    ::close(peer);
}

}  // namespace unibox::test
