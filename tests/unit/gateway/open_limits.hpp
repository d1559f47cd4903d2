// Limits that limit nothing, for what is tested without Redis. Thread safety: as Limiter.
#pragma once

#include "base/clock.hpp"
#include "gateway/call_limits.hpp"
#include "limits/limiter.hpp"
#include "obs/metrics.hpp"
#include "redis/client.hpp"
#include "support/no_limits.hpp"
#include "support/status_matchers.hpp"

#include <memory>
#include <utility>

namespace unibox::test {

class OpenLimits {
public:
    explicit OpenLimits(obs::Metrics& metrics)
        : redis_(AwayRedis(metrics)), limiter(*redis_, {}, SystemClock(), metrics) {}

private:
    static std::unique_ptr<redis::Client> AwayRedis(obs::Metrics& metrics) {
        redis::Settings settings;
        settings.url = kAwayRedis;
        auto client = redis::Client::Create(settings, metrics);
        REQUIRE_OK(client);
        return std::move(client).value();
    }

    std::unique_ptr<redis::Client> redis_;

public:
    limits::Limiter limiter;
    const gateway::CallLimits call_limits{NoLimits()};
};

}  // namespace unibox::test
