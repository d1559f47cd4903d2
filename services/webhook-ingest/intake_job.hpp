// One webhook on its way through Intake, and the metrics of all of them. Internal to ingest*.cpp.
// Thread safety: a Job is touched by one step at a time; Counters from any thread.
#pragma once

#include "channels/adapter.hpp"
#include "channels/raw_reason.hpp"
#include "webhook-ingest/intake.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::ingest {

struct Intake::Job {
    explicit Job(const channels::Adapter& the_adapter) : adapter(the_adapter) {}

    std::string_view provider() const { return adapter.source.url_name; }

    const channels::Adapter& adapter;
    std::shared_ptr<http::Request> request;
    channels::WebhookRequest webhook;  // Views into `request`.
    std::string path;                  // Without the channel token.
    http::Respond respond;
    std::string traceparent;
    std::int64_t receive_time_ms = 0;
    SteadyTime begun{};
    SteadyTime deadline{};

    ChannelPtr channel;         // Of the token; null on an app's route.
    AppSecrets app_secrets;     // On an app's route.
    std::vector<Uuid> app_ids;  // On an app's route: whose secret signed it.
    // There are secrets that could not be unsealed: a signature that matches none may be good.
    bool secrets_incomplete = false;
    std::vector<channels::ProviderEvent> events;  // Whose channel is not known yet.
    std::vector<event::v1::InboundEvent> completed;
    std::string raw_reason;  // Of the first one; not empty: the body goes to UB_RAW.
    std::string raw_detail;
    Status failure;                  // Something cannot be known now: 503 in the end.
    std::vector<http::Header> told;  // Fields of the answer: the tenant's rate, where it counts.

    void KeepRaw(channels::RawReason reason, std::string_view detail);
    void KeepRaw(const channels::Problem& problem);
    bool IsSignedBy(const std::optional<Uuid>& app_id) const;

private:
    void AddRaw(std::string_view reason, std::string_view detail);
};

// Of a tenant that has its share of the publisher's window on its way.
Status TenantOverloaded();

// The rate of a tenant's API channels, of all together.
limits::Limit IngestLimitOf(TenantId tenant, const Channel& channel);

struct Intake::Counters {
    explicit Counters(obs::Metrics& metrics);

    // A stable word for each kind of answer.
    void Answered(std::string_view provider, std::string_view outcome, double seconds);
    void Raw(std::string_view provider, std::string_view reason);

    // An event whose route belongs to a channel of another app than those that signed.
    void OtherApp(const Job& job, const std::string& route_key, std::int64_t now_ms);

    // A webhook that is signed as it should be, at a time that is too far from ours.
    void TimeAway(const Job& job, const Status& refusal);

    obs::Metrics& metrics;
    obs::Histogram& seconds;
    obs::Counter& matched_newest;
    obs::Counter& matched_previous;
    obs::Counter& other_app;
    obs::Counter& time_away;

private:
    obs::Counter& AnsweredCounter(std::string_view provider, std::string_view outcome);
    std::map<std::string, obs::Counter*, std::less<>> answered_;  // The frequent ones, made ahead.
    std::atomic<std::int64_t> other_app_logged_at_s_{0};
    std::atomic<std::int64_t> time_away_logged_at_s_{0};
};

}  // namespace unibox::ingest
