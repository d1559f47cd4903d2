#include "breaking_changes.hpp"

#include "google/api/annotations.pb.h"

#include <map>

namespace unibox::test {
namespace {

namespace pb = google::protobuf;
using Lines = std::vector<std::string>;

// Everything of a set by its full name.
struct Index {
    std::map<std::string, const pb::DescriptorProto*> messages;
    std::map<std::string, const pb::EnumDescriptorProto*> enums;
    std::map<std::string, const pb::ServiceDescriptorProto*> services;

    explicit Index(const pb::FileDescriptorSet& set) {
        for (const auto& file : set.file()) {
            if (file.name().rfind("unibox/", 0) != 0) continue;
            for (const auto& message : file.message_type()) Add(file.package(), message);
            for (const auto& type : file.enum_type()) Add(file.package(), type);
            for (const auto& service : file.service()) {
                services.emplace(file.package() + "." + service.name(), &service);
            }
        }
    }

private:
    void Add(const std::string& scope, const pb::DescriptorProto& message) {
        const std::string name = scope + "." + message.name();
        messages.emplace(name, &message);
        for (const auto& nested : message.nested_type()) Add(name, nested);
        for (const auto& type : message.enum_type()) Add(name, type);
    }
    void Add(const std::string& scope, const pb::EnumDescriptorProto& type) {
        enums.emplace(scope + "." + type.name(), &type);
    }
};

std::string OneofOf(const pb::DescriptorProto& message, const pb::FieldDescriptorProto& field) {
    if (!field.has_oneof_index()) return {};
    return message.oneof_decl(field.oneof_index()).name();
}

void CompareField(
    const std::string& name,
    const std::pair<const pb::DescriptorProto&, const pb::FieldDescriptorProto&>& before,
    const std::pair<const pb::DescriptorProto&, const pb::FieldDescriptorProto&>& after,
    Lines* lines
) {
    const auto& [old_message, old_field] = before;
    const auto& [new_message, new_field] = after;
    const auto differs = [&](const char* what) {
        lines->push_back(name + ": " + what + " changed");
    };
    if (old_field.name() != new_field.name()) differs("name");
    if (old_field.json_name() != new_field.json_name()) differs("JSON name");
    if (old_field.type() != new_field.type()) differs("type");
    if (old_field.type_name() != new_field.type_name()) differs("type name");
    if (old_field.label() != new_field.label()) differs("label");
    if (old_field.proto3_optional() != new_field.proto3_optional()) differs("presence");
    if (OneofOf(old_message, old_field) != OneofOf(new_message, new_field)) differs("oneof");
}

void CompareMessage(
    const std::string& name,
    const pb::DescriptorProto& before,
    const pb::DescriptorProto& after,
    Lines* lines
) {
    std::map<int, const pb::FieldDescriptorProto*> now;
    for (const auto& field : after.field()) now.emplace(field.number(), &field);
    for (const auto& field : before.field()) {
        const std::string full = name + "." + field.name();
        const auto found = now.find(field.number());
        if (found == now.end()) {
            lines->push_back(full + ": removed or renumbered");
        } else {
            CompareField(full, {before, field}, {after, *found->second}, lines);
        }
    }
}

void CompareEnum(
    const std::string& name,
    const pb::EnumDescriptorProto& before,
    const pb::EnumDescriptorProto& after,
    Lines* lines
) {
    std::map<std::string, int> now;
    for (const auto& value : after.value()) now.emplace(value.name(), value.number());
    for (const auto& value : before.value()) {
        const auto found = now.find(value.name());
        if (found == now.end()) {
            lines->push_back(name + "." + value.name() + ": removed or renamed");
        } else if (found->second != value.number()) {
            lines->push_back(name + "." + value.name() + ": number changed");
        }
    }
}

void CompareMethod(
    const std::string& name,
    const pb::MethodDescriptorProto& before,
    const pb::MethodDescriptorProto& after,
    Lines* lines
) {
    const auto differs = [&](const char* what) {
        lines->push_back(name + ": " + what + " changed");
    };
    if (before.input_type() != after.input_type()) differs("request type");
    if (before.output_type() != after.output_type()) differs("response type");
    if (before.client_streaming() != after.client_streaming() ||
        before.server_streaming() != after.server_streaming()) {
        differs("streaming");
    }
    // A method may get a route; one that has it keeps it.
    if (before.options().HasExtension(google::api::http) &&
        before.options().GetExtension(google::api::http).SerializeAsString() !=
            after.options().GetExtension(google::api::http).SerializeAsString()) {
        differs("HTTP rule");
    }
}

void CompareService(
    const std::string& name,
    const pb::ServiceDescriptorProto& before,
    const pb::ServiceDescriptorProto& after,
    Lines* lines
) {
    std::map<std::string, const pb::MethodDescriptorProto*> now;
    for (const auto& method : after.method()) now.emplace(method.name(), &method);
    for (const auto& method : before.method()) {
        const std::string full = name + "." + method.name();
        const auto found = now.find(method.name());
        if (found == now.end()) {
            lines->push_back(full + ": removed");
        } else {
            CompareMethod(full, method, *found->second, lines);
        }
    }
}

template <typename Map, typename Compare>
void CompareAll(const Map& before, const Map& after, const Compare& compare, Lines* lines) {
    for (const auto& [name, thing] : before) {
        const auto found = after.find(name);
        if (found == after.end()) {
            lines->push_back(name + ": removed");
        } else {
            compare(name, *thing, *found->second, lines);
        }
    }
}

}  // namespace

Lines BreakingChanges(const pb::FileDescriptorSet& before, const pb::FileDescriptorSet& after) {
    Lines lines;
    const Index old_index(before);
    const Index new_index(after);
    CompareAll(old_index.messages, new_index.messages, CompareMessage, &lines);
    CompareAll(old_index.enums, new_index.enums, CompareEnum, &lines);
    CompareAll(old_index.services, new_index.services, CompareService, &lines);
    return lines;
}

}  // namespace unibox::test
