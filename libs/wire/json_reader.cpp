#include "wire/json_reader.hpp"

#include "base/encoding.hpp"
#include "base/utf8.hpp"
#include "wire/detail/put_value.hpp"

#include <simdjson.h>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/time_util.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace unibox::wire {
namespace {

namespace pb = google::protobuf;
namespace dom = simdjson::dom;
using Field = pb::FieldDescriptor;

constexpr std::size_t kDepthMax = 64;
constexpr std::size_t kShownBytesMax = 64;  // Of a name that somebody made up.
// Whole numbers up to here have one double each.
constexpr double kExactMax = 9'007'199'254'740'992.0;

Status Refuse(const std::string& field, std::string_view reason, const std::string& why) {
    return InvalidArgument(field + " " + why).WithReason(reason).WithField(field);
}
Status WrongValue(const std::string& field, const std::string& must) {
    return Refuse(field, "VALUE_INVALID", "must be " + must);
}

std::string Shown(std::string_view name) {
    if (name.empty()) return "\"\"";
    return std::string(CutUtf8(name, kShownBytesMax));
}

template <typename T>
std::optional<T> ParseDigits(std::string_view text) {
    T number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return {};
    return number;
}

// A value that is no object and no list.
struct JsonSource {
    dom::element value;

    // A whole number within the range of T: as a number, or as text.
    template <typename T>
    std::optional<T> Whole() const {
        std::string_view text;
        if (value.get(text) == simdjson::SUCCESS) return ParseDigits<T>(text);
        if (std::int64_t number = 0; value.get(number) == simdjson::SUCCESS) return Fit<T>(number);
        if (std::uint64_t number = 0; value.get(number) == simdjson::SUCCESS) return Fit<T>(number);
        double number = 0;
        if (!value.is_double() || value.get(number) != simdjson::SUCCESS) return {};
        if (std::trunc(number) != number || std::fabs(number) > kExactMax) return {};
        return Fit<T>(static_cast<std::int64_t>(number));
    }
    template <typename T>
    std::optional<T> Real() const {
        double number = 0;
        if (std::string_view text; value.get(text) == simdjson::SUCCESS) {
            number = ParseDigits<double>(text).value_or(std::nan(""));
        } else if (!value.is_number() || value.get(number) != simdjson::SUCCESS) {
            return {};
        }
        if (!(std::fabs(number) <= std::numeric_limits<T>::max())) return {};
        return static_cast<T>(number);
    }
    std::optional<bool> Truth() const {
        bool truth = false;
        return value.get(truth) == simdjson::SUCCESS ? std::optional(truth) : std::nullopt;
    }
    std::optional<int> Enum(const pb::EnumDescriptor& type) const {
        std::string_view text;
        if (value.get(text) != simdjson::SUCCESS) return Whole<std::int32_t>();
        const auto* known = type.FindValueByName(std::string(text));
        return known != nullptr ? std::optional(known->number()) : std::nullopt;
    }
    std::optional<std::string> Text(const Field& field) const {
        std::string_view text;
        if (value.get(text) != simdjson::SUCCESS) return {};
        if (field.type() == Field::TYPE_BYTES) return Base64Decode(text);
        return std::string(text);
    }

