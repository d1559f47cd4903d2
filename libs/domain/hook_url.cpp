#include "domain/hook_url.hpp"

namespace unibox::domain {
bool IsHttpUrl(std::string_view text) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!text.starts_with(scheme)) continue;
        const std::string_view rest = text.substr(scheme.size());
        return !rest.empty() && rest.front() != '/' && rest.find_first_of(" ?#") == rest.npos;
    }
    return false;
}

std::string_view WithoutFinalSlash(std::string_view base_url) {
    while (!base_url.empty() && base_url.back() == '/') base_url.remove_suffix(1);
    return base_url;
}

std::string JoinHookUrl(
    std::string_view base_url, const domain::WebhookSource& source, std::string_view token
) {
    std::string url(WithoutFinalSlash(base_url));
    url.append("/v1/hooks/").append(source.url_name);
    if (!token.empty()) url.append("/").append(token);
    return url;
}

std::string UrlToEnter(
    std::string_view base_url, const domain::WebhookSource& source, std::string_view token
) {
    return JoinHookUrl(base_url, source, token).append(source.retry_fragment);
}

std::string_view WithoutFragment(std::string_view url) {
    return url.substr(0, url.find('#'));
}

}  // namespace unibox::domain
