// The pulls that a LogReader has outstanding, and how many of them brought nothing. The server
// serves them in turn, so what is delivered is counted for the oldest.
// Thread safety: one thread.
#pragma once

#include "base/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>

namespace unibox::nats::detail {

class Pulls {
public:
    std::size_t size() const { return pulls_.size(); }
    // How many pulls in a row ended although nothing was delivered since they were asked for.
    int fruitless() const { return fruitless_; }

    // Returns its id.
    std::uint64_t Add(std::size_t msgs, SteadyTime expires) {
        pulls_.push_back({next_id_, delivered_, msgs, expires});
        return next_id_++;
    }
    void Delivered() {
        ++delivered_;
        fruitless_ = 0;
        if (!pulls_.empty() && --pulls_.front().msgs_left == 0) pulls_.pop_front();
    }
    // `early`: before it expired.
    void Ended(std::uint64_t id, bool early) {
        for (auto at = pulls_.begin(); at != pulls_.end(); ++at) {
            if (at->id != id) continue;
            if (early && at->delivered_before == delivered_) ++fruitless_;
            pulls_.erase(at);
            return;
        }
    }
    // Server 2.9.10 does not always say that a pull has expired.
    void DropExpired(SteadyTime now) {
        while (!pulls_.empty() && now >= pulls_.front().expires) pulls_.pop_front();
    }
    void Clear() {
        pulls_.clear();
        fruitless_ = 0;
    }

private:
    struct Pull {
        std::uint64_t id;
        std::uint64_t delivered_before;
        std::size_t msgs_left;
        SteadyTime expires;
    };
    std::deque<Pull> pulls_;
    std::uint64_t next_id_ = 1;
    std::uint64_t delivered_ = 0;
    int fruitless_ = 0;
};

}  // namespace unibox::nats::detail
