#include "message-writer/command_queue.hpp"

#include "base/clock_wait.hpp"

#include <set>
#include <tuple>
#include <utility>

namespace unibox::writer {
namespace {

using KeyView = std::tuple<std::int64_t, std::string_view, std::string_view>;

KeyView KeyOf(const v1::Command& command) {
    const v1::CommandHeader& header = command.header();
    return {header.tenant_id(), header.request_key().scope(), header.request_key().key()};
}

}  // namespace

Status CommandQueue::Push(PendingCommand& command) {
    {
        const MutexLock lock(mutex_);
        if (closed_) return Unavailable("this writer stops").WithReason("STOPPING");
        if (waiting_.size() >= count_max_) {
            return ResourceExhausted("too many commands wait here").WithReason("COMMANDS_WAIT");
        }
        waiting_.push_back(std::move(command));
    }
    changed_.notify_one();
    return {};
}

std::vector<PendingCommand> CommandQueue::Take(
    std::size_t count_max, std::size_t bytes_max, SteadyTime until
) {
    const MutexLock lock(mutex_);
    while (waiting_.empty() && !closed_ && clock_.Steady() < until) {
        WaitOnce(changed_, mutex_, clock_, until);
    }
    std::vector<PendingCommand> taken;
    std::deque<PendingCommand> left;  // their request key is in this transaction already
    std::set<KeyView> keys;
    std::size_t bytes = 0;
    taken.reserve(std::min(count_max, waiting_.size()));
    while (!waiting_.empty() && taken.size() < count_max && bytes < bytes_max) {
        PendingCommand next = std::move(waiting_.front());
        waiting_.pop_front();
        bytes += next.command.ByteSizeLong();
        taken.push_back(std::move(next));
        const v1::Command& command = taken.back().command;
        if (command.header().has_request_key() && !keys.insert(KeyOf(command)).second) {
            left.push_back(std::move(taken.back()));
            taken.pop_back();
        }
    }
    for (; !left.empty(); left.pop_back()) waiting_.push_front(std::move(left.back()));
    return taken;
}

bool CommandQueue::Pause(Millis wait) {
    const SteadyTime until = clock_.Steady() + wait;
    const MutexLock lock(mutex_);
    while (!closed_ && clock_.Steady() < until) WaitOnce(changed_, mutex_, clock_, until);
    return !closed_;
}

void CommandQueue::Close() {
    {
        const MutexLock lock(mutex_);
        closed_ = true;
    }
    changed_.notify_one();
}

bool CommandQueue::is_closed() const {
    const MutexLock lock(mutex_);
    return closed_;
}

std::size_t CommandQueue::count() const {
    const MutexLock lock(mutex_);
    return waiting_.size();
}

}  // namespace unibox::writer
