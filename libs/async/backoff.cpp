#include "async/backoff.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <random>
#include <utility>

namespace unibox::async {
namespace {

double RandomFraction() {
    thread_local std::minstd_rand random(std::random_device{}());
    return std::uniform_real_distribution<double>(0.0, 1.0)(random);
}

}  // namespace

Backoff::Backoff(BackoffSettings settings) : Backoff(settings, RandomFraction) {}

Backoff::Backoff(BackoffSettings settings, Random random)
    : settings_(settings),
      random_(std::move(random)),
      step_ms_(static_cast<double>(settings.first.count())) {
    UNIBOX_ASSERT(settings.factor >= 1.0 && settings.first.count() > 0);
    UNIBOX_ASSERT(settings.first <= settings.longest);
}

std::chrono::milliseconds Backoff::Next() {
    ++attempts_;
    const double wait_ms = step_ms_ * (0.5 + 0.5 * random_());
    step_ms_ =
        std::min(step_ms_ * settings_.factor, static_cast<double>(settings_.longest.count()));
    return std::chrono::milliseconds(std::max<std::int64_t>(1, static_cast<std::int64_t>(wait_ms)));
}

void Backoff::Reset() {
    step_ms_ = static_cast<double>(settings_.first.count());
    attempts_ = 0;
}

}  // namespace unibox::async
