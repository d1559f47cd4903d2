#include "nats/connection.hpp"

#include "nats/detail/connection_impl.hpp"

namespace unibox::nats {
namespace {

constexpr Millis kLastFlush{500};

}  // namespace

Connection::Connection(std::unique_ptr<detail::ConnectionImpl> impl) : impl_(std::move(impl)) {}

Connection::~Connection() {
    // nats.c 3.4.1 throws away what it has not written when it is closed.
    if (impl_->connected()) static_cast<void>(impl_->Flush(kLastFlush));
}

Result<std::unique_ptr<Connection>> Connection::Connect(
    const Settings& settings, obs::Metrics& metrics, const Clock& clock
) {
    UNIBOX_ASSIGN_OR_RETURN(auto impl, detail::ConnectionImpl::Start(settings, metrics, clock));
    return std::unique_ptr<Connection>(new Connection(std::move(impl)));
}

bool Connection::connected() const {
    return impl_->connected();
}

std::uint64_t Connection::session() const {
    return impl_->session();
}

std::int64_t Connection::payload_bytes_max() const {
    return impl_->payload_bytes_max();
}

Status Connection::Publish(std::string_view subject, std::string_view payload) {
    if (impl_->WriteBufferFull()) {
        return ResourceExhausted("too much waits to be sent to NATS")
            .WithReason("WRITE_BUFFER_FULL");
    }
    const std::string subject_z(subject);
    return detail::FromNats(
        impl_->Send(subject_z.c_str(), nullptr, payload), "publish to " + subject_z
    );
}

Status Connection::Subscribe(std::string_view subject, Handler handler) {
    return impl_->Subscribe(subject, std::move(handler));
}

void Connection::OnConnect(std::function<void()> handler) {
    impl_->AddSessionListener(std::move(handler));
}

Status Connection::WatchChanges(std::string_view subject, const std::function<void()>& changed) {
    UNIBOX_RETURN_IF_ERROR(Subscribe(subject, [changed](std::string_view, std::string_view) {
        changed();
    }));
    OnConnect(changed);
    return {};
}

Status Connection::TellChange(std::string_view subject, Millis flush_max) {
    UNIBOX_RETURN_IF_ERROR(Publish(subject, ""));
    return Flush(flush_max);
}

Result<std::string> Connection::Request(
    std::string_view subject, std::string_view payload, Millis timeout
) {
    if (!impl_->connected()) {
        return Unavailable("not connected to NATS").WithReason("NOT_CONNECTED");
    }
    return impl_->Request(subject, payload, timeout);
}

Status Connection::Flush(Millis timeout) {
    return impl_->Flush(timeout);
}

}  // namespace unibox::nats
