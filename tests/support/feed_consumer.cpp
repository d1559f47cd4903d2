#include "support/feed_consumer.hpp"

#include "domain/delivery_state.hpp"

#include <algorithm>
#include <vector>

namespace unibox::test {
namespace {

using event::v1::FeedEvent;

std::int64_t MsOf(const google::protobuf::Timestamp& time) {
    return time.seconds() * 1000 + time.nanos() / 1'000'000;
}

const v1::Conversation& ConversationOf(const FeedEvent& event) {
    switch (event.body_case()) {
        case FeedEvent::kMessageCreated:
            return event.message_created().conversation();
        case FeedEvent::kMessageUpdated:
            return event.message_updated().conversation();
        case FeedEvent::kMessageReacted:
            return event.message_reacted().conversation();
        case FeedEvent::kMessageDelivered:
            return event.message_delivered().conversation();
        case FeedEvent::kMessagesDelivered:
            return event.messages_delivered().conversation();
        default:
            return event.conversation_updated().conversation();
    }
}

}  // namespace

std::string FeedConsumer::TakeMessage(const v1::Message& message, bool created) {
    if (message.version() != version_) return "a message's version";
    if (messages_.contains(message.seq()) == created) return "created twice or changed unseen";
    messages_[message.seq()] = message;
    return "";
}

void FeedConsumer::Take(const event::v1::MessagesDelivered& receipt) {
    const std::int64_t until_ms = MsOf(receipt.until_time());
    for (auto& [seq, message] : messages_) {
        const bool covered = seq <= receipt.up_to_seq() &&
                             MsOf(message.create_time()) <= until_ms &&
                             message.direction() == v1::DIRECTION_OUTBOUND &&
                             domain::IsLower(message.delivery_state(), receipt.delivery_state());
        if (!covered) continue;
        message.set_delivery_state(receipt.delivery_state());
        message.clear_delivery_error();
    }
}

// One message's reactions or delivery.
std::string FeedConsumer::TakeChange(const FeedEvent& event) {
    const bool reacted = event.has_message_reacted();
    const std::int64_t seq =
        reacted ? event.message_reacted().seq() : event.message_delivered().seq();
    if (!messages_.contains(seq)) return "changed unseen";
    v1::Message& message = messages_[seq];
    message.set_version(version_);
    if (!reacted) {
        message.set_delivery_state(event.message_delivered().delivery_state());
        message.set_delivery_error(event.message_delivered().delivery_error());
        return "";
    }
    const auto& change = event.message_reacted();
    std::vector<v1::Reaction> all(message.reactions().begin(), message.reactions().end());
    std::erase_if(all, [&](const auto& r) { return r.contact_key() == change.contact_key(); });
    all.insert(all.end(), change.reactions().begin(), change.reactions().end());
    message.mutable_reactions()->Assign(all.begin(), all.end());
    return "";
}

std::string FeedConsumer::Count(const v1::Message& message) {
    if (message.direction() == v1::DIRECTION_OUTBOUND) waiting_since_.reset();
    if (message.direction() != v1::DIRECTION_INBOUND) return "";
    ++customers_count_;
    if (muted_ || message.from_blocked()) return "";
    ++unread_;
    if (!waiting_since_) waiting_since_ = MsOf(message.create_time());
    return "";
}

std::string FeedConsumer::Count(const event::v1::ConversationUpdated& update) {
    if (update.changed_fields().empty()) return "an update without a field";
    const v1::Conversation& now = update.conversation();
    for (const std::string& field : update.changed_fields()) {
        if (field == "unread_count") {
            if (unread_ == 0 && customers_count_ == 0) return "unread of what nobody wrote";
            unread_ = unread_ == 0 ? 1 : 0;
        }
        if (field == "muted") {
            if (now.muted() == muted_) return "muted as it was";
            muted_ = now.muted();
            if (muted_) waiting_since_.reset();
        }
        if (field == "status") {
            if (now.status() == conversation_.status()) return "the status that it had";
            if (now.status() == v1::CONVERSATION_STATUS_CLOSED) waiting_since_.reset();
        }
    }
    return "";
}

std::string FeedConsumer::CheckCounts() const {
    if (conversation_.unread_count() != unread_) return "unread_count";
    if (conversation_.muted() != muted_) return "muted";
    const bool waits = conversation_.has_waiting_since_time();
    if (waits != waiting_since_.has_value()) return "whether the customer waits";
    if (waits && MsOf(conversation_.waiting_since_time()) != *waiting_since_) return "since when";
    const bool closed = conversation_.status() == v1::CONVERSATION_STATUS_CLOSED;
    if (closed != conversation_.has_close_time()) return "close_time";
    const bool snoozed = conversation_.status() == v1::CONVERSATION_STATUS_SNOOZED;
    if (conversation_.has_snooze_time() && !snoozed) return "snooze_time of what does not sleep";
    if (closed && waits) return "somebody waits in a closed conversation";
    return "";
}

std::string FeedConsumer::Take(const FeedEvent& event) {
    if (event.version() != ++version_) return "versions have a gap or are out of order";
    if (ConversationOf(event).version() != version_) return "a version";
    if (event.has_actor()) ++acted_count_;
    std::string wrong;
    if (event.has_message_created()) {
        wrong = TakeMessage(event.message_created().message(), true);
        if (wrong.empty()) wrong = Count(event.message_created().message());
    } else if (event.has_message_updated()) {
        wrong = TakeMessage(event.message_updated().message(), false);
    } else if (event.has_messages_delivered()) {
        Take(event.messages_delivered());
    } else if (event.has_conversation_updated()) {
        wrong = Count(event.conversation_updated());
    } else {
        wrong = TakeChange(event);
    }
    conversation_ = ConversationOf(event);
    return wrong.empty() ? CheckCounts() : wrong;
}

}  // namespace unibox::test
