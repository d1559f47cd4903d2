#include "channels/adapter.hpp"

#include "channels/adapters.hpp"

#include <array>

namespace unibox::channels {
namespace {

struct ProviderNames {
    v1::Provider provider;
    std::string_view name;
    std::string_view url_name;
};
constexpr std::array<ProviderNames, 6> kProviders = {{
    {v1::PROVIDER_TELEGRAM, "telegram", "telegram"},
    {v1::PROVIDER_WHATSAPP, "whatsapp", "meta"},
    {v1::PROVIDER_MESSENGER, "messenger", "meta"},
    {v1::PROVIDER_INSTAGRAM, "instagram", "meta"},
    {v1::PROVIDER_TWILIO, "twilio", "twilio"},
    {v1::PROVIDER_STANDARD, "standard", "standard"},
}};

}  // namespace

const Adapter* Find(std::string_view provider_url_name) {
    if (provider_url_name == "meta") return &MetaAdapter();
    if (provider_url_name == "telegram") return &TelegramAdapter();
    if (provider_url_name == "twilio") return &TwilioAdapter();
    if (provider_url_name == "standard") return &StandardAdapter();
    return nullptr;
}

std::string_view ProviderName(v1::Provider provider) {
    for (const ProviderNames& names : kProviders) {
        if (names.provider == provider) return names.name;
    }
    return {};
}

std::string_view UrlNameOf(v1::Provider provider) {
    for (const ProviderNames& names : kProviders) {
        if (names.provider == provider) return names.url_name;
    }
    return {};
}

v1::Provider ProviderOf(std::string_view name) {
    for (const ProviderNames& names : kProviders) {
        if (names.name == name) return names.provider;
    }
    return v1::PROVIDER_UNSPECIFIED;
}

Status BadSignature(std::string why) {
    return Unauthenticated(std::move(why)).WithReason("BAD_SIGNATURE");
}

}  // namespace unibox::channels
