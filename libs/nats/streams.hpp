// The streams of Unibox, and the calls that create, check and look after them.
// Thread safety: Streams may be used from any thread; the rest are values and pure functions.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "nats/connection.hpp"
#include "nats/log_reader.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::nats {

enum class Discard { kNew, kOld };  // Refuse new messages, or drop old ones, when full.
enum class Retention { kLimits, kWorkQueue };

struct StreamSpec {
    std::string name;
    std::vector<std::string> subjects;
    Retention retention = Retention::kLimits;
    Discard discard = Discard::kNew;
    std::int64_t age_max_ms = 0;          // 0: no limit.
    std::int64_t bytes_max = -1;          // -1: no limit.
    std::int64_t message_bytes_max = -1;  // -1: the server's max_payload.
    std::int64_t dedup_window_ms = 120'000;
    int replicas = 1;
    bool deny_delete = false;  // Single messages cannot be deleted; purge stays possible.
};

struct StreamOptions {
    int generation = 1;
    int partition_count = 8;
    int replicas = 1;
    std::int64_t in_bytes_max = 1LL << 30;  // Each partition.
    std::int64_t in_age_max_ms = 7LL * 24 * 3600 * 1000;
    std::int64_t ev_bytes_max = 4LL << 30;
    std::int64_t ev_age_max_ms = 24LL * 3600 * 1000;
    std::int64_t raw_bytes_max = 1LL << 30;
    std::int64_t dlq_bytes_max = 1LL << 30;
    std::int64_t keep_age_max_ms = 30LL * 24 * 3600 * 1000;  // UB_RAW and UB_DLQ.
    std::int64_t dedup_window_ms = 120'000;
};

// The declared table: UB_IN_<generation>_<pp> for each partition, UB_EV, UB_RAW, UB_DLQ.
std::vector<StreamSpec> UniboxStreams(const StreamOptions& options);

struct StreamInfo {
    std::string name;
    std::uint64_t first_seq =
        0;  // last_seq + 1 when the stream is empty (0 if nothing was ever stored).
    std::uint64_t last_seq = 0;
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::int64_t bytes_max = -1;
    std::uint64_t deleted = 0;  // Missing between first_seq and last_seq.
    int consumers = 0;
    int replicas = 1;
    std::vector<std::string> subjects;
    bool sealed = false;
    std::int64_t created_unix_ms = 0;
    std::int64_t created_unix_us = 0;  // Identifies the stream's incarnation.
};

// Every call waits at most the connection's request timeout. UNAVAILABLE: no server, or JetStream
// is off (reason "no_responders"); DEADLINE_EXCEEDED; NOT_FOUND: no such stream or message.
class Streams {
public:
    explicit Streams(Connection& connection) : connection_(connection) {}

    // Creates the stream, or brings its limits to what is declared, or finds it equal. Fields that
    // the declaration does not know are kept. FAILED_PRECONDITION reason "incompatible_stream":
    // storage, retention, subjects or a cleared deny_delete would need a new stream.
    Status Ensure(const StreamSpec& spec);
    Result<StreamInfo> Info(std::string_view name);
    // Those whose name begins with `prefix`, by name.
    Result<std::vector<StreamInfo>> List(std::string_view prefix);
    // Removes every message below `sequence`; that one is the first to stay.
    Status PurgeUpTo(std::string_view name, std::uint64_t sequence);
    Result<LogMessage> Get(std::string_view name, std::uint64_t sequence);
    // Removes the stream and all it stores. For tests and `uniboxctl`.
    Status Delete(std::string_view name);
    // The server must accept messages of `payload_bytes` and have JetStream on. FAILED_PRECONDITION
    // reason "max_payload", UNAVAILABLE reason "no_jetstream".
    Status CheckServer(std::int64_t payload_bytes);

private:
    Connection& connection_;
};

}  // namespace unibox::nats
