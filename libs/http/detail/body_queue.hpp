// The bytes of a streamed body between its producer and its connection.
// Thread safety: any thread; BodyReader's functions but the destructor: the net thread.
#pragma once

#include "base/mutex.hpp"
#include "http/body_stream.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace unibox::http::detail {

class BodyQueue {
public:
    struct Piece {
        std::string bytes;
        bool is_last = false;  // Nothing comes after it.
        bool is_cut = false;   // The producer has died: what was written is not the whole body.
    };

    BodyQueue(std::size_t held_bytes_max, std::function<void()> on_change)
        : held_bytes_max_(held_bytes_max), on_change_(std::move(on_change)) {}

    // The producer's.
    BodyStream::Outcome Write(std::string_view bytes);
    void Finish();
    void Abandon();  // Nothing comes any more; a cut if there was no Finish.

    // The reader's. `wake` is called, under no lock, when there is something new to take.
    void Attach(std::function<void()> wake);
    // All that is there; held until it was Sent.
    Piece Take();
    void Sent(std::size_t bytes);
    void ReaderGone();

private:
    // What must be called once the lock is released; may be empty.
    std::function<void()> WakeOnce() UNIBOX_REQUIRES(mutex_);

    const std::size_t held_bytes_max_;
    const std::function<void()> on_change_;
    Mutex mutex_;
    std::string bytes_ UNIBOX_GUARDED_BY(mutex_);
    std::size_t held_bytes_ UNIBOX_GUARDED_BY(mutex_) = 0;  // With those that are being sent.
    std::function<void()> wake_ UNIBOX_GUARDED_BY(mutex_);
    bool woken_ UNIBOX_GUARDED_BY(mutex_) = false;  // Since the last Take.
    bool was_full_ UNIBOX_GUARDED_BY(mutex_) = false;
    bool finished_ UNIBOX_GUARDED_BY(mutex_) = false;
    bool abandoned_ UNIBOX_GUARDED_BY(mutex_) = false;
    bool gone_ UNIBOX_GUARDED_BY(mutex_) = false;
};

// The connection's end, and before that the answer's: when it dies the producer is told.
class BodyReader {
public:
    explicit BodyReader(std::shared_ptr<BodyQueue> queue) : queue_(std::move(queue)) {}
    ~BodyReader() { queue_->ReaderGone(); }
    BodyReader(const BodyReader&) = delete;
    BodyReader& operator=(const BodyReader&) = delete;

    BodyQueue& queue() { return *queue_; }

private:
    const std::shared_ptr<BodyQueue> queue_;
};

}  // namespace unibox::http::detail
