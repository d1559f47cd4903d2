// Twilio: SMS, WhatsApp, their status callbacks, and status callbacks of calls.
// See README.md beside it.
#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "base/utf8.hpp"
#include "channels/json.hpp"
#include "channels/parse_sink.hpp"
#include "channels/text.hpp"
#include "channels/times.hpp"
#include "channels/twilio/members.hpp"
#include "channels/twilio/signature.hpp"
#include "channels/twilio/twilio.hpp"
#include "domain/event_key.hpp"

#include <array>

namespace unibox::channels {
namespace {

constexpr int kMediaCountMax = 64;
constexpr std::int64_t kMediaIndexMax = 1000;  // A higher one is no index.
constexpr std::string_view kMediaUrl = "MediaUrl";

enum class StatusFate { kReceipt, kIgnored, kUnknown };
struct StatusWord {
    std::string_view word;
    StatusFate fate;
    v1::DeliveryState state;
};
constexpr std::array<StatusWord, 12> kStatusWords = {{
    {"sent", StatusFate::kReceipt, v1::DELIVERY_STATE_SENT},
    {"delivered", StatusFate::kReceipt, v1::DELIVERY_STATE_DELIVERED},
    {"partially_delivered", StatusFate::kReceipt, v1::DELIVERY_STATE_DELIVERED},
    {"read", StatusFate::kReceipt, v1::DELIVERY_STATE_READ},
    {"undelivered", StatusFate::kReceipt, v1::DELIVERY_STATE_FAILED},
    {"failed", StatusFate::kReceipt, v1::DELIVERY_STATE_FAILED},
    {"canceled", StatusFate::kReceipt, v1::DELIVERY_STATE_FAILED},
    // Not on its way yet: there is no lower state than SENT.
    {"accepted", StatusFate::kIgnored, v1::DELIVERY_STATE_UNSPECIFIED},
    {"scheduled", StatusFate::kIgnored, v1::DELIVERY_STATE_UNSPECIFIED},
    {"queued", StatusFate::kIgnored, v1::DELIVERY_STATE_UNSPECIFIED},
    {"sending", StatusFate::kIgnored, v1::DELIVERY_STATE_UNSPECIFIED},
    {"", StatusFate::kUnknown, v1::DELIVERY_STATE_UNSPECIFIED},
}};

StatusWord FindStatus(std::string_view word) {
    for (const StatusWord& known : kStatusWords) {
        if (known.word == word) return known;
    }
    return kStatusWords.back();
}

v1::AttachmentType AttachmentTypeOf(std::string_view mime_type) {
    if (mime_type.starts_with("image/")) return v1::ATTACHMENT_TYPE_IMAGE;
    if (mime_type.starts_with("video/")) return v1::ATTACHMENT_TYPE_VIDEO;
    if (mime_type.starts_with("audio/")) return v1::ATTACHMENT_TYPE_AUDIO;
    if (mime_type == "text/vcard" || mime_type == "text/x-vcard")
        return v1::ATTACHMENT_TYPE_CONTACT;
    return v1::ATTACHMENT_TYPE_FILE;
}

// "MediaUrl" of "MediaUrl0".
std::string_view WithoutNumber(std::string_view name) {
    while (!name.empty() && name.back() >= '0' && name.back() <= '9') name.remove_suffix(1);
    return name;
}

class FormParser {
public:
    FormParser(const FormFields& fields, bool in_query, ParseSink& sink)
        : fields_(fields), in_query_(in_query), sink_(sink) {}

    void Run();

private:
    std::string Text(std::string_view name) const {
        return CleanText(FindField(fields_, name).value_or(""));
    }
    bool Event();
    void CheckParameters();
    std::string MessageSid() const;
    ProviderEvent New(
        std::string_view key_class, const std::string& customer, const std::string& ours
    ) const;
    void SetAliases(event::v1::InboundEvent& event) const;
    void Message();
    int MediaCount() const;
    void Media(event::v1::MessageBody& body);
    void Location(event::v1::MessageBody& body);
    void Context(event::v1::MessageBody& body);
    void Status(const std::string& word);
    void Call();
    void DebuggerEvent();

