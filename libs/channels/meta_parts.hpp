// The two families of Meta's events. Each takes one entry of a POST and puts its events into the
// sink. Thread safety: pure functions over their arguments.
#pragma once

#include "channels/json.hpp"
#include "channels/parse_sink.hpp"

namespace unibox::channels {

// Objects "page" (provider Messenger) and "instagram".
void ParseMessengerEntry(const JsonValue& entry, v1::Provider provider, ParseSink& sink);
// Object "whatsapp_business_account".
void ParseWhatsAppEntry(const JsonValue& entry, ParseSink& sink);

// Kind, text, payload, attachments and the message answered, of one WhatsApp message of whatever
// type; types that cannot be read are named (MESSAGE_KIND_UNSUPPORTED): false.
bool ReadWhatsAppContent(const JsonValue& message, event::v1::MessageBody& body);

}  // namespace unibox::channels
