// The commands of docs/agents-day.md, as a reader would type them.
#include "support/eventually.hpp"
#include "support/stack.hpp"
#include "support/webhook_client.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace unibox::test {
namespace {

using std::chrono::seconds;

std::string WhatSheWrote() {
    return fmt::format(
        R"({{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"field":)"
        R"("messages","value":{{"messaging_product":"whatsapp","metadata":{{)"
        R"("phone_number_id":"{}"}},"contacts":[{{"profile":{{"name":"Inês Álvares"}},)"
        R"("wa_id":"351911000111"}}],"messages":[{{"from":"351911000111","id":"wamid.DAY",)"
        R"("timestamp":"{}","type":"text","text":{{"body":)"
        R"("Olá! Does this come in red?"}}}}]}}}}]}}]}})",
        Stack::kFirstPhoneNumberId,
        SystemClock().UnixMillis() / 1000
    );
}

TEST_CASE("Agent's day: each command prints what the document says", "[e2e]") {
    StackOptions options;
    options.gateway_count = 1;
    Stack stack(options);
    SignedWebhook webhook;
    webhook.secret = Secret(Stack::kAppSecret);
    webhook.body = WhatSheWrote();
    const auto answer = PostWebhook(stack.ingest_address(), webhook);
    REQUIRE(answer.ok());
    REQUIRE(answer->status == 200);
    REQUIRE(Eventually(seconds(30), [&] {
        return stack.Ask("SELECT count(*) FROM messages") == "1";
    }));
    const std::string source = UNIBOX_SOURCE_DIR;
    ProcessOptions typed;
    typed.arguments = {"-B", source + "/tests/e2e/transcript.py", source + "/docs/agents-day.md"};
    typed.environment = {
        {"UNIBOX_API_KEY", stack.api_key()},
        {"UNIBOX_GATEWAY_URL", "http://" + stack.gateway_address()},
        {"no_proxy", "*"},
        {"LC_ALL", "C.UTF-8"}};
    Process reader("/usr/bin/python3", typed);
    const auto code = reader.WaitForExit(seconds(120));
    CAPTURE(reader.output());
    CHECK(code == 0);
}

}  // namespace
}  // namespace unibox::test
