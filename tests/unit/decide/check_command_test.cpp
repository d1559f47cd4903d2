// What a command must be like: each rule is broken once.
#include "decide/check_command.hpp"

#include "support/command_builder.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <limits>
#include <string>

namespace unibox::test {
namespace {

using decide::CheckCommand;
using writer::v1::Command;

CommandBuilder A() {
    return CommandBuilder({TenantId{7}, ConversationId{IdOfNumber(1)}});
}

// The field that is wrong; "" if nothing is.
std::string WrongField(const Command& command) {
    const Status status = CheckCommand(command);
    if (status.ok()) return "";
    if (status.code() != Code::kInvalidArgument || status.reason() != "VALUE_INVALID") return "?";
    if (!status.message().starts_with(status.field() + " ")) return "the message names no field";
    return status.field();
}

std::string WrongHeader(const std::function<void(writer::v1::CommandHeader*)>& spoil) {
    Command command = A().Read().Key("key");
    spoil(command.mutable_header());
    return WrongField(command);
}

std::string WrongAppend(
    const CommandBuilder& good, const std::function<void(writer::v1::AppendMessage*)>& spoil
) {
    Command command = good;
    if (!CheckCommand(command).ok()) return "was not good before";
    spoil(command.mutable_append());
    return WrongField(command);
}

v1::Attachment* AddPicture(writer::v1::AppendMessage* message) {
    auto* attachment = message->add_attachments();
    attachment->set_type(v1::ATTACHMENT_TYPE_IMAGE);
    attachment->set_url("https://example.com/cat.jpg");
    return attachment;
}

const std::string kNul(1, '\0');

}  // namespace

TEST_CASE("CheckCommand: every kind of command can be right", "[unit][decide]") {
    v1::Actor system;
    system.set_kind(v1::ACTOR_KIND_SYSTEM);
    const std::vector<Command> good = {
        A().Text("hello").Key("key").By(AnAgent(1)),
        A().Note("hello").By(system),
        A().Append(v1::MESSAGE_KIND_ACTIVITY, "hello"),
        A().Template("greeting"),
        A().Status(v1::CONVERSATION_STATUS_CLOSED, "a note"),
        A().Snooze(0),
        A().Priority(v1::PRIORITY_UNSPECIFIED),
        A().Labels({"a"}, {"b"}),
        A().Attributes({{"a", ""}}, {"b"}),
        A().Read(),
        A().Unread(),
        A().Edit(1, "x"),
        A().Delete(1),
        A().Assign(0, 0),
        A().Assign(std::nullopt, 1),
        A().Muted(false),
        A().WakeUp(1)};
    for (const Command& command : good) {
        CAPTURE(command.ShortDebugString());
        CHECK(WrongField(command) == "");
    }
}

TEST_CASE("CheckCommand: the header", "[unit][decide]") {
    CHECK(WrongHeader([](auto*) {}) == "");
    CHECK(WrongHeader([](auto* h) { h->set_command_id("x"); }) == "header.command_id");
    CHECK(WrongHeader([](auto* h) { h->set_tenant_id(0); }) == "header.tenant_id");
    CHECK(WrongHeader([](auto* h) { h->clear_conversation_id(); }) == "header.conversation_id");
    CHECK(WrongHeader([](auto* h) { h->clear_actor(); }) == "header.actor.kind");
    CHECK(WrongHeader([](auto* h) { h->mutable_actor()->set_id("x"); }) == "header.actor.id");
    CHECK(WrongHeader([](auto* h) {
              h->mutable_actor()->set_kind(v1::ACTOR_KIND_SYSTEM);
          }) == "header.actor.id");
    CHECK(WrongHeader([](auto* h) {
              h->mutable_actor()->set_name(std::string(513, 'x'));
          }) == "header.actor.name");
    CHECK(WrongHeader([](auto* h) { h->set_if_version(-1); }) == "if_version");
    CHECK(WrongHeader([](auto* h) { h->set_receive_time_ms(1); }) == "header.receive_time_ms");
    CHECK(WrongHeader([](auto* h) { h->set_traceparent(kNul); }) == "header.traceparent");
    const auto with_key = [](const std::function<void(writer::v1::RequestKey*)>& spoil) {
        return WrongHeader([&](auto* h) { spoil(h->mutable_request_key()); });
    };
    CHECK(with_key([](auto* k) { k->clear_scope(); }) == "header.request_key.scope");
    CHECK(with_key([](auto* k) { k->clear_key(); }) == "request_id");
    CHECK(with_key([](auto* k) { k->set_key(std::string(255, 'x')); }) == "");
    CHECK(with_key([](auto* k) { k->set_key(std::string(256, 'x')); }) == "request_id");
    CHECK(with_key([](auto* k) { k->set_key("é"); }) == "request_id");
    CHECK(with_key([](auto* k) { k->set_digest("x"); }) == "header.request_key.digest");
    Command nothing = A().Read();
    nothing.clear_body();
    CHECK(WrongField(nothing) == "body");
}

TEST_CASE("CheckCommand: messages", "[unit][decide]") {
    const auto wrong = [](const std::function<void(writer::v1::AppendMessage*)>& spoil) {
        return WrongAppend(A().Text("hello"), spoil);
    };
    CHECK(wrong([](auto* m) { m->clear_text(); }) == "text");
    CHECK(wrong([](auto* m) { m->clear_text(), AddPicture(m); }) == "");
    CHECK(wrong([](auto* m) { m->set_text(std::string(64 * 1024, 'x')); }) == "");
    CHECK(wrong([](auto* m) { m->set_text(std::string(64 * 1024 + 1, 'x')); }) == "text");
    CHECK(wrong([](auto* m) { m->set_text("a" + kNul); }) == "text");
    CHECK(wrong([](auto* m) { m->set_text("\xff"); }) == "text");
    CHECK(wrong([](auto* m) { m->set_kind(v1::MESSAGE_KIND_UNSPECIFIED); }) == "kind");
    CHECK(wrong([](auto* m) { m->set_kind(v1::MESSAGE_KIND_POSTBACK); }) == "kind");
    CHECK(wrong([](auto* m) { m->mutable_template_(); }) == "template");
    CHECK(wrong([](auto* m) { m->set_reply_to_seq(-1); }) == "reply_to_seq");
    CHECK(wrong([](auto* m) { m->set_client_ref(std::string(513, 'x')); }) == "client_ref");
    CHECK(wrong([](auto* m) {
              for (int i = 0; i < 17; ++i) AddPicture(m);
          }) == "attachments");
}

TEST_CASE("CheckCommand: attachments", "[unit][decide]") {
    const auto wrong = [](const std::function<void(v1::Attachment*)>& spoil) {
        return WrongAppend(A().Text("hello"), [&](auto* m) {
            AddPicture(m);
            spoil(AddPicture(m));
        });
    };
    CHECK(wrong([](auto*) {}) == "");
    CHECK(wrong([](auto* a) { a->clear_type(); }) == "attachments[1].type");
    CHECK(wrong([](auto* a) { a->set_type(v1::AttachmentType(99)); }) == "attachments[1].type");
    CHECK(wrong([](auto* a) { a->set_name(kNul); }) == "attachments[1].name");
    CHECK(wrong([](auto* a) { a->set_mime_type(kNul); }) == "attachments[1].mime_type");
    CHECK(wrong([](auto* a) { a->set_url(std::string(2'049, 'x')); }) == "attachments[1].url");
    CHECK(wrong([](auto* a) { a->clear_url(); }) == "attachments[1].url");
    CHECK(wrong([](auto* a) { a->clear_url(), a->set_provider_media_id("1"); }) == "");
    CHECK(wrong([](auto* a) {
              a->set_provider_media_id(kNul);
          }) == "attachments[1].provider_media_id");
    CHECK(wrong([](auto* a) { a->set_size_bytes(-1); }) == "attachments[1].size_bytes");
    const auto place = [&](double latitude, double longitude) {
        return wrong([&](auto* a) {
            a->set_type(v1::ATTACHMENT_TYPE_LOCATION);
            a->set_latitude(latitude);
            a->set_longitude(longitude);
        });
    };
    CHECK(place(-90, 180) == "");
    CHECK(place(90.1, 0) == "attachments[1].latitude");
    CHECK(place(std::numeric_limits<double>::quiet_NaN(), 0) == "attachments[1].latitude");
    CHECK(place(0, -181) == "attachments[1].longitude");
    const auto card = [&](std::size_t bytes) {
        return wrong([&](auto* a) {
            a->clear_url();
            a->set_type(v1::ATTACHMENT_TYPE_CONTACT);
            a->mutable_contact_card()->set_vcard(std::string(bytes, 'x'));
        });
    };
    CHECK(card(4'096) == "");
    CHECK(card(128 * 1024) == "attachments[1]");
}

TEST_CASE("CheckCommand: templates", "[unit][decide]") {
    const auto wrong = [](const std::function<void(v1::MessageTemplate*)>& spoil) {
        return WrongAppend(A().Template("greeting"), [&](auto* m) {
            spoil(m->mutable_template_());
        });
    };
    const auto add = [](auto* to, int count, std::size_t bytes) {
        for (int i = 0; i < count; ++i) to->Add(std::string(bytes, 'x'));
    };
    CHECK(wrong([](auto* t) { t->clear_name(); }) == "template.name");
    CHECK(wrong([](auto* t) { t->set_language(std::string(17, 'x')); }) == "template.language");
    CHECK(wrong([](auto* t) { t->set_header_media_url(kNul); }) == "template.header_media_url");
    CHECK(wrong([&](auto* t) { add(t->mutable_parameters(), 32, 1'024); }) == "");
    CHECK(wrong([&](auto* t) { add(t->mutable_parameters(), 33, 1); }) == "template.parameters");
    CHECK(wrong([&](auto* t) {
              add(t->mutable_parameters(), 1, 1'025);
          }) == "template.parameters[0]");
    CHECK(wrong([&](auto* t) { add(t->mutable_button_payloads(), 10, 256); }) == "");
    CHECK(wrong([&](auto* t) {
              add(t->mutable_button_payloads(), 11, 1);
          }) == "template.button_payloads");
    CHECK(wrong([&](auto* t) {
              add(t->mutable_button_payloads(), 1, 257);
          }) == "template.button_payloads[0]");
    CHECK(WrongAppend(A().Template("greeting"), [](auto* m) { AddPicture(m); }) == "attachments");
}

TEST_CASE("CheckCommand: the other bodies", "[unit][decide]") {
    CHECK(WrongField(A().Status(v1::CONVERSATION_STATUS_UNSPECIFIED)) == "status");
    CHECK(WrongField(A().Status(v1::ConversationStatus(9))) == "status");
    CHECK(WrongField(A().Status(v1::CONVERSATION_STATUS_OPEN, kNul)) == "note");
    CHECK(WrongField(A().Snooze(-1)) == "snooze_time_ms");
    CHECK(WrongField(A().Snooze(std::numeric_limits<std::int64_t>::max())) == "snooze_time_ms");
    Command snoozed = A().Snooze(1);
    snoozed.mutable_set_status()->set_status(v1::CONVERSATION_STATUS_OPEN);
    CHECK(WrongField(snoozed) == "snooze_time_ms");
    CHECK(WrongField(A().Priority(v1::Priority(9))) == "priority");
    CHECK(WrongField(A().Labels({"a", ""})) == "add[1]");
    CHECK(WrongField(A().Labels({std::string(64, 'x')})) == "");
    CHECK(WrongField(A().Labels({std::string(65, 'x')})) == "add[0]");
    CHECK(WrongField(A().Labels({}, {"a", "\xff"})) == "remove[1]");
    CHECK(WrongField(A().Labels(std::vector<std::string>(51, "x"))) == "add");
    CHECK(WrongField(A().Labels({}, std::vector<std::string>(51, "x"))) == "remove");
    CHECK(WrongField(A().Attributes({{"", "x"}})) == "set");
    CHECK(WrongField(A().Attributes({{"a", std::string(1'024, 'x')}})) == "");
    CHECK(WrongField(A().Attributes({{"a", std::string(1'025, 'x')}})) == "set[a]");
    CHECK(WrongField(A().Attributes({}, {std::string(65, 'x')})) == "remove[0]");
    std::map<std::string, std::string> many;
    for (int i = 0; i < 65; ++i) many[std::to_string(i)] = "x";
    CHECK(WrongField(A().Attributes(many)) == "set");
    CHECK(WrongField(A().Edit(0, "x")) == "seq");
    CHECK(WrongField(A().Edit(1, "")) == "text");
    CHECK(WrongField(A().Delete(-1)) == "seq");
    CHECK(WrongField(A().Assign(std::nullopt, std::nullopt)) == "assignee_id");
    Command assign = A().Assign(1, 1);
    assign.mutable_assign()->set_reason(std::string(257, 'x'));
    CHECK(WrongField(assign) == "reason");
    assign.mutable_assign()->set_team_id("x");
    CHECK(WrongField(assign) == "team_id");
    assign.mutable_assign()->set_assignee_id("x");
    CHECK(WrongField(assign) == "assignee_id");
    CHECK(WrongField(A().WakeUp(0)) == "snooze_time_ms");
    CHECK(WrongField(A().WakeUp(1).By(AnAgent(1))) == "header.actor.kind");
}

}  // namespace unibox::test
