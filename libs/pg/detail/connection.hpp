// One libpq connection in pipeline mode on a non-blocking socket. Private to libs/pg: statements go
// through the transactions of transaction.hpp alone. Thread safety: one thread at a time.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "pg/params.hpp"
#include "pg/read_demand.hpp"
#include "pg/rows.hpp"
#include "pg/settings.hpp"
#include "pg/values.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

struct pg_conn;

namespace unibox::pg::detail {

constexpr int kPipelineStatementsMax = 4'096;
constexpr std::size_t kPipelineBytesMax = 256U << 20U;

// Only a transaction can make one, so only a transaction can get a connection.
struct PassKey {
private:
    PassKey() = default;
    friend class Transaction;
};

// What one Sync brought: all results, or the first error.
struct Outcome {
    Status status;
    // One for each queued statement; when the status is not Ok, of those before the first error.
    std::vector<Rows> rows;
    int failed_statement = -1;  // Index of the statement that the error belongs to.
    bool connection_lost = false;
};

class Connection {
public:
    // Connects within settings.connect_timeout_ms and before `deadline`: to the first of the url's
    // hosts that takes it, of which each gets its share of that time. `good_host`, which is kept
    // for the next time, says with which to begin. UNAVAILABLE or DEADLINE_EXCEEDED.
    static Result<std::unique_ptr<Connection>> Open(
        const Settings& settings, SteadyTime deadline, std::atomic<std::size_t>& good_host
    );
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    const Settings& settings() const { return settings_; }
    void SetIoTimeout(Millis timeout) { settings_.io_timeout_ms = timeout.count(); }
    // Of the transaction that follows: bounds its round trips beside settings.io_timeout_ms.
    void SetDeadline(SteadyTime deadline) { deadline_ = deadline; }
    // Connected, in no transaction, nothing queued: may be used for the next transaction.
    bool IsReusable() const;
    // False if the server has closed the idle connection. One poll without waiting.
    bool IsAlive();
    // Never reusable again: the server is not what it was taken for.
    void GiveUp() { stale_ = true; }

    // Adds a statement to the pipeline. `unnamed`: parse it anew even if settings say prepared.
    Status Queue(const Statement& statement, const Params& params, bool unnamed = false);
    int queued_count() const { return queued_count_; }
    // Sends what is queued and reads all answers, at most settings.io_timeout_ms and little longer
    // than the deadline. Reads while it writes.
    Outcome Sync();
    // A script in the simple protocol; nothing may be queued.
    Status RunScript(const std::string& sql);
    void Close();

private:
    struct Expected {
        std::string prepares;  // Name, if this is the answer to a Parse.
        int statement = -1;    // Index of the statement otherwise.
    };
    struct Prepared {
        const char* sql;
        std::vector<unsigned> types;
    };

    explicit Connection(const Settings& settings) : settings_(settings) {}
    Status Connect(const std::string& url, SteadyTime deadline);
    SteadyTime AnswerDeadline() const;
    Status PollConnect(SteadyTime deadline);
    Status PrepareIfNew(const Statement& statement, const Params& params);
    // Waits until the socket can be read (or written, while output is pending). Not Ok: the
    // connection is closed.
    Status Wait(SteadyTime deadline);
    // The next result or nullptr between statements; a Status when the connection is gone.
    Result<pg_result*> Next(SteadyTime deadline);
    Status ReadAnswer(const Expected& expected, SteadyTime deadline, Outcome& outcome);
    Status ReadAll(SteadyTime deadline, Outcome& outcome);
    Status StatusOfResult(const pg_result* result) const;
    Status Lost(std::string_view what);
    void ForgetQueue();

    Settings settings_;
    SteadyTime deadline_ = SteadyTime::max();
    pg_conn* connection_ = nullptr;
    std::vector<Expected> expected_;
    std::map<std::string, Prepared, std::less<>> prepared_;
    int queued_count_ = 0;
    std::size_t queued_bytes_ = 0;
    bool write_pending_ = false;
    bool stale_ = false;  // Statements that do not fit the schema any more, or another server.
};

// A connection for one transaction; gives it back when it dies.
class Lease {
public:
    using Release = std::function<void(Connection*)>;
    Lease(Connection* connection, Release release, std::optional<ReadDemand> demand = {})
        : connection_(connection), release_(std::move(release)), demand_(demand) {}
    Lease(Lease&& other) noexcept
        : connection_(std::exchange(other.connection_, nullptr)),
          release_(std::move(other.release_)),
          demand_(other.demand_) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
        if (connection_ != nullptr) release_(connection_);
    }

    Connection& operator*() const { return *connection_; }
    Connection* operator->() const { return connection_; }
    // What the transaction must make sure of.
    const std::optional<ReadDemand>& demand() const { return demand_; }

private:
    Connection* connection_;
    Release release_;
    std::optional<ReadDemand> demand_;
};

}  // namespace unibox::pg::detail
