#include "http/body_stream.hpp"

#include "http/detail/body_queue.hpp"

#include <algorithm>
#include <utility>

namespace unibox::http {

BodyStream::BodyStream(std::size_t held_bytes_max, std::function<void()> on_change)
    : queue_(std::make_shared<detail::BodyQueue>(held_bytes_max, std::move(on_change))) {}

BodyStream::~BodyStream() {
    queue_->Abandon();
}

Response BodyStream::Begin(int status, std::string content_type) {
    Response response;
    response.status = status;
    response.content_type = std::move(content_type);
    response.streamed_body = std::make_shared<detail::BodyReader>(queue_);
    return response;
}

BodyStream::Outcome BodyStream::Write(std::string_view bytes) {
    return queue_->Write(bytes);
}

void BodyStream::Finish() {
    queue_->Finish();
}

namespace detail {

std::function<void()> BodyQueue::WakeOnce() {
    if (woken_) return {};
    woken_ = true;
    return wake_;
}

BodyStream::Outcome BodyQueue::Write(std::string_view bytes) {
    std::function<void()> wake;
    {
        const MutexLock lock(mutex_);
        if (gone_ || finished_) return BodyStream::Outcome::kGone;
        if (bytes.empty()) return BodyStream::Outcome::kTaken;
        const std::size_t room = held_bytes_max_ - std::min(held_bytes_, held_bytes_max_);
        if (held_bytes_ > 0 && bytes.size() > room) {
            was_full_ = true;
            return BodyStream::Outcome::kFull;
        }
        bytes_.append(bytes);
        held_bytes_ += bytes.size();
        wake = WakeOnce();
    }
    if (wake) wake();
    return BodyStream::Outcome::kTaken;
}

void BodyQueue::Finish() {
    std::function<void()> wake;
    {
        const MutexLock lock(mutex_);
        finished_ = true;
        wake = WakeOnce();
    }
    if (wake) wake();
}

void BodyQueue::Abandon() {
    std::function<void()> wake;
    {
        const MutexLock lock(mutex_);
        abandoned_ = true;
        if (!finished_) wake = WakeOnce();
    }
    if (wake) wake();
}

void BodyQueue::Attach(std::function<void()> wake) {
    const MutexLock lock(mutex_);
    wake_ = std::move(wake);
    woken_ = true;  // The reader looks by itself.
}

BodyQueue::Piece BodyQueue::Take() {
    const MutexLock lock(mutex_);
    woken_ = false;
    Piece piece;
    piece.bytes.swap(bytes_);
    piece.is_last = finished_;
    piece.is_cut = abandoned_ && !finished_;
    return piece;
}

void BodyQueue::Sent(std::size_t bytes) {
    {
        const MutexLock lock(mutex_);
        held_bytes_ -= bytes;
        if (!was_full_ || abandoned_ || held_bytes_ > held_bytes_max_ / 2) return;
        was_full_ = false;
    }
    if (on_change_) on_change_();
}

void BodyQueue::ReaderGone() {
    {
        const MutexLock lock(mutex_);
        if (gone_) return;
        gone_ = true;
        bytes_ = {};
        wake_ = {};
        if (finished_ || abandoned_) return;
    }
    if (on_change_) on_change_();
}

}  // namespace detail
}  // namespace unibox::http
