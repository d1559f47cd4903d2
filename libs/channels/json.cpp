#include "channels/json.hpp"

#include "base/strings.hpp"
#include "base/utf8.hpp"
#include "channels/text.hpp"
#include "channels/times.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <set>

namespace unibox::channels {
namespace {

// A parser keeps about 15 bytes for each byte of the largest body it has seen; larger ones are not
// kept.
constexpr std::size_t kKeptCapacityBytesMax = 128 * 1024;
constexpr double kExactIntegerMax = 9'007'199'254'740'992.0;  // 2^53

thread_local std::unique_ptr<simdjson::dom::parser> spare_parser;

std::string NumberText(const simdjson::dom::element& element) {
    if (element.is<std::int64_t>())
        return std::to_string(element.get<std::int64_t>().value_unsafe());
    if (element.is<std::uint64_t>())
        return std::to_string(element.get<std::uint64_t>().value_unsafe());
    const double number = element.get<double>().value_unsafe();
    if (number == std::trunc(number) && std::abs(number) <= kExactIntegerMax) {
        return std::to_string(static_cast<std::int64_t>(number));
    }
    std::array<char, 64> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    return {digits.data(), end};
}

// The first thing that a strict document may not have, with its path.
class StrictCheck {
public:
    explicit StrictCheck(bool look_for_invalid_utf8)
        : look_for_invalid_utf8_(look_for_invalid_utf8) {}

    Status Check(
        const simdjson::dom::element& element, const std::string& path, std::size_t depth
    ) {
        if (depth > kJsonDepthMax) return Refuse(path, "is nested too deeply");
        if (element.is_string()) return CheckText(element.get_string().value_unsafe(), path);
        if (element.is_object())
            return CheckObject(element.get_object().value_unsafe(), path, depth);
        if (!element.is_array()) return {};
        std::size_t index = 0;
        const simdjson::dom::array items = element.get_array().value_unsafe();
        for (const auto item : items) {
            UNIBOX_RETURN_IF_ERROR(
                Check(item, path + "[" + std::to_string(index++) + "]", depth + 1)
            );
        }
        return {};
    }

private:
    static Status Refuse(const std::string& path, std::string_view what) {
        const std::string field = path.empty() ? "body" : path;
        return InvalidArgument(field + " " + std::string(what)).WithField(field);
    }
    Status CheckText(std::string_view text, const std::string& path) const {
        if (!look_for_invalid_utf8_ || text.find(kInvalidUtf8Mark) == text.npos) return {};
        return Refuse(path, "is not valid UTF-8");
    }
    Status CheckObject(simdjson::dom::object object, const std::string& path, std::size_t depth) {
        std::set<std::string_view> keys;
        for (const auto& member : object) {
            const std::string name = CleanText(CutUtf8(member.key, 100));
            const std::string member_path = path.empty() ? name : path + "." + name;
            if (!keys.insert(member.key).second) return Refuse(member_path, "is given twice");
            UNIBOX_RETURN_IF_ERROR(CheckText(member.key, path));
            UNIBOX_RETURN_IF_ERROR(Check(member.value, member_path, depth + 1));
        }
        return {};
    }

