// Reading providers' JSON: quick where it is well-formed, and forgiving where it is not, so that
// one odd string or number never costs its neighbours. Thread safety: a Document and its Values
// belong to one thread at a time; distinct Documents are independent.
#pragma once

#include "base/status.hpp"

#include <simdjson.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace unibox::channels {

// What had to be changed before a body could be parsed.
struct JsonRepairs {
    bool utf8 = false;       // Bytes that are no UTF-8.
    bool surrogate = false;  // Escapes that are half a character (\ud83d).
    bool syntax = false;     // Bare control characters in strings, unknown escapes.
    bool number = false;     // Numbers beyond 64 bits: kept as strings.
    bool depth = false;      // Below kJsonDepthMax values were replaced by null.
};

inline constexpr std::size_t kJsonDepthMax = 64;
// Stands for invalid UTF-8 in strict documents, so that the field can be named: U+FDEF, which no
// text may contain.
inline constexpr std::string_view kInvalidUtf8Mark = "\xEF\xB7\xAF";

// The body rewritten so that simdjson takes it; structure is left alone. Invalid UTF-8 inside
// strings becomes `utf8_replacement`. At most six times as long as the body.
std::string RepairJson(
    std::string_view body, std::string_view utf8_replacement, JsonRepairs& repairs
);

// A view of one value; absent and null are the same. Valid as long as its Document.
class JsonValue {
public:
    JsonValue() = default;
    explicit JsonValue(simdjson::dom::element element)
        : element_(element), exists_(!element.is_null()) {}

    bool exists() const { return exists_; }
    // Not one of the values that senders in typed languages write for what is absent: null, false,
    // 0, "" and []. An empty object says something.
    bool IsSaid() const;
    bool IsObject() const { return exists_ && element_.is_object(); }
    bool IsArray() const { return exists_ && element_.is_array(); }
    bool IsString() const { return exists_ && element_.is_string(); }
    bool IsNumber() const { return exists_ && element_.is_number(); }
    bool IsBool() const { return exists_ && element_.is_bool(); }

    // The member of that name (the first one); absent if there is none or this is no object.
    JsonValue operator[](std::string_view key) const;
    // Items of an array; none for anything else.
    simdjson::dom::array Items() const;
    simdjson::dom::object Members() const;

    // The string with NUL replaced by U+FFFD; a number as its decimal text (some senders write ids
    // so); else "".
    std::string Text() const;
    // The string as it is (may hold NUL); "" for anything else.
    std::string_view View() const;
    // A whole number, also as text; nullopt for anything else.
    std::optional<std::int64_t> Int() const;
    std::optional<double> Number() const;
    // True for true, "true" and 1.
    bool Truth() const;
    // In any of the forms of times.hpp; 0 if there is none that can be read.
    std::int64_t TimeMs() const;
    // Compact JSON text.
    std::string Json() const;
    const simdjson::dom::element& element() const { return element_; }

private:
    simdjson::dom::element element_;
    bool exists_ = false;
};

class JsonDocument {
public:
    // Tolerant: whatever RepairJson can mend is mended. INVALID_ARGUMENT for what is no JSON object
    // even then.
    static Result<JsonDocument> ParseTolerant(std::string_view body);
    // Strict: INVALID_ARGUMENT, with the field where one can be named, for anything but a JSON
    // object in UTF-8 of at most kJsonDepthMax levels without duplicate keys. Half characters
    // (\ud83d) and NUL alone are mended.
    static Result<JsonDocument> ParseStrict(std::string_view body);

    ~JsonDocument();
    JsonDocument(JsonDocument&&) noexcept = default;
    JsonDocument& operator=(JsonDocument&&) noexcept = default;

    const JsonValue& root() const { return root_; }
    const JsonRepairs& repairs() const { return repairs_; }

private:
    JsonDocument();
    simdjson::error_code Load(std::string_view text);
    Status LoadRepaired(std::string_view body, std::string_view utf8_replacement);

    std::unique_ptr<simdjson::dom::parser> parser_;
    JsonValue root_;
    JsonRepairs repairs_;
};

}  // namespace unibox::channels
