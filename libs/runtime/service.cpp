#include "runtime/service.hpp"

#include "base/mutex.hpp"
#include "config/field_table.hpp"
#include "obs/log.hpp"
#include "runtime/admin_http.hpp"
#include "runtime/protobuf_log.hpp"
#include "runtime/signals.hpp"
#include "runtime/watchdog.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>
#include <vector>

namespace unibox::runtime {
namespace {

struct Check {
    std::string name;
    std::function<Status()> run;
};
struct Worker {
    std::string name;
    std::function<Status()> start;
    std::function<void()> stop;
};

}  // namespace

void Settings::Describe(config::FieldTable& table) {
    table.Section("log").Add(
        "level",
        &log_level,
        "Lowest level of the lines that are written.",
        config::OneOf({"debug", "info", "warn", "error"})
    );
    table.Section("admin", "The port for probes, metrics and settings; never to be published.")
        .Add(
            "listen",
            &admin_listen,
            "Address for /livez, /readyz, /metrics and /config; port 0 = any free one.",
            config::HostPort()
        );
    table.Section("runtime", "How the process stops.")
        .Add(
            "drain_ms",
            &drain_ms,
            "How long requests are still taken after a stop was asked for and readiness went off.",
            config::InRange(0, 600'000)
        )
        .Add(
            "shutdown_ms_max",
            &shutdown_ms_max,
            "From the signal to the end of the process, drain included; then it is ended hard.",
            config::InRange(100, 3'600'000)
        );
}

Status Settings::Check() const {
    if (drain_ms < shutdown_ms_max) return {};
    return InvalidArgument(
               "runtime.drain_ms must be less than runtime.shutdown_ms_max: else every stop is a "
               "hard one"
    )
        .WithReason("CONFIG_INVALID")
        .WithField("runtime.drain_ms");
}

struct Service::Impl {
    Impl(std::string given_name, Settings given_settings)
        : name(std::move(given_name)), settings(std::move(given_settings)) {}

    const std::string name;
    const Settings settings;
    obs::Metrics metrics;
    const ProtobufLog protobuf_log{metrics};
    StopSignals signals;
    AdminState admin_state;
    std::vector<Check> checks;
    std::vector<Worker> workers;
    std::vector<Check> liveness_checks;
    std::vector<std::function<void()>> stopping_hooks;
    std::unique_ptr<AdminHttp> admin;
    std::atomic<int> exit_code{kExitOk};
    mutable Mutex mutex;
    Status failure UNIBOX_GUARDED_BY(mutex);
    std::string admin_bound UNIBOX_GUARDED_BY(mutex);
    std::vector<std::pair<std::string, std::string>> addresses UNIBOX_GUARDED_BY(mutex);

    Status Start();
    Status StartWorkers();
    Status Liveness() const;
    void LogReady() const;
    void WaitForStop();
    void Stop();
    void StopWorkers(std::size_t started_count);
};

Status Service::Impl::Start() {
    admin_state.metrics = &metrics;
    admin_state.liveness = [this] { return Liveness(); };
    auto started = AdminHttp::Start(settings.admin_listen, admin_state, SystemClock());
    if (!started.ok()) {
        exit_code = kExitDependencyMissing;
        return Status(started.status()).WithContext("admin.listen");
    }
    admin = std::move(started).value();
    {
        const MutexLock lock(mutex);
        admin_bound = admin->address();
    }
    for (const Check& check : checks) {
        if (Status status = check.run(); !status.ok()) {
            exit_code = kExitDependencyMissing;
            return std::move(status).WithContext("startup check " + check.name);
        }
    }
    return StartWorkers();
}

Status Service::Impl::StartWorkers() {
    for (std::size_t i = 0; i < workers.size(); ++i) {
        Status status = workers[i].start();
        if (status.ok()) {
            obs::Log(obs::Level::kDebug, "worker started", {{"worker", workers[i].name}});
            continue;
        }
        const bool missing =
            status.code() == Code::kUnavailable || status.code() == Code::kDeadlineExceeded;
        exit_code = missing ? kExitDependencyMissing : kExitFailed;
        const Watchdog watchdog(Millis(settings.shutdown_ms_max), [] { _exit(kExitFailed); });
        StopWorkers(i);
        return std::move(status).WithContext("worker " + workers[i].name);
    }
    return {};
}

Status Service::Impl::Liveness() const {
    if (!admin_state.ready) return {};
    for (const Check& check : liveness_checks) {
        if (Status status = check.run(); !status.ok()) {
            return std::move(status).WithContext(check.name);
        }
    }
    return {};
}

void Service::Impl::LogReady() const {
    const auto address = [this](std::string_view kind) {
        const MutexLock lock(mutex);
        for (const auto& [known, host_port] : addresses) {
            if (known == kind) return host_port;
        }
        return std::string();
    };
    obs::Log(
        obs::Level::kInfo,
        "ready",
        {{"http", address("http")}, {"grpc", address("grpc")}, {"admin", admin->address()}}
    );
}

void Service::Impl::WaitForStop() {
    signals.Wait({});
    admin_state.stopping = true;
    admin_state.ready = false;
    for (const auto& hook : stopping_hooks) hook();
}

void Service::Impl::Stop() {
    const Watchdog watchdog(Millis(settings.shutdown_ms_max), [] {
        obs::Log(obs::Level::kError, "the stop took longer than runtime.shutdown_ms_max");
        _exit(kExitFailed);
    });
    bool failed = false;
    {
        const MutexLock lock(mutex);
        failed = !failure.ok();
    }
    obs::Log(obs::Level::kInfo, "stopping", {{"drain_ms", failed ? 0 : settings.drain_ms}});
    // Load balancers send requests until they see that readiness is off. A second signal cuts the
    // drain short.
    if (!failed) signals.Wait(Millis(settings.drain_ms));
    StopWorkers(workers.size());
    admin.reset();
    obs::Log(obs::Level::kInfo, "stopped");
}

void Service::Impl::StopWorkers(std::size_t started_count) {
    for (std::size_t i = started_count; i-- > 0;) {
        workers[i].stop();
        obs::Log(obs::Level::kDebug, "worker stopped", {{"worker", workers[i].name}});
    }
}

Service::Service(std::string name, Settings settings)
    : impl_(std::make_unique<Impl>(std::move(name), std::move(settings))) {}
Service::~Service() = default;

const std::string& Service::name() const {
    return impl_->name;
}
obs::Metrics& Service::metrics() {
    return impl_->metrics;
}
const Clock& Service::clock() const {
    return SystemClock();
}

void Service::AddStartupCheck(std::string check_name, std::function<Status()> check) {
    impl_->checks.push_back({std::move(check_name), std::move(check)});
}

void Service::AddWorker(
    std::string worker_name, std::function<Status()> start, std::function<void()> stop
) {
    impl_->workers.push_back({std::move(worker_name), std::move(start), std::move(stop)});
}

void Service::AddLivenessCheck(std::string check_name, std::function<Status()> check) {
    impl_->liveness_checks.push_back({std::move(check_name), std::move(check)});
}

void Service::OnStopping(std::function<void()> hook) {
    impl_->stopping_hooks.push_back(std::move(hook));
}

void Service::AddAddress(std::string kind, std::string host_port) {
    const MutexLock lock(impl_->mutex);
    impl_->addresses.emplace_back(std::move(kind), std::move(host_port));
}

void Service::SetConfigText(std::string text) {
    impl_->admin_state.config_text = std::move(text);
}

Status Service::RunUntilSignal() {
    if (Status status = impl_->Start(); !status.ok()) return status;
    impl_->admin_state.ready = true;
    impl_->LogReady();
    impl_->WaitForStop();
    impl_->Stop();
    const MutexLock lock(impl_->mutex);
    if (!impl_->failure.ok()) impl_->exit_code = kExitFailed;
    return impl_->failure;
}

void Service::Fail(Status why) {
    obs::Log(obs::Level::kError, "the service cannot go on", {{"error", why}});
    {
        const MutexLock lock(impl_->mutex);
        if (impl_->failure.ok()) impl_->failure = std::move(why);
    }
    impl_->signals.Interrupt();
}

void Service::RequestStop() {
    impl_->signals.Interrupt();
}
bool Service::stopping() const {
    return impl_->admin_state.stopping;
}
int Service::exit_code() const {
    return impl_->exit_code;
}
std::string Service::admin_address() const {
    const MutexLock lock(impl_->mutex);
    return impl_->admin_bound;
}

}  // namespace unibox::runtime