    bool look_for_invalid_utf8_;
};

Status NotJson(simdjson::error_code error) {
    return InvalidArgument(std::string("the body is not JSON: ") + simdjson::error_message(error))
        .WithField("body");
}

}  // namespace

JsonValue JsonValue::operator[](std::string_view key) const {
    if (!IsObject()) return {};
    simdjson::dom::element member;
    if (element_.get_object().value_unsafe().at_key(key).get(member) != simdjson::SUCCESS)
        return {};
    return JsonValue(member);
}

simdjson::dom::array JsonValue::Items() const {
    static const simdjson::dom::array none = [] {
        static simdjson::dom::parser parser;
        return parser.parse(std::string_view("[]")).get_array().value();
    }();
    return IsArray() ? element_.get_array().value_unsafe() : none;
}

simdjson::dom::object JsonValue::Members() const {
    static const simdjson::dom::object none = [] {
        static simdjson::dom::parser parser;
        return parser.parse(std::string_view("{}")).get_object().value();
    }();
    return IsObject() ? element_.get_object().value_unsafe() : none;
}

bool JsonValue::IsSaid() const {
    if (IsString()) return !View().empty();
    if (IsArray()) return element_.get_array().value_unsafe().size() > 0;
    if (IsBool()) return Truth();
    if (IsNumber()) return Number() != 0;
    return exists_;
}

std::string_view JsonValue::View() const {
    return IsString() ? element_.get_string().value_unsafe() : std::string_view();
}

std::string JsonValue::Text() const {
    if (IsString()) {
        const std::string_view text = View();
        return text.find('\0') == text.npos ? std::string(text) : CleanText(text);
    }
    return IsNumber() ? NumberText(element_) : std::string();
}

std::optional<std::int64_t> JsonValue::Int() const {
    if (IsString()) return ParseInt64(TrimSpace(View()));
    if (!IsNumber()) return std::nullopt;
    return ParseInt64(NumberText(element_));
}

std::optional<double> JsonValue::Number() const {
    if (IsNumber()) {
        if (element_.is<double>()) return element_.get<double>().value_unsafe();
        return ParseDecimal(NumberText(element_));
    }
    return ParseDecimal(View());
}

bool JsonValue::Truth() const {
    if (!exists_) return false;
    if (element_.is_bool()) return element_.get_bool().value_unsafe();
    return View() == "true" || Int() == 1;
}

std::int64_t JsonValue::TimeMs() const {
    if (IsString()) return TextTimeMs(View());
    if (!IsNumber()) return 0;
    if (element_.is<double>()) return UnixTimeMs(element_.get<double>().value_unsafe());
    return UnixTimeMs(Int().value_or(0));
}

std::string JsonValue::Json() const {
    return exists_ ? CleanText(simdjson::minify(element_)) : "null";
}

JsonDocument::JsonDocument() : parser_(std::move(spare_parser)) {
    if (!parser_) parser_ = std::make_unique<simdjson::dom::parser>();
}

JsonDocument::~JsonDocument() {
    if (parser_ && parser_->capacity() <= kKeptCapacityBytesMax) spare_parser = std::move(parser_);
}

simdjson::error_code JsonDocument::Load(std::string_view text) {
    simdjson::dom::element element;
    const auto error = parser_->parse(text.data(), text.size()).get(element);
    if (error == simdjson::SUCCESS) root_ = JsonValue(element);
    return error;
}

Status JsonDocument::LoadRepaired(std::string_view body, std::string_view utf8_replacement) {
    const auto error = Load(body);
    if (error == simdjson::SUCCESS) return {};
    if (error == simdjson::EMPTY || error == simdjson::CAPACITY || error == simdjson::MEMALLOC)
        return NotJson(error);
    const std::string repaired = RepairJson(body, utf8_replacement, repairs_);
    const auto second_error = Load(repaired);
    return second_error == simdjson::SUCCESS ? Status() : NotJson(second_error);
}

Result<JsonDocument> JsonDocument::ParseTolerant(std::string_view body) {
    static constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
    JsonDocument document;
    UNIBOX_RETURN_IF_ERROR(document.LoadRepaired(body, kReplacementCharacter));
    if (!document.root_.IsObject())
        return InvalidArgument("the body is not a JSON object").WithField("body");
    return document;
}

Result<JsonDocument> JsonDocument::ParseStrict(std::string_view body) {
    if (TrimSpace(body).empty()) return InvalidArgument("the body is empty").WithField("body");
    JsonDocument document;
    UNIBOX_RETURN_IF_ERROR(document.LoadRepaired(body, kInvalidUtf8Mark));
    const JsonRepairs& repairs = document.repairs_;
    if (repairs.syntax) return NotJson(simdjson::STRING_ERROR);
    if (repairs.depth) return InvalidArgument("the body is nested too deeply").WithField("body");
    if (!document.root_.IsObject())
        return InvalidArgument("the body is not a JSON object").WithField("body");
    StrictCheck check(repairs.utf8);
    UNIBOX_RETURN_IF_ERROR(check.Check(document.root_.element(), "", 1));
    return document;
}

}  // namespace unibox::channels
