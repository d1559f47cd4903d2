// Each request of the API as the command that it becomes, and what is refused before.
#include "gateway/command_map.hpp"

#include "gateway/commands.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using writer::v1::Command;

namespace {

const std::string kUuid = "01901f3e-0000-7000-8000-000000000001";

template <class Request>
Command Mapped(const Request& request) {
    const auto command = gateway::CommandOf(request);
    REQUIRE_OK(command);
    CHECK_FALSE(command->has_header());
    return *command;
}

// With a writer that nobody reaches: what is refused never gets so far.
struct Unsent {
    Unsent() {
        rpc::ClientSettings settings;
        settings.target = "127.0.0.1:1";
        client = rpc::Client::Create(settings, gateway::WriterMethods(Millis(50)), metrics).value();
        call.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        caller.principal.tenant = TenantId{7};
        caller.principal.key_id = Uuid::Parse(kUuid).value();
        caller.principal.key_name = "robot";
    }

    template <class Request>
    Status Ask(Request request, const std::function<void(Request&)>& change) {
        request.set_conversation_id(kUuid);
        change(request);
        const gateway::Commands commands(*client, SystemClock());
        if constexpr (std::is_same_v<Request, v1::AppendMessageRequest>) {
            v1::AppendMessageResponse response;
            return commands.Append(caller, request, response);
        } else if constexpr (requires { request.seq(); }) {
            v1::ChangeMessageResponse response;
            return commands.ChangeMessage(caller, request, response);
        } else {
            v1::ChangeConversationResponse response;
            return commands.ChangeConversation(caller, request, response);
        }
    }

    obs::Metrics metrics;
    std::unique_ptr<rpc::Client> client;
    rpc::Call call;
    gateway::Caller caller{{}, call};
};

template <class Request>
struct Case {
    std::string field;  // "" = it is sent, to nobody
    std::function<void(Request&)> change;
};

template <class Request>
void CheckCases(const Request& good, const std::vector<Case<Request>>& cases) {
    Unsent unsent;
    for (std::size_t i = 0; i < cases.size(); ++i) {
        INFO(Request::descriptor()->name() << " case " << i << ", " << cases[i].field);
        const Status status = unsent.Ask(good, cases[i].change);
        CHECK(status.field() == cases[i].field);
        // What is sent finds nobody: UNAVAILABLE, or (on a busy machine) too late.
        CHECK((status.code() == Code::kInvalidArgument) == !cases[i].field.empty());
        if (!cases[i].field.empty()) {
            CHECK(status.reason() == "VALUE_INVALID");
            CHECK(status.message().find("_ms") == std::string::npos);
        }
    }
}

std::string Long(std::size_t bytes) {
    return std::string(bytes, 'x');
}

}  // namespace

TEST_CASE("CommandMap: a message with all that it may have", "[unit][gateway]") {
    v1::AppendMessageRequest request;
    request.set_conversation_id(kUuid);
    request.set_kind(v1::MESSAGE_KIND_TEMPLATE);
    request.set_text("Hello");
    request.add_attachments()->set_url("https://example.com/a");
    request.set_reply_to_seq(3);
    request.mutable_template_()->set_name("welcome");
    request.set_client_ref("ref");
    const Command command = Mapped(request);
    CHECK(command.append().kind() == v1::MESSAGE_KIND_TEMPLATE);
    CHECK(command.append().text() == "Hello");
    CHECK(command.append().attachments(0).url() == "https://example.com/a");
    CHECK(command.append().reply_to_seq() == 3);
    CHECK(command.append().template_().name() == "welcome");
    CHECK(command.append().client_ref() == "ref");

    const Command plain = Mapped(v1::AppendMessageRequest());
    CHECK(plain.append().kind() == v1::MESSAGE_KIND_TEXT);
    CHECK_FALSE(plain.append().has_template_());
}

