#include "breaking_changes.hpp"

#include "google/api/annotations.pb.h"

#include <catch2/catch.hpp>

#include <fstream>
#include <functional>
#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)

namespace {

namespace pb = google::protobuf;

pb::FileDescriptorSet ReadSet(const std::string& path) {
    // The extension must be known before the set is parsed.
    google::api::HttpRule::descriptor();
    std::ifstream stream(path, std::ios::binary);
    INFO(path);
    REQUIRE(stream.good());
    pb::FileDescriptorSet set;
    REQUIRE(set.ParseFromIstream(&stream));
    REQUIRE(set.file_size() > 0);
    return set;
}

pb::FileDescriptorSet Built() {
    return ReadSet(UNIBOX_BINARY_DIR "/proto/unibox.binpb");
}

pb::FileDescriptorProto& File(pb::FileDescriptorSet& set, const std::string& name) {
    for (auto& file : *set.mutable_file()) {
        if (file.name() == name) return file;
    }
    FAIL("no file " + name);
    return *set.mutable_file(0);
}

pb::DescriptorProto& Conversation(pb::FileDescriptorSet& set) {
    return *File(set, "unibox/v1/conversation.proto").mutable_message_type(0);
}
pb::EnumDescriptorProto& Provider(pb::FileDescriptorSet& set) {
    return *File(set, "unibox/v1/common.proto").mutable_enum_type(0);
}
pb::ServiceDescriptorProto& Inbox(pb::FileDescriptorSet& set) {
    return *File(set, "unibox/v1/inbox_service.proto").mutable_service(0);
}
google::api::HttpRule& Rule(pb::FileDescriptorSet& set) {
    return *Inbox(set).mutable_method(0)->mutable_options()->MutableExtension(google::api::http);
}

using Change = std::function<void(pb::FileDescriptorSet&)>;

std::vector<std::string> BreaksOf(const Change& change) {
    const auto before = Built();
    auto after = before;
    change(after);
    REQUIRE(before.SerializeAsString() != after.SerializeAsString());
    return test::BreakingChanges(before, after);
}

}  // namespace

TEST_CASE("proto: nothing that clients rely on has changed", "[unit][proto]") {
    const auto golden = ReadSet(UNIBOX_SOURCE_DIR "/proto/unibox.binpb");
    for (const auto& line : test::BreakingChanges(golden, Built())) {
        FAIL_CHECK(line);
    }
}

TEST_CASE("proto: every breaking change is refused", "[unit][proto]") {
    const std::vector<std::pair<std::string, Change>> changes = {
        {"removed", [](auto& set) { Conversation(set).mutable_field()->RemoveLast(); }},
        {"renumbered", [](auto& set) { Conversation(set).mutable_field(0)->set_number(99); }},
        {"type changed",
         [](auto& set) {
             Conversation(set).mutable_field(0)->set_type(pb::FieldDescriptorProto::TYPE_BYTES);
         }},
        {"type name changed",
         [](auto& set) {
             Conversation(set).mutable_field(2)->set_type_name(".unibox.v1.Direction");
         }},
        {"label changed",
         [](auto& set) {
             Conversation(set).mutable_field(0)->set_label(pb::FieldDescriptorProto::LABEL_REPEATED
             );
         }},
        {"name changed", [](auto& set) { Conversation(set).mutable_field(0)->set_name("key"); }},
        {"JSON name changed",
         [](auto& set) { Conversation(set).mutable_field(0)->set_json_name("key"); }},
        {"oneof changed",
         [](auto& set) {
             Conversation(set).add_oneof_decl()->set_name("choice");
             Conversation(set).mutable_field(0)->set_oneof_index(0);
         }},
        {"presence changed",
         [](auto& set) { Conversation(set).mutable_field(0)->set_proto3_optional(true); }},
        {"Conversation: removed", [](auto& set) { Conversation(set).set_name("Thread"); }},
        {"removed or renamed", [](auto& set) { Provider(set).mutable_value()->RemoveLast(); }},
        {"number changed", [](auto& set) { Provider(set).mutable_value(1)->set_number(77); }},
        {"removed or renamed", [](auto& set) { Provider(set).mutable_value(1)->set_name("X"); }},
        {"Provider: removed", [](auto& set) { Provider(set).set_name("Vendor"); }},
        {"ListConversations: removed",
         [](auto& set) { Inbox(set).mutable_method()->DeleteSubrange(0, 1); }},
        {"request type changed",
         [](auto& set) { Inbox(set).mutable_method(0)->set_input_type(".unibox.v1.Contact"); }},
        {"response type changed",
         [](auto& set) { Inbox(set).mutable_method(0)->set_output_type(".unibox.v1.Contact"); }},
        {"streaming changed",
         [](auto& set) { Inbox(set).mutable_method(0)->set_server_streaming(true); }},
        {"HTTP rule changed", [](auto& set) { Rule(set).set_get("/v2/conversations"); }},
        {"HTTP rule changed", [](auto& set) { Rule(set).set_post("/v1/conversations"); }},
        {"HTTP rule changed",
         [](auto& set) {
             Inbox(set).mutable_method(0)->mutable_options()->ClearExtension(google::api::http);
         }},
        {"InboxService: removed", [](auto& set) { Inbox(set).set_name("Inbox"); }},
        {"removed", [](auto& set) { File(set, "unibox/v1/common.proto").set_package("x"); }},
        {"removed", [](auto& set) { set.clear_file(); }},
    };
    for (const auto& [text, change] : changes) {
        const auto breaks = BreaksOf(change);
        INFO(text);
        REQUIRE_FALSE(breaks.empty());
        CHECK(breaks[0].find(text) != std::string::npos);
    }
}

TEST_CASE("proto: additions are accepted", "[unit][proto]") {
    const std::vector<Change> additions = {
        [](auto& set) {
            auto* field = Conversation(set).add_field();
            field->set_name("extra");
            field->set_number(999);
            field->set_type(pb::FieldDescriptorProto::TYPE_STRING);
        },
        [](auto& set) {
            File(set, "unibox/v1/conversation.proto").add_message_type()->set_name("New");
        },
        [](auto& set) {
            auto* value = Provider(set).add_value();
            value->set_name("PROVIDER_NEW");
            value->set_number(99);
        },
        [](auto& set) { Inbox(set).add_method()->set_name("NewMethod"); },
        [](auto& set) { set.add_file()->set_name("unibox/v2/new.proto"); },
        [](auto& set) {
            auto& fields = *Conversation(set).mutable_field();
            fields.SwapElements(0, 1);  // The order in the file means nothing.
        },
        [](auto& set) { File(set, "google/api/http.proto").clear_message_type(); },  // Not ours.
    };
    for (const Change& change : additions) CHECK(BreaksOf(change).empty());
}
