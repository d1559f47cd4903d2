// The URL under which a provider reaches a channel.
// Thread safety: pure functions.
#pragma once

#include "domain/provider.hpp"

#include <string>
#include <string_view>

namespace unibox::domain {

// "http://host" or "https://host", maybe with a path; no query, no blanks.
bool IsHttpUrl(std::string_view text);

// Without the slashes at its end: the path begins with one, and a provider that signs its URL
// (Twilio) signs every character of it.
std::string_view WithoutFinalSlash(std::string_view base_url);

// "https://hooks.example.com/in/v1/hooks/telegram/TOKEN". A channel that is served through a
// provider app has no token.
std::string JoinHookUrl(
    std::string_view base_url, const domain::WebhookSource& source, std::string_view token = {}
);

// The same as it is to be entered at the provider. Twilio retries nothing by itself, so a 503 of
// ours would be a lost message; what stands behind the # (source.retry_fragment) tells it to, and
// is neither sent nor signed.
std::string UrlToEnter(
    std::string_view base_url, const domain::WebhookSource& source, std::string_view token = {}
);

// Without what stands behind the #: what is called when that URL is given.
std::string_view WithoutFragment(std::string_view url);

}  // namespace unibox::domain
