// Checks of what a request says, with the field's name as the proto has it: every refusal is
// INVALID_ARGUMENT with field() and reason VALUE_INVALID.
// Thread safety: pure functions.
#pragma once

#include "base/ids.hpp"
#include "base/status.hpp"
#include "pg/lsn.hpp"

#include <google/protobuf/timestamp.pb.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace unibox::gateway {

// "page_size must be 0 or more".
Status WrongField(std::string_view field, std::string_view must);

template <typename Id>
Result<Id> ParseId(std::string_view field, const std::string& text) {
    const auto uuid = Uuid::Parse(text);
    if (!uuid.ok()) return WrongField(field, "a UUID");
    return Id{*uuid};
}

// Empty, or an absolute http or https URL without blanks and control characters; whether it may be
// fetched is for who fetches it.
Status CheckUrl(std::string_view field, std::string_view url);

// Unix milliseconds, after 1970, cut.
Result<std::int64_t> UnixMillisOf(std::string_view field, const google::protobuf::Timestamp& time);

// Where a read must be served from; none if the token is empty.
Result<std::optional<pg::Lsn>> ConsistencyTokenOf(const std::string& consistency_token);

}  // namespace unibox::gateway
