// Where a read goes: to a replica that is near enough to the primary, else to the primary.
//
// - Without a token: a replica that has all that was committed lag_ms_max ago, of several the one
//   with the fewest reads of ours. With one (the place in the log behind a write): besides that, it
//   has replayed the place. Both are asked of the server in the read's own round trip.
// - A read that a replica does not answer is repeated at the primary. Reads are idempotent.
// - Each server is asked every probe_interval_ms, on a connection and a thread of its own, how far
//   it is. A replica that is away, late, promoted, of another cluster or of another timeline than
//   the primary is not used until it is right again.
// - While the primary is away the bound cannot be proved: a read with a token still finds a replica
//   that has replayed it, one without fails when lag_ms_max has passed.
//
// Thread safety: every function from any thread.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "pg/lsn.hpp"
#include "pg/pool.hpp"
#include "pg/read_settings.hpp"

#include <cstddef>
#include <memory>
#include <optional>

namespace unibox::pg {

class ReadRouter {
public:
    // `settings` are those of the primary, with which replicas are read too but for url and
    // connection_count_max; does not connect. INVALID_ARGUMENT for settings out of range. `primary`
    // and `metrics` must outlive the router.
    static Result<std::unique_ptr<ReadRouter>> Create(
        Pool& primary, const Settings& settings, const ReadSettings& reads, obs::Metrics& metrics
    );
    // Waits for running probes: some seconds at most.
    ~ReadRouter();
    ReadRouter(const ReadRouter&) = delete;
    ReadRouter& operator=(const ReadRouter&) = delete;

    // What `read` answers: a Result of its. It is called with the pool to read from, in read-only
    // transactions, and the deadline for that; twice, if a replica fails it.
    template <class Read>
    auto Do(std::optional<Lsn> token, SteadyTime deadline, const Read& read) const {
        if (const auto route = ToReplica(token, deadline)) {
            auto answer = read(route->pool, route->deadline);
            if (!MustRepeat(*route, answer.ok() ? Status() : answer.status())) return answer;
        }
        Pool primary = ToPrimary(token);
        return read(primary, deadline);
    }

    struct State;

private:
    struct Route {
        Route(std::shared_ptr<State> given, std::size_t index, Pool&& to, SteadyTime until);
        ~Route();
        Route(const Route&) = delete;
        Route& operator=(const Route&) = delete;

        std::shared_ptr<State> state;
        std::size_t replica;
        Pool pool;
        SteadyTime deadline;
    };

    explicit ReadRouter(std::shared_ptr<State> state);
    std::unique_ptr<Route> ToReplica(std::optional<Lsn> token, SteadyTime deadline) const;
    Pool ToPrimary(std::optional<Lsn> token) const;
    bool MustRepeat(const Route& route, const Status& status) const;

    std::shared_ptr<State> state_;
};

}  // namespace unibox::pg
