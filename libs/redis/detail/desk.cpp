#include "redis/detail/desk.hpp"

#include "redis/reasons.hpp"

#include <chrono>
#include <utility>

namespace unibox::redis::detail {
namespace {

SteadyTime Now() {
    return std::chrono::steady_clock::now();
}

}  // namespace

void Desk::Accept(Request& request) {
    request.waiting = deadlines_.emplace(request.deadline, &request);
    if (request.deadline < armed_for_) Arm();
}

void Desk::Finish(RequestPtr request, Result<Reply> result) {
    if (!request->done) return;
    const Client::Done done = Settle(*request, result);
    request.reset();  // Its place is free when the caller hears of it.
    done(std::move(result));
}

void Desk::Stop() {
    timer_.cancel();
}

Client::Done Desk::Settle(Request& request, const Result<Reply>& result) {
    if (request.waiting) deadlines_.erase(*std::exchange(request.waiting, std::nullopt));
    if (!request.is_own) metrics_.CountOutcome(result, Now() - request.begun);
    return std::exchange(request.done, nullptr);
}

// Looks again at the earliest deadline; that of an answered one is left to pass.
void Desk::Arm() {
    if (deadlines_.empty()) {
        armed_for_ = SteadyTime::max();
        return;
    }
    armed_for_ = deadlines_.begin()->first;
    timer_.expires_at(armed_for_);
    timer_.async_wait([this](async::error_code error) {
        if (!error) EndLate();
    });
}

void Desk::EndLate() {
    const SteadyTime now = Now();
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
        Request& request = *deadlines_.begin()->second;
        Result<Reply> result =
            DeadlineExceeded(
                request.is_written ? "redis did not answer in time; the command may be carried out"
                                   : "the time was over before the command was sent"
            )
                .WithReason(request.is_written ? kNoAnswer : kNotSent);
        const Client::Done done = Settle(request, result);
        done(std::move(result));
    }
    Arm();
}

}  // namespace unibox::redis::detail
