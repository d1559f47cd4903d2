// An answer that a handler owes. Thread safety: any thread.
#pragma once

#include "http/detail/loop_inbox.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace unibox::http::detail {

inline constexpr int kUnanswered = 0;  // Status of the answer that stands for none.

// Behind every Respond: answers at most once, and with 500 if the last copy dies unanswered.
class PendingAnswer {
public:
    PendingAnswer(
        std::shared_ptr<LoopInbox> inbox,
        std::weak_ptr<Connection> connection,
        std::uint64_t request_number
    )
        : inbox_(std::move(inbox)),
          connection_(std::move(connection)),
          request_number_(request_number) {}
    PendingAnswer(const PendingAnswer&) = delete;
    PendingAnswer& operator=(const PendingAnswer&) = delete;
    ~PendingAnswer() {
        if (answered_) return;
        Response none;
        none.status = kUnanswered;
        inbox_->PushAnswer(std::move(connection_), request_number_, std::move(none));
    }

    void Answer(Response response) {
        if (answered_.exchange(true)) return;
        inbox_->PushAnswer(std::move(connection_), request_number_, std::move(response));
    }

private:
    std::shared_ptr<LoopInbox> inbox_;
    std::weak_ptr<Connection> connection_;
    std::uint64_t request_number_;
    std::atomic<bool> answered_{false};
};

}  // namespace unibox::http::detail
