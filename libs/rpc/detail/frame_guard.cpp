#include "rpc/detail/frame_guard.hpp"

#include <algorithm>
#include <array>

namespace unibox::rpc::detail {
namespace {

constexpr std::array<const char*, static_cast<std::size_t>(Ended::kCount)> kTexts = {
    "the headers are too large",
    "a header block is not continued, or of no call",
    "a frame did not arrive in time",
    "too many calls at once",
    "too many calls are cancelled",
    "no HTTP/2 preface in time",
    "answers are not read",
    "the request did not arrive in time",
    "requests hold too much memory",
};

bool Has(const FrameHead& head, std::uint8_t flag) {
    return (head.flags & flag) != 0;
}

}  // namespace

FrameGuard::FrameGuard(const GuardLimits& limits, RequestBudget& budget, net::Client& client)
    : limits_(limits), budget_(budget), client_(client) {}

void FrameGuard::GiveBack() {
    while (!streams_.empty()) Forget(streams_.begin());
    budget_.Give(client_, std::exchange(leaving_bytes_, 0) + std::exchange(leaving_soon_bytes_, 0));
}

std::optional<Ended> FrameGuard::FromClient(
    std::string_view data, SteadyTime now, std::string* to_server
) {
    while (!data.empty()) {
        if (!unfinished_) {
            unfinished_ = true;
            unfinished_since_ = now;
        }
        if (client_frames_.Take(data, to_server)) {
            const FrameHead& head = client_frames_.head();
            if (const auto ended = OnClientHead(head, now)) return ended;
            // Before the frame that was too much; not before the header block that begins a call.
            if (head.type == FrameType::kData) to_server->append(std::exchange(due_to_server_, {}));
            client_frames_.PassHead(to_server);
        }
        if (client_frames_.TookWholeFrames() && block_stream_ == 0) {
            unfinished_ = false;
            to_server->append(std::exchange(due_to_server_, {}));
        }
    }
    return {};
}

void FrameGuard::FromServer(std::string_view data, std::string* to_client) {
    while (!data.empty()) {
        if (server_frames_.Take(data, to_client)) {
            OnServerHead(server_frames_.head());
            server_frames_.PassHead(to_client);
        }
    }
    AppendDueToClient(to_client);
}

void FrameGuard::AppendDueToServer(std::string* to_server) {
    if (!client_frames_.PassedWholeFrames() || block_stream_ != 0) return;
    to_server->append(std::exchange(due_to_server_, {}));
}

void FrameGuard::AppendDueToClient(std::string* to_client) {
    if (!server_frames_.PassedWholeFrames() || server_block_open_) return;
    to_client->append(std::exchange(due_to_client_, {}));
}

void FrameGuard::AppendGoodbye(Ended why, std::string* to_client) const {
    if (!server_frames_.PassedWholeFrames() || server_block_open_) return;
    const ErrorCode error =
        why == Ended::kFrameOrder ? ErrorCode::kProtocolError : ErrorCode::kEnhanceYourCalm;
    AppendGoAway(last_stream_, error, kTexts[static_cast<std::size_t>(why)], to_client);
}

int FrameGuard::TakeEndedCount(Ended why) {
    return std::exchange(why == Ended::kRequestTime ? ended_late_ : ended_for_bytes_, 0);
}

std::optional<Ended> FrameGuard::CheckTimes(SteadyTime now) {
    if (unfinished_ && now - unfinished_since_ > limits_.request_max) return Ended::kFrameTime;
    while (!arriving_.empty()) {
        const auto at = streams_.find(arriving_.front());
        if (at != streams_.end() && !at->second.arrived) {
            if (now - at->second.begun <= limits_.request_max) break;
            EndCall(at, Ended::kRequestTime, now);
        }
        arriving_.pop_front();
    }
    if (now - leaving_since_ >= kAnswerMax) {
        leaving_since_ = now;
        budget_.Give(client_, leaving_soon_bytes_);
        leaving_soon_bytes_ = std::exchange(leaving_bytes_, 0);
    }
    std::erase_if(unanswered_, [&](const auto& ended) {
        if (now - ended.second < kAnswerMax) return false;
        AppendRstStream(ended.first, ErrorCode::kCancel, &due_to_client_);
        return true;
    });
    return {};
}

std::optional<Ended> FrameGuard::OnClientHead(const FrameHead& head, SteadyTime now) {
    const bool continues = head.type == FrameType::kContinuation;
    if (continues != (block_stream_ != 0)) return Ended::kFrameOrder;
    switch (head.type) {
        case FrameType::kData:
            Hold(head.stream, head.payload_bytes * kBytesPerMessageByte + kBytesPerFrame, now);
            if (const auto at = streams_.find(head.stream);
                at != streams_.end() && Has(head, kEndStream)) {
                at->second.arrived = true;
            }
            return {};
        case FrameType::kHeaders:
            return OnHeaders(head, now);
        case FrameType::kContinuation:
            return head.stream == block_stream_ ? OnHeaderBlockBytes(head, now)
                                                : Ended::kFrameOrder;
        case FrameType::kRstStream:
            if (const auto at = streams_.find(head.stream); at != streams_.end()) Leave(at);
            return OnCancellation(now);
        case FrameType::kSettings:
            return Has(head, kAck) ? std::nullopt : OnCancellation(now);
        default:
            return {};
    }
}

std::optional<Ended> FrameGuard::OnHeaders(const FrameHead& head, SteadyTime now) {
    // gRPC passes such a call over: it would be reckoned, and never answered.
    if (head.stream % 2 == 0) return Ended::kFrameOrder;
    block_bytes_ = 0;
    block_stream_ = head.stream;
    // Else the trailers of a request, or what gRPC will refuse.
    if (head.stream > last_stream_) {
        last_stream_ = head.stream;
        // gRPC ends what is over the limit as soon as it sees it; this is for what it has not seen.
        if (streams_.size() + unanswered_.size() >= 2 * limits_.stream_count_max)
            return Ended::kStreamCount;
        streams_[head.stream].begun = now;
        // Those that have gone would make it grow without end behind one slow request.
        if (arriving_.size() >= 4 * limits_.stream_count_max) {
            std::erase_if(arriving_, [this](std::uint32_t stream) {
                const auto at = streams_.find(stream);
                return at == streams_.end() || at->second.arrived;
            });
        }
        if (!Has(head, kEndStream)) arriving_.push_back(head.stream);
        Hold(head.stream, kCallBytes, now);
    }
    if (const auto at = streams_.find(head.stream); at != streams_.end() && Has(head, kEndStream)) {
        at->second.arrived = true;
    }
    return OnHeaderBlockBytes(head, now);
}

std::optional<Ended> FrameGuard::OnHeaderBlockBytes(const FrameHead& head, SteadyTime now) {
    block_bytes_ += head.payload_bytes + static_cast<std::int64_t>(FrameHead::kBytes);
    if (block_bytes_ > limits_.header_block_bytes_max) return Ended::kHeaderBlock;
    Hold(head.stream, head.payload_bytes * kBytesPerHeaderByte, now);
    if (Has(head, kEndHeaders)) block_stream_ = 0;
    return {};
}

std::optional<Ended> FrameGuard::OnCancellation(SteadyTime now) {
    const std::chrono::duration<double> passed = now - cancellations_at_;
    cancellations_at_ = now;
    cancellations_left_ = std::min(
        kCancellationsAtOnceMax, cancellations_left_ + passed.count() * kCancellationsPerS
    );
    cancellations_left_ -= 1;
    return cancellations_left_ < 0 ? std::optional(Ended::kCancellations) : std::nullopt;
}

void FrameGuard::OnServerHead(const FrameHead& head) {
    const bool carries_end = head.type == FrameType::kData || head.type == FrameType::kHeaders;
    if (head.type == FrameType::kHeaders || head.type == FrameType::kContinuation) {
        server_block_open_ = !Has(head, kEndHeaders);
    }
    // A call that has its answer is over for gRPC, whatever of the request is still to come.
    const bool ends = carries_end && Has(head, kEndStream);
    if (!ends && head.type != FrameType::kRstStream) return;
    Forget(head.stream);
    unanswered_.erase(head.stream);
}

void FrameGuard::Hold(std::uint32_t stream, std::int64_t bytes, SteadyTime now) {
    const auto at = streams_.find(stream);
    if (at == streams_.end()) return;
    if (!budget_.Take(client_, bytes)) {
        return EndCall(at, Ended::kHeldBytes, now);
    }
    at->second.held_bytes += bytes;
}

void FrameGuard::EndCall(Streams::iterator at, Ended why, SteadyTime now) {
    unanswered_[at->first] = now;
    AppendRstStream(at->first, ErrorCode::kCancel, &due_to_server_);
    ++(why == Ended::kRequestTime ? ended_late_ : ended_for_bytes_);
    Leave(at);
}

void FrameGuard::Leave(Streams::iterator at) {
    leaving_bytes_ += std::exchange(at->second.held_bytes, 0);
    Forget(at);
}

void FrameGuard::Forget(std::uint32_t stream) {
    const auto at = streams_.find(stream);
    if (at != streams_.end()) Forget(at);
}

void FrameGuard::Forget(Streams::iterator at) {
    budget_.Give(client_, at->second.held_bytes);
    streams_.erase(at);
}

}  // namespace unibox::rpc::detail
