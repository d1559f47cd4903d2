// One GET of a URL that somebody else has chosen: a key set, a file. Blocking, https; the address
// is checked before it is connected to (net/public_address.hpp), redirects are answers like any
// other, no proxies, no cookies, nothing is sent but the request.
// Thread safety: any thread.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "http/message.hpp"
#include "net/outgoing.hpp"
#include "net/public_address.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace unibox::http {

struct FetchRules {
    std::shared_ptr<net::TlsClientContext> tls;  // Not null.
    // kPublic: also only the ports that web servers use, 443, 8443, 80, 8080.
    net::Reach reach = net::Reach::kPublic;
    bool plain_allowed = false;  // http:// too: whoever is in between writes the answer.
    Millis timeout{5'000};       // Of all but the resolver's own time.
    std::size_t body_bytes_max = 256 << 10;
};

struct FetchUrl {
    bool tls = false;
    std::string host;  // Without brackets.
    std::uint16_t port = 0;
    std::string authority;  // As the Host field has it.
    std::string target;
};
// INVALID_ARGUMENT, field `url`: anything that two readers could read differently (credentials,
// backslashes, blanks, a fragment), another scheme, or what the rules exclude without a look-up.
Result<FetchUrl> ParseFetchUrl(std::string_view url, const FetchRules& rules);

// The answer, whatever its status. INVALID_ARGUMENT (ParseFetchUrl), PERMISSION_DENIED (reason
// ADDRESS_NOT_PUBLIC), UNAVAILABLE, DEADLINE_EXCEEDED; RESOURCE_EXHAUSTED: the body is too large.
Result<Response> Fetch(std::string_view url, const FetchRules& rules);

}  // namespace unibox::http
