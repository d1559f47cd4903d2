// What changes something, over both transports, down to what the writer hears.
#include "rpc/status_map.hpp"
#include "support/eventually.hpp"
#include "support/recording_writer.hpp"
#include "support/status_matchers.hpp"
#include "write_rig.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <future>
#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using test::HasCode;
using test::kConversation;
using test::RecordingWriter;
using test::WriteRig;
using writer::v1::Command;
using Heard = RecordingWriter::Heard;

namespace {

// What a writer does that does everything.
Status Done(const Heard& heard, writer::v1::ApplyResponse& response) {
    response.mutable_conversation()->set_id(kConversation);
    response.mutable_conversation()->set_version(13);
    response.set_consistency_token("0/16B3748");
    if (heard.was_append) response.mutable_message()->set_text(heard.command.append().text());
    if (heard.command.has_edit_message()) response.mutable_message()->set_seq(4);
    const std::string& note = heard.command.set_status().note();
    if (!note.empty()) response.mutable_message()->set_text(note);
    if (heard.command.header().contact_id().empty()) return {};
    response.clear_conversation();
    response.mutable_contact()->set_display_name("Ada");
    return {};
}

bool Holds(const http::Response& response, const std::string& text) {
    return response.body.find(text) != std::string::npos;
}

std::vector<http::Header> With(const std::string& name, const std::string& value) {
    return {{name, value}};
}

}  // namespace

TEST_CASE("Writes: each route is one command with its body", "[unit][gateway]") {
    RecordingWriter writer;
    writer.AnswerWith(Done);
    WriteRig rig(writer.address());
    struct Case {
        std::string path;
        std::string body;
        Command::BodyCase command;
    };
    const std::vector<Case> cases = {
        {"/messages", R"({"text":"Hello"})", Command::kAppend},
        {"/messages/4:edit", R"({"text":"Hi"})", Command::kEditMessage},
        {"/messages/4:delete", "{}", Command::kDeleteMessage},
        {":open", "", Command::kSetStatus},
        {":pend", "{}", Command::kSetStatus},
        {":snooze", R"({"snoozeTime":"2033-05-18T03:33:20Z"})", Command::kSetStatus},
        {":close", R"({"note":"done"})", Command::kSetStatus},
        {":assign", R"({"assigneeId":""})", Command::kAssign},
        {":setPriority", R"({"priority":"PRIORITY_HIGH"})", Command::kSetPriority},
        {":changeLabels", R"({"add":["a"]})", Command::kChangeLabels},
        {":changeAttributes", R"({"set":{"k":"v"}})", Command::kChangeAttributes},
        {":markRead", "{}", Command::kMarkRead},
        {":markUnread", "{}", Command::kMarkRead},
        {":mute", "{}", Command::kSetMuted},
        {":unmute", "{}", Command::kSetMuted},
    };
    for (std::size_t i = 0; i < cases.size(); ++i) {
        INFO(cases[i].path);
        const auto response = rig.Post(cases[i].path, cases[i].body);
        INFO(response.body);
        CHECK(response.status == 200);
        CHECK(response.content_type == "application/json");
        CHECK(response.Find("ETag") == "\"13\"");
        CHECK(response.Find("Consistency-Token") == "0/16B3748");
        CHECK(Holds(response, R"("consistencyToken":"0/16B3748")"));
        const auto heard = writer.heard();
        REQUIRE(heard.size() == i + 1);
        CHECK(heard.back().command.body_case() == cases[i].command);
        CHECK(heard.back().was_append == (cases[i].command == Command::kAppend));
        const auto& header = heard.back().command.header();
        CHECK(header.tenant_id() == 7);
        CHECK(header.conversation_id() == Uuid::Parse(kConversation)->ToBytes());
        CHECK(header.actor().id() == rig.key_id());
        CHECK(header.actor().name() == "robot");
        CHECK(header.request_key().scope() == "key:" + rig.key_id());
    }
    const auto heard = writer.heard();
    CHECK(heard[0].command.append().text() == "Hello");
    CHECK(heard[1].command.edit_message().seq() == 4);
    CHECK(heard[5].command.set_status().snooze_time_ms() == 2'000'000'000'000);
    CHECK(heard[12].command.mark_read().unread());
}

