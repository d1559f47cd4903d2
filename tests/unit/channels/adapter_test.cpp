// What each provider's row says of its webhooks is what its folder does.
#include "channels/adapter.hpp"

#include "fixtures.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace unibox::channels::test {
namespace {

using domain::Signature;
using unibox::test::HasCode;

const Secret kSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
const Secret kOther("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
constexpr std::int64_t kNow = 1'785'412'800'000;
const std::string kUrl = "https://hooks.example.com/v1/hooks/x/token";

Status Verify(
    const Adapter& adapter,
    const OwnedRequest& request,
    const Secret& secret = kSecret,
    const std::string& url = kUrl,
    std::int64_t now_ms = kNow
) {
    const std::vector<Secret> secrets = {secret};
    const WebhookRequest view = request.View();
    return adapter.verify({view, secrets, url, now_ms}).status();
}

TEST_CASE("Adapter: each row is found by its own name and its providers'", "[unit][channels]") {
    REQUIRE(Adapters().size() == domain::kWebhookSources.size());
    for (const Adapter& adapter : Adapters()) {
        CHECK(FindAdapter(adapter.source.url_name) == &adapter);
        const bool checks_url = adapter.source.get == domain::GetRequest::kChecksUrl;
        CHECK(checks_url == (adapter.check_url != nullptr));
    }
    for (const domain::ProviderTraits& row : domain::kProviders) {
        const Adapter* adapter = FindAdapter(row.name);
        REQUIRE(adapter != nullptr);
        CHECK(&adapter->source == &row.source);
    }
    CHECK(FindAdapter("carrier-pigeon") == nullptr);
    CHECK(FindAdapter("") == nullptr);
}

std::string TextOf(const std::filesystem::path& path) {
    std::ifstream file(path);
    REQUIRE(file.good());
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST_CASE("Adapter: each folder tells of its events, and is fuzzed", "[unit][channels]") {
    const std::filesystem::path library = UNIBOX_SOURCE_DIR "/libs/channels";
    const std::string readme = TextOf(library / "README.md");
    const std::string cmake = TextOf(library / "CMakeLists.txt");
    const std::size_t at = cmake.find("UNIBOX_WEBHOOK_SOURCES");
    REQUIRE(at != std::string::npos);
    const std::string fuzzed = cmake.substr(at, cmake.find(')', at) - at) + " ";
    for (const Adapter& adapter : Adapters()) {
        const std::string name(adapter.source.url_name);
        CAPTURE(name);
        CHECK_FALSE(TextOf(library / name / "README.md").empty());
        CHECK(readme.find("(" + name + "/README.md)") != std::string::npos);
        CHECK(fuzzed.find(" " + name + " ") != std::string::npos);
    }
}

TEST_CASE("Adapter: what it signs it verifies, by that secret alone", "[unit][channels]") {
    for (const Adapter& adapter : Adapters()) {
        CAPTURE(adapter.source.url_name);
        const auto request = SignedRequest(adapter.source.url_name, "a=b", kSecret, kUrl, kNow);
        CHECK(Verify(adapter, request).ok());
        CHECK_THAT(Verify(adapter, request, kOther), HasCode(Code::kUnauthenticated));
        OwnedRequest unsigned_request;
        unsigned_request.body = "a=b";
        CHECK_THAT(Verify(adapter, unsigned_request), HasCode(Code::kUnauthenticated));
    }
}

TEST_CASE("Adapter: the signature covers what the row says", "[unit][channels]") {
    for (const Adapter& adapter : Adapters()) {
        CAPTURE(adapter.source.url_name);
        const Signature covers = adapter.source.signature;
        const auto request = SignedRequest(adapter.source.url_name, "a=b", kSecret, kUrl, kNow);
        OwnedRequest other_body = request;
        other_body.body = "a=c";
        CHECK(Verify(adapter, other_body).ok() == (covers == Signature::kIsTheSecret));
        const bool any_url = Verify(adapter, request, kSecret, kUrl + "2").ok();
        CHECK(any_url == (covers != Signature::kUrlAndFields));
        OwnedRequest other_id = request;
        other_id.headers["webhook-id"] = "msg_2";
        CHECK(Verify(adapter, other_id).ok() == (covers != Signature::kIdTimeAndBody));
        const bool any_time = Verify(adapter, request, kSecret, kUrl, kNow + 3'600'000).ok();
        CHECK(any_time == (covers != Signature::kIdTimeAndBody));
    }
}

}  // namespace
}  // namespace unibox::channels::test
