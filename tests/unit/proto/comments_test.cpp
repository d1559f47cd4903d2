// Every element of our protos says what it means, in a comment that protoc attaches to it: what
// generated documentation shows.
#include <catch2/catch.hpp>
#include <google/protobuf/descriptor.pb.h>

#include <fstream>
#include <set>
#include <string>
#include <vector>

namespace {

namespace pb = google::protobuf;

// How descriptor.proto numbers what stands in what: a path is a chain of (field, index).
constexpr int kFileMessage = 4;
constexpr int kFileEnum = 5;
constexpr int kFileService = 6;
constexpr int kFileSyntax = 12;
constexpr int kMessageField = 2;
constexpr int kMessageNested = 3;
constexpr int kMessageEnum = 4;
constexpr int kMessageOneof = 8;
constexpr int kEnumValue = 2;
constexpr int kServiceMethod = 2;

using Path = std::vector<int>;

class Walk {
public:
    explicit Walk(const pb::FileDescriptorProto& file) {
        for (const auto& location : file.source_code_info().location()) {
            if (!location.has_leading_comments() && !location.has_trailing_comments()) continue;
            commented_.emplace(location.path().begin(), location.path().end());
        }
        Visit({kFileSyntax}, file.name());
        for (int i = 0; i < file.message_type_size(); ++i) {
            Message({kFileMessage, i}, file.message_type(i), file.package());
        }
        for (int i = 0; i < file.enum_type_size(); ++i) {
            Enum({kFileEnum, i}, file.enum_type(i), file.package());
        }
        for (int i = 0; i < file.service_size(); ++i) {
            Service({kFileService, i}, file.service(i), file.package());
        }
    }
    const std::vector<std::string>& bare() const { return bare_; }
    int count() const { return count_; }

private:
    static Path Below(Path path, int field, int index) {
        path.push_back(field);
        path.push_back(index);
        return path;
    }
    void Visit(const Path& path, const std::string& name) {
        ++count_;
        if (!commented_.contains(path)) bare_.push_back(name);
    }
    void Message(const Path& path, const pb::DescriptorProto& message, const std::string& parent) {
        if (message.options().map_entry()) return;  // Of a map<>: nobody wrote it.
        const std::string name = parent + "." + message.name();
        Visit(path, name);
        for (int i = 0; i < message.field_size(); ++i) {
            Visit(Below(path, kMessageField, i), name + "." + message.field(i).name());
        }
        std::set<int> made_up;  // One for each optional field: nobody wrote it.
        for (const auto& field : message.field()) {
            if (field.proto3_optional()) made_up.insert(field.oneof_index());
        }
        for (int i = 0; i < message.oneof_decl_size(); ++i) {
            if (made_up.contains(i)) continue;
            Visit(Below(path, kMessageOneof, i), name + "." + message.oneof_decl(i).name());
        }
        for (int i = 0; i < message.nested_type_size(); ++i) {
            Message(Below(path, kMessageNested, i), message.nested_type(i), name);
        }
        for (int i = 0; i < message.enum_type_size(); ++i) {
            Enum(Below(path, kMessageEnum, i), message.enum_type(i), name);
        }
    }
    void Enum(const Path& path, const pb::EnumDescriptorProto& type, const std::string& parent) {
        const std::string name = parent + "." + type.name();
        Visit(path, name);
        for (int i = 0; i < type.value_size(); ++i) {
            Visit(Below(path, kEnumValue, i), name + "." + type.value(i).name());
        }
    }
    void Service(
        const Path& path, const pb::ServiceDescriptorProto& service, const std::string& parent
    ) {
        const std::string name = parent + "." + service.name();
        Visit(path, name);
        for (int i = 0; i < service.method_size(); ++i) {
            Visit(Below(path, kServiceMethod, i), name + "." + service.method(i).name());
        }
    }

    std::set<Path> commented_;
    std::vector<std::string> bare_;
    int count_ = 0;
};

pb::FileDescriptorSet Commented() {
    std::ifstream stream(UNIBOX_BINARY_DIR "/proto/unibox_commented.binpb", std::ios::binary);
    pb::FileDescriptorSet set;
    REQUIRE(set.ParseFromIstream(&stream));
    return set;
}

}  // namespace

TEST_CASE("proto: every element has a comment", "[unit][proto]") {
    const auto set = Commented();
    int count = 0;
    for (const auto& file : set.file()) {
        if (!file.name().starts_with("unibox/")) continue;
        const Walk walk(file);
        count += walk.count();
        for (const std::string& name : walk.bare()) FAIL_CHECK(name + " has no comment");
    }
    CHECK(count > 200);
}

TEST_CASE("proto: an element without a comment is found, wherever it stands", "[unit][proto]") {
    auto set = Commented();
    for (auto& file : *set.mutable_file()) {
        file.clear_source_code_info();
        const Walk walk(file);
        CHECK(walk.count() > 0);
        CHECK(static_cast<int>(walk.bare().size()) == walk.count());
    }
}
