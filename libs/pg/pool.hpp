// Where transactions get their connections from: a Pool (many short transactions) or a Session (one
// thread's own connection). Neither can run a statement by itself: see transaction.hpp.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "pg/read_demand.hpp"
#include "pg/settings.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace unibox::obs {
class Metrics;
}

namespace unibox::pg {

namespace detail {
class Connection;
class Lease;
struct PassKey;
}  // namespace detail

// At most settings.connection_count_max connections, opened when needed and reopened when lost; an
// idle connection that the server has closed is noticed before it is handed out. Nothing runs in
// the background. Thread safety: any thread. Must outlive its transactions.
class Pool {
public:
    // INVALID_ARGUMENT for settings out of range; does not connect. `metrics` must outlive the
    // pool.
    static Result<std::unique_ptr<Pool>> Create(const Settings& settings, obs::Metrics& metrics);
    ~Pool();
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    // Connects, or takes a connection, and asks the server for an answer. UNAVAILABLE when it is
    // away.
    Status Ping();
    std::int64_t open_count() const;  // Connections open now.
    std::int64_t in_use_count() const;

    // Transactions only. RESOURCE_EXHAUSTED (reason "POOL_EXHAUSTED") after acquire_timeout_ms or
    // at the deadline; UNAVAILABLE or DEADLINE_EXCEEDED when connecting fails.
    Result<detail::Lease> Acquire(detail::PassKey key, SteadyTime deadline);

    struct State;

private:
    friend class ReadRouter;
    explicit Pool(std::shared_ptr<State> state, std::optional<ReadDemand> demand = {});
    // The same connections, for transactions that fail unless their server is so.
    Pool Demanding(const ReadDemand& demand) const { return Pool(state_, demand); }

    std::shared_ptr<State> state_;
    std::optional<ReadDemand> demand_;
};

// One connection for the transactions of one thread, one after the other. Connects at the first
// Begin, and again at the next Begin after it was lost. Session state (advisory locks) lives as
// long as the connection does. Thread safety: one thread at a time.
class Session {
public:
    static Result<std::unique_ptr<Session>> Create(const Settings& settings, obs::Metrics& metrics);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    bool connected() const;
    // Closes the connection; the next Begin opens a new one.
    void Disconnect();
    // Replaces settings.io_timeout_ms from now on.
    void SetIoTimeout(Millis timeout);
    // Counts the connections opened so far: a changed number means that session state was lost.
    std::int64_t connection_count() const { return connection_count_; }

    // Transactions only.
    Result<detail::Lease> Acquire(detail::PassKey key, SteadyTime deadline);

private:
    Session(const Settings& settings, obs::Metrics& metrics);

    Settings settings_;
    obs::Metrics& metrics_;
    std::unique_ptr<detail::Connection> connection_;
    std::int64_t connection_count_ = 0;
    std::atomic<std::size_t> good_host_ = 0;
};

}  // namespace unibox::pg