TEST_CASE("Writes: each route of a contact is one command about it", "[unit][gateway]") {
    RecordingWriter writer;
    writer.AnswerWith(Done);
    WriteRig rig(writer.address());
    struct Case {
        std::string method;
        std::string path;
        std::string body;
        Command::BodyCase command;
    };
    const std::string merge = R"({"mergedContactId":"01901f3e-0000-7000-8000-000000000002"})";
    const std::vector<Case> cases = {
        {"PATCH", "", R"({"displayName":"Ada"})", Command::kUpdateContact},
        {"POST", ":merge", merge, Command::kMergeContact},
        {"POST", ":block", "", Command::kSetContactBlocked},
        {"POST", ":unblock", "{}", Command::kSetContactBlocked},
    };
    for (std::size_t i = 0; i < cases.size(); ++i) {
        INFO(cases[i].path);
        const auto response = rig.Send(
            cases[i].method,
            "/v1/contacts/" + kConversation + cases[i].path,
            {{"Authorization", "Bearer " + rig.key()}, {"Content-Type", "application/json"}},
            cases[i].body
        );
        INFO(response.body);
        CHECK(response.status == 200);
        CHECK(response.Find("Consistency-Token") == "0/16B3748");
        CHECK(Holds(response, R"("displayName":"Ada")"));
        const auto heard = writer.heard();
        REQUIRE(heard.size() == i + 1);
        CHECK(heard.back().command.body_case() == cases[i].command);
        const auto& header = heard.back().command.header();
        CHECK(header.contact_id() == Uuid::Parse(kConversation)->ToBytes());
        CHECK(header.conversation_id().empty());
        CHECK(header.request_key().scope() == "key:" + rig.key_id());
    }
}

TEST_CASE("Writes: the same over gRPC, with what was written", "[unit][gateway]") {
    RecordingWriter writer;
    writer.AnswerWith(Done);
    WriteRig rig(writer.address());
    v1::AppendMessageRequest append;
    append.set_conversation_id(kConversation);
    append.set_request_id("r-1");
    append.set_if_version(12);
    append.set_text(std::string(64 << 10, 'x'));
    v1::AppendMessageResponse appended;
    REQUIRE_OK(rpc::FromGrpc(rig.stub().AppendMessage(rig.Context().get(), append, &appended)));
    CHECK(appended.message().text() == append.text());
    CHECK(appended.conversation().version() == 13);
    CHECK(appended.consistency_token() == "0/16B3748");

    v1::CloseConversationRequest close;
    close.set_conversation_id(kConversation);
    close.set_note("done");
    v1::ChangeConversationResponse closed;
    REQUIRE_OK(rpc::FromGrpc(rig.stub().CloseConversation(rig.Context().get(), close, &closed)));
    CHECK(closed.note().text() == "done");
    CHECK(closed.conversation().version() == 13);
    close.clear_note();
    REQUIRE_OK(rpc::FromGrpc(rig.stub().CloseConversation(rig.Context().get(), close, &closed)));
    CHECK_FALSE(closed.has_note());

    v1::EditMessageRequest edit;
    edit.set_conversation_id(kConversation);
    edit.set_seq(4);
    edit.set_text("new");
    v1::ChangeMessageResponse edited;
    REQUIRE_OK(rpc::FromGrpc(rig.stub().EditMessage(rig.Context().get(), edit, &edited)));
    CHECK(edited.message().seq() == 4);

    const auto heard = writer.heard();
    REQUIRE(heard.size() == 4);
    CHECK(heard[0].command.header().if_version() == 12);
    CHECK(heard[0].command.header().request_key().key() == "r-1");
}

