// Any bytes between a client and gRPC: what the guard lets pass does not depend on how it was cut,
// is what came unless a call was ended, and what it reckons is given back to the last byte.
#include "base/assert.hpp"
#include "rpc/detail/frame_guard.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace unibox::rpc::detail {
namespace {

constexpr std::int64_t kBudgetBytes = 200'000;
constexpr std::size_t kStreamsMax = 4;

struct Guarded {
    Guarded() : guard(Limits(), budget, client) {}
    ~Guarded() {
        guard.GiveBack();
        UNIBOX_ASSERT(budget.bytes() == 0 && client.held_bytes == 0);
        UNIBOX_ASSERT(guard.stream_count() == 0);
    }
    Guarded(const Guarded&) = delete;
    Guarded& operator=(const Guarded&) = delete;

    static GuardLimits Limits() {
        GuardLimits limits;
        limits.header_block_bytes_max = 500;
        limits.stream_count_max = kStreamsMax;
        return limits;
    }
    void Check() const {
        UNIBOX_ASSERT(budget.bytes() >= 0 && budget.bytes() <= kBudgetBytes);
        UNIBOX_ASSERT(client.held_bytes == budget.bytes());
        UNIBOX_ASSERT(guard.stream_count() <= 2 * kStreamsMax);
    }
    int EndedCalls() {
        return guard.TakeEndedCount(Ended::kRequestTime) + guard.TakeEndedCount(Ended::kHeldBytes);
    }

    RequestBudget budget{kBudgetBytes, kBudgetBytes};
    net::Client client;
    SteadyTime now{std::chrono::hours(1)};
    FrameGuard guard;
};

struct Passed {
    std::optional<Ended> ended;
    std::string bytes;
    int ended_calls = 0;
};

Passed FromClient(std::string_view bytes, std::size_t piece_bytes) {
    Guarded one;
    Passed passed;
    while (!bytes.empty() && !passed.ended) {
        passed.ended = one.guard.FromClient(bytes.substr(0, piece_bytes), one.now, &passed.bytes);
        bytes.remove_prefix(std::min(piece_bytes, bytes.size()));
        one.Check();
    }
    passed.ended_calls = one.EndedCalls();
    return passed;
}

void CheckPieces(std::string_view bytes) {
    const Passed whole = FromClient(bytes, bytes.size() + 1);
    const Passed pieces = FromClient(bytes, 1);
    UNIBOX_ASSERT(whole.ended == pieces.ended);
    if (whole.ended) return;
    UNIBOX_ASSERT(whole.bytes == pieces.bytes && whole.ended_calls == pieces.ended_calls);
    // Nothing is added or lost but a head that is not whole yet.
    if (whole.ended_calls > 0) return;
    UNIBOX_ASSERT(bytes.starts_with(whole.bytes));
    UNIBOX_ASSERT(bytes.size() - whole.bytes.size() < FrameHead::kBytes);
}

// Both directions and the time, in an order that the input gives.
void CheckConversation(std::string_view bytes) {
    Guarded one;
    std::string out;
    while (bytes.size() >= 2) {
        const auto what = static_cast<unsigned char>(bytes[0]);
        const auto size = static_cast<unsigned char>(bytes[1]);
        bytes.remove_prefix(2);
        if (what % 4 == 3) {
            one.now += Millis(40 * size);
            if (one.guard.CheckTimes(one.now)) return;
            one.guard.AppendDueToServer(&out);
            one.guard.AppendDueToClient(&out);
        } else {
            const std::string_view part = bytes.substr(0, size);
            bytes.remove_prefix(part.size());
            if (what % 4 == 2) {
                one.guard.FromServer(part, &out);
            } else if (const auto ended = one.guard.FromClient(part, one.now, &out)) {
                one.guard.AppendGoodbye(*ended, &out);
                return;
            }
        }
        one.Check();
    }
}

}  // namespace
}  // namespace unibox::rpc::detail

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    unibox::rpc::detail::CheckPieces(bytes);
    unibox::rpc::detail::CheckConversation(bytes);
    return 0;
}
