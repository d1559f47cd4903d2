#include "webhook-ingest/intake.hpp"

#include "base/utf8.hpp"
#include "channels/address.hpp"
#include "channels/complete.hpp"
#include "channels/verify_reason.hpp"
#include "crypto/random.hpp"
#include "http/problem.hpp"
#include "limits/fields.hpp"
#include "webhook-ingest/flows.hpp"
#include "webhook-ingest/intake_job.hpp"

#include <set>

namespace unibox::ingest {
namespace {

using domain::Signature;

bool IsGone(const Status& status) {
    return status.code() == Code::kNotFound;
}

// By the URL of another source a channel's token opens nothing.
bool IsServedBy(v1::Provider provider, const domain::WebhookSource& source) {
    const domain::ProviderTraits* row = domain::FindProvider(provider);
    return row != nullptr && &row->source == &source;
}

http::Response Empty(int status) {
    http::Response response;
    response.status = status;
    return response;
}

// One answer for a wrong signature and for an unknown token: nobody learns which tokens exist.
http::Response SignatureRefused() {
    return http::ProblemOf(401, "SIGNATURE_INVALID", "the signature does not fit this channel");
}

}  // namespace

Intake::Intake(
    IntakeSettings settings,
    CachedDirectory& directory,
    auth::Authenticator& authenticator,
    EventPublisher& events,
    nats::Publisher& publisher,
    limits::Limiter& limiter,
    async::FairPool& body_pool,
    const Clock& clock,
    obs::Metrics& metrics
)
    : settings_(std::move(settings)),
      directory_(directory),
      authenticator_(authenticator),
      events_(events),
      publisher_(publisher),
      limiter_(limiter),
      body_pool_(body_pool),
      clock_(clock),
      shares_(settings_.in_flight_msgs_max, settings_.in_flight_bytes_max),
      counters_(std::make_unique<Counters>(metrics)),
      dummy_secret_(crypto::NewStandardWebhookSecret()) {}

Intake::~Intake() = default;

Intake::JobPtr Intake::NewJob(
    std::shared_ptr<http::Request> request, const channels::Adapter& adapter, http::Respond respond
) {
    auto job = std::make_shared<Job>(adapter);
    job->begun = clock_.Steady();
    job->deadline = job->begun + Millis(settings_.deadline_ms);
    job->receive_time_ms = clock_.UnixMillis();
    job->respond = std::move(respond);
    job->path = "/v1/hooks/" + std::string(job->provider());
    job->traceparent = request->traceparent;
    job->webhook.method = request->method;
    job->webhook.path = request->path;
    job->webhook.query = request->query;
    job->webhook.body = request->body;
    job->webhook.content_type = request->Find("content-type").value_or("");
    job->webhook.header = [raw = request.get()](std::string_view name) { return raw->Find(name); };
    job->request = std::move(request);
    return job;
}

bool Intake::Overloaded() const {
    return publisher_.in_flight() >= settings_.in_flight_msgs_max;
}

void Intake::ByToken(
    std::shared_ptr<http::Request> request,
    const channels::Adapter& adapter,
    std::string_view token,
    http::Respond respond
) {
    const JobPtr job = NewJob(std::move(request), adapter, std::move(respond));
    if (Overloaded()) return AnswerNotStored(*job, "OVERLOADED");
    directory_.ByToken(
        token,
        job->request->remote_address,
        [this, job](const Result<ChannelPtr>& found) { OnChannel(job, found); }
    );
}

void Intake::ByApp(
    std::shared_ptr<http::Request> request, const channels::Adapter& adapter, http::Respond respond
) {
    const JobPtr job = NewJob(std::move(request), adapter, std::move(respond));
    if (Overloaded()) return AnswerNotStored(*job, "OVERLOADED");
    directory_.Apps(adapter.source, [this, job](const Result<ProviderAppsPtr>& found) {
        OnApps(job, found);
    });
}

void Intake::OnChannel(const JobPtr& job, const Result<ChannelPtr>& found) {
    if (!found.ok() && !IsGone(found.status())) return AnswerNotStored(*job, "CHANNEL_LOOKUP");
    const bool usable =
        found.ok() && !(*found)->disabled && IsServedBy((*found)->provider, job->adapter.source);
    if (!usable) return RunHereOrInPool(job, [this, job] { RefuseUnknown(*job); });
    job->channel = *found;
    const auto secrets = CachedDirectory::LiveSecrets(*job->channel, job->receive_time_ms);
    if (secrets.empty()) return AnswerNotStored(*job, "SECRET_MISSING");
    job->secrets_incomplete = job->channel->secrets_incomplete;
    RunHereOrInPool(job, [this, job, secrets] { Verify(job, secrets); });
}

void Intake::OnApps(const JobPtr& job, const Result<ProviderAppsPtr>& found) {
    if (!found.ok() && !IsGone(found.status())) return AnswerNotStored(*job, "APP_LOOKUP");
    if (!found.ok()) return RunHereOrInPool(job, [this, job] { RefuseUnknown(*job); });
    job->app_secrets = CachedDirectory::LiveSecrets(**found, job->receive_time_ms);
    if (job->app_secrets.secrets.empty()) return AnswerNotStored(*job, "SECRET_MISSING");
    job->secrets_incomplete = (*found)->secrets_incomplete;
    RunHereOrInPool(job, [this, job] { Verify(job, job->app_secrets.secrets); });
}

void Intake::RunHereOrInPool(const JobPtr& job, std::function<void()> next) {
    if (job->request->body.size() <= settings_.inline_bytes_max) return next();
    RunInPool(job, std::move(next));
}

void Intake::RunInPool(const JobPtr& job, std::function<void()> next) {
    // Whose an app's webhook is nobody knows before it is verified.
    const async::Flow flow =
        job->channel ? FlowOf(job->channel->tenant) : FlowOfNetwork(job->request->remote_address);
    body_pool_.Post(
        flow,
        {.run =
             [this, job, next = std::move(next)] {
                 if (clock_.Steady() < job->deadline) return next();
                 AnswerNotStored(*job, "OVERLOADED");  // Too late: nobody reads another answer.
             },
         .refuse = [this, job] { AnswerNotStored(*job, "OVERLOADED"); }}
    );
}

bool Intake::Verified(Job& job, std::span<const Secret> secrets) {
    const bool own = job.channel && !job.channel->public_base_url.empty();
    const std::string& base = own ? job.channel->public_base_url : settings_.public_base_url;
    std::string url;
    if (job.adapter.source.signature == Signature::kUrlAndFields)
        url = base + std::string(job.request->target);
    const auto matched =
        job.adapter.verify({job.webhook, secrets, std::move(url), job.receive_time_ms});
    if (!matched.ok()) {
        if (matched.status().reason() == channels::kSignedTimeAway) {
            counters_->TimeAway(job, matched.status());
        }
        return false;
    }
    bool newest = *matched == 0;
    if (!job.channel) {
        AppSecrets::Holders& holders = job.app_secrets.holders[*matched];
        newest = holders.newest;
        job.app_ids = std::move(holders.app_ids);
    }
    (newest ? counters_->matched_newest : counters_->matched_previous).Add();
    return true;
}

void Intake::Verify(const JobPtr& job, std::span<const Secret> secrets) {
    if (!Verified(*job, secrets)) {
        if (job->secrets_incomplete) return AnswerNotStored(*job, "SECRET_MISSING");
        return Answer(*job, "unauthenticated", SignatureRefused());
    }
    CheckRate(job);
}

void Intake::ParseAndRoute(const JobPtr& job) {
    auto parsed = job->adapter.parse(job->webhook);
    if (!parsed.ok()) {
        if (job->adapter.source.sender_reads_errors) {
            return Answer(*job, "invalid", http::ProblemOf(parsed.status()));
        }
        job->KeepRaw("unparseable", parsed.status().message());
        return Store(job);
    }
    for (const channels::Problem& problem : parsed->problems) {
        job->KeepRaw(problem);
    }
    job->events = std::move(parsed->events);
    if (job->channel) return RouteByChannel(job);
    accounts_.Resolve(job->events);
    RouteByKeys(job, false);
}

void Intake::CheckRate(const JobPtr& job) {
    if (!job->adapter.source.sender_reads_errors || !job->channel) return ParseAndRoute(job);
    const Channel& channel = *job->channel;
    limiter_.Take(
        {IngestLimitOf(channel.tenant, channel)},
        [this, job](const limits::Verdict& verdict) {
            job->told = {
                {limits::kRateLimitPolicy, limits::PolicyField(verdict)},
                {limits::kRateLimit, limits::StateField(verdict)}};
            if (!verdict.allowed) {
                return Answer(*job, "over_rate", http::ProblemOf(limits::RefusalOf(verdict)));
            }
            // Not here: all answers of Redis wait for this thread.
            RunInPool(job, [this, job] { ParseAndRoute(job); });
        }
    );
}

void Intake::RouteByChannel(const JobPtr& job) {
    const Channel& channel = *job->channel;
    for (channels::ProviderEvent& event : job->events) {
        if (!channels::TakesByUrl(channel.provider, channel.route_key, &event)) {
            job->KeepRaw("unknown_route", event.route_key);
            continue;
        }
        job->completed.push_back(channels::Complete(
            std::move(event), channel.tenant, channel.id, job->receive_time_ms, job->traceparent
        ));
    }
    job->events.clear();
    Store(job);
}

void Intake::RouteByKeys(const JobPtr& job, bool alternative) {
    std::set<RouteKey> wanted;
    for (const channels::ProviderEvent& event : job->events) {
        if (event.route_key.empty()) continue;
        const v1::Provider provider = alternative ? event.alternative_provider : event.provider;
        if (provider != v1::PROVIDER_UNSPECIFIED) wanted.insert({provider, event.route_key});
    }
    std::vector<RouteKey> routes(wanted.begin(), wanted.end());
    if (routes.empty()) {
        OnRoutes(job, alternative, routes, {});
        return;
    }
    directory_.ByRoutes(
        job->app_ids.front(),
        routes,
        [this, job, alternative, routes](const std::vector<Result<ChannelPtr>>& found) {
            OnRoutes(job, alternative, routes, found);
        }
    );
}

void Intake::OnRoutes(
    const JobPtr& job,
    bool alternative,
    const std::vector<RouteKey>& routes,
    const std::vector<Result<ChannelPtr>>& found
) {
    std::vector<channels::ProviderEvent> left;
    bool try_alternative = false;
    for (channels::ProviderEvent& event : job->events) {
        const v1::Provider provider = alternative ? event.alternative_provider : event.provider;
        const auto at =
            std::lower_bound(routes.begin(), routes.end(), RouteKey{provider, event.route_key});
        const bool asked =
            at != routes.end() && at->provider == provider && at->key == event.route_key;
        if (!asked) {
            left.push_back(std::move(event));
            continue;
        }
        const auto& channel = found[static_cast<std::size_t>(at - routes.begin())];
        if (channel.ok() && !job->IsSignedBy((*channel)->app_id)) {
            job->KeepRaw("other_app", event.route_key);
            counters_->OtherApp(*job, event.route_key, job->receive_time_ms);
        } else if (channel.ok() && !(*channel)->disabled) {
            event.provider = provider;
            job->completed.push_back(channels::Complete(
                std::move(event),
                (*channel)->tenant,
                (*channel)->id,
                job->receive_time_ms,
                job->traceparent
            ));
        } else if (!channel.ok() && !IsGone(channel.status())) {
            job->failure = channel.status();
        } else {
            try_alternative |= event.alternative_provider != v1::PROVIDER_UNSPECIFIED;
            left.push_back(std::move(event));
        }
    }
    job->events = std::move(left);
    if (try_alternative && !alternative) return RouteByKeys(job, true);
    for (const auto& event : job->events) {
        const bool of_account = channels::AccountRoutes::IsNotice(event);
        job->KeepRaw(
            "unknown_route", of_account ? "account " + event.account_key : event.route_key
        );
    }
    Store(job);
}

void Intake::Store(const JobPtr& job) {
    if (job->completed.empty()) return StoreRaw(job);
    const auto loads = WindowShares::LoadsOf(job->completed);
    if (!shares_.TryTake(loads)) {
        job->failure = TenantOverloaded();
        return StoreRaw(job);
    }
    const auto on_outcome = [this, job, loads](const EventPublisher::Outcome& outcome) {
        shares_.Release(loads);
        if (!outcome.status.ok()) job->failure = outcome.status;
        if (outcome.too_large_count > 0) job->KeepRaw("too_large", "event over max_payload");
        StoreRaw(job);
    };
    events_.Publish(std::move(job->completed), job->deadline, on_outcome);
}

// Known tenants' events are stored by now; what is left of the webhook is kept, if anything is.
void Intake::StoreRaw(const JobPtr& job) {
    if (job->raw_reason.empty() || !job->failure.ok()) return OnStored(job, {});
    event::v1::RawWebhook raw;
    raw.set_provider(std::string(job->provider()));
    raw.set_path(job->path);
    raw.set_reason(job->raw_reason);
    raw.set_detail(job->raw_detail);
    if (job->channel) {
        raw.set_tenant_id(job->channel->tenant.value);
        raw.set_channel_id(job->channel->id.value.ToBytes());
    }
    for (const Uuid& app_id : job->app_ids) raw.add_app_ids(app_id.ToBytes());
    raw.set_method(std::string(job->webhook.method));
    if (job->adapter.source.signature == Signature::kIdTimeAndBody) {
        raw.set_webhook_id(std::string(channels::StandardWebhookId(job->webhook)));
    }
    raw.set_body(job->request->body);
    // What is not UTF-8 would make the record unreadable. A query is ASCII.
    raw.set_content_type(CleanText(job->webhook.content_type));
    raw.set_query(std::string(job->request->query));
    raw.set_receive_time_ms(job->receive_time_ms);
    counters_->Raw(job->provider(), job->raw_reason);
    events_.PublishRaw(
        std::move(raw),
        job->deadline,
        [this, job](const EventPublisher::Outcome& outcome) { OnStored(job, outcome); }
    );
}

void Intake::OnStored(const JobPtr& job, const EventPublisher::Outcome& outcome) {
    const Status& failure = job->failure.ok() ? outcome.status : job->failure;
    if (!failure.ok()) {
        const std::string& reason = failure.reason();
        return AnswerNotStored(*job, reason.empty() ? CodeName(failure.code()) : reason);
    }
    Answer(*job, job->raw_reason.empty() ? "stored" : "raw", Empty(200));
}

void Intake::CheckUrl(
    std::shared_ptr<http::Request> request,
    const channels::Adapter& adapter,
    std::string_view token,
    http::Respond respond
) {
    const JobPtr job = NewJob(std::move(request), adapter, std::move(respond));
    const auto answer = [this, job](std::span<const Secret> verify_tokens, bool incomplete) {
        auto challenge = job->adapter.check_url(job->request->query, verify_tokens);
        if (!challenge.ok() && incomplete) return AnswerNotStored(*job, "SECRET_MISSING");
        if (!challenge.ok()) {
            return Answer(
                *job,
                "handshake_refused",
                http::ProblemOf(403, "VERIFY_TOKEN_INVALID", "the verify token is not right")
            );
        }
        Answer(*job, "handshake", {200, "text/plain", std::move(*challenge), {}});
    };
    if (token.empty()) {
        directory_.Apps(adapter.source, [this, job, answer](const Result<ProviderAppsPtr>& found) {
            if (!found.ok() && !IsGone(found.status())) return AnswerNotStored(*job, "APP_LOOKUP");
            if (!found.ok()) return answer({}, false);
            answer((*found)->verify_tokens, (*found)->verify_tokens_incomplete);
        });
        return;
    }
    directory_.ByToken(
        token,
        job->request->remote_address,
        [this, job, answer, secret = Secret(std::string(token))](const Result<ChannelPtr>& found) {
            if (!found.ok() && !IsGone(found.status()))
                return AnswerNotStored(*job, "CHANNEL_LOOKUP");
            const bool known = found.ok() && !(*found)->disabled;
            answer({&secret, known ? 1U : 0U}, false);
        }
    );
}

void Intake::Answer(Job& job, std::string_view outcome, http::Response response) {
    const std::chrono::duration<double> elapsed = clock_.Steady() - job.begun;
    counters_->Answered(job.provider(), outcome, elapsed.count());
    for (http::Header& field : job.told) response.headers.push_back(std::move(field));
    job.respond(std::move(response));
}

void Intake::RefuseUnknown(Job& job) {
    (void)job.adapter.verify(
        {job.webhook, {&dummy_secret_, 1}, settings_.public_base_url, job.receive_time_ms}
    );
    Answer(job, "unauthenticated", SignatureRefused());
}

void Intake::AnswerNotStored(Job& job, std::string_view reason) {
    counters_->metrics
        .GetCounter(
            "unibox_ingest_unstored_total",
            "Webhooks answered 503, by the reason.",
            {{"provider", std::string(job.provider())}, {"reason", std::string(reason)}}
        )
        .Add();
    // The reason is for operators; the caller can only repeat.
    Answer(
        job,
        "not_now",
        http::ProblemOf(503, "NOT_STORED", "not stored: send it again")
            .WithHeader("Retry-After", std::to_string(settings_.retry_after_s))
    );
}

}  // namespace unibox::ingest
