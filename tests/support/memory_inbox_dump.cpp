// The inbox in memory as text.
#include "support/memory_inbox.hpp"

#include <sstream>

namespace unibox::test {
namespace {

std::string Text(const std::optional<std::int64_t>& value) {
    return value ? std::to_string(*value) : "-";
}

std::string Text(const std::optional<domain::MessagePosition>& position) {
    if (!position) return "-";
    return position->conversation.ToString() + "/" + std::to_string(position->seq) + "@" +
           std::to_string(position->created_at);
}

template <typename Id>
std::string Text(const std::optional<Id>& id) {
    return id ? id->ToString() : "-";
}

void DumpMessage(const domain::MessageRow& row, std::ostream& out) {
    out << row.id.ToString() << ' ' << row.direction << ' ' << row.kind << ' ' << row.body << '|'
        << row.payload << '|' << row.delivery_state << ' ' << row.delivery_error << ' '
        << Text(row.provider_time) << ' ' << row.received_at << ' ' << Text(row.edited_at) << ' '
        << row.edit_revision << ' ' << Text(row.deleted_at) << " v" << row.version << ' '
        << Text(row.contact) << ' ' << row.reply_to << '|' << row.client_ref << '|' << row.over_rate
        << row.from_blocked << " {" << row.author.ShortDebugString() << "} {"
        << row.message_template.ShortDebugString() << "} {" << row.context.ShortDebugString()
        << '}';
    for (const auto& reaction : row.reactions) out << " {" << reaction.ShortDebugString() << '}';
    for (const auto& reaction : row.removed_reactions)
        out << " -{" << reaction.ShortDebugString() << '}';
    for (const auto& attachment : row.attachments)
        out << " [" << attachment.ShortDebugString() << ']';
    out << '\n';
}

void DumpConversation(
    const domain::ConversationRow& row, const domain::CounterRow& counters, std::ostream& out
) {
    out << row.thread_key << ' ' << row.status << ' ' << row.preview << '|' << row.preview_direction
        << ' ' << row.preview_seq << ' ' << row.last_activity_at << ' '
        << Text(row.last_customer_at) << ' ' << Text(row.last_agent_at) << ' ' << row.created_at
        << ' ' << counters.last_seq << " v" << counters.version << ' ' << counters.unread_count
        << ' ' << counters.inbound_count << ' ' << counters.outbound_count << ' '
        << counters.closed_at << ' ' << Text(counters.first_message_at) << ' '
        << Text(counters.last_message_at) << ' ' << counters.delivered_until << ' '
        << counters.read_until << ' ' << counters.rate_minute << ' ' << counters.rate_count << ' '
        << row.priority << ' ' << Text(row.assignee) << ' ' << Text(row.team) << ' '
        << Text(row.snooze_time) << ' ' << row.muted << ' ' << Text(row.waiting_since) << ' '
        << Text(row.can_reply_until);
    for (const std::string& label : row.labels) out << " #" << label;
    for (const auto& [key, value] : row.attributes) out << ' ' << key << '=' << value;
    out << '\n';
}

void DumpCommands(const MemoryInbox& inbox, std::ostream& out) {
    for (const auto& [key, kept] : inbox.request_keys) {
        out << "request " << key.tenant.value << ' ' << key.key << ' ' << kept.digest << ' '
            << kept.answer.code() << ' ' << kept.answer.reason() << '\n';
    }
    for (const auto& write : inbox.audit) {
        out << "audit " << write.at << ' ' << write.command.ToString() << ' ' << write.action << ' '
            << Text(write.contact) << " {" << write.actor.ShortDebugString() << "} {"
            << write.changes.ShortDebugString() << "}\n";
    }
    for (const auto& [key, time] : inbox.snoozes) {
        out << "snooze " << key.conversation.ToString() << ' ' << time << '\n';
    }
    for (const auto& queued : inbox.jobs) {
        out << "job " << queued.entry.subject() << ' ' << queued.job.ShortDebugString() << '\n';
    }
}

void DumpCounts(const MemoryInbox& inbox, std::ostream& out) {
    for (const auto& [key, tally] : inbox.tallies) {
        out << "tally " << key.tenant.value << ' ' << key.channel.ToString() << ' ' << key.status
            << ' ' << Text(key.assignee) << ' ' << Text(key.team) << ' ' << tally.conversations
            << ' ' << tally.unread << ' ' << tally.unread_messages << ' ' << tally.waiting << '\n';
    }
    for (const auto& [key, volume] : inbox.volumes) {
        out << "volume " << key.tenant.value << ' ' << key.hour_ms << ' ' << key.channel.ToString()
            << ' ' << Text(key.agent);
        for (const auto field : domain::kVolumeFields) out << ' ' << volume.*field;
        out << '\n';
    }
}

}  // namespace

std::string MemoryInbox::Dump() const {
    std::ostringstream out;
    for (const auto& [key, row] : contacts) {
        out << "contact " << key.tenant.value << ' ' << key.contact_key << ' ' << row.id.ToString()
            << ' ' << row.display_name << ' ' << row.name_given << ' ' << row.updated_at << ' '
            << Text(row.merged_into) << ' ' << row.identity_count << ' ' << Text(row.blocked_at)
            << ' ' << row.phone << ' ' << row.email << " v" << row.version;
        for (const auto& [name, value] : row.attributes) out << ' ' << name << '=' << value;
        out << '\n';
    }
    for (const auto& [key, row] : threads) {
        out << "thread " << key.tenant.value << ' ' << key.thread_key << ' '
            << row.contact.ToString() << ' ' << Text(row.conversation) << ' ' << row.delivered_until
            << ' ' << row.read_until << '\n';
    }
    for (const auto& [key, row] : conversations) {
        out << "conversation " << key.conversation.ToString() << ' ';
        DumpConversation(row, counters.at(key), out);
    }
    for (const auto& [key, row] : messages) {
        out << "message " << Text(std::optional(key.second)) << ' ';
        DumpMessage(row, out);
    }
    for (const auto& [ref, position] : refs) {
        out << "ref " << ref.key.ToString() << ' ' << Text(position) << '\n';
    }
    for (const auto& [target, waiting] : parked) {
        for (const auto& [key, row] : waiting) {
            out << "parked " << target.key.ToString() << ' ' << key.ToString() << '\n';
        }
    }
    DumpCommands(*this, out);
    DumpCounts(*this, out);
    return out.str();
}

}  // namespace unibox::test
