#include "decide/message_changes.hpp"

#include "support/channel_event.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <tuple>

namespace unibox::decide {
namespace {

using test::ChannelEvent;
using test::kNoon;
using test::kSecond;

const test::Channel kWhatsApp;
const test::Channel kTelegram{7, 2, v1::PROVIDER_TELEGRAM};
const test::Channel kStandard{7, 3, v1::PROVIDER_STANDARD};

domain::MessageRow Outbound(v1::DeliveryState state) {
    domain::MessageRow row;
    row.direction = v1::DIRECTION_OUTBOUND;
    row.delivery_state = state;
    return row;
}

std::vector<std::string> Emojis(const domain::MessageRow& row) {
    std::vector<std::string> emojis;
    for (const auto& reaction : row.reactions) emojis.push_back(reaction.emoji());
    return emojis;
}

}  // namespace

TEST_CASE(
    "RaiseDelivery: moves only up, a delivered message can no longer fail", "[unit][decide]"
) {
    using State = v1::DeliveryState;
    for (int from = v1::DELIVERY_STATE_UNSPECIFIED; from <= v1::DELIVERY_STATE_READ; ++from) {
        for (int to = v1::DELIVERY_STATE_SENT; to <= v1::DELIVERY_STATE_READ; ++to) {
            domain::MessageRow row = Outbound(State(from));
            CHECK(RaiseDelivery(State(to), "", &row) == (to > from));
            CHECK(row.delivery_state == std::max(from, to));
        }
    }
}

TEST_CASE("RaiseDelivery: the error belongs to the failure", "[unit][decide]") {
    domain::MessageRow row = Outbound(v1::DELIVERY_STATE_SENT);
    CHECK(RaiseDelivery(v1::DELIVERY_STATE_FAILED, "131047", &row));
    CHECK(row.delivery_error == "131047");
    CHECK_FALSE(RaiseDelivery(v1::DELIVERY_STATE_FAILED, "131026", &row));
    CHECK(RaiseDelivery(v1::DELIVERY_STATE_FAILED, "131048", &row));
    CHECK_FALSE(RaiseDelivery(v1::DELIVERY_STATE_SENT, "", &row));
    CHECK(row.delivery_error == "131048");
    CHECK(RaiseDelivery(v1::DELIVERY_STATE_DELIVERED, "ignored", &row));
    CHECK(row.delivery_error.empty());
}

TEST_CASE("RaiseDelivery: inbound messages have no receipts", "[unit][decide]") {
    domain::MessageRow row;
    row.direction = v1::DIRECTION_INBOUND;
    CHECK_FALSE(RaiseDelivery(v1::DELIVERY_STATE_READ, "", &row));
    CHECK(row.delivery_state == v1::DELIVERY_STATE_UNSPECIFIED);
}

TEST_CASE("Edit: the greatest revision wins", "[unit][decide]") {
    domain::MessageRow row;
    CHECK(ApplyChange(ChannelEvent::Edit(kWhatsApp, "m", 2).Text("second"), &row));
    CHECK_FALSE(ApplyChange(ChannelEvent::Edit(kWhatsApp, "m", 1).Text("first"), &row));
    CHECK_FALSE(ApplyChange(ChannelEvent::Edit(kWhatsApp, "m", 2).Text("again"), &row));
    CHECK(row.body == "second");
    CHECK(ApplyChange(ChannelEvent::Edit(kWhatsApp, "m", 3).Text("third").At(kNoon + 1), &row));
    CHECK(row.body == "third");
    CHECK(row.edit_revision == 3);
    CHECK(row.edited_at == kNoon + 1);
}

TEST_CASE(
    "Edit: without revision the provider's time decides, the later arrival on a tie",
    "[unit][decide]"
) {
    domain::MessageRow row;
    CHECK(ApplyChange(ChannelEvent::Edit(kTelegram, "m", 0).Text("a").At(kNoon), &row));
    CHECK(ApplyChange(ChannelEvent::Edit(kTelegram, "m", 0).Text("b").At(kNoon), &row));
    CHECK_FALSE(ApplyChange(ChannelEvent::Edit(kTelegram, "m", 0).Text("c").At(kNoon - 1), &row));
    CHECK(row.body == "b");
}

TEST_CASE("Edit: keeps attachments unless it brings some", "[unit][decide]") {
    domain::MessageRow row;
    row.attachments.emplace_back().set_name("old.png");
    CHECK(ApplyChange(ChannelEvent::Edit(kTelegram, "m", 1).Text("caption"), &row));
    CHECK(row.attachments.at(0).name() == "old.png");
    const auto edit =
        ChannelEvent::Edit(kTelegram, "m", 2).Attach(v1::ATTACHMENT_TYPE_IMAGE, "new.png");
    CHECK(ApplyChange(edit, &row));
    CHECK(row.attachments.size() == 1);
    CHECK(row.attachments.at(0).name() == "new.png");
}

TEST_CASE("Edit: a whole one takes away what it does not tell", "[unit][decide]") {
    domain::MessageRow row;
    row.attachments.emplace_back().set_url("https://e.org/old");
    row.context.set_album_id("7");
    event::v1::InboundEvent edit = ChannelEvent::Edit(kTelegram, "m", 1).Text("no link any more");
    edit.mutable_edit()->set_whole(true);
    CHECK(ApplyChange(edit, &row));
    CHECK(row.attachments.empty());
    CHECK(row.context.album_id() == "7");
}

TEST_CASE("Delete: erases the content for good", "[unit][decide]") {
    domain::MessageRow row;
    row.context.mutable_referral()->set_headline("secret");
    row.body = "secret";
    row.payload = "secret";
    row.attachments.emplace_back().set_name("secret.png");
    row.reactions.emplace_back().set_emoji("x");
    row.provider_id = "m";
    CHECK(ApplyChange(ChannelEvent::Delete(kTelegram, "m"), &row));
    CHECK(row.deleted_at == kNoon);
    CHECK((row.body + row.payload).empty());
    CHECK(row.attachments.empty());
    CHECK(row.reactions.empty());
    CHECK(row.context.ByteSizeLong() == 0);
    CHECK(row.provider_id == "m");
    CHECK_FALSE(ApplyChange(ChannelEvent::Delete(kTelegram, "m").At(kNoon + 1), &row));
    CHECK_FALSE(ApplyChange(ChannelEvent::Edit(kTelegram, "m", 9).Text("back"), &row));
    CHECK_FALSE(ApplyChange(ChannelEvent::Reaction(kTelegram, "m", "1").Emoji("x"), &row));
    CHECK(row.body.empty());
    CHECK(row.deleted_at == kNoon);
}

TEST_CASE("Reaction: one a contact on WhatsApp", "[unit][decide]") {
    domain::MessageRow row;
    CHECK(ApplyChange(ChannelEvent::Reaction(kWhatsApp, "m", "1").Emoji("a"), &row));
    CHECK_FALSE(ApplyChange(ChannelEvent::Reaction(kWhatsApp, "m", "2").Emoji("a"), &row));
    CHECK(ApplyChange(ChannelEvent::Reaction(kWhatsApp, "m", "3").Emoji("b"), &row));
    CHECK(Emojis(row) == std::vector<std::string>{"b"});
    CHECK(ApplyChange(ChannelEvent::Reaction(kWhatsApp, "m", "4").Emoji("c").Contact("bob"), &row));
    CHECK(Emojis(row) == std::vector<std::string>{"b", "c"});
    CHECK(ApplyChange(ChannelEvent::Reaction(kWhatsApp, "m", "5").Removed(), &row));
    CHECK(Emojis(row) == std::vector<std::string>{"c"});
    CHECK_FALSE(ApplyChange(ChannelEvent::Reaction(kWhatsApp, "m", "6").Removed(), &row));
}

TEST_CASE("Reaction: one a contact and emoji on Telegram", "[unit][decide]") {
    domain::MessageRow row;
    CHECK(ApplyChange(ChannelEvent::Reaction(kTelegram, "m", "1").Emoji("a"), &row));
    CHECK(ApplyChange(ChannelEvent::Reaction(kTelegram, "m", "2").Emoji("b"), &row));
    CHECK(Emojis(row) == std::vector<std::string>{"a", "b"});
    CHECK(ApplyChange(ChannelEvent::Reaction(kTelegram, "m", "3").Emoji("a").Removed(), &row));
    CHECK(Emojis(row) == std::vector<std::string>{"b"});
    CHECK(ApplyChange(ChannelEvent::Reaction(kTelegram, "m", "4").Removed(), &row));
    CHECK(row.reactions.empty());
}

namespace {

struct Tap {
    const char* emoji;  // "" = all
    bool removed;
    std::int64_t at;
};

event::v1::InboundEvent TapOn(const test::Channel& channel, const Tap& tap) {
    auto event = ChannelEvent::Reaction(channel, "m", "r").At(kNoon + tap.at);
    if (tap.emoji[0] != '\0') event.Emoji(tap.emoji);
    if (tap.removed) event.Removed();
    return event;
}

}  // namespace

TEST_CASE(
    "Reaction: the greatest provider time wins, in whatever order they come", "[unit][decide]"
) {
    struct Case {
        test::Channel channel;
        std::vector<Tap> taps;
        std::vector<std::string> stand;
    };
    const Case cases[] = {
        {kWhatsApp, {{"a", false, 1}, {"", true, 2}}, {}},
        {kWhatsApp, {{"a", false, 1}, {"b", false, 2}}, {"b"}},
        {kWhatsApp, {{"a", false, 1}, {"", true, 2}, {"b", false, 3}}, {"b"}},
        {kWhatsApp, {{"a", false, 1}, {"b", false, 2}, {"", true, 3}, {"c", false, 0}}, {}},
        {kWhatsApp, {{"a", false, 1}, {"a", false, 3}, {"", true, 2}}, {"a"}},
        {kTelegram, {{"a", false, 1}, {"a", true, 2}, {"b", false, 1}}, {"b"}},
        {kTelegram, {{"a", false, 1}, {"b", false, 3}, {"", true, 2}}, {"b"}},
        {kTelegram, {{"a", true, 4}, {"a", false, 5}, {"", true, 3}}, {"a"}},
        {kTelegram, {{"a", false, 1}, {"b", false, 2}, {"c", false, 3}}, {"a", "b", "c"}},
    };
    for (Case one : cases) {
        const auto by_order = [](const Tap& a, const Tap& b) {
            return std::tuple(a.at, std::string_view(a.emoji)) <
                   std::tuple(b.at, std::string_view(b.emoji));
        };
        std::sort(one.taps.begin(), one.taps.end(), by_order);
        do {
            domain::MessageRow row;
            for (const Tap& tap : one.taps) ApplyChange(TapOn(one.channel, tap), &row);
            CHECK(Emojis(row) == one.stand);
        } while (std::next_permutation(one.taps.begin(), one.taps.end(), by_order));
    }
}

TEST_CASE("Reaction: on a tie the later arrival stands", "[unit][decide]") {
    domain::MessageRow row;
    CHECK(ApplyReaction(TapOn(kWhatsApp, {"a", false, 5}), &row) == ReactionChange::kVisible);
    CHECK(ApplyReaction(TapOn(kWhatsApp, {"", true, 5}), &row) == ReactionChange::kVisible);
    CHECK(row.reactions.empty());
    CHECK(ApplyReaction(TapOn(kWhatsApp, {"b", false, 5}), &row) == ReactionChange::kVisible);
    CHECK(Emojis(row) == std::vector<std::string>{"b"});
    CHECK(row.removed_reactions.empty());
    CHECK(ApplyReaction(TapOn(kWhatsApp, {"", true, 4}), &row) == ReactionChange::kNothing);
    CHECK(ApplyReaction(TapOn(kWhatsApp, {"", true, 6}), &row) == ReactionChange::kVisible);
    CHECK(ApplyReaction(TapOn(kWhatsApp, {"", true, 7}), &row) == ReactionChange::kRemembered);
    CHECK(row.removed_reactions.size() == 1);
}

TEST_CASE("Reaction: what is remembered of removals is bounded", "[unit][decide]") {
    domain::MessageRow row;
    for (std::size_t i = 0; i < kReactionCountMax + 50; ++i) {
        auto removal = ChannelEvent::Reaction(kWhatsApp, "m", "r").Removed();
        removal.Contact(std::to_string(i)).At(kNoon + static_cast<std::int64_t>(i));
        CHECK(ApplyReaction(removal, &row) == ReactionChange::kRemembered);
    }
    CHECK(row.removed_reactions.size() == kReactionCountMax);
    CHECK(row.removed_reactions.front().contact_key() == "50");
}

TEST_CASE("Edit: one with a revision stands over one without", "[unit][decide]") {
    const auto edit = [](std::int64_t revision, const char* text, std::int64_t at) {
        return ChannelEvent::Edit(kStandard, "m", revision).Text(text).At(kNoon + at);
    };
    domain::MessageRow row;
    CHECK(ApplyChange(edit(0, "timed", 9), &row));
    CHECK(ApplyChange(edit(2, "two", 1), &row));
    CHECK_FALSE(ApplyChange(edit(0, "timed, later", 99), &row));
    CHECK_FALSE(ApplyChange(edit(1, "one", 100), &row));
    CHECK(ApplyChange(edit(3, "three", 0), &row));
    CHECK(row.body == "three");
    // Revisions that are times of the clock.
    domain::MessageRow clocked;
    CHECK(ApplyChange(edit(kNoon + 5, "five", 5), &clocked));
    CHECK_FALSE(ApplyChange(edit(kNoon + 4, "four", 4), &clocked));
    CHECK(ApplyChange(edit(kNoon + 6, "six", 6), &clocked));
    CHECK(clocked.body == "six");
}

TEST_CASE("Reaction: their number is bounded", "[unit][decide]") {
    domain::MessageRow row;
    for (std::size_t i = 0; i < kReactionCountMax; ++i) {
        const auto reaction =
            ChannelEvent::Reaction(kWhatsApp, "m", "1").Emoji("a").Contact(std::to_string(i));
        REQUIRE(ApplyChange(reaction, &row));
    }
    CHECK_FALSE(ApplyChange(ChannelEvent::Reaction(kWhatsApp, "m", "1").Emoji("a"), &row));
    const auto replaced = ChannelEvent::Reaction(kWhatsApp, "m", "1").Emoji("b").Contact("1");
    CHECK(ApplyChange(replaced, &row));
    CHECK(row.reactions.size() == kReactionCountMax);
}

TEST_CASE("NewMessage: text that PostgreSQL can take, times, direction", "[unit][decide]") {
    event::v1::InboundEvent event =
        ChannelEvent::Message(kWhatsApp, "m").Text(std::string("a\0b", 3)).At(0).ReceivedAt(kNoon);
    event.mutable_message()->clear_kind();
    const ContactId author{Uuid{{1}}};
    domain::MessageRow row = NewMessage(event, {}, kNoon, author);
    CHECK(
        row.body ==
        "a\xEF\xBF\xBD"
        "b"
    );
    CHECK(row.kind == v1::MESSAGE_KIND_TEXT);
    CHECK_FALSE(row.provider_time.has_value());
    CHECK(row.received_at == kNoon);
    CHECK(row.contact == author);
    CHECK(row.delivery_state == v1::DELIVERY_STATE_UNSPECIFIED);

    event.mutable_message()->set_direction(v1::DIRECTION_OUTBOUND);
    row = NewMessage(event, {}, kNoon, author);
    CHECK_FALSE(row.contact.has_value());
    CHECK(row.delivery_state == v1::DELIVERY_STATE_SENT);

    event.mutable_message()->set_subject("Order 5");
    CHECK(
        NewMessage(event, {}, kNoon, author).body ==
        "Order 5\n\na\xEF\xBF\xBD"
        "b"
    );
    event.mutable_message()->clear_text();
    CHECK(NewMessage(event, {}, kNoon, author).body == "Order 5");
}

TEST_CASE("StateBelowWatermarks: what the thread already says", "[unit][decide]") {
    domain::ThreadRow thread;
    CHECK(StateBelowWatermarks(thread, kNoon) == v1::DELIVERY_STATE_SENT);
    thread.delivered_until = kNoon;
    CHECK(StateBelowWatermarks(thread, kNoon) == v1::DELIVERY_STATE_DELIVERED);
    CHECK(StateBelowWatermarks(thread, kNoon + 1) == v1::DELIVERY_STATE_SENT);
    thread.read_until = kNoon - kSecond;
    CHECK(StateBelowWatermarks(thread, kNoon - kSecond) == v1::DELIVERY_STATE_READ);
}

}  // namespace unibox::decide
