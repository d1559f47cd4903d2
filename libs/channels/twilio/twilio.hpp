// Twilio's part of an Adapter: README.md beside it says what becomes of the parameters.
// Thread safety: pure functions, any thread.
#pragma once

#include "channels/adapter.hpp"

namespace unibox::channels {

Result<std::size_t> VerifyTwilio(const VerifyInput& input);
Result<Parsed> ParseTwilio(const WebhookRequest& request);
Result<std::vector<Header>> SignTwilio(const SignInput& input);

}  // namespace unibox::channels
