// IngestService: the same path for other services, with an API key instead of a signature.
#include "base/strings.hpp"
#include "channels/complete.hpp"
#include "channels/text.hpp"
#include "crypto/random.hpp"
#include "domain/event_key.hpp"
#include "ingest_job.hpp"

#include <future>

namespace unibox::ingest {
namespace {

constexpr std::size_t kIdBytesMax = 255;
constexpr std::size_t kTextBytesMax = 65'536;
// What google.protobuf.Timestamp allows: 0001-01-01 to 9999-12-31.
constexpr std::int64_t kTimestampSecondsMin = -62'135'596'800;
constexpr std::int64_t kTimestampSecondsMax = 253'402'300'799;
constexpr std::int32_t kTimestampNanosMax = 999'999'999;
constexpr std::string_view kScope = "ingest:write";
constexpr std::string_view kBearer = "Bearer ";

Status Invalid(std::string_view field, std::string_view what) {
    return InvalidArgument(std::string(field) + " " + std::string(what)).WithField(field);
}

Status CheckString(const std::string& text, std::string_view field, std::size_t bytes_max) {
    if (text.size() > bytes_max) {
        return Invalid(field, "is longer than " + std::to_string(bytes_max) + " bytes");
    }
    if (text.find('\0') != std::string::npos) return Invalid(field, "holds a NUL");
    if (channels::CleanText(text) != text) return Invalid(field, "is not UTF-8");
    return {};
}

Status CheckId(const std::string& id, std::string_view field, bool required) {
    if (id.empty() && required) return Invalid(field, "is missing");
    return CheckString(id, field, kIdBytesMax);
}

// Waits for an answer that comes by callback; DEADLINE_EXCEEDED if it does not come in time.
template <typename T>
class Answered {
public:
    std::function<void(T)> Callback() {
        return [promise = promise_](T value) { promise->set_value(std::move(value)); };
    }
    Result<T> Wait(SteadyTime deadline) {
        auto future = promise_->get_future();
        if (future.wait_until(deadline) != std::future_status::ready) {
            return DeadlineExceeded("no answer in time; the same request may be repeated");
        }
        return future.get();
    }

private:
    std::shared_ptr<std::promise<T>> promise_ = std::make_shared<std::promise<T>>();
};

// As strict as the same message by webhook: nothing is cut silently.
Status CheckAttachment(const v1::Attachment& attachment, const std::string& field) {
    if (attachment.type() == v1::ATTACHMENT_TYPE_UNSPECIFIED) {
        return Invalid(field + ".type", "is missing");
    }
    const auto check = [&field](const std::string& text, const char* name, std::size_t max) {
        return CheckString(text, field + name, max);
    };
    UNIBOX_RETURN_IF_ERROR(check(attachment.name(), ".name", channels::kNameBytesMax));
    UNIBOX_RETURN_IF_ERROR(check(attachment.mime_type(), ".mime_type", channels::kNameBytesMax));
    UNIBOX_RETURN_IF_ERROR(check(attachment.provider_media_id(), ".provider_media_id", kIdBytesMax)
    );
    UNIBOX_RETURN_IF_ERROR(check(attachment.url(), ".url", channels::kUrlBytesMax));
    if (attachment.size_bytes() < 0) return Invalid(field + ".size_bytes", "is negative");
    return {};
}

Status CheckTime(const google::protobuf::Timestamp& time) {
    if (time.seconds() < kTimestampSecondsMin || time.seconds() > kTimestampSecondsMax ||
        time.nanos() < 0 || time.nanos() > kTimestampNanosMax) {
        return Invalid("create_time", "is not a Timestamp");
    }
    return {};
}

Status CheckRequest(const v1::IngestRequest& request) {
    UNIBOX_RETURN_IF_ERROR(CheckId(request.message_id(), "message_id", true));
    UNIBOX_RETURN_IF_ERROR(CheckId(request.conversation_ref(), "conversation_ref", false));
    UNIBOX_RETURN_IF_ERROR(CheckId(request.contact_id(), "contact_id", true));
    UNIBOX_RETURN_IF_ERROR(CheckId(request.contact_name(), "contact_name", false));
    if (request.text().size() > kTextBytesMax) return Invalid("text", "is over 65536 bytes");
    if (request.attachments_size() > channels::kAttachmentCountMax) {
        return Invalid("attachments", "are more than 64");
    }
    for (int i = 0; i < request.attachments_size(); ++i) {
        const std::string field = "attachments[" + std::to_string(i) + "]";
        UNIBOX_RETURN_IF_ERROR(CheckAttachment(request.attachments(i), field));
    }
    if (request.has_create_time()) UNIBOX_RETURN_IF_ERROR(CheckTime(request.create_time()));
    if (request.text().empty() && request.attachments().empty()) {
        return Invalid("text", "is missing, and there are no attachments");
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
    message.set_text(channels::CleanText(request.text()));
    *message.mutable_attachments() = request.attachments();
    return event;
}

}  // namespace

Status Ingest::Authenticate(std::string_view authorization, SteadyTime deadline, TenantId* tenant) {
    Status refused = Unauthenticated("an API key is needed: authorization: Bearer ubk_...");
    if (!authorization.starts_with(kBearer)) return refused;
    const std::string_view key = authorization.substr(kBearer.size());
    if (!crypto::LooksLikeApiKey(key)) return refused;
    Answered<Result<ApiKeyPtr>> answered;
    endpoints_.ByApiKey(key, answered.Callback());
    UNIBOX_ASSIGN_OR_RETURN(const Result<ApiKeyPtr> found, answered.Wait(deadline));
    if (found.status().code() == Code::kNotFound) return refused;
    if (!found.ok()) return Unavailable("API keys cannot be looked up now");
    const ApiKey& info = **found;
    if (!info.usable || clock_.UnixMillis() >= info.expires_at_ms) return refused;
    if (std::find(info.scopes.begin(), info.scopes.end(), kScope) == info.scopes.end()) {
        return Status(Code::kPermissionDenied, "the API key lacks the scope ingest:write")
            .WithReason("SCOPE_MISSING");
    }
    *tenant = info.tenant;
    return {};
}

Result<EndpointPtr> Ingest::ChannelOf(
    TenantId tenant, const std::string& channel_id, SteadyTime deadline
) {
    const auto id = Uuid::Parse(channel_id);
    if (!id.ok()) return Invalid("channel_id", "is not a UUID");
    Answered<Result<EndpointPtr>> answered;
    endpoints_.ById(tenant, ChannelId{*id}, answered.Callback());
    UNIBOX_ASSIGN_OR_RETURN(Result<EndpointPtr> found, answered.Wait(deadline));
    if (!found.ok() && found.status().code() != Code::kNotFound) {
        return Unavailable("channels cannot be looked up now");
    }
    if (!found.ok() || (*found)->tenant != tenant || (*found)->disabled) {
        return NotFound("no such channel").WithField("channel_id");
    }
    if ((*found)->provider != v1::PROVIDER_STANDARD) {
        return FailedPrecondition("only channels of provider standard take messages by this call")
            .WithField("channel_id");
    }
    return found;
}

Status Ingest::Call(
    std::string_view authorization,
    std::string traceparent,
    const v1::IngestRequest& request,
    v1::IngestResponse* response
) {
    const SteadyTime begun = clock_.Steady();
    const SteadyTime deadline = begun + Millis(settings_.deadline_ms);
    TenantId tenant;
    UNIBOX_RETURN_IF_ERROR(Authenticate(authorization, deadline, &tenant));
    UNIBOX_RETURN_IF_ERROR(CheckRequest(request));
    UNIBOX_ASSIGN_OR_RETURN(
        const EndpointPtr channel, ChannelOf(tenant, request.channel_id(), deadline)
    );
    const std::int64_t wait_ms = limiter_.Take(tenant, channel->rate_per_s, channel->burst);
    if (wait_ms > 0) {
        return ResourceExhausted("over the tenant's rate")
            .WithReason("OVER_RATE")
            .WithRetryAfter(wait_ms);
    }
    if (Overloaded()) return Unavailable("too much is on its way").WithReason("OVERLOADED");
    channels::ProviderEvent event = EventOf(request);
    UNIBOX_RETURN_IF_ERROR(channels::CheckIdentity(event.event));
    std::vector<event::v1::InboundEvent> events;
    events.push_back(channels::Complete(
        std::move(event), tenant, channel->channel, clock_.UnixMillis(), std::move(traceparent)
    ));
    UNIBOX_ASSIGN_OR_RETURN(const Uuid message_id, Uuid::FromBytes(events.front().message_id()));
    Answered<EventPublisher::Outcome> answered;
    events_.Publish(std::move(events), deadline, answered.Callback());
    // The publisher keeps the deadline; a little more is for its answer to get here.
    UNIBOX_ASSIGN_OR_RETURN(
        const EventPublisher::Outcome outcome, answered.Wait(deadline + Millis(500))
    );
    const std::chrono::duration<double> elapsed = clock_.Steady() - begun;
    counters_->Answered("grpc", outcome.status.ok() ? "stored" : "not_now", elapsed.count());
    if (outcome.too_large_count > 0) return Invalid("attachments", "are too large together");
    if (!outcome.status.ok()) return Unavailable("not stored; repeat the same request");
    response->set_message_id(message_id.ToString());
    response->set_duplicate(outcome.duplicate_count > 0);
    return {};
}

}  // namespace unibox::ingest
