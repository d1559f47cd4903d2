#include "domain/provider.hpp"

#include <algorithm>
#include <iterator>

namespace unibox::domain {
namespace {

// By name: under the sanitizers addresses are not compared while compiling.
constexpr bool IsListed(const WebhookSource& source) {
    return std::any_of(kWebhookSources.begin(), kWebhookSources.end(), [&](const auto* listed) {
        return listed->url_name == source.url_name;
    });
}

constexpr bool IsServed(const WebhookSource* source) {
    return std::any_of(kProviders.begin(), kProviders.end(), [source](const auto& row) {
        return row.source.url_name == source->url_name;
    });
}

// A row in the wrong place would be read for another provider; a source that is not listed would
// have no URL.
constexpr bool RowsAreWhole() {
    for (std::size_t i = 0; i < kProviders.size(); ++i) {
        const ProviderTraits& row = kProviders[i];
        if (static_cast<std::size_t>(row.provider) != i + 1) return false;
        if (row.name.empty() || !IsListed(row.source)) return false;
        if (row.source.has_apps == row.route.empty()) return false;
        if (row.sends_to == OutboxTarget::kFeed || NameOf(row.sends_to).empty()) return false;
    }
    return std::all_of(kWebhookSources.begin(), kWebhookSources.end(), IsServed);
}
static_assert(RowsAreWhole());

}  // namespace

const ProviderTraits* FindProvider(v1::Provider provider) {
    const auto number = static_cast<std::size_t>(provider);
    return number >= 1 && number <= kProviders.size() ? &kProviders[number - 1] : nullptr;
}

const ProviderTraits* FindProvider(std::string_view name) {
    for (const ProviderTraits& row : kProviders) {
        if (row.name == name) return &row;
    }
    return nullptr;
}

const WebhookSource* FindWebhookSource(std::string_view url_name) {
    for (const WebhookSource* source : kWebhookSources) {
        if (source->url_name == url_name) return source;
    }
    return nullptr;
}

std::string_view ProviderName(v1::Provider provider) {
    const ProviderTraits* row = FindProvider(provider);
    return row != nullptr ? row->name : std::string_view();
}

std::vector<std::string_view> ProviderNames() {
    std::vector<std::string_view> names;
    names.reserve(std::size(kProviders));
    for (const ProviderTraits& row : kProviders) names.push_back(row.name);
    return names;
}

std::vector<std::string_view> SourcesWithApps() {
    std::vector<std::string_view> names;
    for (const WebhookSource* source : kWebhookSources) {
        if (source->has_apps) names.push_back(source->url_name);
    }
    return names;
}

}  // namespace unibox::domain
