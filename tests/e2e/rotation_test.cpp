// What `uniboxctl apply` changes is in force at once, without a restart.
#include "support/eventually.hpp"
#include "support/inbox_client.hpp"
#include "support/stack.hpp"
#include "support/status_matchers.hpp"
#include "support/webhook_client.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace unibox::test {
namespace {

using std::chrono::seconds;

constexpr const char* kApp = R"(
apps:
  - {{name: meta, provider: meta, secret: {0}, verify_token: verify-me}}
tenants:
  - name: first
    channels:
      - {{name: whatsapp, provider: whatsapp, route: "106540352242922"}}
      - {{name: bot, provider: telegram, secret: {1}, token: telegram-token-of-first,
          disabled: {2}}}
    api_keys:
      - {{name: tests, scopes: ["inbox:read"], key: FIRST_KEY{3}}}
      - {{name: others, scopes: ["inbox:read"], key: SECOND_KEY}}
)";

int PostToBot(const Stack& stack, const std::string& secret) {
    const auto response = PostWebhook(
        stack.ingest_address(),
        {"telegram", "/v1/hooks/telegram/telegram-token-of-first", Secret(secret), "{}"}
    );
    REQUIRE_OK(response);
    return response->status;
}

int PostToApp(const Stack& stack, const std::string& secret) {
    SignedWebhook webhook;
    webhook.secret = Secret(secret);
    webhook.body =
        WhatsAppWebhook({{Stack::kFirstPhoneNumberId, "351911222333", "wamid.1", "hello", 1}});
    const auto response = PostWebhook(stack.ingest_address(), webhook);
    REQUIRE_OK(response);
    return response->status;
}

// The caches live far longer than these waits: only the invalidation can be so quick.
bool Becomes(int status, const std::function<int()>& ask) {
    return Eventually(seconds(30), [&] { return ask() == status; });
}

TEST_CASE("Rotation: both secrets live, then the new one; keys and channels end", "[e2e]") {
    StackOptions options;
    options.gateway_count = 1;
    options.environment = {
        {"UNIBOX_LOOKUPS_REFRESH_MS", "600000"},
        {"UNIBOX_LOOKUPS_KNOWN_MS_MAX", "600000"},
        {"UNIBOX_LOOKUPS_UNKNOWN_MS_MAX", "600000"},
        {"UNIBOX_API_KEYS_KNOWN_MS_MAX", "1000"},
    };
    options.tenants_yaml = fmt::format(kApp, "app-secret-1", "bot-secret-1", false, "");
    Stack stack(options);
    REQUIRE(PostToApp(stack, "app-secret-1") == 200);
    REQUIRE(PostToBot(stack, "bot-secret-1") == 200);
    CHECK(PostToApp(stack, "app-secret-2") == 401);
    CHECK(PostToBot(stack, "bot-secret-2") == 401);

    stack.Apply(fmt::format(kApp, "app-secret-2", "bot-secret-2", false, ""));
    CHECK(Becomes(200, [&] { return PostToApp(stack, "app-secret-2"); }));
    CHECK(Becomes(200, [&] { return PostToBot(stack, "bot-secret-2"); }));
    CHECK(PostToApp(stack, "app-secret-1") == 200);
    CHECK(PostToBot(stack, "bot-secret-1") == 200);

    const auto third = fmt::format(kApp, "app-secret-3", "bot-secret-3", false, "");
    stack.Apply(third, {"--overlap-hours", "0"});
    CHECK(Becomes(200, [&] { return PostToApp(stack, "app-secret-3"); }));
    CHECK(Becomes(200, [&] { return PostToBot(stack, "bot-secret-3"); }));
    CHECK(Becomes(401, [&] { return PostToApp(stack, "app-secret-2"); }));
    CHECK(Becomes(401, [&] { return PostToBot(stack, "bot-secret-2"); }));

    InboxClient inbox(stack.gateway_address(), stack.api_key());
    InboxClient other(stack.gateway_address(), stack.second_api_key());
    REQUIRE(inbox.Get("/v1/conversations").status == 200);
    stack.Apply(fmt::format(kApp, "app-secret-3", "bot-secret-3", true, ", revoked: true"));
    CHECK(Becomes(401, [&] { return inbox.Get("/v1/conversations").status; }));
    CHECK(other.Get("/v1/conversations").status == 200);
    CHECK(Becomes(401, [&] { return PostToBot(stack, "bot-secret-3"); }));
    CHECK(PostToApp(stack, "app-secret-3") == 200);
}

}  // namespace
}  // namespace unibox::test
