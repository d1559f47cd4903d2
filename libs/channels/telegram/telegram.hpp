// Telegram's part of an Adapter: README.md beside it says what becomes of the updates.
// Thread safety: pure functions, any thread.
#pragma once

#include "channels/adapter.hpp"

namespace unibox::channels {

Result<std::size_t> VerifyTelegram(const VerifyInput& input);
Result<Parsed> ParseTelegram(const WebhookRequest& request);
Result<std::vector<Header>> SignTelegram(const SignInput& input);

}  // namespace unibox::channels
