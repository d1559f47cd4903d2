#include "channels/adapter.hpp"

#include "channels/meta/meta.hpp"
#include "channels/standard/standard.hpp"
#include "channels/telegram/telegram.hpp"
#include "channels/twilio/twilio.hpp"

#include <array>

namespace unibox::channels {
namespace {

constexpr std::array<Adapter, domain::kWebhookSources.size()> kAdapters = {{
    {domain::kTelegramWebhooks, VerifyTelegram, ParseTelegram, SignTelegram, nullptr},
    {domain::kMetaWebhooks, VerifyMeta, ParseMeta, SignMeta, MetaHandshake},
    {domain::kTwilioWebhooks, VerifyTwilio, ParseTwilio, SignTwilio, nullptr},
    {domain::kStandardWebhooks, VerifyStandard, ParseStandard, SignStandard, nullptr},
}};

constexpr bool RowsFitTheirSources() {
    for (std::size_t i = 0; i < kAdapters.size(); ++i) {
        if (kAdapters[i].source.url_name != domain::kWebhookSources[i]->url_name) return false;
    }
    return true;
}
static_assert(RowsFitTheirSources());

}  // namespace

std::span<const Adapter> Adapters() {
    return kAdapters;
}

const Adapter* FindAdapter(std::string_view name) {
    const domain::ProviderTraits* provider = domain::FindProvider(name);
    const std::string_view url_name = provider != nullptr ? provider->source.url_name : name;
    for (const Adapter& adapter : kAdapters) {
        if (adapter.source.url_name == url_name) return &adapter;
    }
    return nullptr;
}

Status BadSignature(std::string why) {
    return Unauthenticated(std::move(why)).WithReason("BAD_SIGNATURE");
}

}  // namespace unibox::channels
