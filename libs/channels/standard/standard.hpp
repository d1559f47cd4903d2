// The standard channel's part of an Adapter: README.md beside it is its contract.
// Thread safety: pure functions, any thread.
#pragma once

#include "channels/adapter.hpp"

namespace unibox::channels {

Result<std::size_t> VerifyStandard(const VerifyInput& input);
Result<Parsed> ParseStandard(const WebhookRequest& request);
Result<std::vector<Header>> SignStandard(const SignInput& input);

}  // namespace unibox::channels
