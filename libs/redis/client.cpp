#include "redis/client.hpp"

#include "base/assert.hpp"
#include "base/mutex.hpp"
#include "net/tls_client.hpp"
#include "redis/detail/client_impl.hpp"
#include "redis/detail/tls_settings.hpp"
#include "redis/reasons.hpp"

#include <chrono>
#include <condition_variable>
#include <optional>
#include <utility>

namespace unibox::redis {

namespace detail {

ClientImpl::ClientImpl(const Settings& settings, const Endpoints& endpoints, obs::Metrics& metrics)
    : metrics_(metrics, settings.name),
      presence_(metrics_),
      window_(settings.command_count_max, settings.command_bytes_max),
      around_(settings, thread_.loop(), metrics_),
      router_(Router::Create(around_, presence_, endpoints)) {
    thread_.Start(
        [this] { router_->Start(); },
        [this](RequestPtr request) {
            around_.desk.Accept(*request);
            router_->Route(std::move(request));
        }
    );
}

ClientImpl::~ClientImpl() {
    ClientImpl::Stop();
}

void ClientImpl::Stop() {
    thread_.Stop([this] {
        router_->Stop(Unavailable("the client of redis stops").WithReason(kShuttingDown));
        around_.desk.Stop();
    });
}

Result<RequestPtr> ClientImpl::Admit(const Command& command, Millis timeout, Done done) {
    UNIBOX_RETURN_IF_ERROR(command.Check());
    if (!connected()) return presence_.NotConnected();
    if (timeout.count() <= 0) {
        return DeadlineExceeded("there is no time left for redis").WithReason(kNotSent);
    }
    std::string bytes = command.Encode();
    const auto size = static_cast<std::int64_t>(bytes.size());
    if (size > around_.settings.command_bytes_max) {
        return InvalidArgument("a command of " + std::to_string(size) + " bytes is too large")
            .WithReason(kTooLarge);
    }
    if (!window_.TryTake(size)) {
        return ResourceExhausted("too much is under way to redis").WithReason(kWindowFull);
    }
    auto request =
        std::make_unique<Request>(std::move(bytes), std::move(done), Place(window_, size));
    request->slot = command.slot();
    request->script = command.script();
    request->begun = std::chrono::steady_clock::now();
    request->deadline = request->begun + timeout;
    return request;
}

Status ClientImpl::Send(Command command, Millis timeout, Done done) {
    auto admitted = Admit(command, timeout, std::move(done));
    if (!admitted.ok()) {
        metrics_.CountRefused();
        return admitted.status();
    }
    RequestPtr request = std::move(admitted).value();
    if (thread_.Push(request)) return {};
    metrics_.CountRefused();
    return Unavailable("the client of redis has stopped").WithReason(kNotConnected);
}

}  // namespace detail

Result<std::unique_ptr<Client>> Client::Create(const Settings& settings, obs::Metrics& metrics) {
    UNIBOX_RETURN_IF_ERROR(settings.Check());
    UNIBOX_ASSIGN_OR_RETURN(const auto endpoints, detail::ParseUrl(settings.url));
    if (settings.UsesTls()) {
        const auto usable = net::TlsClientContext::Create(detail::TlsSettingsOf(settings));
        UNIBOX_RETURN_IF_ERROR(usable.status());
    }
    return std::unique_ptr<Client>(
        std::make_unique<detail::ClientImpl>(settings, endpoints, metrics)
    );
}

Result<Reply> Client::Call(Command command, Millis timeout) {
    struct Answer {
        Mutex mutex;
        std::condition_variable_any came;
        std::optional<Result<Reply>> result UNIBOX_GUARDED_BY(mutex);
    };
    UNIBOX_ASSERT(!detail::IsIoThread());  // It would wait for itself.
    const auto answer = std::make_shared<Answer>();
    UNIBOX_RETURN_IF_ERROR(Send(std::move(command), timeout, [answer](Result<Reply> result) {
        const MutexLock lock(answer->mutex);
        answer->result = std::move(result);
        answer->came.notify_one();
    }));
    const MutexLock lock(answer->mutex);
    while (!answer->result) answer->came.wait(answer->mutex);
    return std::move(*answer->result);
}

}  // namespace unibox::redis
