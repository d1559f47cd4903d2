// IngestService: the same path for other services, with an API key instead of a signature. Like a
// webhook a call holds no thread: each step goes on in the callback of the one before.
#include "auth/scopes.hpp"
#include "base/encoding.hpp"
#include "channels/complete.hpp"
#include "channels/standard/rules.hpp"
#include "domain/event_key.hpp"
#include "limits/fields.hpp"
#include "webhook-ingest/flows.hpp"
#include "webhook-ingest/intake_job.hpp"

namespace unibox::ingest {
namespace {

using channels::Need;

// What google.protobuf.Timestamp allows: up to 9999-12-31.
constexpr std::int64_t kTimestampSecondsMax = 253'402'300'799;
constexpr std::int32_t kTimestampNanosMax = 999'999'999;

// A location of a protobuf says nothing when it says 0 and 0: no place is not a place in the sea.
Status CheckAttachment(const v1::Attachment& attachment, const std::string& field) {
    UNIBOX_RETURN_IF_ERROR(channels::CheckStandardAttachment(attachment, field, "provider_media_id")
    );
    const bool nowhere = attachment.type() == v1::ATTACHMENT_TYPE_LOCATION &&
                         attachment.latitude() == 0 && attachment.longitude() == 0;
    return nowhere ? channels::RefuseField(field + ".latitude", "is missing") : Status();
}

Status CheckTime(const google::protobuf::Timestamp& time) {
    if (time.seconds() > kTimestampSecondsMax || time.nanos() < 0 ||
        time.nanos() > kTimestampNanosMax) {
        return channels::RefuseField("create_time", "is not a Timestamp");
    }
    return channels::CheckStandardTime(time.seconds(), "create_time");
}

Status CheckRequest(const v1::IngestRequest& request) {
    const auto check_id = channels::CheckStandardId;
    UNIBOX_RETURN_IF_ERROR(check_id(request.message_id(), "message_id", Need::kRequired));
    UNIBOX_RETURN_IF_ERROR(check_id(request.conversation_ref(), "conversation_ref", Need::kOptional)
    );
    UNIBOX_RETURN_IF_ERROR(check_id(request.contact_id(), "contact_id", Need::kRequired));
    UNIBOX_RETURN_IF_ERROR(
        channels::CheckStandardText(request.contact_name(), "contact_name", channels::kNameBytesMax)
    );
    UNIBOX_RETURN_IF_ERROR(
        channels::CheckStandardText(request.text(), "text", channels::kStandardTextBytesMax)
    );
    UNIBOX_RETURN_IF_ERROR(
        channels::CheckStandardAttachmentCount(request.attachments_size(), "attachments")
    );
    for (int i = 0; i < request.attachments_size(); ++i) {
        const std::string field = "attachments[" + std::to_string(i) + "]";
        UNIBOX_RETURN_IF_ERROR(CheckAttachment(request.attachments(i), field));
    }
    if (request.has_create_time()) UNIBOX_RETURN_IF_ERROR(CheckTime(request.create_time()));
    if (request.text().empty() && request.attachments().empty()) {
        return channels::RefuseField("text", "is missing, and there are no attachments");
    }
    return {};
}

std::int64_t MillisOf(const google::protobuf::Timestamp& time) {
    return time.seconds() * 1000 + time.nanos() / 1'000'000;
}

channels::ProviderEvent EventOf(const v1::IngestRequest& request) {
    channels::ProviderEvent event;
    event.provider = v1::PROVIDER_STANDARD;
    event.key_class = domain::kClassMessage;
    event.event.set_provider_id(request.message_id());
    event.event.set_contact_key(request.contact_id());
    event.event.set_contact_name(request.contact_name());
    const bool own_thread = !request.conversation_ref().empty();
    event.event.set_thread_key(own_thread ? request.conversation_ref() : request.contact_id());
    if (request.has_create_time()) {
        event.event.set_provider_time_ms(MillisOf(request.create_time()));
    }
    auto& message = *event.event.mutable_message();
    message.set_direction(v1::DIRECTION_INBOUND);
    message.set_kind(v1::MESSAGE_KIND_TEXT);
    message.set_text(request.text());
    *message.mutable_attachments() = request.attachments();
    return event;
}

// A stable word for the metric.
std::string_view OutcomeOf(const Status& status) {
    switch (status.code()) {
        case Code::kOk:
            return "stored";
        case Code::kUnauthenticated:
        case Code::kPermissionDenied:
            return "unauthenticated";
        case Code::kResourceExhausted:
            return "over_rate";
        case Code::kUnavailable:
            return "not_now";
        case Code::kDeadlineExceeded:
        case Code::kCancelled:
            return "too_late";
        default:
            return "invalid";
    }
}

}  // namespace

struct Intake::CallJob {
    rpc::Call call;
    const v1::IngestRequest& request;
    v1::IngestResponse& response;
    rpc::Finish finish;
    SteadyTime begun{};
    SteadyTime deadline{};
    TenantId tenant;
};

void Intake::Call(
    rpc::Call call,
    const v1::IngestRequest& request,
    v1::IngestResponse& response,
    rpc::Finish finish
) {
    const SteadyTime begun = clock_.Steady();
    const SteadyTime deadline = std::min(call.deadline, begun + Millis(settings_.deadline_ms));
    const auto job = std::make_shared<CallJob>(CallJob{
        std::move(call), request, response, std::move(finish), begun, deadline, TenantId()});
    authenticator_.Check(
        {job->call.authorization, job->call.peer_address},
        auth::kScopeIngestWrite,
        [this, job](const Result<auth::Principal>& caller) {
            const Status step = OnCaller(job, caller);
            if (!step.ok()) EndCall(*job, step);
        }
    );
}

Status Intake::StillWanted(const CallJob& job) const {
    if (job.call.is_cancelled && job.call.is_cancelled()) {
        return Status(Code::kCancelled, "the client has gone; nothing was stored");
    }
    if (clock_.Steady() < job.deadline) return {};
    return DeadlineExceeded("too late; nothing was stored, the same request may be repeated");
}

Status Intake::OnCaller(const CallJobPtr& job, const Result<auth::Principal>& caller) {
    UNIBOX_RETURN_IF_ERROR(StillWanted(*job));
    if (!caller.ok()) return caller.status();
    job->tenant = caller->tenant;
    UNIBOX_RETURN_IF_ERROR(CheckRequest(job->request));
    const auto id = Uuid::Parse(job->request.channel_id());
    if (!id.ok()) return channels::RefuseField("channel_id", "is not a UUID");
    directory_.ById(job->tenant, ChannelId{*id}, [this, job](const Result<ChannelPtr>& channel) {
        const Status step = OnCallChannel(job, channel);
        if (!step.ok()) EndCall(*job, step);
    });
    return {};
}

Status Intake::OnCallChannel(const CallJobPtr& job, const Result<ChannelPtr>& found) {
    UNIBOX_RETURN_IF_ERROR(StillWanted(*job));
    if (!found.ok() && found.status().code() != Code::kNotFound) {
        return Unavailable("channels cannot be looked up now").WithReason("CHANNEL_LOOKUP");
    }
    if (!found.ok() || (*found)->tenant != job->tenant || (*found)->disabled) {
        return NotFound("no such channel of this tenant, or it is disabled")
            .WithReason("CHANNEL_NOT_FOUND")
            .WithField("channel_id");
    }
    const Channel& channel = **found;
    if (channel.provider != v1::PROVIDER_STANDARD) {
        return FailedPrecondition("only channels of provider standard take messages by this call")
            .WithReason("CHANNEL_NOT_STANDARD")
            .WithField("channel_id");
    }
    limiter_.Take(
        {IngestLimitOf(job->tenant, channel)},
        [this, job, id = channel.id](const limits::Verdict& verdict) {
            OnCallRate(job, verdict, id);
        }
    );
    return {};
}

void Intake::OnCallRate(const CallJobPtr& job, const limits::Verdict& verdict, ChannelId channel) {
    rpc::AnswerFields& told = *job->call.answer_fields;
    told.emplace_back(limits::kRateLimitPolicy, limits::PolicyField(verdict));
    told.emplace_back(limits::kRateLimit, limits::StateField(verdict));
    if (!verdict.allowed) return EndCall(*job, limits::RefusalOf(verdict));
    // Not here: all answers of Redis wait for this thread.
    body_pool_.Post(
        FlowOf(job->tenant),
        {.run =
             [this, job, channel] {
                 const Status step = StoreCall(job, channel);
                 if (!step.ok()) EndCall(*job, step);
             },
         .refuse =
             [this, job] {
                 EndCall(*job, Unavailable("too much is on its way").WithReason("OVERLOADED"));
             }}
    );
}

Status Intake::StoreCall(const CallJobPtr& job, ChannelId channel) {
    UNIBOX_RETURN_IF_ERROR(StillWanted(*job));
    if (Overloaded()) return Unavailable("too much is on its way").WithReason("OVERLOADED");
    channels::ProviderEvent event = EventOf(job->request);
    UNIBOX_RETURN_IF_ERROR(channels::CheckIdentity(event.event));
    std::vector<event::v1::InboundEvent> events;
    events.push_back(channels::Complete(
        std::move(event), job->tenant, channel, clock_.UnixMillis(), job->call.traceparent
    ));
    job->response.set_event_key(HexEncode(events.front().event_key()));
    const auto loads = WindowShares::LoadsOf(events);
    if (!shares_.TryTake(loads)) return TenantOverloaded();
    events_.Publish(
        std::move(events),
        job->deadline,
        [this, job, loads](const EventPublisher::Outcome& outcome) {
            shares_.Release(loads);
            OnCallStored(*job, outcome);
        }
    );
    return {};
}

void Intake::OnCallStored(CallJob& job, const EventPublisher::Outcome& outcome) {
    if (outcome.too_large_count > 0) {
        return EndCall(job, channels::RefuseField("attachments", "are too large together"));
    }
    if (!outcome.status.ok() && clock_.Steady() >= job.call.deadline) {
        return EndCall(
            job, DeadlineExceeded("not acknowledged in time; the same request may be repeated")
        );
    }
    if (!outcome.status.ok()) {
        return EndCall(
            job, Unavailable("not stored; repeat the same request").WithReason("NOT_STORED")
        );
    }
    job.response.set_duplicate(outcome.duplicate_count > 0);
    EndCall(job, {});
}

void Intake::EndCall(CallJob& job, Status status) {
    if (status.code() == Code::kInvalidArgument) {
        status = std::move(status).WithReason("VALUE_INVALID");
    }
    const std::chrono::duration<double> elapsed = clock_.Steady() - job.begun;
    counters_->Answered("grpc", OutcomeOf(status), elapsed.count());
    if (!status.ok()) job.response.Clear();
    job.finish(status);
}

}  // namespace unibox::ingest
