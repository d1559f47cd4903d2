// Everything of webhook-ingest, wired: what main.cpp runs, and tests run in their own process.
// Thread safety: one owner; Start and Stop from the same thread.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "obs/metrics.hpp"
#include "webhook-ingest/config.hpp"

#include <functional>
#include <memory>
#include <string>

namespace unibox::ingest {

class WebhookIngest {
public:
    // Opens nothing but the key file; INVALID_ARGUMENT or NOT_FOUND if that cannot be used.
    // `metrics` and `clock` must outlive the object.
    static Result<std::unique_ptr<WebhookIngest>> Create(
        const Config& config, const Clock& clock, obs::Metrics& metrics
    );
    ~WebhookIngest();
    WebhookIngest(const WebhookIngest&) = delete;
    WebhookIngest& operator=(const WebhookIngest&) = delete;

    // Neither NATS nor PostgreSQL need be there: until they are, webhooks are answered 503.
    // FAILED_PRECONDITION if NATS is there and cannot take messages as large as events may be.
    Status Start();
    // Both after Start. UNAVAILABLE if a listener is dead: see rpc::Server::Alive.
    Status Alive() const;
    // The stop has begun, requests are still taken: health says so, answers close connections.
    void AnnounceStop();
    // Finishes what is in flight, at most `grace`.
    void Stop(Millis grace = Millis(5'000));

    std::string http_address() const;
    std::string grpc_address() const;

private:
    struct Parts;
    explicit WebhookIngest(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace unibox::ingest
