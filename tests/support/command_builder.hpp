// Builds commands for tests, as a gateway would: each with an id of its own, by a program, received
// at noon. Thread safety: values; ids come from a counter of the process, one thread at a time.
#pragma once

#include "domain/inbox_keys.hpp"
#include "unibox/writer/v1/command.pb.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace unibox::test {

// Ids whose bytes are all this number.
Uuid IdOfNumber(std::uint8_t number);
v1::Actor AnAgent(std::uint8_t number);

class CommandBuilder {
public:
    explicit CommandBuilder(const domain::ConversationKey& conversation);
    // About a contact.
    CommandBuilder(TenantId tenant, const ContactId& contact);

    CommandBuilder& Append(v1::MessageKind kind, const std::string& text);
    CommandBuilder& Text(const std::string& text);  // a message to the customer
    CommandBuilder& Note(const std::string& text);
    CommandBuilder& Template(const std::string& name);
    CommandBuilder& ReplyTo(std::int64_t seq);  // of what Append wrote
    CommandBuilder& Status(v1::ConversationStatus status, const std::string& note = {});
    CommandBuilder& Snooze(std::int64_t until_ms);
    CommandBuilder& Priority(v1::Priority priority);
    CommandBuilder& Labels(
        const std::vector<std::string>& add, const std::vector<std::string>& remove = {}
    );
    CommandBuilder& Attributes(
        const std::map<std::string, std::string>& set, const std::vector<std::string>& remove = {}
    );
    CommandBuilder& Read();
    CommandBuilder& Unread();
    CommandBuilder& Edit(std::int64_t seq, const std::string& text);
    CommandBuilder& Delete(std::int64_t seq);
    // 0 = nobody; nothing: as it is.
    CommandBuilder& Assign(
        std::optional<std::uint8_t> agent, std::optional<std::uint8_t> team = std::nullopt
    );
    CommandBuilder& Muted(bool muted);
    CommandBuilder& Name(const std::string& display_name);  // of a contact, as those that follow
    CommandBuilder& Contact(const writer::v1::UpdateContact& update);
    CommandBuilder& Merge(const ContactId& merged);
    CommandBuilder& Blocked(bool blocked);
    CommandBuilder& WakeUp(std::int64_t snooze_time_ms);  // by the system

    CommandBuilder& By(const v1::Actor& actor);
    CommandBuilder& Member(std::uint8_t agent);  // who sees its channels alone
    CommandBuilder& IfVersion(std::int64_t version);
    CommandBuilder& At(std::int64_t receive_time_ms);
    // `request`: whatever makes its digest.
    CommandBuilder& Key(const std::string& key, const std::string& request = "request");

    writer::v1::Command command;
    // NOLINTNEXTLINE(google-explicit-constructor)
    operator writer::v1::Command() const { return command; }
};

}  // namespace unibox::test