TEST_CASE("Writes: the request id is one thing, wherever it stands", "[unit][gateway]") {
    RecordingWriter writer;
    writer.AnswerWith(Done);
    WriteRig rig(writer.address());
    const std::string body = R"({"note":"n","ifVersion":12})";
    const std::string with_id = R"({"note":"n","ifVersion":"12","requestId":"r-1"})";
    CHECK(rig.Post(":close", with_id).status == 200);
    CHECK(rig.Post(":close", body, With("Idempotency-Key", "r-1")).status == 200);
    CHECK(rig.Post(":close", with_id, With("Idempotency-Key", "\"r-1\"")).status == 200);
    auto both = With("Idempotency-Key", "r-1");
    both.push_back({"If-Match", "\"12\""});
    CHECK(rig.Post(":close", R"({"note":"n"})", both).status == 200);
    v1::CloseConversationRequest request;
    request.set_conversation_id(kConversation);
    request.set_request_id("r-1");
    request.set_if_version(12);
    request.set_note("n");
    v1::ChangeConversationResponse response;
    REQUIRE_OK(rpc::FromGrpc(rig.stub().CloseConversation(rig.Context().get(), request, &response))
    );
    const auto heard = writer.heard();
    REQUIRE(heard.size() == 5);
    for (const Heard& one : heard) {
        CHECK(one.command.header().request_key().key() == "r-1");
        CHECK(
            one.command.header().request_key().digest() ==
            heard[0].command.header().request_key().digest()
        );
        CHECK(one.command.header().if_version() == 12);
    }
    const auto other = rig.Post(":close", with_id, With("Idempotency-Key", "r-2"));
    CHECK(other.status == 400);
    CHECK(Holds(other, R"("field":"request_id")"));
    const auto version = rig.Post(":close", body, With("If-Match", "\"11\""));
    CHECK(version.status == 400);
    CHECK(Holds(version, R"("field":"if_version")"));
    CHECK(writer.heard().size() == 5);
}

