#include "rpc/detail/relay.hpp"

#include "obs/log.hpp"
#include "rpc/detail/peer_name.hpp"
#include "rpc/detail/relay_thread.hpp"
#include "rpc/detail/shared.hpp"

#include <errno.h>
#include <unistd.h>

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace unibox::rpc::detail {
namespace {

using async::error_code;
using net::IoResult;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";  // RFC 9113, 3.4
constexpr int kReadsAtOnce = 4;  // Then the other connections have their turn.

// Bytes taken of `data`; nothing if the other end is gone.
std::optional<std::size_t> SendSome(int socket, std::string_view data) {
    std::size_t sent = 0;
    while (sent < data.size()) {
        const ssize_t count =
            ::send(socket, data.data() + sent, data.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count > 0) {
            sent += static_cast<std::size_t>(count);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            break;
        } else if (errno != EINTR) {
            return {};
        }
    }
    return sent;
}

// What the other end's system has yet to take; 0 if that is not known.
int UnacknowledgedBytes(int socket) {
    int bytes = 0;
    return ::ioctl(socket, SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

}  // namespace

Relay::Relay(
    RelayThread& thread, async::tcp::socket socket, std::string peer_address, net::Client* client
)
    : thread_(thread),
      shared_(thread.shared()),
      client_(std::move(socket)),
      server_(thread.loop()),
      peer_address_(std::move(peer_address)),
      place_(client),
      guard_(
          shared_.limits,
          client != nullptr ? shared_.budget : shared_.own_budget,
          client != nullptr ? *client : shared_.own_client
      ) {}

void Relay::Start() {
    error_code ignored;
    client_.native_non_blocking(true, ignored);
    client_.set_option(async::tcp::no_delay(true), ignored);
    const int handle = client_.native_handle();
    const SteadyTime now = std::chrono::steady_clock::now();
    // Our own connection, from within, needs no secrecy.
    transport_ = place_ != nullptr ? shared_.credentials->TransportOf(handle, now)
                                   : net::PlainTransport(handle);
    SetDeadline(Millis(shared_.settings.handshake_timeout_ms));
    ArmClientRead();
}

void Relay::Leave() {
    if (state_ != State::kOpen) return Close();
    state_ = State::kLeaving;
    SetDeadline(kLeaveMax);
    CountEndedCalls();
    CountUntaken();
    transport_.reset();
    error_code ignored;
    client_.close(ignored);
    std::string().swap(to_client_);
    std::string().swap(to_server_);
    ::shutdown(server_.native_handle(), SHUT_WR);
    ArmServerRead();
}

void Relay::Linger() {
    state_ = State::kLingering;
    RenewWriteDeadline();
    unacknowledged_bytes_ = std::numeric_limits<int>::max();
    CountEndedCalls();
    CountUntaken();
    guard_.GiveBack();
    transport_->ShutdownSend();
    std::string().swap(to_server_);
    error_code ignored;
    server_.close(ignored);
    ArmClientRead();
}

void Relay::Close() {
    if (state_ == State::kClosed) return;
    const auto self = shared_from_this();  // Remove drops what may be the last owner.
    state_ = State::kClosed;
    CountEndedCalls();
    CountUntaken();
    guard_.GiveBack();
    transport_.reset();
    error_code ignored;
    client_.close(ignored);
    server_.close(ignored);
    thread_.Remove(*this);
    if (place_ != nullptr) shared_.connections.Release(*place_);
}

void Relay::Finish() {
    if (state_ == State::kOpen) OnServerReadable();
    Close();
}

bool Relay::MayReadClient() const {
    const bool open =
        state_ == State::kPreface || state_ == State::kOpen || state_ == State::kLingering;
    return open && to_server_.empty() && to_client_.size() < kBacklogBytesMax;
}

bool Relay::MayReadServer() const {
    return state_ == State::kLeaving || (state_ == State::kOpen && to_client_.empty());
}

SteadyTime Relay::ClientTime() {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (!MayReadClient()) {
        if (!held_since_) held_since_ = now;
        return *held_since_ - held_back_;
    }
    if (held_since_) held_back_ += now - *std::exchange(held_since_, {});
    return now - held_back_;
}

// What the kernel still holds is asked for only when the server stops.
bool Relay::HasUntaken() {
    if (state_ == State::kLingering) return true;
    if (state_ != State::kOpen) return false;
    return !to_client_.empty() ||
           (shared_.finishing && UnacknowledgedBytes(client_.native_handle()) > 0);
}

void Relay::CountUntaken() {
    const bool untaken = HasUntaken();
    if (untaken == untaken_) return;
    untaken_ = untaken;
    if (untaken) {
        shared_.untaken.Begin();
    } else {
        shared_.untaken.End();
    }
}

void Relay::ArmClientRead() {
    ClientTime();  // Sees the beginning and the end of a time in which we do not read.
    if (client_read_armed_ || !MayReadClient()) return;
    client_read_armed_ = true;
    client_.async_wait(
        async::tcp::socket::wait_read,
        [self = shared_from_this()](error_code error) {
            self->client_read_armed_ = false;
            if (!error) self->OnClientReadable();
        }
    );
}

void Relay::ArmClientWrite() {
    if (client_write_armed_ || !transport_) return;
    client_write_armed_ = true;
    client_.async_wait(
        async::tcp::socket::wait_write,
        [self = shared_from_this()](error_code error) {
            self->client_write_armed_ = false;
            if (!error) self->OnClientWritable();
        }
    );
}

void Relay::ArmServerRead() {
    if (server_read_armed_ || !MayReadServer()) return;
    server_read_armed_ = true;
    server_.async_wait(
        async::asio::posix::stream_descriptor::wait_read,
        [self = shared_from_this()](error_code error) {
            self->server_read_armed_ = false;
            if (!error) self->OnServerReadable();
        }
    );
}

void Relay::ArmServerWrite() {
    if (server_write_armed_ || state_ != State::kOpen) return;
    server_write_armed_ = true;
    server_.async_wait(
        async::asio::posix::stream_descriptor::wait_write,
        [self = shared_from_this()](error_code error) {
            self->server_write_armed_ = false;
            if (!error) self->OnServerWritable();
        }
    );
}

void Relay::OnClientReadable() {
    const std::span<char> buffer = thread_.read_buffer();
    for (int i = 0; i < kReadsAtOnce && MayReadClient(); ++i) {
        const IoResult result = transport_->Read(buffer);
        if (result.kind == IoResult::Kind::kWaitReadable) break;
        if (result.kind == IoResult::Kind::kWaitWritable) return ArmClientWrite();
        if (result.kind == IoResult::Kind::kClosed) return Leave();
        FromClient(std::string_view(buffer.data(), result.bytes));
        if (!transport_) return;
        if (result.bytes < buffer.size() && !transport_->HasBufferedInput()) break;
    }
    ArmClientRead();
}

void Relay::FromClient(std::string_view data) {
    if (state_ == State::kLingering) return;  // Nobody is there to hear it.
    if (state_ == State::kPreface && !TakePreface(data)) return;
    if (data.empty()) return;
    std::string& out = thread_.scratch();
    out.clear();
    const auto ended = guard_.FromClient(data, ClientTime(), &out);
    if (ended) return End(*ended);
    ToServer(out);
}

// What does not begin as HTTP/2 never reaches gRPC, nor does it cost more than its socket.
bool Relay::TakePreface(std::string_view& data) {
    const std::size_t size = std::min(kPreface.size() - preface_bytes_, data.size());
    if (data.substr(0, size) != kPreface.substr(preface_bytes_, size)) {
        End(Ended::kPreface);
        return false;
    }
    preface_bytes_ += size;
    data.remove_prefix(size);
    if (preface_bytes_ < kPreface.size()) return false;
    if (OpenServer()) return true;
    Close();
    return false;
}

// A client that nobody could name would share the limits of its network with all others like it: it
// is refused. That the kernel names nobody at all is found at the start.
bool Relay::OpenServer() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
        shared_.metrics.CountAcceptFailure();
        return false;
    }
    error_code error;
    server_.assign(ends[0], error);
    if (error) {
        ::close(ends[0]);
        ::close(ends[1]);
        shared_.metrics.CountAcceptFailure();
        return false;
    }
    if (const Status named = NamePeer(ends[0], peer_address_); !named.ok()) {
        ::close(ends[1]);
        shared_.metrics.TellUnnamed(peer_address_, named);
        return false;
    }
    if (!thread_.HandOver(ends[1])) return false;
    state_ = State::kOpen;
    ToServer(kPreface);
    ArmServerRead();
    return true;
}

void Relay::OnServerReadable() {
    const std::span<char> buffer = thread_.read_buffer();
    for (int i = 0; i < kReadsAtOnce && MayReadServer(); ++i) {
        const ssize_t count = ::recv(server_.native_handle(), buffer.data(), buffer.size(), 0);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
        if (count <= 0) {
            // gRPC has ended it: an idle or old connection, an error of the client, a stop.
            // All that it said has been taken by the client's socket.
            return state_ == State::kOpen ? Linger() : Close();
        }
        if (state_ == State::kLeaving) continue;  // Nobody is there to hear it.
        std::string& out = thread_.scratch();
        out.clear();
        const std::string_view data(buffer.data(), static_cast<std::size_t>(count));
        guard_.FromServer(data, &out);
        ToClient(out);
        if (data.size() < buffer.size()) break;
    }
    ArmServerRead();
}

void Relay::ToClient(std::string_view data) {
    if (to_client_.empty()) {
        while (!data.empty()) {
            const IoResult result = transport_->Write(data);
            if (result.kind == IoResult::Kind::kClosed) return Leave();
            if (result.kind != IoResult::Kind::kBytes) break;
            data.remove_prefix(result.bytes);
        }
        if (data.empty()) return;
    }
    if (to_client_.empty()) RenewWriteDeadline();
    to_client_.append(data);
    CountUntaken();
    ArmClientWrite();
}

void Relay::RenewWriteDeadline() {
    SetDeadline(Millis(shared_.settings.keepalive_timeout_ms));
}

bool Relay::FlushToClient() {
    std::string_view left = to_client_;
    while (!left.empty()) {
        const IoResult result = transport_->Write(left);
        if (result.kind == IoResult::Kind::kClosed) {
            Leave();
            return false;
        }
        if (result.kind != IoResult::Kind::kBytes) break;
        left.remove_prefix(result.bytes);
        RenewWriteDeadline();
    }
    to_client_.erase(0, to_client_.size() - left.size());
    if (!to_client_.empty()) return false;
    std::string().swap(to_client_);
    return true;
}

void Relay::OnClientWritable() {
    if (!FlushToClient()) return ArmClientWrite();
    OnServerReadable();  // More of the same answer, most likely.
    CountUntaken();
    OnClientReadable();  // TLS may have asked for it in the middle of a read.
}

void Relay::ToServer(std::string_view data) {
    if (to_server_.empty()) {
        const auto sent = SendSome(server_.native_handle(), data);
        // What gRPC still had to say is read first; then its end is seen there.
        if (!sent) return;
        data.remove_prefix(*sent);
        if (data.empty()) return;
    }
    to_server_.append(data);
    ArmServerWrite();
}

void Relay::OnServerWritable() {
    const auto sent = SendSome(server_.native_handle(), to_server_);
    if (!sent) return;
    to_server_.erase(0, *sent);
    if (!to_server_.empty()) return ArmServerWrite();
    std::string().swap(to_server_);
    ArmClientRead();
}

void Relay::CheckTimes(SteadyTime now) {
    if (state_ == State::kPreface && now > deadline_) return End(Ended::kPreface);
    if (state_ == State::kLeaving && now > deadline_) return Close();
    if (state_ == State::kLingering) return CheckLingering(now);
    if (state_ != State::kOpen) return;
    if (shared_.finishing) CountUntaken();
    if (!to_client_.empty() && now > deadline_) return End(Ended::kWriteTime);
    if (const auto ended = guard_.CheckTimes(ClientTime())) return End(*ended);
    CountEndedCalls();
    std::string resets;
    guard_.AppendDueToServer(&resets);
    if (!resets.empty()) ToServer(resets);
    resets.clear();
    guard_.AppendDueToClient(&resets);
    if (!resets.empty()) ToClient(resets);
}

void Relay::CheckLingering(SteadyTime now) {
    const int unacknowledged = UnacknowledgedBytes(client_.native_handle());
    if (unacknowledged == 0 || now > deadline_) return Close();
    if (unacknowledged < unacknowledged_bytes_) RenewWriteDeadline();
    unacknowledged_bytes_ = unacknowledged;
}

void Relay::End(Ended why) {
    if (!transport_) return;
    shared_.metrics.CountEnded(why);
    std::string goodbye;
    if (state_ == State::kOpen) guard_.AppendGoodbye(why, &goodbye);
    // As far as it goes without waiting.
    if (!goodbye.empty() && to_client_.empty()) transport_->Write(goodbye);
    transport_->ShutdownSend();
    Leave();
}

void Relay::CountEndedCalls() {
    for (const Ended why : {Ended::kRequestTime, Ended::kHeldBytes}) {
        shared_.metrics.CountEnded(why, guard_.TakeEndedCount(why));
    }
}

}  // namespace unibox::rpc::detail
