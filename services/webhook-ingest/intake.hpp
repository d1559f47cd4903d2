// The use case: a webhook comes in, is it authentic, whose is it, what does it say; store that;
// answer. Nothing here waits: each step goes on in the callback of the one before.
//
// Answers: 200 stored (empty body), also when the body was kept in UB_RAW because it was authentic
// but not understood or its route has no tenant; 401 bad signature or unknown channel token (the
// same answer); 403 wrong verify token; where the sender reads errors (domain/provider.hpp) 400
// with the field and 429 over the tenant's rate (libs/limits); 503 with Retry-After when something
// could not be stored or known in time.
// Thread safety: any thread.
#pragma once

#include "async/fair_pool.hpp"
#include "auth/authenticator.hpp"
#include "base/clock.hpp"
#include "channels/account_routes.hpp"
#include "channels/adapter.hpp"
#include "http/router.hpp"
#include "limits/limiter.hpp"
#include "obs/metrics.hpp"
#include "rpc/dispatch.hpp"
#include "unibox/v1/ingest_service.pb.h"
#include "webhook-ingest/cached_directory.hpp"
#include "webhook-ingest/event_publisher.hpp"
#include "webhook-ingest/window_shares.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace unibox::ingest {

struct IntakeSettings {
    // The URL under which providers reach this service, with its path prefix, without a final
    // slash; a channel may have its own. Twilio signs it.
    std::string public_base_url = "http://127.0.0.1:8080";
    std::int64_t deadline_ms = 1'500;            // From the request to the last PubAck.
    std::int64_t retry_after_s = 5;              // Told with 503.
    std::size_t inline_bytes_max = 64 << 10;     // Larger bodies are verified in the pool.
    std::size_t in_flight_msgs_max = 4'000;      // Messages on their way; above it 503 at once.
    std::size_t in_flight_bytes_max = 16 << 20;  // Their bytes, which tenants share.
};

class Intake {
public:
    // All references must outlive the object; the pool, the authenticator and the limiter's Redis
    // must be stopped before it dies. The pool is for large bodies, and for what goes on once its
    // rate is known: look-ups that hang must not stand in their way. Tenants, and networks of which
    // nothing else is known, have their turns in it.
    Intake(
        IntakeSettings settings,
        CachedDirectory& directory,
        auth::Authenticator& authenticator,
        EventPublisher& events,
        nats::Publisher& publisher,
        limits::Limiter& limiter,
        async::FairPool& body_pool,
        const Clock& clock,
        obs::Metrics& metrics
    );
    ~Intake();
    Intake(const Intake&) = delete;
    Intake& operator=(const Intake&) = delete;

    // A webhook with a channel's token in its URL.
    void ByToken(
        std::shared_ptr<http::Request> request,
        const channels::Adapter& adapter,
        std::string_view token,
        http::Respond respond
    );
    // A webhook of a provider's app, which may serve many tenants.
    void ByApp(
        std::shared_ptr<http::Request> request,
        const channels::Adapter& adapter,
        http::Respond respond
    );
    // The GET request by which a provider checks a URL (adapter.check_url): an app's, or (`token`
    // not empty) a channel's, whose verify token is the channel token itself.
    void CheckUrl(
        std::shared_ptr<http::Request> request,
        const channels::Adapter& adapter,
        std::string_view token,
        http::Respond respond
    );
    // IngestService.Ingest; `finish` runs once, at the latest about deadline_ms or the call's own
    // deadline from now. Request and response must live until then. Nothing is stored for a call
    // that was cancelled, or whose deadline passed, before it came to that.
    void Call(
        rpc::Call call,
        const v1::IngestRequest& request,
        v1::IngestResponse& response,
        rpc::Finish finish
    );

private:
    struct Job;
    struct CallJob;
    struct Counters;
    using JobPtr = std::shared_ptr<Job>;
    using CallJobPtr = std::shared_ptr<CallJob>;

    JobPtr NewJob(
        std::shared_ptr<http::Request> request,
        const channels::Adapter& adapter,
        http::Respond respond
    );
    bool Overloaded() const;
    void OnChannel(const JobPtr& job, const Result<ChannelPtr>& found);
    void OnApps(const JobPtr& job, const Result<ProviderAppsPtr>& found);
    // Runs `next` here, or in the pool when the body is large.
    void RunHereOrInPool(const JobPtr& job, std::function<void()> next);
    void RunInPool(const JobPtr& job, std::function<void()> next);
    void Verify(const JobPtr& job, std::span<const Secret> secrets);
    bool Verified(Job& job, std::span<const Secret> secrets);
    void CheckRate(const JobPtr& job);
    void ParseAndRoute(const JobPtr& job);
    void RouteByChannel(const JobPtr& job);
    void RouteByKeys(const JobPtr& job, bool alternative);
    void OnRoutes(
        const JobPtr& job,
        bool alternative,
        const std::vector<RouteKey>& routes,
        const std::vector<Result<ChannelPtr>>& found
    );
    void Store(const JobPtr& job);
    void StoreRaw(const JobPtr& job);
    void OnStored(const JobPtr& job, const EventPublisher::Outcome& outcome);

    void Answer(Job& job, std::string_view outcome, http::Response response);
    void RefuseUnknown(Job& job);
    // 503; `reason` is a stable word for the metric.
    void AnswerNotStored(Job& job, std::string_view reason);

    // The steps of Call; what is not Ok ends it.
    Status StillWanted(const CallJob& job) const;
    Status OnCaller(const CallJobPtr& job, const Result<auth::Principal>& caller);
    Status OnCallChannel(const CallJobPtr& job, const Result<ChannelPtr>& found);
    void OnCallRate(const CallJobPtr& job, const limits::Verdict& verdict, ChannelId channel);
    Status StoreCall(const CallJobPtr& job, ChannelId channel);
    void OnCallStored(CallJob& job, const EventPublisher::Outcome& outcome);
    void EndCall(CallJob& job, Status status);

    const IntakeSettings settings_;
    CachedDirectory& directory_;
    auth::Authenticator& authenticator_;  // Of Call.
    EventPublisher& events_;
    nats::Publisher& publisher_;
    limits::Limiter& limiter_;
    async::FairPool& body_pool_;
    const Clock& clock_;
    WindowShares shares_;
    std::unique_ptr<Counters> counters_;
    channels::AccountRoutes accounts_;
    const Secret dummy_secret_;  // Makes an unknown token cost what a wrong signature costs.
};

}  // namespace unibox::ingest
