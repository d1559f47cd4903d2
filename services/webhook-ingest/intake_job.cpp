#include "webhook-ingest/intake_job.hpp"

#include "base/utf8.hpp"
#include "obs/log.hpp"

#include <algorithm>

namespace unibox::ingest {
namespace {

constexpr std::size_t kDetailBytesMax = 1'000;
constexpr std::size_t kCharacterBytesMax = 4;  // Of UTF-8: a cut leaves no room for another.

std::string CounterKey(std::string_view provider, std::string_view outcome) {
    return std::string(provider).append(":").append(outcome);
}

}  // namespace

Status TenantOverloaded() {
    return Unavailable("too much of this tenant is on its way").WithReason("TENANT_OVERLOADED");
}

limits::Limit IngestLimitOf(TenantId tenant, const Channel& channel) {
    redis::Bucket bucket;
    bucket.key = "rl:{t:" + tenant.ToString() + "}:ingest";
    bucket.rate_per_s = static_cast<double>(std::max<std::int64_t>(channel.rate_per_s, 1));
    bucket.burst = std::max<std::int64_t>(channel.burst, 1);
    return {"ingest", std::move(bucket)};
}

void Intake::Job::KeepRaw(channels::RawReason reason, std::string_view detail) {
    AddRaw(reason.word(), detail);
}

void Intake::Job::KeepRaw(const channels::Problem& problem) {
    AddRaw(problem.reason, problem.detail);
}

void Intake::Job::AddRaw(std::string_view reason, std::string_view detail) {
    if (raw_reason.empty()) raw_reason = reason;
    if (detail.empty() || raw_detail.size() + kCharacterBytesMax > kDetailBytesMax) return;
    if (!raw_detail.empty()) raw_detail += "; ";
    raw_detail += CleanText(detail);
    raw_detail.resize(CutUtf8(raw_detail, kDetailBytesMax).size());
}

bool Intake::Job::IsSignedBy(const std::optional<Uuid>& app_id) const {
    return app_id && std::find(app_ids.begin(), app_ids.end(), *app_id) != app_ids.end();
}

Intake::Counters::Counters(obs::Metrics& registry)
    : metrics(registry),
      seconds(registry.GetHistogram(
          "unibox_ingest_seconds", "From the request to its answer.", obs::SecondsBuckets()
      )),
      matched_newest(registry.GetCounter(
          "unibox_ingest_secret_matches_total",
          "Signatures by the secret that matched.",
          {{"secret", "newest"}}
      )),
      matched_previous(registry.GetCounter(
          "unibox_ingest_secret_matches_total",
          "Signatures by the secret that matched.",
          {{"secret", "previous"}}
      )),
      other_app(registry.GetCounter(
          "unibox_ingest_other_app_total",
          "Events for a channel of an app that did not sign them; kept in UB_RAW."
      )),
      time_away(registry.GetCounter(
          "unibox_ingest_signed_time_away_total",
          "Webhooks with the right signature, refused since the time they signed is far from ours."
      )) {
    for (const domain::WebhookSource* source : domain::kWebhookSources) {
        const std::string_view provider = source->url_name;
        for (const char* outcome : {"stored", "raw", "unauthenticated", "not_now"}) {
            answered_[CounterKey(provider, outcome)] = &AnsweredCounter(provider, outcome);
        }
    }
}

obs::Counter& Intake::Counters::AnsweredCounter(
    std::string_view provider, std::string_view outcome
) {
    return metrics.GetCounter(
        "unibox_ingest_requests_total",
        "Webhooks by what was answered.",
        {{"provider", std::string(provider)}, {"outcome", std::string(outcome)}}
    );
}

void Intake::Counters::Answered(
    std::string_view provider, std::string_view outcome, double elapsed_s
) {
    const auto known = answered_.find(CounterKey(provider, outcome));
    (known == answered_.end() ? AnsweredCounter(provider, outcome) : *known->second).Add();
    seconds.Observe(elapsed_s);
}

// A provider sends again and again: a line a second tells enough, the counter the rest.
void Intake::Counters::OtherApp(const Job& job, const std::string& route_key, std::int64_t now_ms) {
    other_app.Add();
    const std::int64_t now_s = now_ms / 1000;
    if (other_app_logged_at_s_.exchange(now_s) == now_s) return;
    std::string signers;
    for (const Uuid& app_id : job.app_ids) {
        signers += (signers.empty() ? "" : ", ") + app_id.ToString();
    }
    obs::Log(
        obs::Level::kWarn,
        "an event is for a channel of another app than the one that signed it; it is kept in "
        "UB_RAW",
        {{"provider", job.provider()}, {"route", route_key}, {"signed_by", signers}}
    );
}

void Intake::Counters::TimeAway(const Job& job, const Status& refusal) {
    time_away.Add();
    const std::int64_t now_s = job.receive_time_ms / 1000;
    if (time_away_logged_at_s_.exchange(now_s) == now_s) return;
    obs::Log(
        obs::Level::kWarn,
        "a webhook is signed as it should be, but at another time: a clock is wrong, or it is old",
        {{"provider", job.provider()},
         {"tenant", job.channel ? job.channel->tenant.value : 0},
         {"channel", job.channel ? job.channel->id.ToString() : std::string()},
         {"error", refusal}}
    );
}

void Intake::Counters::Raw(std::string_view provider, std::string_view reason) {
    metrics
        .GetCounter(
            "unibox_ingest_kept_raw_total",
            "Webhooks that were kept whole, by the reason.",
            {{"provider", std::string(provider)}, {"reason", std::string(reason)}}
        )
        .Add();
}

}  // namespace unibox::ingest
