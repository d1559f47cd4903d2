// The streams of Unibox, and the calls that create, check and look after them.
// Thread safety: Streams may be used from any thread; the rest are values and pure functions.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "nats/connection.hpp"
#include "nats/log_reader.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::nats {

enum class Discard { kNew, kOld };  // Refuse new messages, or drop old ones, when full.
enum class Retention { kLimits, kWorkQueue };

// What limits a stream. A number is what the stream must have. A default is for a new stream alone:
// one that exists keeps what an operator gave it.
struct Limit {
    constexpr Limit(std::int64_t number) : value(number) {}  // NOLINT(google-explicit-constructor)
    static constexpr Limit Default(std::int64_t number) {
        Limit limit(number);
        limit.is_default = true;
        return limit;
    }

    std::int64_t value;
    bool is_default = false;
};

struct StreamSpec {
    std::string name;
    std::string description;  // Of a new stream; an existing one keeps its own.
    std::vector<std::string> subjects;
    Retention retention = Retention::kLimits;
    Discard discard = Discard::kNew;
    Limit age_max_ms = 0;                          // 0: no limit.
    Limit bytes_max = -1;                          // -1: no limit.
    Limit message_bytes_max = Limit::Default(-1);  // -1: the server's max_payload.
    Limit dedup_window_ms = 120'000;
    Limit replicas = 1;
    bool deny_delete = false;  // Single messages cannot be deleted; purge stays possible.
};

struct StreamOptions {
    int generation = 1;
    int partition_count = 8;
    Limit replicas = Limit::Default(1);
    Limit in_bytes_max = Limit::Default(1LL << 30);  // Each partition.
    Limit in_age_max_ms = Limit::Default(7LL * 24 * 3600 * 1000);
    Limit ev_bytes_max = Limit::Default(4LL << 30);
    Limit ev_age_max_ms = Limit::Default(24LL * 3600 * 1000);
    Limit raw_bytes_max = Limit::Default(1LL << 30);
    Limit raw_age_max_ms = Limit::Default(30LL * 24 * 3600 * 1000);
    Limit dedup_window_ms = Limit::Default(120'000);
};

// The declared table: UB_IN_<generation>_<pp> for each partition, UB_EV, UB_RAW. The
// description of a partition's stream tells how many there are (nats/generations.hpp).
std::vector<StreamSpec> UniboxStreams(const StreamOptions& options);

struct StreamInfo {
    std::string name;
    std::string description;
    std::uint64_t first_seq =
        0;  // last_seq + 1 when the stream is empty (0 if nothing was ever stored).
    std::uint64_t last_seq = 0;
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::int64_t bytes_max = -1;
    std::int64_t age_max_ms = 0;  // 0: no limit.
    std::int64_t dedup_window_ms = 0;
    std::uint64_t deleted = 0;  // Missing between first_seq and last_seq.
    int consumers = 0;
    int replicas = 1;
    std::vector<std::string> subjects;
    bool sealed = false;                   // It takes no more messages; see Streams::Seal.
    std::int64_t last_stored_unix_ms = 0;  // When its last message was stored.
    std::int64_t created_unix_ms = 0;
    std::int64_t created_unix_us = 0;  // Identifies the stream's incarnation.
};

struct StreamList {
    std::vector<StreamInfo> streams;  // By name.
    std::vector<std::string> silent;  // Streams that exist and did not answer: without a leader.
};

enum class Replicas { kKeep, kMayShrink };

// Every call waits at most the connection's request timeout. UNAVAILABLE: no server, or JetStream
// is off (reason "NO_RESPONDERS"); DEADLINE_EXCEEDED; NOT_FOUND: no such stream or message.
class Streams {
public:
    explicit Streams(Connection& connection) : connection_(connection) {}

    // Creates the stream, or brings its limits to what is declared, or finds it equal. Fields that
    // the declaration does not know are kept. FAILED_PRECONDITION, and nothing is changed: reason
    // "INCOMPATIBLE_STREAM": storage, retention, subjects or a cleared deny_delete would need a new
    // stream; "WOULD_DROP_MESSAGES": the server would delete stored messages to meet the new bytes
    // or age, even with Discard::kNew; "FEWER_REPLICAS": unless `replicas` says that they may.
    Status Ensure(const StreamSpec& spec, Replicas replicas = Replicas::kKeep);
    Result<StreamInfo> Info(std::string_view name);
    // Those whose name begins with `prefix`, as far as they answer. A cluster waits 4 s for those
    // that have no leader: with a shorter `wait` (by default the request timeout) it is
    // DEADLINE_EXCEEDED then.
    Result<StreamList> Look(std::string_view prefix, std::optional<Millis> wait = {});
    // All of them, by name, or none: what is decided by it must not be decided by a part.
    // UNAVAILABLE reason STREAM_SILENT: one of them exists and does not answer.
    Result<std::vector<StreamInfo>> List(std::string_view prefix);
    // Removes every message below `sequence`; that one is the first to stay.
    Status PurgeUpTo(std::string_view name, std::uint64_t sequence);
    // Takes its subjects away: nothing is stored any more, what is there stays and can be read and
    // purged. Cannot be undone here. Publishers get "NO_STREAM".
    Status Seal(std::string_view name);
    Result<LogMessage> Get(std::string_view name, std::uint64_t sequence);
    // Removes the stream and all it stores. For tests and `uniboxctl`.
    Status Delete(std::string_view name);
    // The server must accept messages of `payload_bytes` and have JetStream on. FAILED_PRECONDITION
    // reason "MAX_PAYLOAD", UNAVAILABLE reason "NO_JETSTREAM".
    Status CheckServer(std::int64_t payload_bytes);

private:
    Connection& connection_;
};

}  // namespace unibox::nats
