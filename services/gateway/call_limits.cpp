#include "gateway/call_limits.hpp"

#include "net/client_network.hpp"

#include <string>
#include <utility>

namespace unibox::gateway {
namespace {

using domain::LimitPolicy;

// 0 in a second: no limit.
void AddLimit(
    std::vector<limits::Limit>* limits,
    std::string_view policy,
    std::string key,
    const domain::Rate& rate
) {
    if (rate.per_s == 0) return;
    redis::Bucket bucket;
    bucket.key = std::move(key);
    bucket.rate_per_s = static_cast<double>(rate.per_s);
    bucket.burst = rate.burst;
    limits->push_back({std::string(policy), std::move(bucket)});
}

}  // namespace

std::vector<limits::Limit> CallLimits::Of(const auth::Principal& caller, const Method& method)
    const {
    // One hash tag: all limits of a call are one command.
    const std::string prefix = "rl:{t:" + caller.tenant.ToString() + "}:";
    std::vector<limits::Limit> limits;
    const auto add = [&](LimitPolicy policy, const std::string& whose) {
        const auto index = static_cast<std::size_t>(policy);
        const std::string_view name = domain::NameOf(policy);
        AddLimit(
            &limits,
            name,
            prefix + std::string(name) + whose,
            caller.limits.Of(policy).value_or(settings_.rates[index])
        );
    };
    if (caller.kind == auth::Principal::Kind::kAgent) {
        add(LimitPolicy::kAgent, ":" + caller.agent.ToString());
    } else {
        add(LimitPolicy::kKey, ":" + caller.key_id.ToString());
    }
    add(LimitPolicy::kTenant, "");
    add(method.limit_class(), "");
    return limits;
}

std::vector<limits::Limit> CallLimits::OfStranger(std::string_view peer_address) const {
    std::vector<limits::Limit> limits;
    const std::string key = "rl:{n:" + net::NetworkText(peer_address) + "}";
    AddLimit(&limits, "anonymous", key, settings_.anonymous);
    return limits;
}

}  // namespace unibox::gateway
