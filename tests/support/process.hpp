// Runs a program as a child: its output is collected, and it never outlives this object or this
// process. Thread safety: one thread at a time; output() and WaitForLine from any.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace unibox::test {

struct ProcessOptions {
    std::vector<std::string> arguments{};              // Without the program itself.
    std::map<std::string, std::string> environment{};  // Added to, or replacing, this process's.
    std::filesystem::path working_directory{};         // Empty: this process's.
};

class Process {
public:
    // Aborts when the program cannot be started.
    Process(std::filesystem::path program, ProcessOptions options);
    ~Process();  // SIGKILL if it still runs; reaps it.
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    pid_t pid() const { return pid_; }
    bool running();

    // The first whole line of stdout or stderr that contains `text`, also one that came before the
    // call.
    std::optional<std::string> WaitForLine(
        std::string_view text, std::chrono::milliseconds timeout
    );
    // All that was written to stdout and stderr so far.
    std::string output() const;

    void Signal(int signal);  // Nothing if it has ended.
    void Pause();             // SIGSTOP; returns when it has stopped.
    void Resume();            // SIGCONT
    // SIGTERM, then waits; SIGKILL when the time is over. Exit code, or 128 + signal.
    int Terminate(std::chrono::milliseconds timeout = std::chrono::seconds(60));
    int Kill9();
    // The exit code (128 + signal), or nothing if it still runs after `timeout`. output() is
    // complete then.
    std::optional<int> WaitForExit(std::chrono::milliseconds timeout);

private:
    void ReadOutput(int fd);
    bool Reap(bool block);

    pid_t pid_ = -1;
    std::optional<int> exit_code_;
    mutable std::mutex mutex_;
    std::string output_;
    std::atomic<bool> output_ended_{false};
    std::thread reader_;
};

// The program of this name in PATH, /usr/sbin or /usr/lib/postgresql/*/bin; empty if there is none.
std::filesystem::path FindProgram(std::string_view name);
// A TCP port of 127.0.0.1 that was free a moment ago, and that the kernel gives to nobody who asks
// for any port: it stays free while its server is down.
int FreePort();

}  // namespace unibox::test