    const FormFields& fields_;
    bool in_query_;
    ParseSink& sink_;
};

std::string FormParser::MessageSid() const {
    for (const std::string_view name : {"MessageSid", "SmsSid", "SmsMessageSid"}) {
        if (std::string sid = Text(name); !sid.empty()) return sid;
    }
    return {};
}

void FormParser::Run() {
    if (Event()) CheckParameters();
}

void FormParser::CheckParameters() {
    for (const auto& [name, value] : fields_) {
        const std::string_view base = WithoutNumber(name);
        // A query may hold parameters of whoever entered the URL; Twilio's begin with a capital.
        const bool ours = in_query_ && (base.empty() || base[0] < 'A' || base[0] > 'Z');
        if (value.empty() || ours || TwilioParameterTable().Find(base) != nullptr) continue;
        sink_.Problem("partly_understood", CleanText(base).substr(0, 60) + " is not known");
    }
}

// False: it is of no kind that is known.
bool FormParser::Event() {
    if (!MessageSid().empty()) {
        std::string status = Text("MessageStatus");
        if (status.empty()) status = Text("SmsStatus");
        const bool inbound = status.empty() || status == "received" || status == "receiving";
        if (inbound) {
            Message();
        } else {
            Status(status);
        }
        return true;
    }
    const bool call = !Text("CallSid").empty();
    if (call) Call();
    const bool debugger = !call && !Text("Level").empty() && !Text("Sid").empty();
    if (debugger) DebuggerEvent();
    if (call || debugger) return true;
    const bool message =
        FindField(fields_, "Body").has_value() || FindField(fields_, "MessageStatus").has_value();
    sink_.Problem(
        message ? RawReason("missing_field") : RawReason("unknown_event"),
        message ? "MessageSid is missing" : "neither MessageSid nor CallSid"
    );
    return false;
}

ProviderEvent FormParser::New(
    std::string_view key_class, const std::string& customer, const std::string& ours
) const {
    return NewEvent(v1::PROVIDER_TWILIO, Text("AccountSid") + "/" + ours, key_class, customer);
}

// WhatsApp through Twilio: the user id beside the phone number, in Twilio's form of an address.
void FormParser::SetAliases(event::v1::InboundEvent& event) const {
    const std::string user_id = Text("ExternalUserId");
    if (!user_id.empty() && user_id != event.contact_key()) event.add_contact_aliases(user_id);
}

void FormParser::Message() {
    ProviderEvent event = New(domain::kClassMessage, Text("From"), Text("To"));
    SetAliases(event.event);
    event.event.set_provider_id(MessageSid());
    event.event.set_contact_name(Text("ProfileName"));
    auto& body = *event.event.mutable_message();
    body.set_direction(v1::DIRECTION_INBOUND);
    body.set_kind(v1::MESSAGE_KIND_TEXT);
    body.set_text(Text("Body"));
    body.set_payload(FirstText(
        {Text("ButtonPayload"), Text("ListId"), Text("FlowData"), Text("InteractiveData")}
    ));
    if (body.text().empty()) body.set_text(Text("ButtonText"));
    if (body.text().empty()) body.set_text(Text("ListTitle"));
    body.set_reply_to_provider_id(Text("OriginalRepliedMessageSid"));
    Media(body);
    Location(body);
    Context(body);
    if (body.text().empty() && body.payload().empty() && body.attachments_size() == 0) {
        const std::string type = Text("MessageType");
        if (!type.empty() && type != "text") {
            SetUnsupported(body, type);
            sink_.Problem("partly_understood", "MessageType " + type);
        }
    }
    sink_.Add(std::move(event));
}

// As many as NumMedia says, or as there are URLs: neither alone is to be trusted.
int FormParser::MediaCount() const {
    std::int64_t count = ParseInt64(Text("NumMedia")).value_or(0);
    for (const auto& [name, value] : fields_) {
        if (!name.starts_with(kMediaUrl) || value.empty()) continue;
        const auto index = ParseInt64(std::string_view(name).substr(kMediaUrl.size()));
        if (index && *index < kMediaIndexMax) count = std::max(count, *index + 1);
    }
    return static_cast<int>(std::clamp<std::int64_t>(count, 0, kMediaCountMax + 1));
}

void FormParser::Media(event::v1::MessageBody& body) {
    const int count = MediaCount();
    if (count > kMediaCountMax) sink_.Problem("partly_understood", "more than 64 media");
    for (int i = 0; i < std::min(count, kMediaCountMax); ++i) {
        const std::string index = std::to_string(i);
        const std::string url = Text("MediaUrl" + index);
        if (url.empty()) {
            sink_.Problem("missing_field", "MediaUrl" + index + " is missing");
            continue;
        }
        v1::Attachment& attachment = *body.add_attachments();
        attachment.set_url(url);
        attachment.set_mime_type(Text("MediaContentType" + index));
        attachment.set_type(AttachmentTypeOf(attachment.mime_type()));
        attachment.set_provider_media_id(url.substr(url.rfind('/') + 1));
    }
}

void FormParser::Location(event::v1::MessageBody& body) {
    const std::string latitude_text = Text("Latitude");
    const std::string longitude_text = Text("Longitude");
    if (latitude_text.empty() && longitude_text.empty()) return;
    const auto latitude = ParseDecimal(latitude_text);
    const auto longitude = ParseDecimal(longitude_text);
    if (!latitude || !longitude)
        return sink_.Problem("partly_understood", "Latitude or Longitude is no number");
    v1::Attachment& attachment = *body.add_attachments();
    attachment.set_type(v1::ATTACHMENT_TYPE_LOCATION);
    attachment.set_latitude(*latitude);
    attachment.set_longitude(*longitude);
    attachment.set_name(JoinNonEmpty({Text("Label"), Text("Address")}));
}

// What led the customer here, and what the provider says of the message itself.
void FormParser::Context(event::v1::MessageBody& body) {
    v1::MessageContext context;
    context.set_opt_out_type(Text("OptOutType"));
    const bool often = Text("FrequentlyForwarded") == "true";
    if (often || Text("Forwarded") == "true") context.mutable_forward()->set_many_times(often);
    v1::Referral referral;
    referral.set_source_type(Text("ReferralSourceType"));
    referral.set_source_id(Text("ReferralSourceId"));
    referral.set_source_url(Text("ReferralSourceUrl"));
    referral.set_headline(Text("ReferralHeadline"));
    referral.set_body(Text("ReferralBody"));
    referral.set_media_type(
        FirstText({Text("ReferralMediaContentType"), Text("ReferralMediaContentType0")})
    );
    referral.set_media_url(FirstText({Text("ReferralMediaUrl"), Text("ReferralMediaUrl0")}));
    referral.set_click_id(Text("ReferralCtwaClid"));
    if (referral.ByteSizeLong() > 0) *context.mutable_referral() = std::move(referral);
    SetContext(std::move(context), body);
}

// Of a message that we sent: the customer is To, our side From.
void FormParser::Status(const std::string& word) {
    const StatusWord status = FindStatus(word);
    if (status.fate == StatusFate::kIgnored) return;
    if (status.fate == StatusFate::kUnknown)
        return sink_.Problem("unknown_event", "MessageStatus " + word);
    ProviderEvent event = New(domain::kClassReceipt, Text("To"), Text("From"));
    SetAliases(event.event);
    event.event.set_provider_id(MessageSid());
    event.discriminator = word;
    auto& receipt = *event.event.mutable_receipt();
    receipt.set_state(status.state);
    if (status.state == v1::DELIVERY_STATE_FAILED) {
        const std::string code = Text("ErrorCode");
        receipt.set_error(code.empty() ? word : code);
    }
    sink_.Add(std::move(event));
}

void FormParser::Call() {
    const bool inbound = Text("Direction").empty() || Text("Direction").starts_with("inbound");
    ProviderEvent event = inbound ? New(domain::kClassControl, Text("From"), Text("To"))
                                  : New(domain::kClassControl, Text("To"), Text("From"));
    const std::string sequence = Text("SequenceNumber");
    event.discriminator =
        Text("CallStatus") + ":" + (sequence.empty() ? Text("Timestamp") : sequence);
    event.event.set_provider_id(Text("CallSid"));
    event.event.set_contact_name(Text("CallerName"));
    event.event.set_provider_time_ms(TextTimeMs(Text("Timestamp")));
    auto& control = *event.event.mutable_control();
    control.set_type("call_status");
    SetAttribute(control, "status", Text("CallStatus"));
    SetAttribute(control, "sequence", sequence);
    SetAttribute(control, "direction", Text("Direction"));
    SetAttribute(control, "duration_s", Text("CallDuration"));
    SetAttribute(control, "recording_url", Text("RecordingUrl"));
    SetAttribute(control, "recording_sid", Text("RecordingSid"));
    SetAttribute(control, "recording_duration_s", Text("RecordingDuration"));
    SetAttribute(control, "forwarded_from", Text("ForwardedFrom"));
    SetAttribute(control, "parent_call_sid", Text("ParentCallSid"));
    SetAttribute(control, "sip_response_code", Text("SipResponseCode"));
    SetAttribute(control, "answered_by", Text("AnsweredBy"));
    SetAttribute(control, "error", Text("ErrorCode"));
    sink_.Add(std::move(event));
}

// What Twilio's debugger tells of the account: errors and warnings of requests, numbers, senders.
void FormParser::DebuggerEvent() {
    ProviderEvent event = NewEvent(v1::PROVIDER_TWILIO, "", domain::kClassControl, "");
    event.event.set_provider_id(Text("Sid"));
    event.event.set_provider_time_ms(TextTimeMs(Text("Timestamp")));
    auto& control = *event.event.mutable_control();
    control.set_about_channel(true);
    const std::string level = SnakeCase(Text("Level"));
    control.set_type(level == "error" ? "channel_error" : "channel_warning");
    SetAttribute(control, "level", level);
    SetAttribute(control, "account_sid", Text("AccountSid"));
    const std::string payload = Text("Payload");
    const auto document = JsonDocument::ParseTolerant(payload);
    if (document.ok()) {
        SetAttributes(control, document->root());
    } else {
        SetAttribute(control, "payload", payload);
    }
    sink_.Add(std::move(event));
}

}  // namespace

Result<Parsed> ParseTwilio(const WebhookRequest& request) {
    ParseSink sink;
    const bool in_query = request.method == "GET";
    if (!in_query && !IsForm(request.content_type)) {
        // JSON products (Conversations, Event Streams): kept, since Unibox has no mapping for
        // them.
        sink.Problem("unknown_event", "a body that is no form");
        return std::move(sink).Take();
    }
    const auto fields = ParseForm(in_query ? request.query : request.body);
    if (!fields.ok()) return InvalidArgument(fields.status().message()).WithField("body");
    FormParser(*fields, in_query, sink).Run();
    return std::move(sink).Take();
}

}  // namespace unibox::channels
