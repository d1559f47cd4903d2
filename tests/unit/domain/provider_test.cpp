#include "domain/provider.hpp"

#include "base/strings.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string>

namespace unibox::domain {
namespace {

TEST_CASE("Provider: every number of the API has its row and its name", "[unit][domain]") {
    const auto* numbers = v1::Provider_descriptor();
    REQUIRE(numbers->value_count() == static_cast<int>(kProviders.size()) + 1);
    for (int i = 0; i < numbers->value_count(); ++i) {
        const auto provider = static_cast<v1::Provider>(numbers->value(i)->number());
        if (provider == v1::PROVIDER_UNSPECIFIED) continue;
        CAPTURE(numbers->value(i)->name());
        const ProviderTraits* row = FindProvider(provider);
        REQUIRE(row != nullptr);
        CHECK("provider_" + std::string(row->name) == ToLowerAscii(numbers->value(i)->name()));
        CHECK(FindProvider(row->name) == row);
        CHECK(FindWebhookSource(row->source.url_name) == &row->source);
        CHECK(ProviderName(provider) == row->name);
    }
}

TEST_CASE("Provider: what has no row is not taken for another", "[unit][domain]") {
    for (const int number : {0, -1, static_cast<int>(v1::Provider_MAX) + 1, 10'000}) {
        CHECK(FindProvider(static_cast<v1::Provider>(number)) == nullptr);
        CHECK(ProviderName(static_cast<v1::Provider>(number)).empty());
    }
    CHECK(FindProvider("meta") == nullptr);  // A source of three.
    CHECK(FindProvider("") == nullptr);
    CHECK(FindWebhookSource("whatsapp") == nullptr);
    CHECK(FindWebhookSource("") == nullptr);
}

TEST_CASE("Provider: names are told once, and what a URL may hold", "[unit][domain]") {
    std::set<std::string_view> names;
    for (const std::string_view name : ProviderNames()) CHECK(names.insert(name).second);
    std::set<std::string_view> urls;
    for (const WebhookSource* source : kWebhookSources) {
        CHECK(urls.insert(source->url_name).second);
        CHECK(
            source->url_name.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == std::string::npos
        );
        const std::string_view fragment = source->retry_fragment;
        CHECK((fragment.empty() || fragment.front() == '#'));
    }
    CHECK(SourcesWithApps() == std::vector<std::string_view>{"meta"});
}

TEST_CASE("Provider: what is sent goes to a stream of its own kind", "[unit][domain]") {
    CHECK(FindProvider(v1::PROVIDER_TELEGRAM)->sends_to == OutboxTarget::kChat);
    CHECK(FindProvider(v1::PROVIDER_TWILIO)->sends_to == OutboxTarget::kSms);
    CHECK(FindProvider(v1::PROVIDER_STANDARD)->sends_to == OutboxTarget::kWebhook);
    std::set<std::string_view> names;
    for (int number = 1; number <= 5; ++number) {
        const std::string_view name = NameOf(static_cast<OutboxTarget>(number));
        CHECK_FALSE(name.empty());
        CHECK(names.insert(name).second);
    }
    CHECK(NameOf(OutboxTarget{6}).empty());
}

}  // namespace
}  // namespace unibox::domain