    template <typename T, typename Number>
    static std::optional<T> Fit(Number number) {
        return std::in_range<T>(number) ? std::optional(static_cast<T>(number)) : std::nullopt;
    }
};

bool IsTimestamp(const pb::Descriptor& type) {
    return type.full_name() == "google.protobuf.Timestamp";
}

Status ReadObject(dom::element value, const std::string& path, pb::Message* message);

Status ReadTimestamp(dom::element value, const std::string& path, pb::Message* message) {
    std::string_view text;
    pb::Timestamp time;
    const bool is_time = value.get(text) == simdjson::SUCCESS &&
                         pb::util::TimeUtil::FromString(std::string(text), &time);
    if (!is_time) return WrongValue(path, "a time as in RFC 3339");
    message->CopyFrom(time);
    return {};
}

Status ReadMask(
    const Field& field, dom::element value, const std::string& path, pb::Message* message
) {
    std::string_view text;
    const bool is_mask =
        value.get(text) == simdjson::SUCCESS && detail::ReadFieldMask(text, message);
    return is_mask ? Status() : WrongValue(path, detail::TypeText(field));
}

// One value of a field: its only one, or one of a list.
Status ReadOne(
    const Field& field, dom::element value, const std::string& path, pb::Message* message
) {
    if (field.cpp_type() != Field::CPPTYPE_MESSAGE) {
        const bool fits = detail::PutValue(field, JsonSource{value}, message);
        return fits ? Status() : WrongValue(path, detail::TypeText(field));
    }
    const pb::Reflection& reflection = *message->GetReflection();
    pb::Message* child = field.is_repeated() ? reflection.AddMessage(message, &field)
                                             : reflection.MutableMessage(message, &field);
    if (IsTimestamp(*field.message_type())) return ReadTimestamp(value, path, child);
    if (detail::IsFieldMask(*field.message_type())) return ReadMask(field, value, path, child);
    return ReadObject(value, path, child);
}

Status ReadList(
    const Field& field, dom::element value, const std::string& path, pb::Message* message
) {
    dom::array items;
    if (value.get(items) != simdjson::SUCCESS) return WrongValue(path, "a list");
    std::size_t index = 0;
    for (const dom::element item : items) {
        const std::string place = path + "[" + std::to_string(index++) + "]";
        if (item.is_null()) return WrongValue(place, "a value, not null");
        UNIBOX_RETURN_IF_ERROR(ReadOne(field, item, place, message));
    }
    return {};
}

// Keys are texts: no message has others.
Status ReadMap(
    const Field& field, dom::element value, const std::string& path, pb::Message* message
) {
    const Field& key_field = *field.message_type()->map_key();
    const Field& value_field = *field.message_type()->map_value();
    dom::object members;
    const bool has_text_keys = key_field.cpp_type() == Field::CPPTYPE_STRING;
    if (!has_text_keys) return Internal(field.full_name() + " is a map with keys of no text");
    if (value.get(members) != simdjson::SUCCESS) return WrongValue(path, "an object");
    std::set<std::string_view> seen;
    for (const auto [key, member] : members) {
        const std::string place = path + "[" + Shown(key) + "]";
        if (!seen.insert(key).second) return Refuse(place, "DUPLICATE_FIELD", "is given twice");
        if (member.is_null()) return WrongValue(place, "a value, not null");
        pb::Message* entry = message->GetReflection()->AddMessage(message, &field);
        entry->GetReflection()->SetString(entry, &key_field, std::string(key));
        UNIBOX_RETURN_IF_ERROR(ReadOne(value_field, member, place, entry));
    }
    return {};
}

const Field* FieldOf(const pb::Descriptor& type, const std::string& name) {
    const Field* field = type.FindFieldByName(name);
    return field != nullptr ? field : type.FindFieldByCamelcaseName(name);
}

Status ReadField(
    const Field& field, dom::element value, const std::string& path, pb::Message* message
) {
    if (value.is_null()) {
        if (!field.has_optional_keyword()) return {};
        return WrongValue(path, "a value or left out, not null");
    }
    if (field.is_map()) return ReadMap(field, value, path, message);
    if (field.is_repeated()) return ReadList(field, value, path, message);
    return ReadOne(field, value, path, message);
}

Status ReadObject(dom::element value, const std::string& path, pb::Message* message) {
    dom::object members;
    if (value.get(members) != simdjson::SUCCESS) return WrongValue(path, "an object");
    std::set<const void*> seen;  // Fields, and the groups of which one alone may be given.
    for (const auto [key, member] : members) {
        const Field* field = FieldOf(*message->GetDescriptor(), std::string(key));
        const std::string place =
            (path.empty() ? "" : path + ".") + (field != nullptr ? field->name() : Shown(key));
        if (field == nullptr) return Refuse(place, "UNKNOWN_FIELD", "is no field of this request");
        if (!seen.insert(field).second) return Refuse(place, "DUPLICATE_FIELD", "is given twice");
        const auto* group = field->real_containing_oneof();
        if (group != nullptr && !member.is_null() && !seen.insert(group).second) {
            return Refuse(place, "DUPLICATE_FIELD", "excludes another one that is given");
        }
        UNIBOX_RETURN_IF_ERROR(ReadField(*field, member, place, message));
    }
    return {};
}

}  // namespace

Status ReadJson(std::string_view json, pb::Message* message) {
    dom::parser parser;
    dom::element root;
    const simdjson::padded_string padded(json);
    auto error = parser.allocate(padded.size(), kDepthMax);
    if (error == simdjson::SUCCESS) error = parser.parse(padded).get(root);
    if (error != simdjson::SUCCESS) {
        return Refuse(
            "body", "BODY_INVALID", std::string("is no JSON: ") + simdjson::error_message(error)
        );
    }
    if (!root.is_object()) return Refuse("body", "BODY_INVALID", "must be a JSON object");
    return ReadObject(root, "", message);
}

}  // namespace unibox::wire
