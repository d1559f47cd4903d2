// The URL of a channel's webhooks, in two forms. Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace unibox::ctl {

// "BASE/v1/hooks/PROVIDER" and "/TOKEN" if there is one: what the provider calls, and what Twilio
// signs. `url_name` as channels::UrlNameOf says.
std::string WebhookUrl(
    std::string_view base_url, std::string_view url_name, std::string_view token
);

// The same as it is to be entered at the provider. Twilio retries nothing by itself, so a 503 of
// ours would be a lost message; what stands behind the # tells it to, and is neither sent nor
// signed.
std::string UrlToEnter(
    std::string_view base_url, std::string_view url_name, std::string_view token
);

// Without what stands behind the #: what is called when that URL is given.
std::string_view WithoutFragment(std::string_view url);

}  // namespace unibox::ctl
