#include "redis/detail/presence.hpp"

#include "redis/reasons.hpp"

namespace unibox::redis::detail {

void Presence::Set(bool connected) {
    connected_.store(connected, std::memory_order_release);
    metrics_.SetConnected(connected);
}

void Presence::Note(const Status& failure) {
    const MutexLock lock(mutex_);
    failure_ = failure;
}

Status Presence::NotConnected() const {
    const MutexLock lock(mutex_);
    const std::string why = failure_.ok() ? "" : ": " + failure_.ToString();
    return Unavailable("not connected to redis" + why).WithReason(kNotConnected);
}

}  // namespace unibox::redis::detail
