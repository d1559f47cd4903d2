// Carries the bytes of one client between its socket and gRPC, past the FrameGuard. gRPC's end is a
// socket pair, so that the end of a connection, whoever makes it, is seen here.
//
// Memory: what one side does not take is kept up to kBacklogBytesMax and a read more; then nothing
// is read from the other, nor from a client that does not take its answers.
// Thread safety: its RelayThread only.
#pragma once

#include "async/asio.hpp"
#include "base/clock.hpp"
#include "net/connection_counts.hpp"
#include "net/transport.hpp"
#include "rpc/detail/frame_guard.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace unibox::rpc::detail {

class RelayThread;
struct Shared;

class Relay : public std::enable_shared_from_this<Relay> {
public:
    static constexpr std::size_t kBacklogBytesMax = 64 << 10;
    static constexpr Millis kLeaveMax{5'000};

    // `client`: whose place it holds until Close; null for a connection of our own.
    Relay(
        RelayThread& thread,
        async::tcp::socket socket,
        std::string peer_address,
        net::Client* client
    );

    void Start();
    // Gives the client what gRPC has answered, as far as it is taken, and closes both ends at once.
    void Finish();
    void CheckTimes(SteadyTime now);
    // Tells Shared::untaken whether there is something of ours that the client has yet to take.
    void CountUntaken();
    bool holds_place() const { return place_ != nullptr; }

    std::size_t index = 0;  // In RelayThread's list.

private:
    enum class State {
        kPreface,  // gRPC knows nothing of it yet.
        kOpen,
        kLeaving,  // The client has gone; gRPC has yet to end the calls and its end.
        // gRPC has ended it; the client has yet to take the last answers. Closing a socket that
        // bytes still arrive at sends a reset, which destroys what is on its way.
        kLingering,
        kClosed,
    };

    bool MayReadClient() const;
    bool MayReadServer() const;
    // The client's clock: it stands still while we do not read, which is not the client's delay.
    SteadyTime ClientTime();
    void ArmClientRead();
    void ArmClientWrite();
    void ArmServerRead();
    void ArmServerWrite();
    void OnClientReadable();
    void OnServerReadable();
    void OnClientWritable();
    void OnServerWritable();
    void FromClient(std::string_view data);
    bool TakePreface(std::string_view& data);
    bool OpenServer();
    void ToClient(std::string_view data);
    void ToServer(std::string_view data);
    void SetDeadline(Millis after) { deadline_ = std::chrono::steady_clock::now() + after; }
    void RenewWriteDeadline();
    bool HasUntaken();
    // True if all of the backlog is gone.
    bool FlushToClient();
    void End(Ended why);
    // Closes the client's end; its place is free when gRPC has closed the other.
    void Leave();
    // Closes gRPC's end; its place is free when the client has taken all, or closed the other.
    void Linger();
    void CheckLingering(SteadyTime now);
    void Close();
    void CountEndedCalls();

    RelayThread& thread_;
    Shared& shared_;
    async::tcp::socket client_;
    async::asio::posix::stream_descriptor server_;  // Our end of the socket pair.
    std::unique_ptr<net::Transport> transport_;     // Null once the client has gone.
    const std::string peer_address_;
    net::Client* place_;
    FrameGuard guard_;

    State state_ = State::kPreface;
    std::size_t preface_bytes_ = 0;
    SteadyTime deadline_;           // Of each state; in kOpen and kLingering, of taking anything.
    int unacknowledged_bytes_ = 0;  // In kLingering, when it was looked at last.
    std::optional<SteadyTime> held_since_;  // Since then we do not read the client;
    SteadyTime::duration held_back_{};      // and for so long before.
    bool client_read_armed_ = false;
    bool client_write_armed_ = false;
    bool server_read_armed_ = false;
    bool server_write_armed_ = false;
    bool untaken_ = false;
    std::string to_client_;  // Not taken yet.
    std::string to_server_;
};

}  // namespace unibox::rpc::detail
