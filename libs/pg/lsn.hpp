// A place in PostgreSQL's write-ahead log, which is what consistency tokens say.
// Thread safety: a value and pure functions.
#pragma once

#include "base/status.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace unibox::pg {

struct Lsn {
    std::uint64_t value = 0;
    // As PostgreSQL writes it: "16/B374D848".
    std::string ToString() const;
    auto operator<=>(const Lsn&) const = default;
};

// INVALID_ARGUMENT for what PostgreSQL's pg_lsn would refuse too.
Result<Lsn> ParseLsn(std::string_view text);

}  // namespace unibox::pg
