#include "http/detail/shared.hpp"

#include "obs/accept_log.hpp"
#include "obs/certificate_log.hpp"
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

constexpr std::array<const char*, static_cast<std::size_t>(StreamEnd::kCount)> kStreamEndNames = {
    "whole", "client_gone", "producer_gone", "producer_silent", "write_timeout"};

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
    for (std::size_t i = 0; i < stream_ends_.size(); ++i) {
        stream_ends_[i] = &metrics_.GetCounter(
            "unibox_http_streams_ended_total",
            "Bodies that were sent while they were made, by how they ended.",
            {{"listener", listener_}, {"end", kStreamEndNames[i]}}
        );
    }
    const obs::Labels labels = {{"listener", listener_}};
    sessions_ = &metrics_.GetGauge(
        "unibox_http_sessions", "Connections that speak something else than HTTP.", labels
    );
    connections_ = &metrics_.GetGauge("unibox_http_connections", "Open connections.", labels);
    unanswered_ = &metrics_.GetCounter(
        "unibox_http_unanswered_total", "Requests whose handler gave no answer (500).", labels
    );
    abandoned_ = &metrics_.GetCounter(
        "unibox_http_abandoned_total", "Requests whose client had gone before their answer.", labels
    );
    accept_failures_ = &metrics_.GetCounter(
        "unibox_http_accept_failed_total",
        "Failures of accept(), most likely for want of file descriptors.",
        labels
    );
}

void ServerMetrics::CountRefusal(Refusal refusal) {
    refusals_[static_cast<std::size_t>(refusal)]->Add();
}

void ServerMetrics::TellCertificateChange(const Status& change) {
    obs::TellCertificateChange(
        metrics_, "unibox_http_certificates_total", {{"listener", listener_}}, listener_, change
    );
}

void ServerMetrics::CountConnection(int change) {
    connections_->Add(change);
}

void ServerMetrics::CountSession(int change) {
    sessions_->Add(change);
}

void ServerMetrics::CountStreamEnd(StreamEnd end) {
    stream_ends_[static_cast<std::size_t>(end)]->Add();
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

void ServerMetrics::TellAcceptFailure(const std::string& error, bool first) {
    obs::TellAcceptFailure(*accept_failures_, listener_, error, first);
}

void ServerMetrics::CountAbandoned() {
    abandoned_->Add();
}

void ServerMetrics::CountUnanswered() {
    unanswered_->Add();
}

}  // namespace unibox::http::detail
