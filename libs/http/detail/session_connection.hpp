// A connection in the hands of a session: carries its bytes, keeps its place, ends it.
// Thread safety: its net thread only.
#pragma once

#include "async/asio.hpp"
#include "http/detail/net_thread.hpp"
#include "http/session.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace unibox::http::detail {

class SessionConnection final : public SessionSocket,
                                public std::enable_shared_from_this<SessionConnection> {
public:
    // The place in the counts that `client` holds is this one's from now on.
    SessionConnection(
        NetThread& thread,
        async::tcp::socket socket,
        std::unique_ptr<Transport> transport,
        Client& client,
        std::shared_ptr<Session> session
    );

    void Open(std::string_view received);
    void TellStopping();

    std::size_t Write(std::span<const std::string_view> parts) override;
    void PauseReading() override { paused_ = true; }
    void ResumeReading() override;
    void Close() override;
    void Cut() override;
    SteadyTime now() const override { return thread_.now(); }
    const std::shared_ptr<NetLoop>& loop() const override { return loop_; }
    int handle() const override { return handle_; }

    std::size_t index = 0;  // In NetThread's list.

private:
    enum class State { kOpen, kLingering, kClosed };

    bool Reads() const {
        return state_ == State::kLingering || (state_ == State::kOpen && !paused_);
    }
    void ArmRead();
    void ArmWrite();
    void OnReadable();
    // After a failure inside a call of the session: nothing is called inside that.
    void CutSoon();

    NetThread& thread_;
    async::tcp::socket socket_;
    const int handle_;
    std::unique_ptr<Transport> transport_;
    Client& client_;
    std::shared_ptr<Session> session_;  // Null once closed; who calls it holds it.
    const std::shared_ptr<NetLoop> loop_;
    State state_ = State::kOpen;
    bool read_armed_ = false;
    bool write_armed_ = false;
    bool wants_room_ = false;  // A Write took less than all.
    bool paused_ = false;
    bool told_stopping_ = false;
    std::size_t lingered_bytes_ = 0;
};

}  // namespace unibox::http::detail
