// WhatsApp Cloud API: entry[].changes[] of field "messages" and "smb_message_echoes".
// See README.md beside it.
#include "channels/meta/members.hpp"
#include "channels/meta/parts.hpp"
#include "channels/text.hpp"
#include "domain/event_key.hpp"

#include <array>

namespace unibox::channels {
namespace {

// One `value` of changes[].
class ValueParser {
public:
    ValueParser(const JsonValue& entry, const JsonValue& value, ParseSink& sink)
        : entry_(entry),
          value_(value),
          route_key_(value["metadata"]["phone_number_id"].Text()),
          number_(Digits(value["metadata"]["display_phone_number"].View())),
          sink_(sink) {}

    void Run();

private:
    ProviderEvent New(std::string_view key_class) const;
    ProviderEvent New(std::string_view key_class, const JsonValue& message, bool outbound) const;
    void SetContact(const JsonValue& message, bool outbound, event::v1::InboundEvent& event) const;
    JsonValue ContactOf(const std::string& contact_key) const;
    void Message(const JsonValue& message, bool outbound);
    void Reaction(const JsonValue& message, bool outbound);
    void Edit(const JsonValue& message, bool outbound);
    void Revoke(const JsonValue& message, bool outbound);
    void System(const JsonValue& message);
    void Moved(const JsonValue& notice, ProviderEvent&& event);
    void Status(const JsonValue& status);
    void DeletedStatus(const JsonValue& status);
    void OtherStatus(const JsonValue& status, const std::string& type);
    ProviderEvent NewOfStatus(std::string_view key_class, const JsonValue& status) const;
    void Call(const JsonValue& call);
    void Preference(const JsonValue& preference);
    void Error(const JsonValue& error);
    void UnknownMembers();