TEST_CASE("CommandMap: every other request is one command", "[unit][gateway]") {
    v1::EditMessageRequest edit;
    edit.set_seq(4);
    edit.set_text("new");
    CHECK(Mapped(edit).edit_message().seq() == 4);
    CHECK(Mapped(edit).edit_message().text() == "new");
    v1::DeleteMessageRequest gone;
    gone.set_seq(5);
    CHECK(Mapped(gone).delete_message().seq() == 5);

    CHECK(
        Mapped(v1::OpenConversationRequest()).set_status().status() == v1::CONVERSATION_STATUS_OPEN
    );
    CHECK(
        Mapped(v1::PendConversationRequest()).set_status().status() ==
        v1::CONVERSATION_STATUS_PENDING
    );
    v1::CloseConversationRequest close;
    close.set_note("done");
    CHECK(Mapped(close).set_status().status() == v1::CONVERSATION_STATUS_CLOSED);
    CHECK(Mapped(close).set_status().note() == "done");
    v1::SnoozeConversationRequest snooze;
    CHECK(Mapped(snooze).set_status().status() == v1::CONVERSATION_STATUS_SNOOZED);
    CHECK(Mapped(snooze).set_status().snooze_time_ms() == 0);
    snooze.mutable_snooze_time()->set_seconds(2'000'000'000);
    snooze.mutable_snooze_time()->set_nanos(123'999'999);
    CHECK(Mapped(snooze).set_status().snooze_time_ms() == 2'000'000'000'123);

    v1::SetPriorityRequest priority;
    CHECK(Mapped(priority).has_set_priority());
    priority.set_priority(v1::PRIORITY_HIGH);
    CHECK(Mapped(priority).set_priority().priority() == v1::PRIORITY_HIGH);
    v1::ChangeLabelsRequest labels;
    labels.add_add("a");
    labels.add_remove("b");
    CHECK(Mapped(labels).change_labels().add(0) == "a");
    CHECK(Mapped(labels).change_labels().remove(0) == "b");
    v1::ChangeAttributesRequest attributes;
    (*attributes.mutable_set())["k"] = "v";
    attributes.add_remove("old");
    CHECK(Mapped(attributes).change_attributes().set().at("k") == "v");
    CHECK(Mapped(attributes).change_attributes().remove(0) == "old");

    CHECK(Mapped(v1::MarkReadRequest()).has_mark_read());
    CHECK_FALSE(Mapped(v1::MarkReadRequest()).mark_read().unread());
    CHECK(Mapped(v1::MarkUnreadRequest()).mark_read().unread());
    CHECK(Mapped(v1::MuteConversationRequest()).set_muted().muted());
    CHECK(Mapped(v1::UnmuteConversationRequest()).has_set_muted());
    CHECK_FALSE(Mapped(v1::UnmuteConversationRequest()).set_muted().muted());
    CHECK(Mapped(v1::BlockContactRequest()).set_contact_blocked().blocked());
    CHECK(Mapped(v1::UnblockContactRequest()).has_set_contact_blocked());
    CHECK_FALSE(Mapped(v1::UnblockContactRequest()).set_contact_blocked().blocked());
}

TEST_CASE("CommandMap: who has it, nobody, and as it is are three things", "[unit][gateway]") {
    v1::AssignConversationRequest request;
    request.set_assignee_id(kUuid);
    request.set_reason("knows them");
    Command command = Mapped(request);
    CHECK(command.assign().assignee_id() == Uuid::Parse(kUuid)->ToBytes());
    CHECK_FALSE(command.assign().has_team_id());
    CHECK(command.assign().reason() == "knows them");
    request.set_assignee_id("");
    request.set_team_id(kUuid);
    command = Mapped(request);
    CHECK(command.assign().has_assignee_id());
    CHECK(command.assign().assignee_id().empty());
    CHECK(command.assign().team_id() == Uuid::Parse(kUuid)->ToBytes());
}

TEST_CASE("CommandMap: a message beyond its limits is refused by its field", "[unit][gateway]") {
    using Request = v1::AppendMessageRequest;
    Request good;
    good.set_text("Hello");
    CheckCases<Request>(
        good,
        {{"", [](Request&) {}},
         {"", [](Request& r) { r.set_text(Long(64 << 10)); }},
         {"text", [](Request& r) { r.set_text(Long((64 << 10) + 1)); }},
         {"text", [](Request& r) { r.set_text(std::string("a\0b", 3)); }},
         {"text", [](Request& r) { r.clear_text(); }},
         {"text", [](Request& r) { r.clear_text(), r.set_kind(v1::MESSAGE_KIND_NOTE); }},
         {"kind", [](Request& r) { r.set_kind(v1::MESSAGE_KIND_POSTBACK); }},
         {"kind", [](Request& r) { r.set_kind(static_cast<v1::MessageKind>(99)); }},
         {"conversation_id", [](Request& r) { r.set_conversation_id("x"); }},
         {"conversation_id", [](Request& r) { r.clear_conversation_id(); }},
         {"if_version", [](Request& r) { r.set_if_version(-1); }},
         {"", [](Request& r) { r.set_request_id(Long(255)); }},
         {"request_id", [](Request& r) { r.set_request_id(Long(256)); }},
         {"request_id", [](Request& r) { r.set_request_id("a\nb"); }},
         {"request_id", [](Request& r) { r.set_request_id("ä"); }},
         {"reply_to_seq", [](Request& r) { r.set_reply_to_seq(-1); }},
         {"", [](Request& r) { r.set_client_ref(Long(512)); }},
         {"client_ref", [](Request& r) { r.set_client_ref(Long(513)); }},
         {"template", [](Request& r) { r.mutable_template_()->set_name("x"); }}}
    );
    good.set_kind(v1::MESSAGE_KIND_TEMPLATE);
    good.mutable_template_()->set_name("welcome");
    const auto parameters = [](int count, std::size_t bytes) {
        return [count, bytes](Request& r) {
            for (int i = 0; i < count; ++i) r.mutable_template_()->add_parameters(Long(bytes));
        };
    };
    const auto buttons = [](int count, std::size_t bytes) {
        return [count, bytes](Request& r) {
            for (int i = 0; i < count; ++i) r.mutable_template_()->add_button_payloads(Long(bytes));
        };
    };
    const auto media = [](std::string url) {
        return [url](Request& r) { r.mutable_template_()->set_header_media_url(url); };
    };
    CheckCases<Request>(
        good,
        {{"", [](Request& r) { r.clear_text(); }},
         {"template.name", [](Request& r) { r.clear_template_(); }},
         {"template.name", [](Request& r) { r.mutable_template_()->clear_name(); }},
         {"template.name", [](Request& r) { r.mutable_template_()->set_name(Long(513)); }},
         {"template.language", [](Request& r) { r.mutable_template_()->set_language(Long(17)); }},
         {"", parameters(32, 1'024)},
         {"template.parameters", parameters(33, 1)},
         {"template.parameters[0]", parameters(1, 1'025)},
         {"", buttons(10, 256)},
         {"template.button_payloads", buttons(11, 1)},
         {"template.button_payloads[0]", buttons(1, 257)},
         {"", media("https://example.com/x.png")},
         {"template.header_media_url", media("ftp://example.com/x.png")},
         {"template.header_media_url", media("https://example.com/" + Long(2'048))}}
    );
}

TEST_CASE("CommandMap: an attachment says what and where it is", "[unit][gateway]") {
    using Request = v1::AppendMessageRequest;
    using Change = std::function<void(v1::Attachment&)>;
    Request good;
    good.add_attachments()->set_type(v1::ATTACHMENT_TYPE_IMAGE);
    good.mutable_attachments(0)->set_url("https://example.com/a.png");
    const auto with = [](Change change) {
        return [change](Request& r) { change(*r.mutable_attachments(0)); };
    };
    const auto place = [&](double latitude, double longitude) {
        return with([=](v1::Attachment& a) {
            a.Clear();
            a.set_type(v1::ATTACHMENT_TYPE_LOCATION);
            a.set_latitude(latitude);
            a.set_longitude(longitude);
        });
    };
    const auto card = [&](std::function<void(v1::ContactCard&)> change) {
        return with([=](v1::Attachment& a) {
            a.Clear();
            a.set_type(v1::ATTACHMENT_TYPE_CONTACT);
            change(*a.mutable_contact_card());
        });
    };
    const auto url = [&](std::string text) {
        return with([=](v1::Attachment& a) { a.set_url(text); });
    };
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const std::string first = "attachments[0]";
    CheckCases<Request>(
        good,
        {{"", [](Request&) {}},
         {"attachments",
          [](Request& r) {
              for (int i = 0; i < 16; ++i) *r.add_attachments() = r.attachments(0);
          }},
         {first + ".type", with([](auto& a) { a.clear_type(); })},
         {first + ".type", with([](auto& a) { a.set_type(static_cast<v1::AttachmentType>(77)); })},
         {first + ".url", with([](auto& a) { a.clear_url(); })},
         {"", with([](auto& a) { a.clear_url(), a.set_provider_media_id("m"); })},
         {first + ".url", url("/etc/passwd")},
         {first + ".url", url("file:///etc/passwd")},
         {first + ".url", url("https://")},
         {first + ".url", url("https:///a")},
         {first + ".url", url("https://a b")},
         {first + ".url", url("https://a/\r\nX: y")},
         {"", url("HTTP://a")},
         {first + ".url", url("https://a/" + Long(2'048))},
         {first + ".size_bytes", with([](auto& a) { a.set_size_bytes(-1); })},
         {first + ".unavailable", with([](auto& a) { a.set_unavailable(true); })},
         {first + ".latitude", with([](auto& a) { a.set_longitude(1); })},
         {first + ".contact_card", with([](auto& a) { a.mutable_contact_card(); })},
         {"", place(-90, 180)},
         {first + ".latitude", place(90.1, 0)},
         {first + ".longitude", place(0, -180.1)},
         {first + ".latitude", place(nan, 0)},
         {"", card([](auto& c) { c.set_formatted_name(Long(255)); })},
         {first + ".contact_card.given_name", card([](auto& c) { c.set_given_name(Long(256)); })},
         {first + ".contact_card.job_title",
          card([](auto& c) { c.set_job_title(std::string(1, '\0')); })},
         {first + ".contact_card.vcard", card([](auto& c) { c.set_vcard(Long(4'097)); })},
         {first + ".contact_card.emails", card([](auto& c) {
              for (int i = 0; i < 17; ++i) c.add_emails()->set_value("a@b");
          })},
         {first + ".contact_card.phones[1].kind", card([](auto& c) {
              c.add_phones();
              c.add_phones()->set_kind(Long(256));
          })}}
    );
}

TEST_CASE("CommandMap: other requests beyond their limits", "[unit][gateway]") {
    using Edit = v1::EditMessageRequest;
    Edit edit;
    edit.set_seq(1);
    edit.set_text("x");
    CheckCases<Edit>(
        edit,
        {{"", [](Edit&) {}},
         {"seq", [](Edit& r) { r.set_seq(0); }},
         {"text", [](Edit& r) { r.clear_text(); }},
         {"text", [](Edit& r) { r.set_text(Long((64 << 10) + 1)); }},
         {"conversation_id", [](Edit& r) { r.set_conversation_id("1"); }}}
    );
    using Delete = v1::DeleteMessageRequest;
    CheckCases<Delete>(
        {}, {{"", [](Delete& r) { r.set_seq(1); }}, {"seq", [](Delete& r) { r.set_seq(-1); }}}
    );
    using Snooze = v1::SnoozeConversationRequest;
    const auto until = [](std::int64_t seconds, int nanos) {
        return [=](Snooze& r) {
            r.mutable_snooze_time()->set_seconds(seconds);
            r.mutable_snooze_time()->set_nanos(nanos);
        };
    };
    CheckCases<Snooze>(
        {},
        {{"", [](Snooze&) {}},
         {"", until(1'000, 0)},  // Long ago: the writer's to refuse, or to answer as before.
         {"snooze_time", until(0, 0)},
         {"snooze_time", until(-1, 0)},
         {"snooze_time", until(5'000'000'000, 0)},
         {"snooze_time", until(std::numeric_limits<std::int64_t>::max(), 0)},
         {"snooze_time", until(2'000'000'000, -1)},
         {"snooze_time", until(2'000'000'000, 1'000'000'000)}}
    );
    using Close = v1::CloseConversationRequest;
    CheckCases<Close>({}, {{"note", [](Close& r) { r.set_note(Long((64 << 10) + 1)); }}});
    using Assign = v1::AssignConversationRequest;
    CheckCases<Assign>(
        {},
        {{"assignee_id", [](Assign&) {}},
         {"assignee_id", [](Assign& r) { r.set_assignee_id("me"); }},
         {"team_id", [](Assign& r) { r.set_team_id("us"); }},
         {"", [](Assign& r) { r.set_team_id(""); }},
         {"reason", [](Assign& r) { r.set_team_id(""), r.set_reason(Long(257)); }}}
    );
    using Prioritise = v1::SetPriorityRequest;
    CheckCases<Prioritise>(
        {},
        {{"", [](Prioritise&) {}},
         {"priority", [](Prioritise& r) { r.set_priority(static_cast<v1::Priority>(5)); }}}
    );
}

TEST_CASE("CommandMap: labels and attributes beyond their limits", "[unit][gateway]") {
    using Labels = v1::ChangeLabelsRequest;
    const auto many = [](int count) {
        return [count](Labels& r) {
            for (int i = 0; i < count; ++i) r.add_add("l" + std::to_string(i));
        };
    };
    CheckCases<Labels>(
        {},
        {{"add", [](Labels&) {}},
         {"", many(50)},
         {"add", many(51)},
         {"add[0]", [](Labels& r) { r.add_add(""); }},
         {"add[1]", [](Labels& r) { r.add_add("a"), r.add_add(Long(65)); }},
         {"remove[0]", [](Labels& r) { r.add_remove(std::string(1, '\0')); }}}
    );
    using Attributes = v1::ChangeAttributesRequest;
    const auto set = [](std::string key, std::string value) {
        return [=](Attributes& r) { (*r.mutable_set())[key] = value; };
    };
    CheckCases<Attributes>(
        {},
        {{"set", [](Attributes&) {}},
         {"", set(Long(64), Long(1'024))},
         {"set", set("", "x")},
         {"set", set(Long(65), "x")},
         {"set[a]", set("a", Long(1'025))},
         {"set",
          [](Attributes& r) {
              for (int i = 0; i < 65; ++i) (*r.mutable_set())[std::to_string(i)] = "";
          }},
         {"remove[0]", [](Attributes& r) { r.add_remove(Long(65)); }}}
    );
}

TEST_CASE("CommandMap: a contact's values are changed where they are given", "[unit][gateway]") {
    v1::UpdateContactRequest request;
    CHECK(gateway::CommandOf(request).status().field() == "display_name");
    request.set_phone("");
    auto update = Mapped(request).update_contact();
    CHECK(update.has_phone());
    CHECK_FALSE(update.has_display_name());
    CHECK_FALSE(update.has_email());
    request.set_display_name("Ada");
    request.set_email("ada@example.org");
    (*request.mutable_set())["plan"] = "gold";
    request.add_remove("size");
    update = Mapped(request).update_contact();
    CHECK(update.display_name() == "Ada");
    CHECK(update.email() == "ada@example.org");
    CHECK(update.set().at("plan") == "gold");
    CHECK(update.remove(0) == "size");
}

TEST_CASE("CommandMap: a merge names both contacts by their UUIDs", "[unit][gateway]") {
    v1::MergeContactsRequest request;
    CHECK(gateway::CommandOf(request).status().field() == "merged_contact_id");
    request.set_merged_contact_id(kUuid);
    const std::string bytes = Uuid::Parse(kUuid)->ToBytes();
    CHECK(Mapped(request).merge_contact().merged_contact_id() == bytes);
    request.set_contact_id(kUuid);
    Unsent unsent;
    const gateway::Commands commands(*unsent.client, SystemClock());
    v1::ChangeContactResponse response;
    const Status same = commands.ChangeContact(unsent.caller, request, response);
    CHECK(same.reason() == "SAME_CONTACT");
    request.set_contact_id("x");
    CHECK(commands.ChangeContact(unsent.caller, request, response).field() == "contact_id");
}