TEST_CASE("Writes: a body that is none of the request is refused by its field", "[unit][gateway]") {
    RecordingWriter writer;
    WriteRig rig(writer.address());
    struct Case {
        std::string path;
        std::string body;
        std::string field;
    };
    const std::vector<Case> cases = {
        {":close", R"({"nope":1})", "nope"},
        {":close", R"({"note":"a","note":"b"})", "note"},
        {":close", R"({"note":7})", "note"},
        {":close", "[]", "body"},
        {":close", R"({"ifVersion":"x"})", "if_version"},
        {":assign", R"({"assigneeId":null})", "assignee_id"},
        {":close?note=x", "{}", "note"},
        {"/messages", R"({"attachments":[{"type":"ATTACHMENT_TYPE_FILE"}]})", "attachments[0].url"},
        {"/messages/x:edit", R"({"text":"a"})", "seq"},
        {"/messages/0:edit", R"({"text":"a"})", "seq"},
        {":snooze", R"({"snoozeTime":"soon"})", "snooze_time"},
    };
    for (const Case& one : cases) {
        INFO(one.path << ' ' << one.body);
        const auto response = rig.Post(one.path, one.body);
        INFO(response.body);
        CHECK(response.status == 400);
        CHECK(Holds(response, R"("field":")" + one.field + '"'));
    }
    const std::string close = "/v1/conversations/" + kConversation + ":close";
    const http::Header key{"Authorization", "Bearer " + rig.key()};
    CHECK(rig.Send("POST", close, {key}, "{}").status == 415);
    CHECK(rig.Send("POST", close, {key, {"Content-Type", "text/plain"}}, "{}").status == 415);
    CHECK(rig.Send("POST", close, {}, "{}").status == 401);  // Nothing is judged before the key.
    CHECK(rig.Send("GET", close, {key}, "").status != 200);
    CHECK(rig.Post(":closed", "{}").status == 405);
    CHECK(rig.Post("/messages/4:undo", "{}").status == 404);
    CHECK(rig.Post("/messages", std::string((1 << 20) + 1, ' ')).status == 413);
    CHECK(writer.heard().empty());
}

TEST_CASE("Writes: what the writer refuses is told with its reason", "[unit][gateway]") {
    RecordingWriter writer;
    WriteRig rig(writer.address());
    writer.AnswerWith([](const Heard&, auto&) {
        return Status(Code::kAborted, "it has version 14")
            .WithReason("VERSION_MISMATCH")
            .WithMetadata("version", "14");
    });
    const auto mismatch = rig.Post(":open", "", With("If-Match", "\"12\""));
    CHECK(mismatch.status == 409);
    CHECK(mismatch.content_type == "application/problem+json");
    CHECK(Holds(mismatch, R"("reason":"VERSION_MISMATCH","metadata":{"version":"14"})"));
    CHECK_FALSE(mismatch.Find("Retry-After").has_value());
    v1::OpenConversationRequest request;
    request.set_conversation_id(kConversation);
    v1::ChangeConversationResponse response;
    const Status over_grpc =
        rpc::FromGrpc(rig.stub().OpenConversation(rig.Context().get(), request, &response));
    CHECK_THAT(over_grpc, HasCode(Code::kAborted));
    CHECK(over_grpc.metadata() == Status::Metadata{{"version", "14"}});

    writer.AnswerWith([](const Heard&, auto&) {
        return FailedPrecondition("closed to open alone").WithReason("ILLEGAL_TRANSITION");
    });
    const auto illegal = rig.Post(":pend", "");
    CHECK(illegal.status == 400);
    CHECK(Holds(illegal, R"("reason":"ILLEGAL_TRANSITION")"));
    writer.AnswerWith([](const Heard&, auto&) {
        return NotFound("none").WithReason("CONVERSATION_NOT_FOUND");
    });
    CHECK(rig.Post(":pend", "").status == 404);
    CHECK(writer.heard().size() == 4);  // None of these is repeated.
}

TEST_CASE(
    "Writes: UNAVAILABLE is repeated on another writer, as the same call", "[unit][gateway]"
) {
    RecordingWriter first;
    RecordingWriter second;
    first.AnswerWith([](const Heard&, auto&) {
        return Unavailable("may have been written").WithReason("OUTCOME_UNKNOWN");
    });
    second.AnswerWith(Done);
    WriteRig rig(first.address() + "," + second.address());
    constexpr int kCalls = 10;
    for (int i = 0; i < kCalls; ++i) {
        // Every other one without a request id.
        const auto headers = i % 2 == 0 ? With("Idempotency-Key", "r-" + std::to_string(i))
                                        : std::vector<http::Header>();
        CHECK(rig.Post(":close", "{}", headers).status == 200);
    }
    const auto refused = first.heard();
    const auto done = second.heard();
    REQUIRE(done.size() == kCalls);
    REQUIRE_FALSE(refused.empty());
    for (const Heard& one : refused) {
        const auto again = std::find_if(done.begin(), done.end(), [&](const Heard& other) {
            return other.command.header().command_id() == one.command.header().command_id();
        });
        REQUIRE(again != done.end());
        CHECK(again->command.SerializeAsString() == one.command.SerializeAsString());
        CHECK_FALSE(one.command.header().request_key().key().empty());
    }
}

TEST_CASE("Writes: a writer that is away is UNAVAILABLE, in time", "[unit][gateway]") {
    std::string address;
    {
        const RecordingWriter gone;
        address = gone.address();
    }
    WriteRig rig(address);
    const auto begun = std::chrono::steady_clock::now();
    const auto response = rig.Post("/messages", R"({"text":"a"})", With("Idempotency-Key", "k"));
    CHECK(response.status == 503);
    CHECK(response.Find("Retry-After") == "1");
    CHECK(Holds(response, R"("reason":"WRITER_UNAVAILABLE")"));
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(30));
}

