#include "redis/detail/client_metrics.hpp"

#include "redis/reasons.hpp"

#include <set>
#include <string_view>

namespace unibox::redis::detail {
namespace {

const std::set<std::string_view> kUnavailableReasons = {
    kNoAnswer, kNotSent, kNotConnected, kShuttingDown};

}  // namespace

ClientMetrics::ClientMetrics(obs::Metrics& metrics, const std::string& name)
    : seconds_(metrics.GetHistogram(
          "unibox_redis_command_seconds",
          "From sending a command to its outcome.",
          obs::SecondsBuckets(),
          {{"name", name}}
      )),
      connected_(metrics.GetGauge(
          "unibox_redis_connected", "1 while commands can be sent to Redis.", {{"name", name}}
      )),
      connects_(metrics.GetCounter(
          "unibox_redis_connects_total",
          "Connects to servers of Redis, the first included.",
          {{"name", name}}
      )),
      redirects_(metrics.GetCounter(
          "unibox_redis_redirects_total",
          "Commands that a cluster sent to another node (MOVED, ASK).",
          {{"name", name}}
      )),
      scripts_sent_(metrics.GetCounter(
          "unibox_redis_scripts_sent_total",
          "Scripts that a server did not know and was given.",
          {{"name", name}}
      )) {
    constexpr std::array<std::string_view, kOutcomes> kNames = {
        "answered", "error", "unavailable", "deadline", "refused"};
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        commands_[i] = &metrics.GetCounter(
            "unibox_redis_commands_total",
            "Commands, by what became of them.",
            {{"name", name}, {"outcome", std::string(kNames[i])}}
        );
    }
}

void ClientMetrics::CountOutcome(const Result<Reply>& result, SteadyTime::duration taken) {
    seconds_.Observe(std::chrono::duration<double>(taken).count());
    const std::string& reason = result.status().reason();
    Outcome outcome = kError;
    if (result.ok()) {
        outcome = kAnswered;
    } else if (result.status().code() == Code::kDeadlineExceeded) {
        outcome = kDeadline;
    } else if (kUnavailableReasons.contains(reason)) {
        outcome = kUnavailable;
    }
    commands_[outcome]->Add();
}

}  // namespace unibox::redis::detail
