// What a consumer makes of the feed, by the feed's own rules (feed.proto): the state of one
// conversation, and a second opinion on what counts as unread and who waits.
// Thread safety: one thread at a time.
#pragma once

#include "unibox/event/v1/feed.pb.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace unibox::test {

class FeedConsumer {
public:
    // The conversation's events in order. "" or what is wrong with this one.
    std::string Take(const event::v1::FeedEvent& event);

    std::int64_t version() const { return version_; }
    const std::map<std::int64_t, v1::Message>& messages() const { return messages_; }  // by seq
    const v1::Conversation& conversation() const { return conversation_; }
    // Events of somebody on the tenant's side.
    int acted_count() const { return acted_count_; }

private:
    std::string TakeMessage(const v1::Message& message, bool created);
    void Take(const event::v1::MessagesDelivered& receipt);
    std::string TakeChange(const event::v1::FeedEvent& event);
    std::string Count(const v1::Message& message);
    std::string Count(const event::v1::ConversationUpdated& update);
    std::string CheckCounts() const;

    std::int64_t version_ = 0;
    std::map<std::int64_t, v1::Message> messages_;
    v1::Conversation conversation_;
    int acted_count_ = 0;

    std::int64_t unread_ = 0;
    std::int64_t customers_count_ = 0;
    bool muted_ = false;
    std::optional<std::int64_t> waiting_since_;
};

}  // namespace unibox::test
