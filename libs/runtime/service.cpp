#include "runtime/service.hpp"

#include "obs/log.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace unibox::runtime {

Service::Service(std::shared_ptr<void> objects, std::vector<Part> parts)
    : objects_(std::move(objects)), parts_(std::move(parts)) {}

Service::~Service() {
    Stop(Millis(0));
}

Status Service::Start() {
    for (const Part& part : parts_) {
        if (Status status = part.start ? part.start() : Status(); !status.ok()) {
            return std::move(status).WithContext(part.name);
        }
        obs::Log(obs::Level::kDebug, "part started", {{"part", part.name}});
        const MutexLock lock(mutex_);
        ++started_count_;
    }
    return {};
}

Status Service::Alive() const {
    const MutexLock lock(mutex_);
    for (std::size_t i = 0; i < started_count_; ++i) {
        if (!parts_[i].alive) continue;
        if (Status status = parts_[i].alive(); !status.ok()) {
            return std::move(status).WithContext(parts_[i].name);
        }
    }
    return {};
}

bool Service::takes_requests() const {
    return std::any_of(parts_.begin(), parts_.end(), [](const Part& part) {
        return part.announce_stop != nullptr;
    });
}

void Service::AnnounceStop() {
    for (std::size_t i = started_count(); i-- > 0;) {
        if (parts_[i].announce_stop) parts_[i].announce_stop();
    }
}

std::size_t Service::started_count() const {
    const MutexLock lock(mutex_);
    return started_count_;
}

void Service::Stop(Millis grace) {
    std::size_t started = 0;
    {
        const MutexLock lock(mutex_);
        started = std::exchange(started_count_, 0);
    }
    const SteadyTime until = std::chrono::steady_clock::now() + grace;
    for (std::size_t i = started; i-- > 0;) {
        if (parts_[i].refuse_work) parts_[i].refuse_work();
    }
    for (std::size_t i = started; i-- > 0;) {
        if (!parts_[i].stop) continue;
        const auto left =
            std::chrono::duration_cast<Millis>(until - std::chrono::steady_clock::now());
        parts_[i].stop(std::max(left, Millis(0)));
        obs::Log(obs::Level::kDebug, "part stopped", {{"part", parts_[i].name}});
    }
}

std::string Service::address(std::string_view part) const {
    for (std::size_t i = started_count(); i-- > 0;) {
        if (parts_[i].name == part && parts_[i].address) return parts_[i].address();
    }
    return {};
}

}  // namespace unibox::runtime
