#include "runtime/process.hpp"

#include "config/field_table.hpp"
#include "obs/log.hpp"
#include "runtime/admin_http.hpp"
#include "runtime/protobuf_log.hpp"
#include "runtime/signals.hpp"
#include "runtime/watchdog.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace unibox::runtime {

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
            "From the signal to the end of the process, drain included; then it is ended hard. "
            "What "
            "was begun has the time from the end of the drain to nine tenths of it. In Kubernetes: "
            "less than terminationGracePeriodSeconds.",
            config::InRange(100, 3'600'000)
        );
}

Status Settings::Check() const {
    if (drain_ms < std::int64_t{shutdown_ms_max} * kGracePercent / 100) return {};
    return InvalidArgument(
               "runtime.drain_ms must be less than nine tenths of runtime.shutdown_ms_max: else "
               "nothing that was begun has time to end"
    )
        .WithReason("CONFIG_INVALID")
        .WithField("runtime.drain_ms");
}

struct Process::Impl {
    Impl(std::string given_name, Settings given_settings)
        : name(std::move(given_name)), settings(std::move(given_settings)) {}

    const std::string name;
    const Settings settings;
    obs::Metrics metrics;
    const ProtobufLog protobuf_log{metrics};
    StopSignals signals;
    AdminState admin_state;
    std::unique_ptr<AdminHttp> admin;
    int exit_code = kExitOk;

    Status Start(Service& service);
    void Stop(Service& service);
    std::unique_ptr<Watchdog> LimitStop() const;
};

int ExitCodeOf(const Status& failure) {
    switch (failure.code()) {
        case Code::kUnavailable:
        case Code::kDeadlineExceeded:
        case Code::kFailedPrecondition:
            return kExitDependencyMissing;
        default:
            return kExitFailed;
    }
}

std::unique_ptr<Watchdog> Process::Impl::LimitStop() const {
    return std::make_unique<Watchdog>(Millis(settings.shutdown_ms_max), [] {
        obs::Log(obs::Level::kError, "the stop took longer than runtime.shutdown_ms_max");
        _exit(kExitFailed);
    });
}

Status Process::Impl::Start(Service& service) {
    admin_state.metrics = &metrics;
    admin_state.liveness = [this, &service] {
        return admin_state.ready ? service.Alive() : Status();
    };
    auto started = AdminHttp::Start(settings.admin_listen, admin_state, SystemClock());
    if (!started.ok()) {
        exit_code = kExitDependencyMissing;
        return Status(started.status()).WithContext("admin.listen");
    }
    admin = std::move(started).value();
    if (Status status = service.Start(); !status.ok()) {
        exit_code = ExitCodeOf(status);
        return status;
    }
    admin_state.ready = true;
    obs::Log(
        obs::Level::kInfo,
        "ready",
        {{"http", service.address("http")},
         {"grpc", service.address("grpc")},
         {"admin", admin->address()}}
    );
    return {};
}

void Process::Impl::Stop(Service& service) {
    const auto watchdog = LimitStop();
    const SteadyTime grace_end =
        std::chrono::steady_clock::now() + Millis(settings.shutdown_ms_max) * kGracePercent / 100;
    admin_state.stopping = true;
    admin_state.ready = false;
    service.AnnounceStop();
    // Load balancers send requests until they see that readiness is off.
    const Millis drain(service.takes_requests() ? settings.drain_ms : 0);
    obs::Log(obs::Level::kInfo, "stopping", {{"drain_ms", drain.count()}});
    if (drain > Millis(0)) signals.Wait(drain);
    const auto grace =
        std::chrono::duration_cast<Millis>(grace_end - std::chrono::steady_clock::now());
    service.Stop(std::max(grace, Millis(0)));
    admin.reset();
    obs::Log(obs::Level::kInfo, "stopped");
}

Process::Process(std::string name, Settings settings)
    : impl_(std::make_unique<Impl>(std::move(name), std::move(settings))) {}
Process::~Process() = default;

obs::Metrics& Process::metrics() {
    return impl_->metrics;
}
const Clock& Process::clock() const {
    return SystemClock();
}

void Process::SetConfigText(std::string text) {
    impl_->admin_state.config_text = std::move(text);
}

Status Process::Run(Service& service) {
    if (Status status = impl_->Start(service); !status.ok()) {
        const auto watchdog = impl_->LimitStop();
        service.Stop(Millis(0));
        impl_->admin.reset();  // It asks the service.
        return status;
    }
    impl_->signals.Wait({});
    impl_->Stop(service);
    return {};
}

int Process::exit_code() const {
    return impl_->exit_code;
}

}  // namespace unibox::runtime
