#include "pg/detail/connection.hpp"

#include "base/strings.hpp"
#include "pg/connection_string.hpp"
#include "pg/sqlstate.hpp"

#include <errno.h>
#include <poll.h>

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace unibox::pg::detail {
namespace {

using Steady = std::chrono::steady_clock;

std::string_view Field(const pg_result* result, int code) {
    const char* text = PQresultErrorField(result, code);
    return text == nullptr ? std::string_view() : std::string_view(text);
}

// poll() until `deadline`; 0 = timeout, events otherwise (POLLERR counts as readable).
short PollSocket(int socket, short events, SteadyTime deadline) {
    while (true) {
        const auto left = std::chrono::ceil<Millis>(deadline - Steady::now()).count();
        pollfd descriptor{socket, events, 0};
        const int wait_ms = static_cast<int>(std::clamp<std::int64_t>(left, 0, 600'000));
        const int ready = poll(&descriptor, 1, wait_ms);
        if (ready > 0) return descriptor.revents;
        if (ready < 0 && errno == EINTR) continue;
        if (ready < 0) return POLLERR;
        if (Steady::now() >= deadline) return 0;
    }
}

void IgnoreNotice(void* /*unused*/, const pg_result* /*unused*/) {}

}  // namespace

// libpq itself goes to the next host when one refuses, but not when one is silent, as a machine
// that lost its power is.
Result<std::unique_ptr<Connection>> Connection::Open(
    const Settings& settings, SteadyTime deadline, std::atomic<std::size_t>& good_host
) {
    const std::vector<std::string> urls = ConnectionStringPerHost(settings.url);
    const SteadyTime until =
        std::min(Steady::now() + Millis(settings.connect_timeout_ms), deadline);
    const std::size_t first = good_host % urls.size();
    Status failed;
    for (std::size_t i = 0; i < urls.size(); ++i) {
        const auto hosts_left = static_cast<std::int64_t>(urls.size() - i);
        const SteadyTime now = Steady::now();
        const std::size_t host = (first + i) % urls.size();
        std::unique_ptr<Connection> connection(new Connection(settings));
        const Status connected = connection->Connect(urls[host], now + (until - now) / hosts_left);
        if (connected.ok()) {
            good_host = host;
            return connection;
        }
        failed = failed.ok()
                     ? connected
                     : Status(connected.code(), failed.message() + "; " + connected.message());
    }
    return failed;
}

Connection::~Connection() {
    Close();
}

void Connection::Close() {
    if (connection_ != nullptr) PQfinish(connection_);
    connection_ = nullptr;
    ForgetQueue();
    prepared_.clear();
}

Status Connection::Connect(const std::string& url, SteadyTime deadline) {
    // What stands before dbname are defaults that the url may override, what stands after it is
    // fixed.
    constexpr std::array kKeys = {
        "application_name",
        "keepalives_idle",
        "keepalives_interval",
        "keepalives_count",
        "tcp_user_timeout",
        "dbname",
        "client_encoding",
        static_cast<const char*>(nullptr)};
    const std::array values = {
        "unibox", "10", "5", "3", "20000", url.c_str(), "UTF8", static_cast<const char*>(nullptr)};
    connection_ = PQconnectStartParams(kKeys.data(), values.data(), 1);
    if (connection_ == nullptr) return ResourceExhausted("no memory for a connection");
    PQsetNoticeReceiver(connection_, IgnoreNotice, nullptr);
    UNIBOX_RETURN_IF_ERROR(PollConnect(deadline));
    if (PQsetnonblocking(connection_, 1) != 0 || PQenterPipelineMode(connection_) != 1) {
        return Lost("cannot start");
    }
    return {};
}

Status Connection::PollConnect(SteadyTime deadline) {
    short events = POLLOUT;
    while (true) {
        if (PQstatus(connection_) == CONNECTION_BAD) return Lost("cannot connect");
        if (PollSocket(PQsocket(connection_), events, deadline) == 0) {
            Close();
            return DeadlineExceeded("PostgreSQL: connecting took too long");
        }
        switch (PQconnectPoll(connection_)) {
            case PGRES_POLLING_OK:
                return {};
            case PGRES_POLLING_READING:
                events = POLLIN;
                break;
            case PGRES_POLLING_WRITING:
                events = POLLOUT;
                break;
            default:
                return Lost("cannot connect");
        }
    }
}

bool Connection::IsReusable() const {
    return connection_ != nullptr && !stale_ && queued_count_ == 0 && expected_.empty() &&
           PQstatus(connection_) == CONNECTION_OK &&
           PQtransactionStatus(connection_) == PQTRANS_IDLE;
}

bool Connection::IsAlive() {
    if (connection_ == nullptr) return false;
    // An idle connection has nothing to read, except a goodbye (or a notice, which is read away).
    if (PollSocket(PQsocket(connection_), POLLIN, Steady::now()) == 0) return true;
    return PQconsumeInput(connection_) == 1 && PQstatus(connection_) == CONNECTION_OK &&
           PollSocket(PQsocket(connection_), POLLIN, Steady::now()) == 0;
}

Status Connection::Lost(std::string_view what) {
    std::string text = "PostgreSQL: ";
    text.append(what).append(": ");
    if (connection_ != nullptr) text.append(TrimSpace(PQerrorMessage(connection_)));
    std::replace(text.begin(), text.end(), '\n', ' ');
    Close();
    return Unavailable(std::move(text));
}

void Connection::ForgetQueue() {
    expected_.clear();
    queued_count_ = 0;
    queued_bytes_ = 0;
    write_pending_ = false;
}

Status Connection::PrepareIfNew(const Statement& statement, const Params& params) {
    const auto known = prepared_.find(std::string_view(statement.name));
    if (known != prepared_.end()) {
        if (known->second.types == params.Types() &&
            std::string_view(known->second.sql) == statement.sql) {
            return {};
        }
        return Internal("statement " + known->first + " was prepared with another text or types");
    }
    const std::vector<unsigned> types = params.Types();
    if (PQsendPrepare(
            connection_, statement.name, statement.sql, static_cast<int>(types.size()), types.data()
        ) != 1) {
        return Lost("cannot send");
    }
    prepared_.emplace(statement.name, Prepared{statement.sql, types});
    expected_.push_back({statement.name, -1});
    return {};
}

Status Connection::Queue(const Statement& statement, const Params& params, bool unnamed) {
    if (connection_ == nullptr) return Unavailable("PostgreSQL: not connected");
    if (queued_count_ >= kPipelineStatementsMax ||
        queued_bytes_ + params.bytes() > kPipelineBytesMax) {
        return Status(Code::kResourceExhausted, "pipeline is full").WithReason(kPipelineFull);
    }
    const bool named = settings_.prepared && !unnamed;
    if (named) UNIBOX_RETURN_IF_ERROR(PrepareIfNew(statement, params));
    const Params::Wire wire = params.ToWire();
    const int count = params.size();
    const int sent = named ? PQsendQueryPrepared(
                                 connection_,
                                 statement.name,
                                 count,
                                 wire.values.data(),
                                 wire.lengths.data(),
                                 wire.formats.data(),
                                 1
                             )
                           : PQsendQueryParams(
                                 connection_,
                                 statement.sql,
                                 count,
                                 wire.types.data(),
                                 wire.values.data(),
                                 wire.lengths.data(),
                                 wire.formats.data(),
                                 1
                             );
    if (sent != 1) return Lost("cannot send");
    expected_.push_back({{}, queued_count_++});
    queued_bytes_ += params.bytes();
    write_pending_ = true;
    return {};
}

Status Connection::Wait(SteadyTime deadline) {
    if (write_pending_) {
        const int flushed = PQflush(connection_);
        if (flushed < 0) return Lost("connection lost");
        write_pending_ = flushed == 1;
    }
    const short events = static_cast<short>(POLLIN | (write_pending_ ? POLLOUT : 0));
    const short ready = PollSocket(PQsocket(connection_), events, deadline);
    if (ready == 0) {
        Close();  // The server may still be at it; it learns of our absence when it answers.
        return DeadlineExceeded("PostgreSQL: no answer in time");
    }
    if ((ready & ~POLLOUT) != 0 && PQconsumeInput(connection_) != 1) return Lost("connection lost");
    return {};
}

Result<pg_result*> Connection::Next(SteadyTime deadline) {
    while (PQisBusy(connection_) == 1) UNIBOX_RETURN_IF_ERROR(Wait(deadline));
    return PQgetResult(connection_);
}

Status Connection::StatusOfResult(const pg_result* result) const {
    const std::string_view sqlstate = Field(result, PG_DIAG_SQLSTATE);
    if (sqlstate.empty()) {  // Made by libpq: the connection broke while it waited.
        return MakeError(kConnectionFailure, TrimSpace(PQresultErrorMessage(result)), "", "");
    }
    Status status = MakeError(
        sqlstate,
        Field(result, PG_DIAG_MESSAGE_PRIMARY),
        Field(result, PG_DIAG_MESSAGE_DETAIL),
        Field(result, PG_DIAG_CONSTRAINT_NAME)
    );
    // A plan that a migration has made unusable: a new connection has none.
    if (Field(result, PG_DIAG_SOURCE_FUNCTION) == "RevalidateCachedQuery") {
        return Status(Code::kAborted, status.message()).WithReason(sqlstate);
    }
    return status;
}

// The answer to one Parse or one statement: one result, then nullptr.
Status Connection::ReadAnswer(const Expected& expected, SteadyTime deadline, Outcome& outcome) {
    bool done = false;
    while (true) {
        UNIBOX_ASSIGN_OR_RETURN(pg_result* const result, Next(deadline));
        if (result == nullptr) break;
        Rows rows(result);
        const ExecStatusType kind = PQresultStatus(result);
        const bool fine = kind == PGRES_COMMAND_OK || kind == PGRES_TUPLES_OK;
        done = done || fine;
        if (fine) {
            if (expected.statement >= 0) outcome.rows.push_back(std::move(rows));
        } else if (!done && kind != PGRES_PIPELINE_ABORTED && outcome.status.ok()) {
            outcome.status = StatusOfResult(result);
            outcome.failed_statement = expected.statement;
            const std::string& state = outcome.status.reason();
            if (outcome.status.code() == Code::kAborted && state == kFeatureNotSupported)
                stale_ = true;
            if (state == "26000" || state == "42P05") stale_ = true;
            if (state == kReadOnlySqlTransaction) stale_ = true;  // The primary is elsewhere now.
            if (!state.empty() && PQstatus(connection_) == CONNECTION_BAD) break;
        }
    }
    if (!done && !expected.prepares.empty()) prepared_.erase(expected.prepares);
    if (PQstatus(connection_) == CONNECTION_BAD) return Lost("connection lost");
    return {};
}

Status Connection::ReadAll(SteadyTime deadline, Outcome& outcome) {
    for (const Expected& expected : expected_) {
        UNIBOX_RETURN_IF_ERROR(ReadAnswer(expected, deadline, outcome));
    }
    UNIBOX_ASSIGN_OR_RETURN(pg_result* const result, Next(deadline));
    const Rows end(result);
    if (result == nullptr || PQresultStatus(result) != PGRES_PIPELINE_SYNC) {
        return Lost("out of step with the server");
    }
    return {};
}

// The server cancels a statement at the deadline itself (statement_timeout). Its answer, and the
// one to the ROLLBACK that follows, get a moment longer: they spare us a new connection.
SteadyTime Connection::AnswerDeadline() const {
    constexpr Millis kGrace{300};
    const SteadyTime now = Steady::now();
    const SteadyTime by_settings = now + Millis(settings_.io_timeout_ms);
    if (by_settings <= deadline_) return by_settings;
    return std::min(by_settings, std::max(deadline_, now) + kGrace);
}

Outcome Connection::Sync() {
    Outcome outcome;
    const SteadyTime deadline = AnswerDeadline();
    Status link = connection_ == nullptr             ? Unavailable("PostgreSQL: not connected")
                  : PQpipelineSync(connection_) != 1 ? Lost("cannot send")
                                                     : Status();
    write_pending_ = true;
    if (link.ok()) link = ReadAll(deadline, outcome);
    ForgetQueue();
    if (!link.ok()) {
        Close();
        outcome.connection_lost = true;
        // What the server said before it went (57P01, 25P03) tells more than the loss.
        if (outcome.status.ok() || outcome.status.reason() == kConnectionFailure)
            outcome.status = link;
    }
    return outcome;
}

Status Connection::RunScript(const std::string& sql) {
    if (connection_ == nullptr) return Unavailable("PostgreSQL: not connected");
    const SteadyTime deadline = AnswerDeadline();
    if (PQexitPipelineMode(connection_) != 1 || PQsendQuery(connection_, sql.c_str()) != 1) {
        return Lost("cannot send");
    }
    write_pending_ = true;
    Status status;
    while (true) {
        UNIBOX_ASSIGN_OR_RETURN(pg_result* const result, Next(deadline));
        if (result == nullptr) break;
        const Rows rows(result);
        const ExecStatusType kind = PQresultStatus(result);
        const bool fine =
            kind == PGRES_COMMAND_OK || kind == PGRES_TUPLES_OK || kind == PGRES_EMPTY_QUERY;
        if (!fine && status.ok()) status = StatusOfResult(result);
        if (kind == PGRES_COPY_IN || kind == PGRES_COPY_OUT) return Lost("COPY in a script");
        if (PQstatus(connection_) == CONNECTION_BAD) break;
    }
    write_pending_ = false;
    if (PQstatus(connection_) == CONNECTION_BAD || PQenterPipelineMode(connection_) != 1) {
        Status lost = Lost("connection lost");
        return status.ok() ? lost : status;
    }
    return status;
}

}  // namespace unibox::pg::detail
