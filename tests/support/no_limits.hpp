// A gateway whose subject is something else than rates. Thread safety: pure functions.
#pragma once

#include "gateway/config.hpp"

#include <string>

namespace unibox::test {

inline const std::string kAwayRedis = "redis://127.0.0.1:1";

inline gateway::LimitSettings NoLimits() {
    gateway::LimitSettings settings;
    for (domain::Rate& rate : settings.rates) rate.per_s = 0;
    settings.anonymous.per_s = 0;
    return settings;
}

}  // namespace unibox::test
