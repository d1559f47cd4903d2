// Meta's part of an Adapter: README.md beside it says what becomes of WhatsApp's, Messenger's and
// Instagram's events.
// Thread safety: pure functions, any thread.
#pragma once

#include "channels/adapter.hpp"

namespace unibox::channels {

Result<std::size_t> VerifyMeta(const VerifyInput& input);
Result<Parsed> ParseMeta(const WebhookRequest& request);
Result<std::vector<Header>> SignMeta(const SignInput& input);

// The GET request by which Meta checks that a webhook URL is ours. The challenge, to be answered
// with 200 as text/plain and nothing else; PERMISSION_DENIED (403) for a wrong or missing mode,
// token or challenge.
Result<std::string> MetaHandshake(std::string_view query, std::span<const Secret> verify_tokens);

}  // namespace unibox::channels
