// Where requests end: with their outcome, or with their time. Each is told exactly once.
// Thread safety: the I/O thread.
#pragma once

#include "async/asio.hpp"
#include "redis/detail/client_metrics.hpp"
#include "redis/detail/request.hpp"

namespace unibox::redis::detail {

class Desk {
public:
    Desk(async::asio::io_context& loop, ClientMetrics& metrics) : timer_(loop), metrics_(metrics) {}

    // From now on its deadline counts. Until it is finished the request must live.
    void Accept(Request& request);
    // Runs `done`, unless the time was over before.
    void Finish(RequestPtr request, Result<Reply> result);
    // After the last request: nothing is waited for any more.
    void Stop();

private:
    // Takes what must run when nothing else is held.
    Client::Done Settle(Request& request, const Result<Reply>& result);
    void Arm();
    void EndLate();

    async::asio::steady_timer timer_;
    ClientMetrics& metrics_;
    Deadlines deadlines_;
    SteadyTime armed_for_ = SteadyTime::max();
};

}  // namespace unibox::redis::detail
