// The limits that gRPC 1.51 lacks, held on the frames that pass between a client and gRPC: header
// blocks are bounded, requests arrive in time, what they hold in memory is reckoned, and streams
// are not opened only to be reset. It reads frame heads only; what it lets pass it passes
// unchanged.
//
// A request that is over a limit of its own ends alone: gRPC is told, as if by the client, that it
// is reset. gRPC may answer with the status CANCELLED; if it does not, the client gets a reset that
// means the same. The other calls of the connection go on. What no well-behaved client does ends
// the connection.
// Thread safety: one owner.
#pragma once

#include "base/clock.hpp"
#include "net/connection_counts.hpp"
#include "rpc/detail/frames.hpp"
#include "rpc/detail/request_budget.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace unibox::rpc::detail {

struct GuardLimits {
    std::int64_t header_block_bytes_max = 16 << 10;  // HEADERS and its CONTINUATIONs, with heads.
    std::size_t stream_count_max = 256;
    Millis request_max{10'000};  // From the first byte of a request to its last.
};

// Why a request or a connection was ended.
enum class Ended {
    kHeaderBlock,    // The connection: a header block over its limit.
    kFrameOrder,     // The connection: a header block of no call, or not continued as it must be.
    kFrameTime,      // The connection: a frame or a header block that does not end.
    kStreamCount,    // The connection: far more calls at once than it was granted.
    kCancellations,  // The connection: too many calls begun only to be reset, or too many SETTINGS.
    kPreface,        // The connection: no HTTP/2, or not in time.
    kWriteTime,      // The connection: nothing of the answers was taken for too long.
    kRequestTime,    // The call: its request did not arrive in time.
    kHeldBytes,      // The call: requests hold too much already.
    kCount,
};

class FrameGuard {
public:
    // What gRPC 1.51 holds for a call, for a DATA frame beside its bytes, for a byte of a message
    // and of a header block: measured, and rounded up.
    static constexpr std::int64_t kCallBytes = 16 << 10;
    static constexpr std::int64_t kBytesPerFrame = 64;
    static constexpr std::int64_t kBytesPerMessageByte = 2;
    static constexpr std::int64_t kBytesPerHeaderByte = 8;
    // How long gRPC has for its own answer to a call that was ended, and to free what such a call,
    // or one that its client has reset, held.
    static constexpr Millis kAnswerMax{200};
    // Streams reset by the client, and its SETTINGS: so many at once, so many a second.
    static constexpr double kCancellationsAtOnceMax = 1'000;
    static constexpr double kCancellationsPerS = 500;

    FrameGuard(const GuardLimits& limits, RequestBudget& budget, net::Client& client);
    ~FrameGuard() { GiveBack(); }
    FrameGuard(const FrameGuard&) = delete;
    FrameGuard& operator=(const FrameGuard&) = delete;

    // Appends to `to_server` what may pass of the client's bytes (after the preface). If it gives a
    // reason, the connection must end; `to_server` is of no use then.
    std::optional<Ended> FromClient(std::string_view data, SteadyTime now, std::string* to_server);
    // The other direction, where everything passes.
    void FromServer(std::string_view data, std::string* to_client);
    // Looks at the time limits. If it gives a reason, the connection must end.
    std::optional<Ended> CheckTimes(SteadyTime now);
    // Append the resets that have become due, if they cut no frame.
    void AppendDueToServer(std::string* to_server);
    void AppendDueToClient(std::string* to_client);
    // Appends what tells the client why its connection ends, if that cuts no frame.
    void AppendGoodbye(Ended why, std::string* to_client) const;

    // Forgets all calls and gives back what their requests held: `client` may go then.
    void GiveBack();

    // Calls ended for `why` (kRequestTime, kHeldBytes) since the last question.
    int TakeEndedCount(Ended why);
    std::size_t stream_count() const { return streams_.size(); }

private:
    struct Stream {
        SteadyTime begun;
        std::int64_t held_bytes = 0;
        bool arrived = false;
    };
    using Streams = std::map<std::uint32_t, Stream>;

    std::optional<Ended> OnClientHead(const FrameHead& head, SteadyTime now);
    std::optional<Ended> OnHeaders(const FrameHead& head, SteadyTime now);
    std::optional<Ended> OnHeaderBlockBytes(const FrameHead& head, SteadyTime now);
    std::optional<Ended> OnCancellation(SteadyTime now);
    void OnServerHead(const FrameHead& head);
    // Reckons bytes of a request; ends the call if they are too much.
    void Hold(std::uint32_t stream, std::int64_t bytes, SteadyTime now);
    void EndCall(Streams::iterator at, Ended why, SteadyTime now);
    void Forget(std::uint32_t stream);
    void Forget(Streams::iterator at);
    // Forgets a call that gRPC has yet to end: what it held is given back later.
    void Leave(Streams::iterator at);

    const GuardLimits limits_;
    RequestBudget& budget_;
    net::Client& client_;
    FrameSplitter client_frames_;
    FrameSplitter server_frames_;
    Streams streams_;
    std::map<std::uint32_t, SteadyTime> unanswered_;  // Calls ended here, and when.
    std::int64_t leaving_bytes_ = 0;                  // Of calls that left since leaving_since_,
    std::int64_t leaving_soon_bytes_ = 0;             // and before it.
    SteadyTime leaving_since_{};
    std::deque<std::uint32_t> arriving_;  // In the order of their beginning; some have gone.
    std::uint32_t last_stream_ = 0;
    std::uint32_t block_stream_ = 0;  // Whose header block is open; 0 = none is.
    std::int64_t block_bytes_ = 0;
    bool server_block_open_ = false;
    SteadyTime unfinished_since_{};
    bool unfinished_ = false;
    double cancellations_left_ = kCancellationsAtOnceMax;
    SteadyTime cancellations_at_{};
    std::string due_to_server_;
    std::string due_to_client_;
    int ended_late_ = 0;
    int ended_for_bytes_ = 0;
};

}  // namespace unibox::rpc::detail
