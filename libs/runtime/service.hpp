// The life of a process: checks, workers started in order, readiness, a signal, workers stopped in
// reverse.
//
// Readiness (/readyz) means only: started and not being stopped. The loss of what all pods share
// (PostgreSQL, NATS) does not change it: taking every pod away would make the outage worse. Such a
// loss is seen in metrics and answers. Thread safety: the functions marked [any thread] from any
// thread; the rest from the thread that runs Main.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "obs/metrics.hpp"

#include <functional>
#include <memory>
#include <string>

namespace unibox::config {
class FieldTable;
}

namespace unibox::runtime {

// Settings that every service has.
struct Settings {
    std::string log_level = "info";
    std::string admin_listen = "127.0.0.1:0";
    // After readiness went off, how long requests are still taken: load balancers need a while to
    // notice.
    int drain_ms = 5'000;
    // From the signal to the end of the process, drain included; then the watchdog ends it hard
    // with exit code 1.
    int shutdown_ms_max = 30'000;

    // Sections "log", "admin" and "runtime".
    void Describe(config::FieldTable& table);
    // Whether they go together. INVALID_ARGUMENT with field().
    Status Check() const;
};

constexpr int kExitOk = 0;
constexpr int kExitFailed = 1;
constexpr int kExitBadConfig = 2;
constexpr int kExitDependencyMissing = 3;

class Service {
public:
    Service(std::string name, Settings settings);
    ~Service();
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    const std::string& name() const;
    obs::Metrics& metrics();     // [any thread]
    const Clock& clock() const;  // [any thread]

    // Run before the workers start, in order; a failing one makes the process end with exit code 3.
    void AddStartupCheck(std::string check_name, std::function<Status()> check);
    // `start` returns once the worker works; a failing one stops those before it and ends the
    // process (exit code 3 for UNAVAILABLE and DEADLINE_EXCEEDED, else 1). `stop` returns when the
    // worker has finished what it had begun; it is called once, only for workers that were started.
    void AddWorker(
        std::string worker_name, std::function<Status()> start, std::function<void()> stop
    );
    // Called once, when the stop begins and readiness goes off, before the drain: for other health
    // answers (gRPC's).
    void OnStopping(std::function<void()> hook);
    // Asked at each /livez, from any thread; must not block. A failure that lasts means that only a
    // new process helps: /livez answers 503 with it, and the orchestrator restarts this one. Not
    // asked once the stop has begun.
    void AddLivenessCheck(std::string check_name, std::function<Status()> check);
    // An address that the "ready" line and /config tell, for example ("http", "0.0.0.0:8080").
    // Callable from `start`.
    void AddAddress(std::string kind, std::string host_port);
    // What /config answers.
    void SetConfigText(std::string text);

    // Checks, starts, logs "ready", waits for SIGTERM, SIGINT or Fail, drains, stops. Ok after an
    // orderly stop by signal.
    Status RunUntilSignal();

    // Ends the process in order, with exit code 1: for a worker that cannot go on. [any thread]
    void Fail(Status why);
    // As if SIGTERM had come. [any thread]
    void RequestStop();
    // True from the first moment of the stop. [any thread]
    bool stopping() const;
    // The exit code that belongs to what RunUntilSignal returned.
    int exit_code() const;
    // Bound address of the admin port; empty before RunUntilSignal.
    std::string admin_address() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace unibox::runtime
