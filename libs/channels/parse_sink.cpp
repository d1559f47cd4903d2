#include "channels/parse_sink.hpp"

#include "base/utf8.hpp"
#include "channels/complete.hpp"
#include "channels/text.hpp"

namespace unibox::channels {
namespace {

constexpr std::size_t kNestedNameBytesMax = 100;  // Objects further down stay JSON.

}  // namespace

void ParseSink::Add(ProviderEvent&& event) {
    if (++event_count_ > kEventCountMax) return parsed_.events.clear();
    if (const Status status = CheckIdentity(event.event); !status.ok()) {
        return Problem("missing_field", status.message());
    }
    if (CutToLimits(event.event))
        Problem("partly_understood", "a field was over its limit and was cut");
    parsed_.events.push_back(std::move(event));
}

void ParseSink::Problem(RawReason reason, std::string_view detail) {
    const std::string clean = CleanText(detail);
    const std::string_view told = CutUtf8(clean, kProblemDetailBytesMax);
    for (const auto& known : parsed_.problems) {
        if (known.reason == reason.word() && known.detail == told) return;
    }
    if (parsed_.problems.size() == kProblemCountMax) return;
    parsed_.problems.push_back({std::string(reason.word()), std::string(told)});
}

Result<Parsed> ParseSink::Take(const JsonRepairs& repairs) && {
    if (event_count_ > kEventCountMax) {
        return InvalidArgument(
                   "more than " + std::to_string(kEventCountMax) + " events in one body"
        )
            .WithField("body");
    }
    if (repairs.depth) Problem("too_deep", "what is nested more than 64 levels deep was left out");
    return std::move(parsed_);
}

ProviderEvent NewEvent(
    v1::Provider provider, std::string route_key, std::string_view key_class, std::string thread_key
) {
    ProviderEvent event;
    event.provider = provider;
    event.route_key = std::move(route_key);
    event.key_class = key_class;
    event.event.set_provider(provider);
    event.event.set_contact_key(thread_key);
    event.event.set_thread_key(std::move(thread_key));
    return event;
}

void SetAttribute(event::v1::ControlBody& control, std::string_view name, std::string value) {
    if (!value.empty()) (*control.mutable_attributes())[std::string(name)] = std::move(value);
}

void SetAttribute(
    event::v1::ControlBody& control, const std::string& name, const JsonValue& value
) {
    if (value.IsObject() && name.size() <= kNestedNameBytesMax) {
        SetAttributes(control, value, name + "_");
    } else if (value.IsString() || value.IsNumber()) {
        SetAttribute(control, name, value.Text());
    } else if (value.IsSaid() || value.IsBool()) {
        SetAttribute(control, name, value.Json());
    }
}

void SetAttributes(
    event::v1::ControlBody& control, const JsonValue& object, std::string_view prefix
) {
    for (const auto& member : object.Members()) {
        SetAttribute(control, std::string(prefix) + SnakeCase(member.key), JsonValue(member.value));
    }
}

void SetContext(v1::MessageContext&& context, event::v1::MessageBody& body) {
    if (context.ByteSizeLong() > 0) *body.mutable_context() = std::move(context);
}

void SetUnsupported(event::v1::MessageBody& message, std::string_view type) {
    message.set_kind(v1::MESSAGE_KIND_UNSUPPORTED);
    message.set_text(type.empty() ? "unknown" : CleanText(type));
}

}  // namespace unibox::channels
