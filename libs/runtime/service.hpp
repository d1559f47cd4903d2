// What a service is made of: parts that start in order and stop in reverse. Every service has a
// `CreateService(config, clock, metrics)`; main.cpp runs it, tests run it in their own process.
// Thread safety: Alive from any thread; the rest from one thread.
#pragma once

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/status.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::runtime {

// Functions that a part has no need of stay empty. But for `start` they are called only while the
// part is started.
struct Part {
    std::string name;
    // Returns once the part works.
    std::function<Status()> start = nullptr;
    // An address that it listens on; `name` says of what kind: "http", "grpc".
    std::function<std::string()> address = nullptr;
    // A failure that lasts means that only a new process helps. Must not block. Any thread.
    std::function<Status()> alive = nullptr;
    // A stop is coming: whoever asks is told to go elsewhere, work is still taken.
    std::function<void()> announce_stop = nullptr;
    // Takes no new work from outside; does not wait. Called for all parts before any is stopped.
    std::function<void()> refuse_work = nullptr;
    // Finishes what it had begun, for at most `grace`.
    std::function<void(Millis grace)> stop = nullptr;
};

class Service {
public:
    // `objects` holds what the functions of the parts refer to: it dies after they were stopped.
    Service(std::shared_ptr<void> objects, std::vector<Part> parts);
    // Stop(Millis(0)).
    ~Service();
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    // In order. The status of a part that fails names it; Stop stops those before it.
    Status Start();
    // The first failure, with the name of its part. Ok once the stop has begun.
    Status Alive() const;
    // Whether somebody must be given time to notice a stop.
    bool takes_requests() const;
    void AnnounceStop();
    // In reverse; the parts share the grace. Idempotent.
    void Stop(Millis grace);
    // Of the part of this name; empty if there is none, or before Start.
    std::string address(std::string_view part) const;

private:
    std::size_t started_count() const;

    const std::shared_ptr<void> objects_;
    const std::vector<Part> parts_;
    mutable Mutex mutex_;  // Held while a part is asked whether it is alive.
    std::size_t started_count_ UNIBOX_GUARDED_BY(mutex_) = 0;
};

// A part that is a listener of http or rpc: `server`, which the objects hold, is what `start` gives
// (Result<std::unique_ptr<Server>>).
template <class Server, class StartServer>
Part ListenerPart(std::string_view name, std::unique_ptr<Server>& server, StartServer start) {
    Part part{
        .name = std::string(name),
        .start = [&server, start = std::move(start)]() -> Status {
            UNIBOX_ASSIGN_OR_RETURN(server, start());
            return {};
        },
        .address = [&server]() -> std::string { return server->address(); },
        .announce_stop = [&server] { server->AnnounceStop(); },
        .refuse_work = [&server] { server->StopAccepting(); },
        .stop = [&server](Millis grace) { server->Stop(grace); }};
    if constexpr (requires { server->Alive(); }) {
        part.alive = [&server] { return server->Alive(); };
    }
    return part;
}

}  // namespace unibox::runtime