TEST_CASE("Writes: a writer that always says UNAVAILABLE is asked a few times", "[unit][gateway]") {
    RecordingWriter writer;
    writer.AnswerWith([](const Heard&, auto&) {
        return Unavailable("stopping").WithReason("STOPPING").WithRetryAfter(Millis(3'000));
    });
    WriteRig rig(writer.address());
    const auto response = rig.Post(":open", "");
    CHECK(response.status == 503);
    CHECK(response.Find("Retry-After") == "3");
    CHECK(Holds(response, R"("reason":"STOPPING")"));
    CHECK(writer.heard().size() == 4);  // attempt_count_max
}

TEST_CASE("Writes: a slow writer is an outcome that is not known", "[unit][gateway]") {
    RecordingWriter writer;
    std::promise<void> end;
    const std::shared_future<void> ended = end.get_future().share();
    writer.AnswerWith([ended](const Heard&, auto&) {
        ended.wait();
        return Status();
    });
    WriteRig rig(writer.address(), Millis(200));
    const auto response = rig.Post(":open", "");
    CHECK(response.status == 504);
    CHECK(Holds(response, R"("reason":"OUTCOME_UNKNOWN")"));
    CHECK(Holds(response, R"("code":"DEADLINE_EXCEEDED")"));
    end.set_value();
}

TEST_CASE("Writes: reading goes on while the writer hangs", "[unit][gateway]") {
    RecordingWriter writer;
    std::promise<void> end;
    const std::shared_future<void> ended = end.get_future().share();
    writer.AnswerWith([ended](const Heard&, auto&) {
        ended.wait();
        return Status();
    });
    WriteRig rig(writer.address());
    const std::string url = rig.url() + "/v1/conversations/" + kConversation + ":open";
    const std::vector<http::Header> key = {{"Authorization", "Bearer " + rig.key()}};
    std::vector<std::future<int>> hanging;
    for (std::size_t i = 0; i < 2 * WriteRig::kThreads; ++i) {
        hanging.push_back(std::async(std::launch::async, [url, key] {
            const auto response = http::Send("POST", url, key, "", Millis(60'000));
            return response.ok() ? response->status : -1;
        }));
    }
    REQUIRE(test::Eventually(std::chrono::seconds(20), [&] {
        return writer.heard().size() == WriteRig::kThreads;
    }));
    CHECK(rig.Send("GET", "/v1/conversations/none", key, "").status == 400);
    for (auto& one : hanging) {
        CHECK(one.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
    }
    end.set_value();
    for (auto& one : hanging) CHECK(one.get() == 200);
}

TEST_CASE("Writes: deadline and trace reach the writer", "[unit][gateway]") {
    RecordingWriter writer;
    writer.AnswerWith(Done);
    WriteRig rig(writer.address(), Millis(600'000));
    v1::OpenConversationRequest request;
    request.set_conversation_id(kConversation);
    v1::ChangeConversationResponse response;
    const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const auto context = rig.Context();
    context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    context->AddMetadata("traceparent", trace);
    REQUIRE_OK(rpc::FromGrpc(rig.stub().OpenConversation(context.get(), request, &response)));
    CHECK(rig.Post(":open", "", With("traceparent", trace)).status == 200);
    const auto heard = writer.heard();
    REQUIRE(heard.size() == 2);
    for (const Heard& one : heard) {
        CHECK(one.traceparent == trace);
        CHECK(one.command.header().traceparent() == trace);
    }
    // A deadline travels as a length of time, which gRPC rounds up.
    CHECK(heard[0].left_ms <= 25'000);
    CHECK(heard[1].left_ms <= 35'000);  // deadline_default_ms
}
