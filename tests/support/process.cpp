#include "support/process.hpp"

#include "base/assert.hpp"
#include "base/strings.hpp"
#include "support/eventually.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <string>

extern char** environ;

namespace unibox::test {
namespace {

std::vector<std::string> EnvironmentOf(const ProcessOptions& options) {
    std::map<std::string, std::string> merged;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const std::size_t equals = text.find('=');
        if (equals == std::string_view::npos) continue;
        merged[std::string(text.substr(0, equals))] = std::string(text.substr(equals + 1));
    }
    for (const auto& [name, value] : options.environment) merged[name] = value;
    std::vector<std::string> lines;
    for (const auto& [name, value] : merged) lines.push_back(name + "=" + value);
    return lines;
}

std::vector<char*> PointersTo(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (auto& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

// In the child, between fork and exec: only calls that are safe there.
[[noreturn]] void Exec(
    const char* program,
    char** arguments,
    char** environment,
    const char* directory,
    int output,
    pid_t parent
) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(126);  // It died before the line above.
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    if (*directory != '\0' && chdir(directory) != 0) _exit(126);
    execve(program, arguments, environment);
    _exit(127);
}

// PR_SET_PDEATHSIG speaks of the thread that forked, not of the process: so one thread, which lives
// as long as the process, does all the forking.
class Forker {
public:
    static void Run(const std::function<void()>& task) {
        static auto* const forker = new Forker();
        forker->RunAndWait(task);
    }

private:
    Forker() {
        std::thread([this] { Main(); }).detach();
    }
    void RunAndWait(const std::function<void()>& task) {
        const std::lock_guard one_at_a_time(turn_);
        std::unique_lock lock(mutex_);
        task_ = &task;
        changed_.notify_all();
        changed_.wait(lock, [this] { return task_ == nullptr; });
    }
    [[noreturn]] void Main() {
        std::unique_lock lock(mutex_);
        while (true) {
            changed_.wait(lock, [this] { return task_ != nullptr; });
            (*task_)();
            task_ = nullptr;
            changed_.notify_all();
        }
    }

    std::mutex turn_;
    std::mutex mutex_;
    std::condition_variable changed_;
    const std::function<void()>* task_ = nullptr;
};

constexpr std::chrono::seconds kLastWordsWait{10};
// Below the usual ip_local_port_range (32768 to 60999), from which connections and port 0 take.
constexpr int kPortMin = 15'000;
constexpr int kPortMax = 32'000;

// The state letter of /proc/PID/stat, for example 'T' for stopped.
char StateOf(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    const std::size_t end = text.rfind(')');
    return end != std::string::npos && end + 2 < text.size() ? text[end + 2] : '?';
}

int ExitCodeOf(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Process::Process(std::filesystem::path program, ProcessOptions options) {
    if (!program.has_parent_path()) program = FindProgram(program.string());
    UNIBOX_ASSERT(!program.empty() && std::filesystem::exists(program));
    std::vector<std::string> arguments{program.string()};
    arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
    std::vector<std::string> environment = EnvironmentOf(options);
    const auto argument_pointers = PointersTo(arguments);
    const auto environment_pointers = PointersTo(environment);
    const std::string directory = options.working_directory.string();
    int fds[2] = {-1, -1};
    UNIBOX_ASSERT(pipe2(fds, O_CLOEXEC) == 0);
    const pid_t parent = getpid();
    Forker::Run([&] {
        pid_ = fork();
        if (pid_ != 0) return;
        Exec(
            arguments[0].c_str(),
            const_cast<char**>(argument_pointers.data()),
            const_cast<char**>(environment_pointers.data()),
            directory.c_str(),
            fds[1],
            parent
        );
    });
    UNIBOX_ASSERT(pid_ > 0);
    close(fds[1]);
    reader_ = std::thread([this, fd = fds[0]] { ReadOutput(fd); });
}

Process::~Process() {
    Kill9();
    reader_.join();
}

void Process::ReadOutput(int fd) {
    char buffer[4096];
    while (true) {
        const ssize_t count = read(fd, buffer, sizeof buffer);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        const std::lock_guard lock(mutex_);
        output_.append(buffer, static_cast<std::size_t>(count));
    }
    close(fd);
    output_ended_ = true;
}

bool Process::Reap(bool block) {
    if (exit_code_) return true;
    int status = 0;
    pid_t reaped = 0;
    do {
        reaped = waitpid(pid_, &status, block ? 0 : WNOHANG);
    } while (reaped < 0 && errno == EINTR);
    if (reaped != pid_) return false;
    exit_code_ = ExitCodeOf(status);
    return true;
}

bool Process::running() {
    return !Reap(false);
}

std::optional<std::string> Process::WaitForLine(
    std::string_view text, std::chrono::milliseconds timeout
) {
    std::optional<std::string> line;
    const auto find = [&] {
        const std::string all = output();
        for (const auto one : Split(all, '\n')) {
            const bool whole = one.data() + one.size() < all.data() + all.size();
            if (whole && one.find(text) != std::string_view::npos) {
                line = std::string(one);
                return true;
            }
        }
        return !running();
    };
    if (Eventually(timeout, find) && !line) find();  // It ended: its last words may have come now.
    return line;
}

std::string Process::output() const {
    const std::lock_guard lock(mutex_);
    return output_;
}

void Process::Signal(int signal) {
    if (running()) kill(pid_, signal);
}

void Process::Pause() {
    Signal(SIGSTOP);
    // The signal takes effect a moment later; until then the process goes on answering.
    static_cast<void>(Eventually(std::chrono::seconds(5), [this] { return StateOf(pid_) == 'T'; }));
}

void Process::Resume() {
    Signal(SIGCONT);
}

int Process::Terminate(std::chrono::milliseconds timeout) {
    Signal(SIGTERM);
    if (const auto code = WaitForExit(timeout)) return *code;
    return Kill9();
}

int Process::Kill9() {
    Signal(SIGKILL);
    UNIBOX_ASSERT(Reap(true));
    return *exit_code_;
}

std::optional<int> Process::WaitForExit(std::chrono::milliseconds timeout) {
    if (!Eventually(timeout, [this] { return Reap(false); })) return std::nullopt;
    // What it wrote last may still be on its way; a child that it left behind may keep the pipe
    // open.
    static_cast<void>(Eventually(kLastWordsWait, [this] { return output_ended_.load(); }));
    return exit_code_;
}

std::filesystem::path FindProgram(std::string_view name) {
    std::vector<std::filesystem::path> folders;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        if (!text.starts_with("PATH=")) continue;
        for (const auto folder : Split(text.substr(5), ':')) folders.emplace_back(folder);
    }
    folders.emplace_back("/usr/sbin");
    std::error_code ignored;
    for (const auto& version :
         std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
        folders.push_back(version.path() / "bin");
    }
    for (const auto& folder : folders) {
        const auto candidate = folder / name;
        if (access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return {};
}

int FreePort() {
    static std::mt19937 random{std::random_device{}()};
    std::uniform_int_distribution<int> ports(kPortMin, kPortMax);
    for (;;) {
        const int port = ports(random);
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        const bool free = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
        close(fd);
        if (free) return port;
    }
}

}  // namespace unibox::test
