// Whether a consumer goes on with the history that was read so far: it begins with the last message
// that was read, and that one must be the same. Thread safety: one thread.
#pragma once

#include "base/log_mark.hpp"

#include <cstdint>
#include <optional>
#include <utility>

namespace unibox::nats::detail {

class Continuity {
public:
    enum class Answer {
        kProven,   // It was the last message that was read; what follows is its continuation.
        kNothing,  // There is none to compare with: the delivery is wanted itself.
        kAnother,  // Another message, or none, lies where the last one was read.
        kOdd,      // The consumer did not begin where it was told to.
    };

    // `last`: of the message before the first one wanted, when known.
    explicit Continuity(std::optional<LogMark> last) : last_(std::move(last)) {}

    // Where a new consumer must begin, so that `next` is the first one wanted of a stream whose
    // first message is `first_seq`. The server begins later where the stream does.
    std::uint64_t Begin(std::uint64_t next, std::uint64_t first_seq) {
        open_ = next > 1;
        wanted_from_ = 1;
        // It was purged or has expired; then all that the stream has is unread.
        may_be_gone_ = first_seq >= next;
        return open_ ? next - 1 : next;
    }
    // Nothing may be taken from the consumer before its first delivery was given to Look.
    bool open() const { return open_; }
    // Which of the consumer's messages is the first one wanted.
    std::uint64_t wanted_from() const { return wanted_from_; }
    Answer Look(std::uint64_t sequence, std::uint64_t next, const LogMark& mark) {
        if (sequence + 1 < next) return Answer::kOdd;
        const bool there = sequence + 1 == next;
        const bool same = there ? !last_ || *last_ == mark : !last_ || may_be_gone_;
        if (!same) return Answer::kAnother;
        open_ = false;
        if (!there) return Answer::kNothing;
        wanted_from_ = 2;
        last_ = mark;
        return Answer::kProven;
    }
    // The newest message that was read; nothing: what lies before the next one is not known.
    void SetLast(std::optional<LogMark> mark) { last_ = std::move(mark); }

private:
    std::optional<LogMark> last_;
    bool open_ = false;
    bool may_be_gone_ = false;
    std::uint64_t wanted_from_ = 1;
};

}  // namespace unibox::nats::detail
