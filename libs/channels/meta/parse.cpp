// Meta's one webhook for WhatsApp, Messenger and Instagram: a POST holds the events of many pages
// and numbers, that is: of many tenants. See README.md beside it.
#include "channels/meta/members.hpp"
#include "channels/meta/meta.hpp"
#include "channels/meta/parts.hpp"

namespace unibox::channels {
namespace {

void ParseEntry(const JsonValue& entry, std::string_view object, ParseSink& sink) {
    if (!entry.IsObject()) return sink.Problem("wrong_type", "entry[] is not an object");
    if (object == "whatsapp_business_account") return ParseWhatsAppEntry(entry, sink);
    if (object == "instagram") return ParseMessengerEntry(entry, v1::PROVIDER_INSTAGRAM, sink);
    ParseMessengerEntry(entry, v1::PROVIDER_MESSENGER, sink);
}

}  // namespace

Result<Parsed> ParseMeta(const WebhookRequest& request) {
    UNIBOX_ASSIGN_OR_RETURN(const auto document, JsonDocument::ParseTolerant(request.body));
    const JsonValue& root = document.root();
    const std::string_view object = root["object"].View();
    if (object != "page" && object != "instagram" && object != "whatsapp_business_account") {
        return InvalidArgument("object is none that Unibox knows").WithField("object");
    }
    if (!root["entry"].IsArray())
        return InvalidArgument("entry is not an array").WithField("entry");
    ParseSink sink;
    for (const auto item : root["entry"].Items()) ParseEntry(JsonValue(item), object, sink);
    CheckMembers(root, MetaBodyTable(), "body", sink);
    return std::move(sink).Take(document.repairs());
}

}  // namespace unibox::channels
