#include "bench/common/signed_webhook.hpp"

#include "base/assert.hpp"
#include "channels/sign.hpp"
#include "support/stack.hpp"

#include <fmt/format.h>

namespace unibox::bench {

std::vector<http::Header> SignatureOf(const std::string& body) {
    static const Secret app_secret{std::string(test::Stack::kAppSecret)};
    const auto signature = channels::Sign("meta", {app_secret, body, "", 0, ""});
    UNIBOX_ASSERT(signature.ok());
    std::vector<http::Header> headers;
    for (const auto& header : *signature) headers.push_back({header.name, header.value});
    return headers;
}

std::string SignedRequest(const std::string& body) {
    std::string head = "POST /v1/hooks/meta HTTP/1.1\r\nHost: hooks.example.com\r\n";
    for (const auto& header : SignatureOf(body)) {
        head += header.name + ": " + header.value + "\r\n";
    }
    return head + fmt::format("Content-Length: {}\r\n\r\n", body.size()) + body;
}

}  // namespace unibox::bench
