#include "auth/refusal_log.hpp"

#include "net/client_network.hpp"
#include "obs/log.hpp"

namespace unibox::auth {
namespace {

constexpr std::array<const char*, static_cast<std::size_t>(KeyRefusal::kCount)> kNames = {
    "absent",          "malformed",        "unknown",
    "revoked",         "expired",          "tenant_disabled",
    "scope_missing",   "too_many_lookups", "token_malformed",
    "token_expired",   "token_lifetime",   "issuer_unknown",
    "issuer_disabled", "algorithm",        "signing_key_unknown",
    "forged",          "tenant_unknown",   "role_missing",
    "agent_unknown",   "agent_disabled",
};

}  // namespace

RefusalLog::RefusalLog(const Clock& clock, obs::Metrics& metrics) : lines_(kCount, clock) {
    for (std::size_t i = 0; i < kCount; ++i) {
        counters_[i] = &metrics.GetCounter(
            "unibox_auth_credentials_refused_total",
            "Calls refused for their credentials",
            {{"reason", kNames[i]}}
        );
    }
}

void RefusalLog::Refused(
    KeyRefusal why, std::string_view key, std::string_view key_id, std::string_view peer_address
) {
    const auto reason = static_cast<std::size_t>(why);
    counters_[reason]->Add();
    if (lines_.Take(reason, 1, kLinesBurst) != Millis(0)) {
        ++untold_[reason];
        return;
    }
    obs::Log(
        obs::Level::kWarn,
        "credentials refused",
        {{"reason", kNames[reason]},
         {"key_prefix", key.substr(0, kPrefixBytes)},
         {"key_id", key_id},
         {"network", net::NetworkText(peer_address)},
         {"more", untold_[reason].exchange(0)}}
    );
}

}  // namespace unibox::auth
