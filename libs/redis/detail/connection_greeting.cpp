// How a connection is made: address, TCP, TLS, login, and what else is said first.
#include "config/secret_file.hpp"
#include "net/tls_client.hpp"
#include "redis/detail/connection.hpp"
#include "redis/detail/tls_settings.hpp"
#include "redis/errors.hpp"
#include "redis/reasons.hpp"

#include <chrono>
#include <utility>

namespace unibox::redis::detail {

void Connection::Connect() {
    ++epoch_;
    state_ = State::kConnecting;
    ArmTimer(Millis(around_.settings.connect_timeout_ms));
    async::error_code no_address;
    const auto ip = async::asio::ip::make_address(address_.host, no_address);
    if (!no_address) return ConnectTo({{ip, address_.port}});
    resolver_.async_resolve(
        address_.host,
        std::to_string(address_.port),
        [self = shared_from_this(),
         epoch = epoch_](async::error_code error, const async::tcp::resolver::results_type& found) {
            if (epoch != self->epoch_) return;
            if (error) return self->Fail(Unavailable("cannot resolve: " + error.message()));
            std::vector<async::tcp::endpoint> endpoints;
            for (const auto& entry : found) endpoints.push_back(entry.endpoint());
            self->ConnectTo(endpoints);
        }
    );
}

void Connection::ConnectTo(const std::vector<async::tcp::endpoint>& endpoints) {
    socket_ = std::make_shared<async::tcp::socket>(around_.loop);
    async::asio::async_connect(
        *socket_,
        endpoints,
        [self = shared_from_this(),
         socket = socket_,
         epoch = epoch_](async::error_code error, const async::tcp::endpoint&) {
            if (epoch == self->epoch_) self->OnConnected(error);
        }
    );
}

void Connection::OnConnected(const async::error_code& error) {
    if (error) return Fail(Unavailable("cannot connect: " + error.message()));
    async::error_code ignored;
    socket_->native_non_blocking(true, ignored);
    socket_->set_option(async::tcp::no_delay(true), ignored);
    socket_->set_option(async::asio::socket_base::keep_alive(true), ignored);
    if (const Status opened = OpenTransport(); !opened.ok()) return Fail(opened);
    reader_.emplace(static_cast<std::size_t>(around_.settings.reply_bytes_max));
    state_ = State::kGreeting;
    if (const Status said = Greet(); !said.ok()) return Fail(said);
    const auto epoch = epoch_;
    Flush();
    if (epoch == epoch_) ArmRead();
}

Status Connection::OpenTransport() {
    const int handle = socket_->native_handle();
    if (!around_.tls) {
        transport_ = net::PlainTransport(handle);
        return {};
    }
    // Made anew each time: renewed files count.
    UNIBOX_ASSIGN_OR_RETURN(
        auto context, net::TlsClientContext::Create(TlsSettingsOf(around_.settings))
    );
    const std::string& name = around_.settings.tls_server_name;
    transport_ =
        net::TlsClientTransport(handle, std::move(context), name.empty() ? address_.host : name);
    return {};
}

Status Connection::Greet() {
    Secret password = greeting_.password;
    if (!greeting_.password_file.empty()) {
        UNIBOX_ASSIGN_OR_RETURN(password, config::ReadSecretFile(greeting_.password_file));
    }
    if (!password.empty()) {
        std::vector<std::string> login = {"AUTH"};
        if (!greeting_.user.empty()) login.push_back(greeting_.user);
        login.emplace_back(password.Reveal());
        Say(login, Part::kLogin);
    }
    // An ACL may forbid it: a name is a convenience.
    Say({"CLIENT", "SETNAME", around_.settings.name}, Part::kOptional);
    if (greeting_.database != 0) Say({"SELECT", std::to_string(greeting_.database)}, Part::kNeeded);
    // The last one: a server that loads its data refuses it.
    Say({greeting_.master_only ? "ROLE" : "PING"}, Part::kNeeded);
    return {};
}

void Connection::Say(const std::vector<std::string>& parts, Part part) {
    out_ += Encode(parts);
    greeting_left_.push_back(part);
}

void Connection::OnGreeted(const Reply& reply) {
    if (greeting_left_.empty()) return Fail(Unavailable("an answer came that nobody asked for"));
    const Part part = greeting_left_.front();
    greeting_left_.pop_front();
    if (const Status judged = Judge(part, reply); !judged.ok()) return Fail(judged);
    if (greeting_left_.empty()) BecomeReady();
}

Status Connection::Judge(Part part, const Reply& reply) const {
    if (part == Part::kOptional) return {};
    if (reply.is_error()) {
        const Status refusal = StatusOfError(reply.raw_text());
        if (part != Part::kLogin) return refusal;
        // Some errors repeat what was said, which is the password.
        return Status(refusal.code(), "the login is refused: " + refusal.reason())
            .WithReason(refusal.reason());
    }
    const bool tells_role = greeting_left_.empty() && greeting_.master_only;
    if (!tells_role) return {};
    UNIBOX_ASSIGN_OR_RETURN(const auto parts, reply.Items());
    if (parts.empty()) return Unavailable("the server does not tell its role");
    UNIBOX_ASSIGN_OR_RETURN(const std::string_view role, parts.front().Text());
    if (role == "master") return {};
    return Unavailable("the server is " + std::string(role) + ", not the master");
}

void Connection::BecomeReady() {
    state_ = State::kReady;
    was_decided_ = true;
    ready_since_ = silent_since_ = std::chrono::steady_clock::now();
    around_.metrics.CountConnect();
    ArmTick();
    owner_.OnUp(*this);
}

}  // namespace unibox::redis::detail
