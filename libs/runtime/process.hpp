// The life of a process: its service is started, it is ready, a signal, its service is stopped.
//
// Readiness (/readyz) means only: started and not being stopped. The loss of what all pods share
// (PostgreSQL, NATS) does not change it: taking every pod away would make the outage worse. Such a
// loss is seen in metrics and answers. Thread safety: the thread that runs Main.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "obs/metrics.hpp"
#include "runtime/service.hpp"

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
    // with exit code 1. What was begun has the time from the end of the drain to kGracePercent of
    // it.
    int shutdown_ms_max = 30'000;

    // Sections "log", "admin" and "runtime".
    void Describe(config::FieldTable& table);
    // Whether they go together. INVALID_ARGUMENT with field().
    Status Check() const;
};

constexpr int kGracePercent = 90;

constexpr int kExitOk = 0;
constexpr int kExitFailed = 1;
constexpr int kExitBadConfig = 2;
constexpr int kExitDependencyMissing = 3;

class Process {
public:
    Process(std::string name, Settings settings);
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    obs::Metrics& metrics();
    const Clock& clock() const;
    // What /config answers.
    void SetConfigText(std::string text);

    // Opens the admin port, starts the service, logs "ready" with its addresses, waits for SIGTERM
    // or SIGINT, announces the stop and drains (if the service takes requests; a second signal cuts
    // that short), stops it. Ok after an orderly stop by signal.
    Status Run(Service& service);
    // The exit code that belongs to what Run returned: kExitDependencyMissing for a start that
    // failed with UNAVAILABLE, DEADLINE_EXCEEDED or FAILED_PRECONDITION.
    int exit_code() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Of a start that failed so.
int ExitCodeOf(const Status& failure);

}  // namespace unibox::runtime
