#include "http/detail/connection.hpp"

#include "http/detail/pending_answer.hpp"
#include "http/detail/refusals.hpp"
#include "http/detail/session_connection.hpp"
#include "obs/log.hpp"
#include "obs/trace_id.hpp"

#include <poll.h>

#include <algorithm>
#include <exception>

namespace unibox::http::detail {
namespace {

constexpr std::size_t kLingerBytesMax = 1 << 20;
constexpr std::size_t kBodyReserveBytesMax = 64 << 10;
constexpr std::size_t kBufferKeptBytesMax = 1 << 10;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

Connection::Connection(
    NetThread& thread, async::tcp::socket socket, std::string address, Client& client
)
    : thread_(thread),
      shared_(thread.shared()),
      socket_(std::move(socket)),
      address_(std::move(address)),
      client_(client) {}

void Connection::Start() {
    async::error_code ignored;
    socket_.native_non_blocking(true, ignored);
    socket_.set_option(async::tcp::no_delay(true), ignored);
    const int handle = socket_.native_handle();
    transport_ = shared_.credentials->TransportOf(handle, thread_.now());
    SetDeadline(shared_.settings.head_timeout_ms);
    ArmRead();
}

void Connection::BeginStop() {
    const bool idle = state_ == State::kHead && !head_begun_ && buffered_.empty();
    if (idle) return Close();
    const bool may_have_vanished = state_ == State::kHead || state_ == State::kWriting ||
                                   (state_ == State::kStreaming && !out_.empty()) ||
                                   (state_ == State::kHandling && request_->abandoned());
    if (may_have_vanished) ShortenDeadline();
}

void Connection::HandOver(std::string_view received) {
    const auto self = shared_from_this();  // The thread may be the last owner.
    state_ = State::kClosed;
    async::error_code ignored;
    socket_.cancel(ignored);
    thread_.HandOver(
        *this,
        std::make_unique<SessionConnection>(
            thread_, std::move(socket_), std::move(transport_), client_, std::move(session_)
        ),
        received
    );
}

void Connection::Close() {
    if (state_ == State::kClosed) return;
    const auto self = shared_from_this();  // Remove drops what may be the last owner.
    if (state_ == State::kHandling) Abandon();
    async::error_code ignored;
    if (state_ == State::kStreaming) {
        shared_.metrics.CountStreamEnd(stream_end_);
        // With a reset: a body that ends with its connection must not look whole.
        socket_.set_option(async::asio::socket_base::linger(true, 0), ignored);
    }
    state_ = State::kClosed;
    ReleaseRequest();
    body_.reset();  // Tells the producer.
    session_.reset();
    transport_.reset();
    socket_.close(ignored);
    thread_.Remove(*this);
    shared_.connections.Release(client_);
}

void Connection::ArmRead() {
    const bool watches = WatchesClient() && !watch_by_sweep_;
    if (read_armed_ || (!WantsInput() && !watches)) return;
    read_armed_ = true;
    socket_.async_wait(
        async::tcp::socket::wait_read,
        [self = shared_from_this()](async::error_code error) {
            self->read_armed_ = false;
            if (error) return;
            if (self->WatchesClient()) {
                // Input or an end. Input stays where it is until the answer is out, and would be
                // told of again and again.
                if (self->WatchClient()) self->watch_by_sweep_ = true;
            } else {
                self->OnReadable();
            }
        }
    );
}

bool Connection::WatchClient() {
    pollfd poll_fd{socket_.native_handle(), POLLRDHUP, 0};
    if (::poll(&poll_fd, 1, 0) <= 0) return true;
    if (state_ == State::kStreaming || (poll_fd.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) {
        Close();  // Both sides: no answer would arrive. Of a stream nothing else might ever tell.
        return false;
    }
    // Its own side alone: it may still read, so what is answered is written.
    Abandon();
    return false;
}

void Connection::Abandon() {
    if (request_->abandoned()) return;
    request_->Abandon();
    shared_.metrics.CountAbandoned();
    if (thread_.stopping()) ShortenDeadline();
}

void Connection::ArmWrite() {
    if (write_armed_ || state_ == State::kClosed) return;
    write_armed_ = true;
    socket_.async_wait(
        async::tcp::socket::wait_write,
        [self = shared_from_this()](async::error_code error) {
            self->write_armed_ = false;
            if (!error) self->OnWritable();
        }
    );
}

void Connection::OnReadable() {
    thread_.ReadClock();
    while (WantsInput()) {
        const std::span<char> buffer = thread_.read_buffer();
        const IoResult result = transport_->Read(buffer);
        if (result.kind == IoResult::Kind::kWaitReadable) break;
        if (result.kind == IoResult::Kind::kWaitWritable) return ArmWrite();
        if (result.kind == IoResult::Kind::kClosed) return Close();
        Consume(std::string_view(buffer.data(), result.bytes));
        if (state_ == State::kClosed) return;
        if (result.bytes < buffer.size() && !transport_->HasBufferedInput()) break;
    }
    ArmRead();
}

void Connection::OnWritable() {
    thread_.ReadClock();
    if (state_ == State::kWriting) {
        Send();
    } else if (state_ == State::kStreaming) {
        Stream();
    } else if (WantsInput()) {
        OnReadable();  // TLS asked for it in the middle of a read.
    }
}

void Connection::Consume(std::string_view data) {
    if (state_ == State::kLingering) {
        lingered_bytes_ += data.size();
        if (lingered_bytes_ > kLingerBytesMax) Close();
        return;
    }
    if (buffered_.empty()) {
        const std::size_t used = Process(data);
        if (state_ == State::kHandingOver) return HandOver(data.substr(used));
        buffered_.append(data.substr(used));
        return;
    }
    buffered_.append(data);
    ProcessBuffered();
}

void Connection::ProcessBuffered() {
    const std::size_t used = Process(buffered_);
    buffered_.erase(0, used);
    if (state_ == State::kHandingOver) return HandOver(std::exchange(buffered_, {}));
    // Idle connections hold no buffer.
    if (buffered_.empty() && buffered_.capacity() > kBufferKeptBytesMax) buffered_ = {};
}

std::size_t Connection::Process(std::string_view data) {
    processing_ = true;
    std::size_t used = 0;
    bool going_on = true;
    while (going_on) {
        going_on = false;
        const std::string_view rest = data.substr(used);
        if (state_ == State::kHead && !rest.empty()) {
            going_on = ProcessHead(rest, &used);
        } else if (state_ == State::kBody) {
            going_on = ProcessBody(rest, &used);
        }
    }
    processing_ = false;
    if (state_ == State::kLingering || state_ == State::kClosed) return data.size();
    return used;
}

bool Connection::ProcessHead(std::string_view data, std::size_t* used) {
    // One empty line before a request is tolerated (RFC 9112, 2.2).
    if (!skipped_empty_line_ && data.starts_with("\r\n")) {
        skipped_empty_line_ = true;
        *used += 2;
        return true;
    }
    if (!skipped_empty_line_ && data == "\r") return false;
    HeadError error;
    const std::size_t head_bytes = FindHeadEnd(data, shared_.limits, &error);
    if (error.status != 0) {
        Refuse(Refusal::kBadHead, RefusedHead(error), true);
        return false;
    }
    if (head_bytes == 0) {
        // From the first byte of a request on, its head has a deadline of its own.
        if (!head_begun_) SetDeadline(shared_.settings.head_timeout_ms);
        head_begun_ = true;
        return false;
    }
    *used += head_bytes;
    BeginRequest(data.substr(0, head_bytes));
    return state_ != State::kClosed;
}

void Connection::BeginRequest(std::string_view head) {
    skipped_empty_line_ = false;
    head_begun_ = false;
    request_ = std::make_shared<Request>();
    request_->head.assign(head);
    request_->remote_address = address_;
    request_begin_ = thread_.now();
    ++request_number_;
    route_index_ = shared_.router.routes().size();
    state_ = State::kBody;
    chunks_ = {};
    const auto error = ParseHead(shared_.limits, request_.get(), &framing_);
    const auto given = obs::ValidTraceparent(request_->Find("traceparent").value_or(""));
    request_->traceparent = given ? *given : obs::NewTraceparent();
    if (error) return Refuse(Refusal::kBadHead, RefusedHead(*error), true);
    body_bytes_left_ = framing_.content_length;
    body_end_ = request_begin_ + Millis(shared_.settings.body_total_ms_max);
    renewed_body_bytes_ = 0;
    SetBodyDeadline();
    if (!Admit()) return;
    if (!SendContinue()) return Close();
    if (framing_.has_length) {
        request_->body.reserve(std::min<std::size_t>(body_bytes_left_, kBodyReserveBytesMax));
    }
}

// False if it does not go out whole: then the client does not read the answers that it has had
// before, and half of it would garble the next one (with TLS, any of it: a write that was begun
// must be gone on with).
bool Connection::SendContinue() {
    const bool waits = framing_.chunked || framing_.content_length > 0;
    if (!framing_.expects_continue || !waits) return true;
    const IoResult result = transport_->Write(kContinue);
    return result.kind == IoResult::Kind::kBytes && result.bytes == kContinue.size();
}

bool Connection::Admit() {
    const bool has_body = framing_.chunked || framing_.content_length > 0;
    if (request_->path == "*") {
        Respond(AllowedMethods(shared_.router), has_body);
        return false;
    }
    Router::Mismatch mismatch;
    auto match = shared_.router.Find(request_->method, request_->path, &mismatch);
    if (!match) {
        Refuse(Refusal::kNoRoute, NoRoute(mismatch), has_body);
        return false;
    }
    route_index_ = match->route_index;
    params_ = std::move(match->params);
    body_bytes_max_ = shared_.router.routes()[route_index_].body_bytes_max;
    if (framing_.content_length > body_bytes_max_) {
        Refuse(Refusal::kBodyTooLarge, BodyTooLarge(body_bytes_max_), true);
        return false;
    }
    if (framing_.content_encoded) {
        Refuse(Refusal::kContentEncoding, EncodedBody(), has_body);
        return false;
    }
    if (shared_.in_flight_requests.load() >= shared_.settings.in_flight_request_count_max) {
        Refuse(
            Refusal::kInFlightRequests,
            Overloaded(shared_.settings, "too many requests in flight"),
            has_body
        );
        return false;
    }
    // With one byte more: at the limit nothing is begun.
    const auto over = OverBytes(shared_.in_flight_bytes + 1, client_.held_bytes + 1);
    if (over) {
        Refuse(*over, Overloaded(shared_.settings, "too many bytes in flight"), has_body);
        return false;
    }
    counted_requests_ = 1;
    shared_.in_flight_requests.fetch_add(1);
    return true;
}

bool Connection::ProcessBody(std::string_view data, std::size_t* used) {
    bool done = false;
    if (framing_.chunked) {
        std::size_t consumed = 0;
        const auto state = chunks_.Feed(data, body_bytes_max_, &request_->body, &consumed);
        *used += consumed;
        if (state == ChunkedDecoder::State::kTooLarge) {
            Refuse(Refusal::kBodyTooLarge, BodyTooLarge(body_bytes_max_), true);
            return false;
        }
        if (state == ChunkedDecoder::State::kBroken) {
            Refuse(Refusal::kBadBody, BrokenBody(), true);
            return false;
        }
        done = state == ChunkedDecoder::State::kDone;
    } else {
        const std::size_t take = std::min<std::uint64_t>(body_bytes_left_, data.size());
        request_->body.append(data.substr(0, take));
        *used += take;
        body_bytes_left_ -= take;
        done = body_bytes_left_ == 0;
    }
    if (!CountBodyBytes()) return false;
    if (!done) {
        RenewBodyDeadline();
        return false;
    }
    Dispatch();
    return state_ == State::kHead;
}

bool Connection::CountBodyBytes() {
    const auto held = static_cast<std::int64_t>(request_->body.size());
    const std::int64_t more = held - counted_body_bytes_;
    counted_body_bytes_ = held;
    const std::int64_t in_all = shared_.in_flight_bytes.fetch_add(more) + more;
    const std::int64_t of_client = client_.held_bytes.fetch_add(more) + more;
    // A body that is larger than the whole allowance is let through when it is alone.
    const auto over = OverBytes(in_all == held ? 0 : in_all, of_client == held ? 0 : of_client);
    if (!over) return true;
    Refuse(*over, Overloaded(shared_.settings, "too many bytes in flight"), true);
    return false;
}

std::optional<Refusal> Connection::OverBytes(std::int64_t in_all, std::int64_t of_client) const {
    if (in_all > shared_.settings.in_flight_bytes_max) return Refusal::kInFlightBytes;
    if (of_client > shared_.in_flight_bytes_per_client_max) {
        return Refusal::kInFlightBytesOfClient;
    }
    return std::nullopt;
}

void Connection::SetBodyDeadline() {
    SetDeadline(shared_.settings.body_timeout_ms);
    deadline_ = std::min(deadline_, body_end_);
}

void Connection::RenewBodyDeadline() {
    const Settings& settings = shared_.settings;
    const std::int64_t wanted =
        std::max<std::int64_t>(1, settings.body_bytes_per_s_min * settings.body_timeout_ms / 1000);
    if (counted_body_bytes_ - renewed_body_bytes_ < wanted) return;
    renewed_body_bytes_ = counted_body_bytes_;
    SetBodyDeadline();
}

void Connection::Dispatch() {
    state_ = State::kHandling;
    watch_by_sweep_ = false;
    SetDeadline(shared_.settings.handler_timeout_ms);
    auto pending =
        std::make_shared<PendingAnswer>(thread_.inbox(), weak_from_this(), request_number_);
    http::Respond respond = [pending = std::move(pending)](Response response) {
        pending->Answer(std::move(response));
    };
    const Route& route = shared_.router.routes()[route_index_];
    try {
        route.handler(request_, std::move(params_), std::move(respond));
    } catch (const std::exception& error) {
        // The last Respond dies with the stack and answers 500; the server goes on for the others.
        obs::Log(
            obs::Level::kError,
            "a handler threw",
            {{"route", route.pattern}, {"error", error.what()}}
        );
    }
    ArmRead();
}

void Connection::CheckDeadline() {
    if (watch_by_sweep_ && WatchesClient() && !request_->abandoned() && !WatchClient()) return;
    if (thread_.now() < deadline_) return;
    switch (state_) {
        case State::kHead:
            if (!head_begun_) return Close();
            route_index_ = shared_.router.routes().size();
            framing_ = {};
            return Refuse(Refusal::kHeadTimeout, LateHead(shared_.settings), true);
        case State::kBody:
            return Refuse(Refusal::kBodyTimeout, LateBody(shared_.settings), true);
        case State::kHandling:
            return Refuse(
                Refusal::kHandlerTimeout, Overloaded(shared_.settings, "no answer in time"), true
            );
        case State::kStreaming:
            return CutStream(out_.empty() ? StreamEnd::kProducerSilent : StreamEnd::kWriteTimeout);
        case State::kWriting:
        case State::kLingering:
            return Close();
        case State::kHandingOver:
        case State::kClosed:
            return;
    }
}

}  // namespace unibox::http::detail
