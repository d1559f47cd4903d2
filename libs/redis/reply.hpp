// What Redis answers. An answer that is an error is a Status instead (errors.hpp); as a part of an
// array it is kError. Thread safety: a value.
#pragma once

#include "base/status.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::redis {

class Reply {
public:
    // kText: "+OK" and bulk strings alike; any bytes.
    enum class Kind { kNil, kText, kInteger, kArray, kError };

    Reply() = default;  // Nil.
    static Reply OfText(std::string text) { return Reply(Kind::kText, std::move(text)); }
    static Reply OfError(std::string text) { return Reply(Kind::kError, std::move(text)); }
    static Reply OfInteger(std::int64_t integer);
    static Reply OfArray(std::vector<Reply> items);

    Kind kind() const { return kind_; }
    bool is_nil() const { return kind_ == Kind::kNil; }
    bool is_error() const { return kind_ == Kind::kError; }

    // INTERNAL, reason "UNEXPECTED_REPLY", if it is of another kind; of kError its own status.
    Result<std::string_view> Text() const;  // While the reply lives.
    Result<std::int64_t> Integer() const;
    Result<std::span<const Reply>> Items() const;  // While the reply lives.

    bool operator==(const Reply&) const = default;

    // The parser fills these in place.
    std::vector<Reply>& items() { return items_; }
    // kText and kError; empty of the others.
    const std::string& raw_text() const { return text_; }

private:
    Reply(Kind kind, std::string text) : kind_(kind), text_(std::move(text)) {}
    Status Unexpected(std::string_view wanted) const;

    Kind kind_ = Kind::kNil;
    std::int64_t integer_ = 0;
    std::string text_;
    std::vector<Reply> items_;
};

}  // namespace unibox::redis
