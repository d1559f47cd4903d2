// Opens conversations whose snooze has come to its end, about a second later at most. All writers
// share the work: each claims some of what is due; a claim that leads to nothing, because its
// writer died, ends by itself. What a claim finds already open changes nothing.
// Thread safety: Start and Stop once each.
#pragma once

#include "base/clock.hpp"
#include "message-writer/command_lanes.hpp"
#include "pg/pool.hpp"
#include "store/writer/snoozes.hpp"

#include <atomic>
#include <memory>

namespace unibox::async {
class Periodic;
}

namespace unibox::writer {

class SnoozeAlarm {
public:
    // All must outlive the object.
    SnoozeAlarm(pg::Pool& pool, CommandLanes& lanes, const Clock& clock);
    ~SnoozeAlarm();
    SnoozeAlarm(const SnoozeAlarm&) = delete;
    SnoozeAlarm& operator=(const SnoozeAlarm&) = delete;

    void Start();
    void Stop();

private:
    void Round();
    void Wake(const store::DueSnooze& due);

    pg::Pool& pool_;
    CommandLanes& lanes_;
    const Clock& clock_;
    std::atomic<int> under_way_{0};
    std::unique_ptr<async::Periodic> rounds_;
};

}  // namespace unibox::writer
