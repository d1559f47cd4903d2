// How a connection answers: at once, bit by bit, or by going over to a session.
#include "http/detail/connection.hpp"
#include "http/detail/pending_answer.hpp"
#include "http/detail/refusals.hpp"
#include "http/problem.hpp"
#include "http/session.hpp"
#include "obs/log.hpp"
#include "obs/trace_id.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace unibox::http::detail {
namespace {

constexpr std::int64_t kLingerMs = 2'000;
// Of a stream in one turn of the loop, so that the others have theirs.
constexpr int kPiecesPerTurn = 4;

bool IsBodiless(int status) {
    return status == 204 || status == 304;
}

}  // namespace

void Connection::Answer(std::uint64_t request_number, Response response) {
    if (state_ != State::kHandling || request_number != request_number_) return;
    thread_.ReadClock();
    if (response.status == kUnanswered) {
        shared_.metrics.CountUnanswered();
        response = Unanswered();
    }
    TakeSequel(&response);
    const std::int64_t count = shared_.settings.request_count_per_connection_max;
    const bool last = request_number_ >= static_cast<std::uint64_t>(count);
    Respond(response, last);
    ProcessPipelined();
}

void Connection::TakeSequel(Response* response) {
    if (response->session != nullptr && shared_.draining.load()) {
        *response = Overloaded(shared_.settings, "the server is stopping");
    }
    const bool switches = response->status == 101;
    if (switches && (response->session == nullptr || request_->upgrade.empty())) {
        obs::Log(
            obs::Level::kError,
            "a handler switched to a protocol that was not asked for",
            {{"route", shared_.router.routes()[route_index_].pattern}}
        );
        *response = Unanswered();
    }
    if (request_->method == "HEAD" || IsBodiless(response->status)) return;
    session_ = response->session;
    body_ = response->streamed_body;
}

void Connection::ProcessPipelined() {
    if (processing_) return;
    if (state_ == State::kHandingOver) return HandOver(std::exchange(buffered_, {}));
    if (state_ == State::kHead && !buffered_.empty()) ProcessBuffered();
    ArmRead();
}

void Connection::Refuse(Refusal refusal, const Response& response, bool close) {
    shared_.metrics.CountRefusal(refusal);
    input_left_ = close;
    Respond(response, close);
}

BodyEnd Connection::BodyEndOf(const Response& response) const {
    if (response.status == 101) return BodyEnd::kSwitched;
    if (IsBodiless(response.status)) return BodyEnd::kNone;
    if (response.session != nullptr) return BodyEnd::kWithConnection;
    if (response.streamed_body == nullptr) return BodyEnd::kAtLength;
    return framing_.version_1_0 ? BodyEnd::kWithConnection : BodyEnd::kAtLastChunk;
}

void Connection::Respond(const Response& response, bool wants_close) {
    const BodyEnd end = BodyEndOf(response);
    const bool close = wants_close || !framing_.keep_alive || shared_.draining.load() ||
                       end == BodyEnd::kWithConnection;
    const std::chrono::duration<double> seconds = thread_.now() - request_begin_;
    shared_.metrics.CountResponse(route_index_, response.status, request_ ? seconds.count() : 0.0);
    std::string& out = thread_.write_buffer();
    out.clear();
    Serialize(response, end, close, &out);
    if (body_ == nullptr) ReleaseRequest();
    body_in_chunks_ = end == BodyEnd::kAtLastChunk;
    close_after_write_ = close;
    state_ = State::kWriting;
    const IoResult result = transport_->Write(out);
    if (result.kind == IoResult::Kind::kClosed) return Close();
    const std::size_t sent = result.kind == IoResult::Kind::kBytes ? result.bytes : 0;
    if (sent == out.size()) return AfterWrite();
    out_ = out;
    out_sent_ = sent;
    SetWriteDeadline();
    Send();
}

void Connection::Serialize(const Response& response, BodyEnd end, bool close, std::string* out)
    const {
    const std::string trace_id = request_ ? obs::TraceIdOf(request_->traceparent) : std::string();
    std::string problem;
    if (response.content_type == kProblemType && !trace_id.empty()) {
        problem = response.body;
        AppendTraceId(trace_id, &problem);
    }
    const std::string& body = problem.empty() ? response.body : problem;
    const AnswerHead head{
        .body_end = end,
        .body_bytes = body.size(),
        .close = close,
        .version_1_0 = framing_.version_1_0,
        .date = thread_.date(),
        .trace_id = trace_id};
    AppendHead(response, head, out);
    if (end == BodyEnd::kAtLength && !(request_ && request_->method == "HEAD")) out->append(body);
}

