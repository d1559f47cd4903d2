// Which rates a call is counted under: of its key or agent, of its tenant, and of its tenant's
// calls of that class; of a caller who is nobody, of the network. Values: the settings', unless the
// tenant's plan has its own.
// Thread safety: immutable.
#pragma once

#include "auth/principal.hpp"
#include "gateway/config.hpp"
#include "gateway/method.hpp"
#include "limits/limiter.hpp"

#include <string_view>
#include <vector>

namespace unibox::gateway {

class CallLimits {
public:
    explicit CallLimits(const LimitSettings& settings) : settings_(settings) {}

    std::vector<limits::Limit> Of(const auth::Principal& caller, const Method& method) const;
    // Policy "anonymous", of the client network (/24, /64).
    std::vector<limits::Limit> OfStranger(std::string_view peer_address) const;

private:
    const LimitSettings settings_;
};

}  // namespace unibox::gateway
