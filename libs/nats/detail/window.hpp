// The messages of a publisher that wait for their answer, in slots that are addressed by the
// reply's token: slot number and generation, so that finding one is an array access and a late
// answer to an earlier use of the slot is recognised. Thread safety: none; the publisher holds its
// lock.
#pragma once

#include "base/clock.hpp"
#include "nats/detail/nats_c.hpp"
#include "nats/publisher.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::nats::detail {

// The messages of one PublishAll. Recipients are told one at a time.
struct Group {
    std::vector<Result<PubAck>> results;
    std::size_t remaining = 0;
    Publisher::AllDone done;
};

// Who is told: a closure of its own, or the group's.
struct Recipient {
    Publisher::Done done;
    std::shared_ptr<Group> group;
    std::size_t index = 0;

    void Tell(Result<PubAck> result);
};

struct Slot {
    MessagePtr message;
    Recipient recipient;
    SteadyTime deadline{};
    SteadyTime started{};
    std::uint64_t order = 0;         // Of Publish; resends keep it.
    std::uint64_t sent_session = 0;  // 0: not sent in any.
    std::size_t bytes = 0;
    std::uint32_t generation = 0;
    int refusals = 0;
    int resends = 0;  // In this session, for want of an answer.
    Status refusal;   // The last one.
    bool used = false;
    bool busy = false;     // A thread is sending it without the lock; it is not recycled meanwhile.
    bool settled = false;  // Its recipient will be told; waits for the end of `busy`.
    bool awaiting = false;      // Sent, and neither answered nor refused.
    bool maybe_stored = false;  // An earlier sending of it was never answered.
};

// The outcome of a message that finds no room.
Status WindowFull();
Status NotSentAgain();
// Of one whose time is over.
Status StatusAtDeadline(const Slot& slot);

class Window {
public:
    static constexpr std::size_t kSlotsMax = 65536;  // What 4 hexadecimal digits can tell apart.
    static constexpr SteadyTime kNever = SteadyTime::max();

    Window(std::size_t slots, std::uint32_t first_generation);

    // There must be a free one.
    std::uint32_t Take();
    void Recycle(std::uint32_t index);
    Slot& operator[](std::uint32_t index) { return slots_[index]; }
    std::size_t size() const { return slots_.size(); }
    std::size_t free_count() const { return free_.size(); }

    // When something must happen to the slot. One array of times: looking at all of them is a few
    // us.
    SteadyTime due(std::uint32_t index) const { return due_[index]; }
    void SetDue(std::uint32_t index, SteadyTime due) { due_[index] = due; }
    SteadyTime EarliestDue() const;

    // 12 hexadecimal digits. A slot's generation does not change while it is used.
    static std::string Token(std::uint32_t index, std::uint32_t generation);
    // The slot whose answer came with this token, if it still waits for it.
    std::optional<std::uint32_t> Find(std::string_view token) const;

private:
    std::vector<Slot> slots_;
    std::vector<SteadyTime> due_;
    std::vector<std::uint32_t> free_;
};

}  // namespace unibox::nats::detail
