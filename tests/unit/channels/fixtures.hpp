// Recorded webhooks (tests/data/webhooks) and short-hands for requests of our own.
// Thread safety: one thread.
#pragma once

#include "channels/adapter.hpp"
#include "channels/sign.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::channels::test {

// Owns what a WebhookRequest only points to.
struct OwnedRequest {
    std::string method = "POST";
    std::string path;
    std::string query;
    std::string body;
    std::string content_type = "application/json";
    std::map<std::string, std::string> headers;  // Names in lower case.

    WebhookRequest View() const;
};

struct Fixture {
    std::string name;
    std::string provider;
    OwnedRequest request;
    std::string public_url;
    std::string secret;
    std::int64_t now_ms = 0;
    std::string expect_json;
};

std::vector<Fixture> LoadFixtures();
// The lines of a file under tests/data/webhooks.
std::vector<std::string> ReadLines(std::string_view name);

// The adapter of a provider by provider or URL name.
const Adapter& AdapterOf(std::string_view provider);

// A request with this body, signed with `secret` as the provider would.
OwnedRequest SignedRequest(
    std::string_view provider,
    std::string body,
    const Secret& secret,
    std::string url,
    std::int64_t now_ms
);

// As in a query or form: every byte but letters and digits as %XX.
std::string Escaped(std::string_view text);

// Parses a body that must be understood as a whole.
Parsed ParseBody(
    std::string_view provider, std::string body, std::string content_type = "application/json"
);
// The only event of such a body; fails the test if there is another number or a problem.
ProviderEvent OnlyEvent(
    std::string_view provider, std::string body, std::string content_type = "application/json"
);

}  // namespace unibox::channels::test
