// The values that travel between C++ and PostgreSQL besides plain numbers and text.
// Thread safety: values.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <string_view>

namespace unibox::pg {

// A timestamptz in Unix milliseconds. The extreme values stand for PostgreSQL's infinities; they
// equal domain::kInfinity and domain::kMinusInfinity. Reading rounds microseconds down.
struct TimestampMs {
    std::int64_t unix_ms = 0;
    auto operator<=>(const TimestampMs&) const = default;
};
constexpr TimestampMs kInfinity{std::numeric_limits<std::int64_t>::max()};
constexpr TimestampMs kMinusInfinity{std::numeric_limits<std::int64_t>::min()};

// A bytea. Does not own its bytes: they must live until the statement was sent.
struct Bytes {
    std::string_view value;
    auto operator<=>(const Bytes&) const = default;
};

// SQL text, prepared once for each connection under `name`. Both must be string literals or live as
// long as the process, and one name must always mean one text and one list of parameter types.
struct Statement {
    const char* name;
    const char* sql;
};

enum class Access { kReadOnly, kReadWrite };

}  // namespace unibox::pg
