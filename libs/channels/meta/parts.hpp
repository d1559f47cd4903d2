// The two families of Meta's events. Each takes one entry of a POST and puts its events into the
// sink. Thread safety: pure functions over their arguments.
#pragma once

#include "channels/json.hpp"
#include "channels/parse_sink.hpp"

namespace unibox::channels {

// Marks in the tables of fields (members.hpp).
inline constexpr int kMetaMessages = 1;  // Events of customers.
inline constexpr int kMetaNotices = 2;   // Notices about the account or a number.

// Objects "page" (provider Messenger) and "instagram".
void ParseMessengerEntry(const JsonValue& entry, v1::Provider provider, ParseSink& sink);
// Object "whatsapp_business_account".
void ParseWhatsAppEntry(const JsonValue& entry, ParseSink& sink);

// One of a message's attachments; the words of a template become the message's text. False: its
// type is not known, or it says nothing that can be shown.
bool ReadMessengerAttachment(const JsonValue& source, event::v1::MessageBody& body);
// The referral of WhatsApp, Messenger and Instagram.
void ReadReferral(const JsonValue& source, v1::Referral& referral);

// Kind, text, payload, attachments and the message answered, of one WhatsApp message of whatever
// type; types that cannot be read are named (MESSAGE_KIND_UNSUPPORTED): false.
bool ReadWhatsAppContent(const JsonValue& message, event::v1::MessageBody& body);
// How the message came about: an advertisement, a product, forwarded.
void ReadWhatsAppContext(const JsonValue& message, event::v1::MessageBody& body);
// A notice about the account, or about one number of it, as a control event about the channel.
void AddWhatsAppNotice(const JsonValue& entry, const JsonValue& change, ParseSink& sink);
// The digits of a telephone number, however it is written.
std::string Digits(std::string_view number);

}  // namespace unibox::channels
