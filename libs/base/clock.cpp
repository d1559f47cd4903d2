#include "base/clock.hpp"

namespace unibox {
namespace {

class MachineClock final : public Clock {
public:
    std::int64_t UnixMillis() const override {
        const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
        return std::chrono::duration_cast<Millis>(since_epoch).count();
    }
    SteadyTime Steady() const override { return std::chrono::steady_clock::now(); }
};

}  // namespace

const Clock& SystemClock() {
    static const MachineClock clock;
    return clock;
}

}  // namespace unibox
