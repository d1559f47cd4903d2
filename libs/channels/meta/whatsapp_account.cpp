// What Meta says of a business account and its numbers, of no message and no contact.
// See README.md beside it.
#include "channels/meta/parts.hpp"
#include "channels/text.hpp"
#include "domain/event_key.hpp"

namespace unibox::channels {

std::string Digits(std::string_view number) {
    std::string digits;
    for (const char c : number) {
        if (c >= '0' && c <= '9') digits += c;
    }
    return digits;
}

void AddWhatsAppNotice(const JsonValue& entry, const JsonValue& change, ParseSink& sink) {
    const JsonValue value = change["value"];
    const std::string route =
        FirstText({value["phone_number_id"].Text(), value["metadata"]["phone_number_id"].Text()});
    ProviderEvent event = NewEvent(v1::PROVIDER_WHATSAPP, route, domain::kClassControl, "");
    event.account_key = entry["id"].Text();
    event.account_number =
        Digits(FirstText({value["display_phone_number"].Text(), value["phone_number"].Text()}));
    const std::string field = change["field"].Text();
    event.discriminator = field + ":" + entry["time"].Text() + ":" + value.Json();
    event.event.set_provider_time_ms(entry["time"].TimeMs());
    auto& control = *event.event.mutable_control();
    control.set_type(SnakeCase(field));
    control.set_about_channel(true);
    SetAttributes(control, value);
    sink.Add(std::move(event));
}

}  // namespace unibox::channels