    JsonValue entry_;
    JsonValue value_;
    std::string route_key_;
    std::string number_;
    ParseSink& sink_;
};

template <typename Handler>
void ForEach(const JsonValue& items, ParseSink& sink, std::string_view name, Handler handler) {
    if (items.exists() && !items.IsArray())
        sink.Problem("wrong_type", std::string(name) + " is not an array");
    for (const auto item : items.Items()) {
        if (JsonValue(item).IsObject()) {
            handler(JsonValue(item));
        } else {
            sink.Problem("wrong_type", std::string(name) + "[] is not an object");
        }
    }
}

void ValueParser::Run() {
    if (route_key_.empty())
        return sink_.Problem("missing_field", "value.metadata.phone_number_id is missing");
    ForEach(value_["messages"], sink_, "messages", [this](const JsonValue& m) {
        Message(m, false);
    });
    ForEach(value_["message_echoes"], sink_, "message_echoes", [this](const JsonValue& m) {
        Message(m, true);
    });
    ForEach(value_["statuses"], sink_, "statuses", [this](const JsonValue& s) { Status(s); });
    ForEach(value_["calls"], sink_, "calls", [this](const JsonValue& c) { Call(c); });
    ForEach(value_["user_preferences"], sink_, "user_preferences", [this](const JsonValue& p) {
        Preference(p);
    });
    ForEach(value_["errors"], sink_, "errors", [this](const JsonValue& e) { Error(e); });
    UnknownMembers();
    CheckMembers(value_, WhatsAppValueTable(), "value", sink_);
}

// The ids by which one contact is known, best first; what is absent is left out.
std::vector<std::string> Ids(std::initializer_list<JsonValue> values) {
    std::vector<std::string> ids;
    for (const JsonValue& value : values) {
        std::string id = value.Text();
        if (!id.empty() && std::find(ids.begin(), ids.end(), id) == ids.end())
            ids.push_back(std::move(id));
    }
    return ids;
}

void SetIds(const std::vector<std::string>& ids, event::v1::InboundEvent& event) {
    if (ids.empty()) return event.clear_contact_key();
    event.set_contact_key(ids.front());
    for (std::size_t i = 1; i < ids.size(); ++i) event.add_contact_aliases(ids[i]);
}

// The entry of contacts[] that is about this contact; with a single one there is no doubt.
JsonValue ValueParser::ContactOf(const std::string& contact_key) const {
    JsonValue found;
    std::size_t count = 0;
    for (const auto item : value_["contacts"].Items()) {
        const JsonValue contact(item);
        if (contact["wa_id"].Text() == contact_key || contact["user_id"].Text() == contact_key)
            return contact;
        found = ++count == 1 ? contact : JsonValue();
    }
    return found;
}

void ValueParser::SetContact(
    const JsonValue& message, bool outbound, event::v1::InboundEvent& event
) const {
    const auto ids =
        outbound ? Ids({message["to"], message["to_user_id"], message["to_parent_user_id"]})
                 : Ids({message["from"], message["from_user_id"], message["from_parent_user_id"]});
    if (ids.empty()) return event.clear_contact_key();
    const JsonValue contact = ContactOf(ids.front());
    auto all_ids = ids;
    const auto contact_ids = Ids({contact["wa_id"], contact["user_id"], contact["parent_user_id"]});
    const bool same =
        std::find(contact_ids.begin(), contact_ids.end(), ids.front()) != contact_ids.end();
    for (const std::string& id : contact_ids) {
        const bool listed = std::find(all_ids.begin(), all_ids.end(), id) != all_ids.end();
        if (same && !listed) all_ids.push_back(id);
    }
    SetIds(all_ids, event);
    const JsonValue name = contact["profile"]["name"];
    event.set_contact_name(name.exists() ? name.Text() : contact["profile"]["username"].Text());
}

ProviderEvent ValueParser::New(std::string_view key_class) const {
    ProviderEvent event = NewEvent(v1::PROVIDER_WHATSAPP, route_key_, key_class, "");
    event.account_key = entry_["id"].Text();
    event.account_number = number_;
    return event;
}

ProviderEvent ValueParser::New(std::string_view key_class, const JsonValue& message, bool outbound)
    const {
    ProviderEvent event = New(key_class);
    SetContact(message, outbound, event.event);
    const std::string group_id = message["group_id"].Text();
    event.event.set_thread_key(group_id.empty() ? event.event.contact_key() : group_id);
    event.event.set_provider_time_ms(message["timestamp"].TimeMs());
    return event;
}

void ValueParser::Message(const JsonValue& message, bool outbound) {
    const std::string id = message["id"].Text();
    const std::string_view type = message["type"].View();
    if (type == "reaction") return Reaction(message, outbound);
    if (type == "edit") return Edit(message, outbound);
    if (type == "revoke") return Revoke(message, outbound);
    if (id.empty()) return sink_.Problem("missing_field", "messages[].id is missing");
    if (type == "system" || type == "request_welcome") return System(message);
    ProviderEvent event = New(domain::kClassMessage, message, outbound);
    event.event.set_provider_id(id);
    auto& body = *event.event.mutable_message();
    body.set_direction(outbound ? v1::DIRECTION_OUTBOUND : v1::DIRECTION_INBOUND);
    ReadWhatsAppContext(message, body);
    if (!ReadWhatsAppContent(message, body) && type != "unsupported") {
        sink_.Problem("partly_understood", "messages[].type " + std::string(type.substr(0, 60)));
    }
    if (message["errors"].IsSaid() && type != "unsupported")
        sink_.Problem("partly_understood", "messages[].errors of type " + std::string(type));
    sink_.Add(std::move(event));
}

// The event's own wamid; the time and the content where it has none.
std::string OwnId(const JsonValue& message, const std::string& content) {
    const std::string id = message["id"].Text();
    return id.empty() ? message["timestamp"].Text() + ":" + content : id;
}

void ValueParser::Reaction(const JsonValue& message, bool outbound) {
    const std::string target = message["reaction"]["message_id"].Text();
    if (target.empty()) return sink_.Problem("missing_field", "reaction.message_id is missing");
    ProviderEvent event = New(domain::kClassReaction, message, outbound);
    const std::string emoji = message["reaction"]["emoji"].Text();
    event.discriminator = OwnId(message, emoji);
    event.event.set_provider_id(target);
    event.event.mutable_reaction()->set_emoji(emoji);
    event.event.mutable_reaction()->set_removed(emoji.empty());
    if (outbound) event.event.clear_contact_key();  // Our side reacted.
    sink_.Add(std::move(event));
}

void ValueParser::Edit(const JsonValue& message, bool outbound) {
    const std::string target = message["edit"]["original_message_id"].Text();
    if (target.empty())
        return sink_.Problem("missing_field", "edit.original_message_id is missing");
    ProviderEvent event = New(domain::kClassEdit, message, outbound);
    event.discriminator = OwnId(message, "");
    event.event.set_provider_id(target);
    event::v1::MessageBody content;
    if (!ReadWhatsAppContent(message["edit"]["message"], content)) {
        return sink_.Problem("partly_understood", "edit.message of type " + content.text());
    }
    event.event.mutable_edit()->set_text(content.text());
    event.event.mutable_edit()->mutable_attachments()->Swap(content.mutable_attachments());
    sink_.Add(std::move(event));
}

void ValueParser::Revoke(const JsonValue& message, bool outbound) {
    const std::string target = message["revoke"]["original_message_id"].Text();
    if (target.empty())
        return sink_.Problem("missing_field", "revoke.original_message_id is missing");
    ProviderEvent event = New(domain::kClassDelete, message, outbound);
    event.discriminator = OwnId(message, "");
    event.event.set_provider_id(target);
    event.event.mutable_delete_();
    sink_.Add(std::move(event));
}

// A notice about the contact, for example a new phone number, or that they opened the chat.
void ValueParser::System(const JsonValue& message) {
    ProviderEvent event = New(domain::kClassControl, message, false);
    event.event.set_provider_id(message["id"].Text());
    const JsonValue notice = message["system"];
    auto& control = *event.event.mutable_control();
    const std::string type = SnakeCase(notice["type"].View());
    control.set_type(type.empty() ? SnakeCase(message["type"].View()) : type);
    SetAttributes(control, notice);
    for (const std::string_view new_id : {"wa_id", "new_wa_id", "user_id"}) {
        const std::string alias = notice[new_id].Text();
        if (!alias.empty() && alias != event.event.contact_key())
            event.event.add_contact_aliases(alias);
    }
    sink_.Add(ProviderEvent(event));
    Moved(notice, std::move(event));
}

// A contact with a new id is told in the thread of that id too, ahead of what is written there:
// threads are in order, each for itself.
void ValueParser::Moved(const JsonValue& notice, ProviderEvent&& event) {
    const std::string_view type = notice["type"].View();
    const bool moved = type == "user_changed_number" || type == "customer_changed_number" ||
                       type == "user_changed_user_id";
    std::string new_id =
        FirstText({notice["wa_id"].Text(), notice["new_wa_id"].Text(), notice["user_id"].Text()});
    if (!moved || new_id.empty() || new_id == event.event.contact_key()) return;
    event.discriminator = "moved";
    event.event.set_thread_key(std::move(new_id));
    event.event.mutable_control()->set_contact_moved(true);
    sink_.Add(std::move(event));
}

ProviderEvent ValueParser::NewOfStatus(std::string_view key_class, const JsonValue& status) const {
    ProviderEvent event = New(key_class);
    const bool group = status["recipient_type"].View() == "group";
    const auto ids =
        group ? Ids({status["recipient_participant_id"], status["recipient_participant_user_id"]})
              : Ids(
                    {status["recipient_id"],
                     status["recipient_user_id"],
                     status["recipient_parent_user_id"]}
                );
    SetIds(ids, event.event);
    event.event.set_thread_key(group ? status["recipient_id"].Text() : event.event.contact_key());
    event.event.set_provider_time_ms(status["timestamp"].TimeMs());
    event.event.set_provider_id(status["id"].Text());
    return event;
}

struct StatusWord {
    std::string_view word;
    v1::DeliveryState state;
};
constexpr std::array<StatusWord, 5> kStatusWords = {{
    {"sent", v1::DELIVERY_STATE_SENT},
    {"delivered", v1::DELIVERY_STATE_DELIVERED},
    {"read", v1::DELIVERY_STATE_READ},
    {"played", v1::DELIVERY_STATE_READ},
    {"failed", v1::DELIVERY_STATE_FAILED},
}};

void ValueParser::Status(const JsonValue& status) {
    const std::string_view word = status["status"].View();
    if (status["id"].Text().empty())
        return sink_.Problem("missing_field", "statuses[].id is missing");
    // Of a payment or a call that belongs to the message: says nothing about its delivery.
    const std::string_view type = status["type"].View();
    if (!type.empty() && type != "message") return OtherStatus(status, SnakeCase(type));
    if (word == "deleted") return DeletedStatus(status);
    const auto known =
        std::find_if(kStatusWords.begin(), kStatusWords.end(), [word](const StatusWord& candidate) {
            return candidate.word == word;
        });
    if (known == kStatusWords.end()) {
        return sink_.Problem(
            "unknown_event", "statuses[].status " + std::string(word.substr(0, 40))
        );
    }
    ProviderEvent event = NewOfStatus(domain::kClassReceipt, status);
    event.discriminator = word;
    auto& receipt = *event.event.mutable_receipt();
    receipt.set_state(known->state);
    if (known->state == v1::DELIVERY_STATE_FAILED) {
        for (const auto error : status["errors"].Items()) {
            if (receipt.error().empty()) receipt.set_error(JsonValue(error)["code"].Text());
        }
    }
    sink_.Add(std::move(event));
}

void ValueParser::DeletedStatus(const JsonValue& status) {
    ProviderEvent event = NewOfStatus(domain::kClassDelete, status);
    event.discriminator = "deleted:" + status["timestamp"].Text();
    event.event.mutable_delete_();
    sink_.Add(std::move(event));
}

void ValueParser::OtherStatus(const JsonValue& status, const std::string& type) {
    ProviderEvent event = NewOfStatus(domain::kClassControl, status);
    event.discriminator = type + ":" + status["status"].Text() + ":" + status["timestamp"].Text();
    auto& control = *event.event.mutable_control();
    control.set_type(type + "_status");
    SetAttributes(control, status[type]);
    SetAttribute(control, "status", status["status"].Text());
    for (const auto error : status["errors"].Items()) {
        SetAttribute(control, "error", JsonValue(error)["code"].Text());
    }
    sink_.Add(std::move(event));
}

void ValueParser::Call(const JsonValue& call) {
    const std::string id = call["id"].Text();
    if (id.empty()) return sink_.Problem("missing_field", "calls[].id is missing");
    const bool outbound = call["direction"].View() == "BUSINESS_INITIATED";
    ProviderEvent event = New(domain::kClassControl, call, outbound);
    event.discriminator = call["event"].Text() + ":" + call["timestamp"].Text();
    event.event.set_provider_id(id);
    auto& control = *event.event.mutable_control();
    control.set_type("call_status");
    // All but what the event itself tells, and the offer of media, which only who answers needs.
    for (const auto& member : call.Members()) {
        const bool told = member.key == "id" || member.key == "timestamp" ||
                          member.key == "session" || member.key.starts_with("from") ||
                          member.key.starts_with("to");
        if (!told) SetAttribute(control, SnakeCase(member.key), JsonValue(member.value));
    }
    sink_.Add(std::move(event));
}

// The contact stopped or resumed marketing messages.
void ValueParser::Preference(const JsonValue& preference) {
    ProviderEvent event = New(domain::kClassControl);
    SetIds(Ids({preference["wa_id"], preference["user_id"]}), event.event);
    event.event.set_thread_key(event.event.contact_key());
    event.event.set_provider_time_ms(preference["timestamp"].TimeMs());
    event.discriminator =
        "preference:" + preference["category"].Text() + ":" + preference["timestamp"].Text();
    auto& control = *event.event.mutable_control();
    control.set_type("contact_preference");
    SetAttributes(control, preference);
    sink_.Add(std::move(event));
}

// Of the number as a whole, for example that it sends too much: of no message and no contact.
void ValueParser::Error(const JsonValue& error) {
    ProviderEvent event = New(domain::kClassControl);
    event.discriminator = "channel_error:" + entry_["time"].Text() + ":" + error.Json();
    event.event.set_provider_time_ms(entry_["time"].TimeMs());
    auto& control = *event.event.mutable_control();
    control.set_type("channel_error");
    control.set_about_channel(true);
    SetAttributes(control, error);
    sink_.Add(std::move(event));
}

// Events of a kind that is not known stand under a name that is not known.
void ValueParser::UnknownMembers() {
    static constexpr std::array<std::string_view, 6> kHandled = {
        "messages", "message_echoes", "statuses", "calls", "user_preferences", "errors"};
    std::string names;
    for (const auto& member : value_.Members()) {
        if (std::find(kHandled.begin(), kHandled.end(), member.key) != kHandled.end()) return;
        names += " " + std::string(member.key);
    }
    sink_.Problem("unknown_event", "changes[].value with" + names);
}

}  // namespace

void ParseWhatsAppEntry(const JsonValue& entry, ParseSink& sink) {
    if (!entry["changes"].IsArray())
        return sink.Problem("missing_field", "entry[].changes is missing");
    for (const auto item : entry["changes"].Items()) {
        const JsonValue change(item);
        const std::string_view field = change["field"].View();
        const Member* const known = WhatsAppFieldTable().Find(field);
        if (known == nullptr) {
            sink.Problem("unknown_event", "changes[].field " + std::string(field.substr(0, 60)));
        } else if (!known->ignored_because.empty()) {
            continue;
        } else if (!change["value"].IsObject()) {
            sink.Problem("wrong_type", "changes[].value is not an object");
        } else if (known->mark == kMetaNotices) {
            AddWhatsAppNotice(entry, change, sink);
        } else {
            ValueParser(entry, change["value"], sink).Run();
        }
    }
}

}  // namespace unibox::channels
