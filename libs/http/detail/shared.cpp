#include "http/detail/shared.hpp"

#include "obs/metrics.hpp"

#include <algorithm>

namespace unibox::http::detail {
namespace {

constexpr std::array<const char*, static_cast<std::size_t>(Refusal::kCount)> kRefusalNames = {
    "connection_count",
    "connection_count_of_client",
    "bad_head",
    "no_route",
    "body_too_large",
    "bad_body",
    "content_encoding",
    "head_timeout",
    "body_timeout",
    "handler_timeout",
    "in_flight_requests",
    "in_flight_bytes",
    "in_flight_bytes_of_client",
};

}  // namespace

ServerMetrics::ServerMetrics(
    obs::Metrics& metrics, std::string listener, const std::vector<Route>& routes
)
    : metrics_(metrics), listener_(std::move(listener)) {
    const auto add = [this](std::string label) {
        auto of_route = std::make_unique<OfRoute>();
        of_route->label = std::move(label);
        of_route->seconds = &metrics_.GetHistogram(
            "unibox_http_request_seconds",
            "From the end of the head to the start of the answer.",
            obs::SecondsBuckets(),
            {{"listener", listener_}, {"route", of_route->label}}
        );
        routes_.push_back(std::move(of_route));
    };
    for (const Route& route : routes) add(route.method + " " + route.pattern);
    add("none");
    for (std::size_t i = 0; i < refusals_.size(); ++i) {
        refusals_[i] = &metrics_.GetCounter(
            "unibox_http_refused_total",
            "Connections and requests refused before any handler.",
            {{"listener", listener_}, {"reason", kRefusalNames[i]}}
        );
    }
    const obs::Labels labels = {{"listener", listener_}};
    connections_ = &metrics_.GetGauge("unibox_http_connections", "Open connections.", labels);
    unanswered_ = &metrics_.GetCounter(
        "unibox_http_unanswered_total", "Requests whose handler gave no answer (500).", labels
    );
}

void ServerMetrics::CountRefusal(Refusal refusal) {
    refusals_[static_cast<std::size_t>(refusal)]->Add();
}

void ServerMetrics::CountConnection(int change) {
    connections_->Add(change);
}

void ServerMetrics::CountResponse(std::size_t route_index, int status, double seconds) {
    OfRoute& of_route = *routes_[route_index];
    const std::size_t slot = std::min(static_cast<std::size_t>(status), kStatusCount - 1);
    obs::Counter* counter = of_route.by_status[slot].load(std::memory_order_acquire);
    if (counter == nullptr) {
        counter = &metrics_.GetCounter(
            "unibox_http_requests_total",
            "Answered requests.",
            {{"listener", listener_}, {"route", of_route.label}, {"status", std::to_string(status)}}
        );
        of_route.by_status[slot].store(counter, std::memory_order_release);
    }
    counter->Add();
    of_route.seconds->Observe(seconds);
}

void ServerMetrics::CountUnanswered() {
    unanswered_->Add();
}

Client* ConnectionCounts::Take(const std::string& client_network, Refusal* refusal) {
    const MutexLock lock(mutex_);
    if (count_ >= count_max_) {
        *refusal = Refusal::kConnectionCount;
        return nullptr;
    }
    Client& client = clients_[client_network];
    if (per_client_max_ > 0 && client.connection_count >= per_client_max_) {
        *refusal = Refusal::kConnectionCountOfClient;
        return nullptr;
    }
    if (client.connection_count == 0) client.network = client_network;
    ++client.connection_count;
    ++count_;
    return &client;
}

void ConnectionCounts::Release(Client& client) {
    const MutexLock lock(mutex_);
    if (--client.connection_count == 0) clients_.erase(std::string(client.network));
    if (--count_ == 0) none_left_.notify_all();
}

std::int64_t ConnectionCounts::Count() const {
    const MutexLock lock(mutex_);
    return count_;
}

bool ConnectionCounts::WaitUntilNone(std::chrono::milliseconds wait) {
    const auto until = std::chrono::steady_clock::now() + wait;
    const MutexLock lock(mutex_);
    while (count_ > 0) {
        if (none_left_.wait_until(mutex_, until) == std::cv_status::timeout) return count_ == 0;
    }
    return true;
}

}  // namespace unibox::http::detail
