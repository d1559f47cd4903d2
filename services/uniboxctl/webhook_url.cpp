#include "uniboxctl/webhook_url.hpp"

namespace unibox::ctl {
namespace {

// Twilio's connection overrides: five retries (its maximum), on every kind of failure.
constexpr std::string_view kTwilioRetries = "#rc=5&rp=all";

}  // namespace

std::string WebhookUrl(
    std::string_view base_url, std::string_view url_name, std::string_view token
) {
    while (base_url.ends_with('/')) base_url.remove_suffix(1);
    std::string url = std::string(base_url) + "/v1/hooks/" + std::string(url_name);
    if (!token.empty()) url.append("/").append(token);
    return url;
}

std::string UrlToEnter(
    std::string_view base_url, std::string_view url_name, std::string_view token
) {
    std::string url = WebhookUrl(base_url, url_name, token);
    if (url_name == "twilio") url += kTwilioRetries;
    return url;
}

std::string_view WithoutFragment(std::string_view url) {
    return url.substr(0, url.find('#'));
}

}  // namespace unibox::ctl
