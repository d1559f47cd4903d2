// An inbox in which one customer, ada, has written one message at noon, and people who may get the
// conversation. Thread safety: one thread.
#pragma once

#include "support/channel_event.hpp"
#include "support/command_builder.hpp"
#include "support/inbox_invariants.hpp"
#include "support/memory_inbox.hpp"
#include "unibox/writer/v1/writer_service.pb.h"

#include <string>

namespace unibox::test {

struct CommandFixture {
    explicit CommandFixture(const Channel& of = Channel{}) : channel(of) {
        inbox.now_ms = kNoon;
        domain::ChannelRow& row = ChannelRow();
        row.reopen_window_ms = 7 * kDay;
        inbox.Commit({ChannelEvent::Message(channel, "m1").Name("Ada")});
        key = {channel.tenant_id(), Latest()};
    }

    domain::ChannelRow& ChannelRow() {
        return inbox.channels[{channel.tenant_id(), channel.channel_id()}];
    }
    domain::AgentRow& Agent(std::uint8_t number, v1::AgentRole role) {
        domain::AgentRow& row = inbox.agents[{channel.tenant_id(), AgentId{IdOfNumber(number)}}];
        row.name = "agent " + std::to_string(number);
        row.role = role;
        return row;
    }
    ConversationId Latest() const {
        return inbox.Latest(channel.tenant, channel.channel_id(), "ada");
    }
    const domain::ConversationRow& Row() const { return inbox.conversations.at(key); }
    const domain::CounterRow& Counters() const { return inbox.counters.at(key); }
    CommandBuilder A() const { return CommandBuilder(key).At(inbox.now_ms); }

    // "" if it was done, else the reason why not.
    std::string Do(const writer::v1::Command& command) {
        answer = inbox.Do(command);
        if (answer.kept.code() != 0) return answer.kept.reason();
        if (command.has_append()) {
            writer::v1::AppendResponse response;
            if (!response.ParseFromString(answer.response)) return "UNREADABLE";
            message = response.message();
            conversation = response.conversation();
        } else {
            writer::v1::ApplyResponse response;
            if (!response.ParseFromString(answer.response)) return "UNREADABLE";
            message = response.message();
            conversation = response.conversation();
        }
        return "";
    }
    // The same, and that nothing has become of it.
    std::string Refused(const writer::v1::Command& command) {
        const std::string before = inbox.Dump();
        const std::size_t feed_size = inbox.outbox.size();
        std::string reason = Do(command);
        if (inbox.Dump() != before || inbox.outbox.size() != feed_size) return "SOMETHING_DONE";
        return reason;
    }
    // That it was done and changed nothing.
    bool Nothing(const writer::v1::Command& command) { return Refused(command).empty(); }
    const event::v1::FeedEvent& LastEvent() const { return inbox.outbox.back().event; }

    Channel channel;
    MemoryInbox inbox;
    domain::ConversationKey key;
    // Of the last command.
    domain::CommandAnswer answer;
    v1::Message message;
    v1::Conversation conversation;
};

}  // namespace unibox::test
