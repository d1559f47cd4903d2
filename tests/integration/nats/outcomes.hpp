// Collects what a Publisher reports. Thread safety: any thread.
#pragma once

#include "nats/publisher.hpp"
#include "support/eventually.hpp"

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace unibox::test {

class Outcomes {
public:
    // A `done` for the message `key`.
    nats::Publisher::Done Done(int key) {
        return [this, key](Result<nats::PubAck> result) {
            const std::lock_guard lock(mutex_);
            results_[key].push_back(std::move(result));
            ++count_;
        };
    }
    std::size_t count() const {
        const std::lock_guard lock(mutex_);
        return count_;
    }
    bool WaitFor(std::size_t count, std::chrono::milliseconds timeout = std::chrono::seconds(10)) {
        return Eventually(timeout, [&] { return this->count() >= count; });
    }
    // What message `key` was told; more than one entry would be a bug.
    std::vector<Result<nats::PubAck>> Of(int key) const {
        const std::lock_guard lock(mutex_);
        const auto found = results_.find(key);
        return found == results_.end() ? std::vector<Result<nats::PubAck>>() : found->second;
    }
    std::map<int, std::vector<Result<nats::PubAck>>> All() const {
        const std::lock_guard lock(mutex_);
        return results_;
    }

private:
    mutable std::mutex mutex_;
    std::map<int, std::vector<Result<nats::PubAck>>> results_;
    std::size_t count_ = 0;
};

}  // namespace unibox::test
