#include "wire/detail/openapi_schemas.hpp"

#include <algorithm>

namespace unibox::wire::detail {
namespace {

namespace pb = google::protobuf;

bool IsOfType(const pb::FieldDescriptor& field, const char* full_name) {
    return field.message_type() != nullptr && field.message_type()->full_name() == full_name;
}
bool IsTimestamp(const pb::FieldDescriptor& field) {
    return IsOfType(field, "google.protobuf.Timestamp");
}
bool IsFieldMask(const pb::FieldDescriptor& field) {
    return IsOfType(field, "google.protobuf.FieldMask");
}

// Always written in an answer: all but what may be absent.
bool IsAlwaysThere(const pb::FieldDescriptor& field) {
    if (field.is_repeated()) return true;
    return field.message_type() == nullptr && !field.has_optional_keyword() &&
           field.real_containing_oneof() == nullptr;
}

// "unibox.v1.ListMessagesRequest.Order" is ListMessagesRequest.Order.
std::string NameOf(const std::string& full_name, const std::string& package) {
    return full_name.substr(package.size() + 1);
}

Json ReferenceTo(const std::string& name) {
    return {{"$ref", "#/components/schemas/" + name}};
}

}  // namespace

bool Schemas::IsPlain(const pb::FieldDescriptor& field) {
    return field.message_type() == nullptr || IsTimestamp(field) || IsFieldMask(field);
}

Json Schemas::Answer(const pb::Descriptor& message) {
    return Reference(message, Side::kAnswer);
}

Json Schemas::Input(const pb::Descriptor& message) {
    return Reference(message, Side::kAsked);
}

Json Schemas::Asked(const pb::Descriptor& message, const std::vector<std::string>& path_fields) {
    const std::string name = NameOf(message.full_name(), message.file()->package());
    if (begun_.insert(name).second) all_[name] = ObjectOf(message, Side::kAsked, path_fields);
    return ReferenceTo(name);
}

Json Schemas::Bare(const pb::FieldDescriptor& field) {
    if (!field.is_repeated()) return ValueSchema(field, Side::kAsked);
    return {{"type", "array"}, {"items", ValueSchema(field, Side::kAsked)}};
}

// What is in both is two schemas: nobody has to send all that is always answered.
Json Schemas::Reference(const pb::Descriptor& message, Side side) {
    const std::string name = NameOf(message.full_name(), message.file()->package()) +
                             (side == Side::kAsked ? "Input" : "");
    if (begun_.insert(name).second) all_[name] = ObjectOf(message, side, {});
    return ReferenceTo(name);
}

Json Schemas::Reference(const pb::EnumDescriptor& type) {
    const std::string name = NameOf(type.full_name(), type.file()->package());
    if (begun_.insert(name).second) {
        Json schema = {{"type", "string"}};
        std::string description(comments_.Of(type.full_name()));
        for (int i = 0; i < type.value_count(); ++i) {
            const pb::EnumValueDescriptor& value = *type.value(i);
            schema["enum"].push_back(value.name());
            // Values stand beside their type in protobuf's names, below it in those of files.
            const auto comment = comments_.Of(type.full_name() + "." + value.name());
            description += "\n- `" + value.name() + "`: " + std::string(comment);
        }
        schema["description"] = std::move(description);
        all_[name] = std::move(schema);
    }
    return ReferenceTo(name);
}

Json Schemas::ObjectOf(
    const pb::Descriptor& message, Side side, const std::vector<std::string>& left_out
) {
    Json schema = {{"type", "object"}, {"description", comments_.Of(message.full_name())}};
    Json properties = Json::object();
    Json required = Json::array();
    for (int i = 0; i < message.field_count(); ++i) {
        const pb::FieldDescriptor& field = *message.field(i);
        if (std::count(left_out.begin(), left_out.end(), field.name()) > 0) continue;
        properties[field.json_name()] = FieldSchema(field, side);
        if (side == Side::kAnswer && IsAlwaysThere(field)) required.push_back(field.json_name());
    }
    schema["properties"] = std::move(properties);
    if (!required.empty()) schema["required"] = std::move(required);
    return schema;
}

Json Schemas::FieldSchema(const pb::FieldDescriptor& field, Side side) {
    Json schema;
    if (field.is_map()) {
        const pb::FieldDescriptor& value = *field.message_type()->map_value();
        schema = {{"type", "object"}, {"additionalProperties", ValueSchema(value, side)}};
    } else if (field.is_repeated()) {
        schema = {{"type", "array"}, {"items", ValueSchema(field, side)}};
    } else {
        schema = ValueSchema(field, side);
    }
    const auto comment = comments_.Of(field.full_name());
    if (!comment.empty()) schema["description"] = comment;
    return schema;
}

Json Schemas::ValueSchema(const pb::FieldDescriptor& field, Side side) {
    if (IsTimestamp(field)) return {{"type", "string"}, {"format", "date-time"}};
    if (IsFieldMask(field)) return {{"type", "string"}};  // Names with commas between.
    switch (field.cpp_type()) {
        case pb::FieldDescriptor::CPPTYPE_MESSAGE:
            return Reference(*field.message_type(), side);
        case pb::FieldDescriptor::CPPTYPE_ENUM:
            return Reference(*field.enum_type());
        case pb::FieldDescriptor::CPPTYPE_BOOL:
            return {{"type", "boolean"}};
        case pb::FieldDescriptor::CPPTYPE_INT32:
        case pb::FieldDescriptor::CPPTYPE_UINT32:
            return {{"type", "integer"}, {"format", "int32"}};
        case pb::FieldDescriptor::CPPTYPE_INT64:
        case pb::FieldDescriptor::CPPTYPE_UINT64:
            return {{"type", "string"}, {"format", "int64"}};
        case pb::FieldDescriptor::CPPTYPE_DOUBLE:
        case pb::FieldDescriptor::CPPTYPE_FLOAT:
            return {{"type", "number"}, {"format", "double"}};
        case pb::FieldDescriptor::CPPTYPE_STRING:
            break;
    }
    if (field.type() == pb::FieldDescriptor::TYPE_BYTES) {
        return {{"type", "string"}, {"contentEncoding", "base64"}};
    }
    return {{"type", "string"}};
}

}  // namespace unibox::wire::detail
