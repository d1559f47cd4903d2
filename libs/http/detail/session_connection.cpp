#include "http/detail/session_connection.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace unibox::http::detail {
namespace {

constexpr Millis kLinger{2'000};
constexpr std::size_t kLingerBytesMax = 1 << 20;

}  // namespace

SessionConnection::SessionConnection(
    NetThread& thread,
    async::tcp::socket socket,
    std::unique_ptr<Transport> transport,
    Client& client,
    std::shared_ptr<Session> session
)
    : thread_(thread),
      socket_(std::move(socket)),
      handle_(socket_.native_handle()),
      transport_(std::move(transport)),
      client_(client),
      session_(std::move(session)),
      loop_(thread.inbox()) {}

void SessionConnection::Open(std::string_view received) {
    const auto self = shared_from_this();
    const auto session = session_;
    session->OnOpen(*this);
    if (state_ == State::kOpen && thread_.stopping()) TellStopping();
    if (state_ == State::kOpen && !received.empty()) session->OnBytes(received);
    // TLS may hold input that no readiness is told for.
    OnReadable();
}

void SessionConnection::TellStopping() {
    if (state_ != State::kOpen || std::exchange(told_stopping_, true)) return;
    const auto session = session_;
    session->OnStopping();
}

void SessionConnection::ArmRead() {
    if (read_armed_ || !Reads()) return;
    read_armed_ = true;
    socket_.async_wait(
        async::tcp::socket::wait_read,
        [self = shared_from_this()](async::error_code error) {
            self->read_armed_ = false;
            if (!error) self->OnReadable();
        }
    );
}

void SessionConnection::ArmWrite() {
    if (write_armed_ || state_ == State::kClosed) return;
    write_armed_ = true;
    socket_.async_wait(
        async::tcp::socket::wait_write,
        [self = shared_from_this()](async::error_code error) {
            self->write_armed_ = false;
            if (error || self->state_ != State::kOpen) return;
            self->thread_.ReadClock();
            const auto session = self->session_;
            if (std::exchange(self->wants_room_, false)) session->OnWritable();
            // TLS may have asked for it in the middle of a read.
            if (self->Reads()) self->OnReadable();
        }
    );
}

void SessionConnection::OnReadable() {
    const auto self = shared_from_this();
    const auto session = session_;
    thread_.ReadClock();
    while (Reads()) {
        const std::span<char> buffer = thread_.read_buffer();
        const IoResult result = transport_->Read(buffer);
        if (result.kind == IoResult::Kind::kWaitReadable) break;
        if (result.kind == IoResult::Kind::kWaitWritable) return ArmWrite();
        if (result.kind == IoResult::Kind::kClosed) return Cut();
        if (state_ == State::kOpen) {
            session->OnBytes({buffer.data(), result.bytes});
        } else if (lingered_bytes_ += result.bytes; lingered_bytes_ > kLingerBytesMax) {
            return Cut();
        }
        if (state_ == State::kClosed) return;
        if (result.bytes < buffer.size() && !transport_->HasBufferedInput()) break;
    }
    ArmRead();
}

void SessionConnection::ResumeReading() {
    if (!std::exchange(paused_, false) || state_ != State::kOpen) return;
    // Not inside this call: the session may be in the middle of something.
    loop_->Post([weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->OnReadable();
    });
}

std::size_t SessionConnection::Write(std::span<const std::string_view> parts) {
    if (state_ != State::kOpen) return 0;
    std::size_t taken = 0;
    std::size_t skip = 0;  // Bytes of parts.front() that were taken.
    std::array<std::string_view, net::kPartsPerCall> call;
    while (true) {
        while (!parts.empty() && parts.front().size() == skip) {
            parts = parts.subspan(1);
            skip = 0;
        }
        if (parts.empty()) return taken;
        const std::size_t count = std::min(parts.size(), call.size());
        std::copy_n(parts.begin(), count, call.begin());
        call.front().remove_prefix(skip);
        const IoResult result = transport_->WriteParts({call.data(), count});
        if (result.kind == IoResult::Kind::kClosed) {
            CutSoon();
            return taken;
        }
        if (result.kind != IoResult::Kind::kBytes) {
            wants_room_ = true;
            ArmWrite();
            return taken;
        }
        taken += result.bytes;
        for (skip += result.bytes; !parts.empty() && skip >= parts.front().size();) {
            skip -= parts.front().size();
            parts = parts.subspan(1);
        }
    }
}

void SessionConnection::CutSoon() {
    loop_->Post([weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->Cut();
    });
}

void SessionConnection::Close() {
    if (state_ != State::kOpen) return;
    // Closing a socket with unread input sends a reset, which may destroy what is under way.
    state_ = State::kLingering;
    transport_->ShutdownSend();
    loop_->After(kLinger, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->Cut();
    });
    ArmRead();
}

void SessionConnection::Cut() {
    if (state_ == State::kClosed) return;
    const auto self = shared_from_this();  // Remove drops what may be the last owner.
    state_ = State::kClosed;
    transport_.reset();
    async::error_code ignored;
    socket_.close(ignored);
    thread_.Remove(*this);
    const auto session = std::move(session_);
    session->OnClosed();
    thread_.shared().connections.Release(client_);
}

}  // namespace unibox::http::detail
