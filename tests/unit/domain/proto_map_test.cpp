#include "domain/proto_map.hpp"

#include "domain/message_extras.hpp"
#include "domain/timestamps.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/util/message_differencer.h>
#include <google/protobuf/util/time_util.h>

#include <string>
#include <vector>

namespace unibox::domain {
namespace {

namespace pb = google::protobuf;
using pb::util::MessageDifferencer;

Uuid AnId(std::uint8_t number) {
    Uuid id;
    id.bytes.fill(number);
    return id;
}

std::vector<std::string> UnsetFields(const pb::Message& message) {
    const pb::Descriptor& type = *message.GetDescriptor();
    const pb::Reflection& reflection = *message.GetReflection();
    std::vector<std::string> unset;
    for (int i = 0; i < type.field_count(); ++i) {
        const pb::FieldDescriptor* field = type.field(i);
        const bool is_set = field->is_repeated() ? reflection.FieldSize(message, field) > 0
                                                 : reflection.HasField(message, field);
        if (!is_set) unset.push_back(field->name());
    }
    return unset;
}

const std::vector<std::string> kNone;

ContactRow FullContact() {
    ContactRow row;
    row.id = ContactId{AnId(1)};
    row.display_name = "Anna";
    row.created_at = 1'000;
    row.updated_at = 2'000;
    row.blocked_at = 1'500;
    row.version = 4;
    row.phone = "+49 1";
    row.email = "anna@example.org";
    row.attributes = {{"plan", "gold"}};
    return row;
}

ConversationRow FullConversation() {
    ConversationRow row;
    row.channel = ChannelId{AnId(2)};
    row.thread_key = "anna";
    row.contact = ContactId{AnId(1)};
    row.provider = v1::PROVIDER_TELEGRAM;
    row.status = v1::CONVERSATION_STATUS_CLOSED;
    row.preview = "good day";
    row.preview_direction = v1::DIRECTION_INBOUND;
    row.last_activity_at = 3'000;
    row.last_customer_at = 3'000;
    row.last_agent_at = 2'500;
    row.created_at = 1'000;
    row.priority = v1::PRIORITY_HIGH;
    row.assignee = AgentId{AnId(5)};
    row.team = TeamId{AnId(6)};
    row.labels = {"billing", "vip"};
    row.attributes = {{"order", "42"}};
    row.snooze_time = 5'000;
    row.muted = true;
    row.waiting_since = 3'000;
    row.can_reply_until = 6'000;
    return row;
}

CounterRow FullCounters() {
    CounterRow row;
    row.unread_count = 1;
    row.last_seq = 2;
    row.version = 3;
    row.closed_at = 4'000;
    return row;
}

MessageRow FullMessage() {
    MessageRow row;
    row.id = MessageId{AnId(3)};
    row.direction = v1::DIRECTION_INBOUND;
    row.kind = v1::MESSAGE_KIND_TEXT;
    row.contact = ContactId{AnId(1)};
    row.body = "good day";
    row.payload = "button";
    row.attachments.emplace_back().set_url("https://example.com/cat.jpg");
    row.reactions.emplace_back().set_emoji("+1");
    row.context.set_album_id("album");
    row.message_template.set_name("greeting");
    row.over_rate = true;
    row.from_blocked = true;
    row.author.set_kind(v1::ACTOR_KIND_SYSTEM);
    row.removed_reactions.emplace_back().set_emoji("-1");
    row.reply_to = "m0";
    row.provider_id = "m1";
    row.client_ref = "draft";
    row.delivery_state = v1::DELIVERY_STATE_FAILED;
    row.delivery_error = "131026";
    row.received_at = 1'500;
    row.edited_at = 1'600;
    row.deleted_at = 1'700;
    row.version = 3;
    return row;
}

const ConversationId kConversation{AnId(4)};
const MessagePosition kPosition{kConversation, 1, 1'000};

TEST_CASE("ProtoMap: rows in which all is set leave no field unset", "[unit][domain]") {
    v1::Contact contact;
    FillWholeContact(ChannelId{AnId(2)}, "anna", FullContact(), &contact);
    CHECK(UnsetFields(contact) == std::vector<std::string>{"identities"});
    contact.Clear();
    FillContact(ChannelId{AnId(2)}, "anna", FullContact(), &contact);
    const ContactRow row = FullContact();
    v1::Conversation conversation;
    FillConversation(
        kConversation, FullConversation(), FullCounters(), {"anna", &row}, &conversation
    );
    CHECK(UnsetFields(conversation) == kNone);
    CHECK(MessageDifferencer::Equals(conversation.contact(), contact));
    v1::Message message;
    FillMessage(kPosition, FullMessage(), &message);
    CHECK(UnsetFields(message) == kNone);
}

TEST_CASE("ProtoMap: nothing is left of what was there before", "[unit][domain]") {
    const ContactRow contact = FullContact();
    v1::Conversation used, fresh;
    FillConversation(kConversation, FullConversation(), FullCounters(), {"anna", &contact}, &used);
    FillConversation({}, {}, {}, {}, &used);
    FillConversation({}, {}, {}, {}, &fresh);
    CHECK(MessageDifferencer::Equals(used, fresh));
    CHECK_FALSE(used.has_close_time());
    CHECK(used.contact().contact_key() == "");
    v1::Message used_message, fresh_message;
    FillMessage(kPosition, FullMessage(), &used_message);
    const MessageRow empty;
    FillMessage({}, empty, &used_message);
    FillMessage({}, empty, &fresh_message);
    CHECK(MessageDifferencer::Equals(used_message, fresh_message));
}

// As of a contact that was merged into one of another channel.
TEST_CASE("ProtoMap: a conversation's contact may be another channel's", "[unit][domain]") {
    const ContactRow row = FullContact();
    ConversationRow of = FullConversation();
    of.contact = ContactId{AnId(8)};
    v1::Conversation conversation;
    FillConversation(
        kConversation, of, FullCounters(), {"anna", &row, ChannelId{AnId(9)}}, &conversation
    );
    CHECK(conversation.contact().id() == row.id.ToString());
    CHECK(conversation.contact().channel_id() == AnId(9).ToString());
    CHECK(conversation.channel_id() == AnId(2).ToString());
}

TEST_CASE("ProtoMap: a row that is given away is shown as one that is kept", "[unit][domain]") {
    const MessageRow kept = FullMessage();
    v1::Message copied, moved;
    FillMessage(kPosition, kept, &copied);
    FillMessage(kPosition, FullMessage(), &moved);
    CHECK(MessageDifferencer::Equals(copied, moved));
    CHECK(kept.body == "good day");
    CHECK(kept.attachments.at(0).url() == "https://example.com/cat.jpg");
}

TEST_CASE("MessageExtras: what is stored comes back; nothing is no bytes", "[unit][domain]") {
    const MessageRow row = FullMessage();
    MessageRow read;
    REQUIRE(DecodeExtras(EncodeExtras(row), read).ok());
    REQUIRE(DecodeRemovedReactions(EncodeRemovedReactions(row), read).ok());
    REQUIRE(read.attachments.size() == 1);
    CHECK(MessageDifferencer::Equals(read.attachments[0], row.attachments[0]));
    REQUIRE(read.reactions.size() == 1);
    CHECK(MessageDifferencer::Equals(read.reactions[0], row.reactions[0]));
    CHECK(MessageDifferencer::Equals(read.context, row.context));
    CHECK(MessageDifferencer::Equals(read.message_template, row.message_template));
    CHECK(read.over_rate);
    CHECK(read.from_blocked);
    CHECK(read.author.kind() == v1::ACTOR_KIND_UNSPECIFIED);  // it has columns of its own
    REQUIRE(read.removed_reactions.size() == 1);
    CHECK(MessageDifferencer::Equals(read.removed_reactions[0], row.removed_reactions[0]));
    CHECK(EncodeExtras({}).empty());
    CHECK(EncodeRemovedReactions({}).empty());
    CHECK(DecodeExtras("no message", read).code() == Code::kDataLoss);
    CHECK(DecodeRemovedReactions("no message", read).code() == Code::kDataLoss);
}

TEST_CASE("Timestamps: milliseconds of any time, before 1970 too", "[unit][domain]") {
    constexpr std::int64_t kYear1Ms = -62'135'596'800'000;
    constexpr std::int64_t kYear9999Ms = 253'402'300'799'999;
    for (const std::int64_t ms : {kYear1Ms, -1'001L, -1'000L, -999L, -1L, 0L, 999L, kYear9999Ms}) {
        INFO(ms);
        const pb::Timestamp time = ToTimestamp(ms);
        CHECK(pb::util::TimeUtil::TimestampToMilliseconds(time) == ms);
        CHECK(time.nanos() >= 0);
        CHECK(time.nanos() < 1'000'000'000);
    }
}

}  // namespace
}  // namespace unibox::domain