void Connection::Send() {
    if (!WriteOut()) return;
    AfterWrite();
    if (state_ != State::kClosed) ProcessPipelined();
}

bool Connection::WriteOut() {
    while (out_sent_ < out_.size()) {
        const IoResult result = transport_->Write(std::string_view(out_).substr(out_sent_));
        if (result.kind == IoResult::Kind::kClosed) {
            Close();
            return false;
        }
        if (result.kind != IoResult::Kind::kBytes) {
            ArmWrite();
            return false;
        }
        out_sent_ += result.bytes;
        SetWriteDeadline();
    }
    out_ = {};
    out_sent_ = 0;
    return true;
}

void Connection::AfterWrite() {
    if (session_ != nullptr) {
        state_ = State::kHandingOver;
        return;
    }
    if (body_ != nullptr) return BeginStream();
    if (!close_after_write_) {
        state_ = State::kHead;
        SetDeadline(shared_.settings.idle_timeout_ms);
        return;
    }
    transport_->ShutdownSend();
    // Closing a socket with unread input sends a reset, which may destroy the answer on its way.
    state_ = State::kLingering;
    buffered_.clear();
    SetDeadline(input_left_ ? kLingerMs : kLingerMs / 4);
}

void Connection::BeginStream() {
    state_ = State::kStreaming;
    watch_by_sweep_ = false;
    body_at_end_ = false;
    stream_end_ = StreamEnd::kClientGone;
    if (request_->abandoned()) return Close();
    SetDeadline(shared_.settings.handler_timeout_ms);
    body_->queue().Attach([inbox = thread_.inbox(), weak = weak_from_this()] {
        inbox->Post([weak] {
            if (const auto self = weak.lock()) self->Stream();
        });
    });
    Stream();
}

void Connection::Stream() {
    if (write_armed_) return;
    thread_.ReadClock();
    for (int piece = 0; piece < kPiecesPerTurn; ++piece) {
        if (state_ != State::kStreaming) return;
        if (out_.empty()) TakePiece();
        if (state_ != State::kStreaming) return;
        if (out_.empty() && !body_at_end_) return ArmRead();
        if (!WriteOut()) return ArmRead();
        SetDeadline(shared_.settings.handler_timeout_ms);
        body_->queue().Sent(std::exchange(piece_bytes_, 0));
        if (body_at_end_) return EndStream();
    }
    thread_.inbox()->Post([weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->Stream();
    });
}

void Connection::TakePiece() {
    BodyQueue::Piece piece = body_->queue().Take();
    if (piece.is_cut) return CutStream(StreamEnd::kProducerGone);
    piece_bytes_ = piece.bytes.size();
    body_at_end_ = piece.is_last;
    if (!body_in_chunks_) {
        out_ = std::move(piece.bytes);
    } else {
        if (!piece.bytes.empty()) out_ = fmt::format("{:x}\r\n{}\r\n", piece_bytes_, piece.bytes);
        if (piece.is_last) out_.append("0\r\n\r\n");
    }
    if (!out_.empty()) SetWriteDeadline();
}

void Connection::EndStream() {
    shared_.metrics.CountStreamEnd(StreamEnd::kWhole);
    body_.reset();
    ReleaseRequest();
    AfterWrite();
    ProcessPipelined();
}

void Connection::CutStream(StreamEnd end) {
    stream_end_ = end;
    Close();
}

void Connection::SetWriteDeadline() {
    SetDeadline(shared_.settings.write_timeout_ms);
    if (thread_.stopping()) ShortenDeadline();
}

void Connection::ShortenDeadline() {
    deadline_ = std::min(deadline_, thread_.now() + NetThread::kFarewell);
}

void Connection::ReleaseRequest() {
    shared_.in_flight_bytes.fetch_sub(counted_body_bytes_);
    client_.held_bytes.fetch_sub(counted_body_bytes_);
    shared_.in_flight_requests.fetch_sub(counted_requests_);
    counted_body_bytes_ = 0;
    counted_requests_ = 0;
    if (request_) request_->Abandon();
    request_.reset();
    params_ = {};
}

}  // namespace unibox::http::detail
