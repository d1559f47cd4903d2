// A connection that a handler takes over: what is spoken on it from then on is the session's own
// business (WebSocket, server-sent events), its place in the listener's limits stays taken.
//
// A handler answers with Response::session set. With status 101 the client must have offered the
// protocol (Request::upgrade), and the answer's field Upgrade names it; any other status begins a
// body that ends with the connection. The head goes out first; what the client sent behind its
// request is the session's first input. None of the server's times apply from then on, but for the
// end of a stop. A session whose client has gone before the head was out, that is answered to a
// HEAD, or that comes while the server drains (503) is dropped unopened.
// Thread safety: the net thread of the connection, but for NetLoop::Post.
#pragma once

#include "base/clock.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

namespace unibox::http {

// The event loop of one net thread. Outlives the server for whoever holds it.
class NetLoop {
public:
    virtual ~NetLoop() = default;
    // Runs `task` on the loop's thread, never inside the call; one wake-up serves all that is
    // posted before the loop looks. Does nothing once the server has stopped. Any thread.
    virtual void Post(std::function<void()> task) = 0;
    // Runs `task` once, so much later; never if the server stops before. The loop's thread.
    virtual void After(Millis wait, std::function<void()> task) = 0;
};

// The server's end of a connection in a session's hands.
class SessionSocket {
public:
    // Gives the kernel what it takes of the parts, in order; plain sockets up to kPartsPerCall of
    // them with one system call. Returns how many bytes that were. If not all, OnWritable is called
    // once there is room (or OnClosed), and the rest must be given again, from the first byte that
    // was not taken, before anything else. Nothing is taken after Close.
    virtual std::size_t Write(std::span<const std::string_view> parts) = 0;
    // While reading is paused nothing is read and no end of the peer is seen. Not paused at first.
    virtual void PauseReading() = 0;
    virtual void ResumeReading() = 0;
    // Says that no more will be sent, reads on for a moment, so that what was sent arrives, and
    // closes. OnClosed alone is called from then on.
    virtual void Close() = 0;
    // Closes at once. OnClosed is called before it returns, unless that was before.
    virtual void Cut() = 0;
    // Of the turn of the loop that runs.
    virtual SteadyTime now() const = 0;
    virtual const std::shared_ptr<NetLoop>& loop() const = 0;
    // For options alone (TCP_NOTSENT_LOWAT).
    virtual int handle() const = 0;

protected:
    ~SessionSocket() = default;
};

// Functions of a session run on the net thread: they must neither block nor throw.
class Session {
public:
    virtual ~Session() = default;
    // First of all calls. `socket` lives until OnClosed returns.
    virtual void OnOpen(SessionSocket& socket) = 0;
    // What came, at most 64 KiB; `bytes` is gone when it returns.
    virtual void OnBytes(std::string_view bytes) = 0;
    // There is room after a Write that took less than all.
    virtual void OnWritable() = 0;
    // The server takes no more connections. The session has until the grace of the stop to end with
    // Close; then it is cut. Called once, at once after OnOpen if the stop had begun by then.
    virtual void OnStopping() = 0;
    // Last of all calls: the peer has closed (its side is enough), the connection broke, or Close,
    // Cut or the stop has ended it.
    virtual void OnClosed() = 0;
};

}  // namespace unibox::http
