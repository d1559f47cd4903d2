// Fields of a message by name, set from text: query parameters and path variables.
// Thread safety: pure functions; a FieldPath is a value.
#pragma once

#include "base/status.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::wire {

// The way from a message to one of its fields that text can set: numbers, texts, booleans,
// enumerations, bytes (base64), google.protobuf.Timestamp (RFC 3339), google.protobuf.FieldMask
// ("name,displayName"); lists of these but the last; the same inside of messages that are no lists.
class FieldPath {
public:
    explicit FieldPath(std::vector<const google::protobuf::FieldDescriptor*> steps)
        : steps_(std::move(steps)) {}

    // As in the proto: "parent.child".
    std::string FullName() const;
    bool IsPathValue() const;  // A single text or whole number: what a path variable can be.
    bool IsList() const;
    // Sets the field, or adds to it if it is a list. INVALID_ARGUMENT with field(): not of the
    // field's type, or no UTF-8.
    Status Set(const std::string& text, google::protobuf::Message* message) const;
    void Clear(google::protobuf::Message* message) const;

private:
    google::protobuf::Message* Parent(google::protobuf::Message* message) const;

    std::vector<const google::protobuf::FieldDescriptor*> steps_;
};

// `name` as in the proto or in camelCase, with dots between the steps. Nothing if there is no such
// field.
std::optional<FieldPath> FindField(const google::protobuf::Descriptor& type, std::string_view name);

// Percent-decoded, "+" as a blank. Nothing for a broken escape, a NUL or bytes that are no UTF-8.
std::optional<std::string> DecodeQueryPart(std::string_view text);

}  // namespace unibox::wire
