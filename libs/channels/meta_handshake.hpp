// The GET request by which Meta checks that a webhook URL is ours.
// Thread safety: pure function, any thread.
#pragma once

#include "base/secret.hpp"
#include "base/status.hpp"

#include <span>
#include <string>
#include <string_view>

namespace unibox::channels {

// `query` as received. The challenge, to be answered with 200 as text/plain and nothing else;
// PERMISSION_DENIED (403) for a wrong or missing mode, token or challenge. Empty verify tokens
// never match.
Result<std::string> MetaHandshake(std::string_view query, std::span<const Secret> verify_tokens);

}  // namespace unibox::channels
