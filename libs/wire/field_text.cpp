#include "wire/field_text.hpp"

#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "base/utf8.hpp"
#include "wire/detail/put_value.hpp"

#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/time_util.h>

#include <charconv>
#include <cmath>

namespace unibox::wire {
namespace detail {

std::string TypeText(const google::protobuf::FieldDescriptor& field) {
    using Field = google::protobuf::FieldDescriptor;
    switch (field.cpp_type()) {
        case Field::CPPTYPE_BOOL:
            return "true or false";
        case Field::CPPTYPE_ENUM:
            return "a name or number of " + field.enum_type()->full_name();
        case Field::CPPTYPE_MESSAGE:
            return IsFieldMask(*field.message_type()) ? "names of fields, with commas between"
                                                      : "a time as in RFC 3339";
        case Field::CPPTYPE_STRING:
            return field.type() == Field::TYPE_BYTES ? "base64" : "a text";
        case Field::CPPTYPE_DOUBLE:
        case Field::CPPTYPE_FLOAT:
            return "a number";
        default:
            return "a whole number within the range of " + std::string(field.type_name());
    }
}

bool IsFieldMask(const google::protobuf::Descriptor& type) {
    return type.full_name() == "google.protobuf.FieldMask";
}

bool ReadFieldMask(std::string_view text, google::protobuf::Message* message) {
    google::protobuf::FieldMask mask;
    for (const std::string_view path : Split(text, ',')) {
        if (path.empty()) return text.empty();
        std::string snake;
        for (const char c : path) {
            if (c >= 'A' && c <= 'Z') {
                snake += '_';
                snake += static_cast<char>(c - 'A' + 'a');
            } else {
                snake += c;
            }
        }
        mask.add_paths(snake);
    }
    message->CopyFrom(mask);
    return true;
}

}  // namespace detail

namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

constexpr const char* kTimestamp = "google.protobuf.Timestamp";

bool IsSettable(const Field& field) {
    if (field.is_map()) return false;
    const pb::Descriptor* type = field.message_type();
    return type == nullptr || type->full_name() == kTimestamp || detail::IsFieldMask(*type);
}

template <typename T>
std::optional<T> ParseNumber(std::string_view text) {
    T number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return {};
    if constexpr (std::is_floating_point_v<T>) {
        if (!std::isfinite(number)) return {};
    }
    return number;
}

std::optional<int> ParseEnum(const pb::EnumDescriptor& type, const std::string& text) {
    if (const auto* value = type.FindValueByName(text)) return value->number();
    const auto number = ParseNumber<int>(text);
    return number;
}

bool PutFieldMask(const Field& field, const std::string& text, pb::Message* message) {
    if (field.is_repeated()) return false;
    return detail::ReadFieldMask(text, message->GetReflection()->MutableMessage(message, &field));
}

bool PutTimestamp(const Field& field, const std::string& text, pb::Message* message) {
    pb::Timestamp time;
    if (!pb::util::TimeUtil::FromString(text, &time)) return false;
    const pb::Reflection& reflection = *message->GetReflection();
    pb::Message* target = field.is_repeated() ? reflection.AddMessage(message, &field)
                                              : reflection.MutableMessage(message, &field);
    target->CopyFrom(time);
    return true;
}

struct TextSource {
    const std::string& text;

    template <typename T>
    std::optional<T> Whole() const {
        return ParseNumber<T>(text);
    }
    template <typename T>
    std::optional<T> Real() const {
        return ParseNumber<T>(text);
    }
    std::optional<bool> Truth() const {
        if (text == "true") return true;
        if (text == "false") return false;
        return {};
    }
    std::optional<int> Enum(const pb::EnumDescriptor& type) const { return ParseEnum(type, text); }
    std::optional<std::string> Text(const Field& field) const {
        return field.type() == Field::TYPE_BYTES ? Base64Decode(text) : std::optional(text);
    }
};

bool PutText(const Field& field, const std::string& text, pb::Message* message) {
    if (field.cpp_type() == Field::CPPTYPE_MESSAGE) {
        return detail::IsFieldMask(*field.message_type()) ? PutFieldMask(field, text, message)
                                                          : PutTimestamp(field, text, message);
    }
    return detail::PutValue(field, TextSource{text}, message);
}

}  // namespace

std::string FieldPath::FullName() const {
    std::string name;
    for (const Field* step : steps_) name += (name.empty() ? "" : ".") + step->name();
    return name;
}

bool FieldPath::IsPathValue() const {
    const Field& field = *steps_.back();
    if (field.is_repeated() || field.type() == Field::TYPE_BYTES) return false;
    switch (field.cpp_type()) {
        case Field::CPPTYPE_STRING:
        case Field::CPPTYPE_INT32:
        case Field::CPPTYPE_INT64:
        case Field::CPPTYPE_UINT32:
        case Field::CPPTYPE_UINT64:
            return true;
        default:
            return false;
    }
}

bool FieldPath::IsList() const {
    return steps_.back()->is_repeated();
}

pb::Message* FieldPath::Parent(pb::Message* message) const {
    for (std::size_t i = 0; i + 1 < steps_.size(); ++i) {
        message = message->GetReflection()->MutableMessage(message, steps_[i]);
    }
    return message;
}

Status FieldPath::Set(const std::string& text, pb::Message* message) const {
    const Field& field = *steps_.back();
    pb::Message* parent = Parent(message);
    if (field.type() == Field::TYPE_STRING && !IsUtf8(text)) {
        return InvalidArgument(FullName() + " is no UTF-8")
            .WithReason("VALUE_INVALID")
            .WithField(FullName());
    }
    if (PutText(field, text, parent)) return {};
    return InvalidArgument(FullName() + " must be " + detail::TypeText(field))
        .WithReason("VALUE_INVALID")
        .WithField(FullName());
}

void FieldPath::Clear(pb::Message* message) const {
    pb::Message* parent = Parent(message);
    parent->GetReflection()->ClearField(parent, steps_.back());
}

std::optional<FieldPath> FindField(const pb::Descriptor& type, std::string_view name) {
    std::vector<const Field*> steps;
    const pb::Descriptor* current = &type;
    for (const std::string_view step : Split(name, '.')) {
        // Only a field that is a single message leads further.
        if (!steps.empty() && (steps.back()->is_repeated() || current == nullptr)) return {};
        const std::string text(step);
        const Field* field = current->FindFieldByName(text);
        if (field == nullptr) field = current->FindFieldByCamelcaseName(text);
        if (field == nullptr) return {};
        steps.push_back(field);
        current = field->message_type();
    }
    if (steps.empty() || !IsSettable(*steps.back())) return {};
    return FieldPath(std::move(steps));
}

std::optional<std::string> DecodeQueryPart(std::string_view text) {
    auto decoded = PercentDecode(text, Plus::kSpace);
    if (!decoded || !IsCleanText(*decoded)) return std::nullopt;
    return decoded;
}

}  // namespace unibox::wire
