#include "wire/proto_comments.hpp"

#include <google/protobuf/descriptor.pb.h>

#include <span>
#include <sstream>

namespace unibox::wire {
namespace {

namespace pb = google::protobuf;
using Path = std::span<const int>;

std::string OneLine(const std::string& above, const std::string& behind) {
    std::istringstream words(above + " " + behind);
    std::string line, word;
    while (words >> word) line += (line.empty() ? "" : " ") + word;
    return line;
}

// The name that a place in a file leads to; empty for places that have none of their own.
std::string NameAt(const std::string& scope, const pb::EnumDescriptorProto& type, Path path) {
    std::string name = scope + "." + type.name();
    if (path.empty()) return name;
    if (path.size() != 2 || path[0] != pb::EnumDescriptorProto::kValueFieldNumber) return {};
    return name + "." + type.value(path[1]).name();
}

std::string NameAt(const std::string& scope, const pb::DescriptorProto& message, Path path) {
    std::string name = scope + "." + message.name();
    if (path.empty()) return name;
    if (path.size() < 2) return {};
    const Path rest = path.subspan(2);
    switch (path[0]) {
        case pb::DescriptorProto::kFieldFieldNumber:
            return rest.empty() ? name + "." + message.field(path[1]).name() : std::string();
        case pb::DescriptorProto::kNestedTypeFieldNumber:
            return NameAt(name, message.nested_type(path[1]), rest);
        case pb::DescriptorProto::kEnumTypeFieldNumber:
            return NameAt(name, message.enum_type(path[1]), rest);
        default:
            return {};
    }
}

std::string NameAt(const std::string& scope, const pb::ServiceDescriptorProto& service, Path path) {
    std::string name = scope + "." + service.name();
    if (path.empty()) return name;
    if (path.size() != 2 || path[0] != pb::ServiceDescriptorProto::kMethodFieldNumber) return {};
    return name + "." + service.method(path[1]).name();
}

std::string NameAt(const pb::FileDescriptorProto& file, Path path) {
    if (path.size() < 2) return {};
    const Path rest = path.subspan(2);
    switch (path[0]) {
        case pb::FileDescriptorProto::kMessageTypeFieldNumber:
            return NameAt(file.package(), file.message_type(path[1]), rest);
        case pb::FileDescriptorProto::kEnumTypeFieldNumber:
            return NameAt(file.package(), file.enum_type(path[1]), rest);
        case pb::FileDescriptorProto::kServiceFieldNumber:
            return NameAt(file.package(), file.service(path[1]), rest);
        default:
            return {};
    }
}

}  // namespace

Result<ProtoComments> ProtoComments::Parse(std::string_view descriptor_set) {
    pb::FileDescriptorSet files;
    if (!files.ParseFromArray(descriptor_set.data(), static_cast<int>(descriptor_set.size()))) {
        return InvalidArgument("these bytes are no FileDescriptorSet");
    }
    ProtoComments comments;
    for (const auto& file : files.file()) {
        for (const auto& location : file.source_code_info().location()) {
            auto line = OneLine(location.leading_comments(), location.trailing_comments());
            const std::vector<int> path(location.path().begin(), location.path().end());
            const std::string name = NameAt(file, path);
            if (!line.empty() && !name.empty()) comments.by_name_.emplace(name, std::move(line));
        }
    }
    return comments;
}

std::string_view ProtoComments::Of(const std::string& full_name) const {
    const auto found = by_name_.find(full_name);
    return found == by_name_.end() ? std::string_view() : found->second;
}

}  // namespace unibox::wire
