#include "async/listener.hpp"

#include "base/strings.hpp"

#include <future>

namespace unibox::async {
namespace {

Result<tcp::endpoint> Resolve(asio::io_context& loop, const std::string& host_port) {
    const std::size_t colon = host_port.rfind(':');
    const auto invalid = [&host_port] {
        return InvalidArgument("listen must be host:port, not " + host_port).WithField("listen");
    };
    if (colon == std::string::npos || colon == 0) return invalid();
    std::string host = host_port.substr(0, colon);
    const auto port = ParseInt64(host_port.substr(colon + 1));
    if (!port || *port < 0 || *port > 65535) return invalid();
    if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    error_code error;
    tcp::resolver resolver(loop);
    const auto found = resolver.resolve(host, std::to_string(*port), tcp::resolver::passive, error);
    if (error || found.empty()) return invalid();
    return found.begin()->endpoint();
}

std::string TextOf(const tcp::endpoint& endpoint) {
    const std::string address = endpoint.address().to_string();
    const std::string port = std::to_string(endpoint.port());
    return endpoint.address().is_v6() ? "[" + address + "]:" + port : address + ":" + port;
}

}  // namespace

Listener::Listener(std::vector<asio::io_context*> loops, Hooks hooks)
    : loops_(std::move(loops)),
      hooks_(std::move(hooks)),
      acceptor_(*loops_.front()),
      pause_(*loops_.front()) {}

Status Listener::Listen(const std::string& host_port) {
    UNIBOX_ASSIGN_OR_RETURN(endpoint_, Resolve(*loops_.front(), host_port));
    error_code error;
    acceptor_.open(endpoint_.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint_, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) endpoint_ = acceptor_.local_endpoint(error);
    if (error) {
        return Unavailable("cannot listen on " + TextOf(endpoint_) + ": " + error.message());
    }
    address_ = TextOf(endpoint_);
    return {};
}

void Listener::Start() {
    if (acceptor_.is_open()) Accept();
}

void Listener::Close() {
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
}

void Listener::CloseAndWait() {
    std::promise<void> closed;
    asio::post(*loops_.front(), [this, &closed] {
        Close();
        closed.set_value();
    });
    closed.get_future().wait();
}

void Listener::Accept() {
    const std::size_t loop = next_loop_;
    acceptor_.async_accept(*loops_[loop], [this, loop](error_code error, tcp::socket socket) {
        if (error == asio::error::operation_aborted || !acceptor_.is_open()) return;
        if (error) return Pause(error);
        failing_ = false;
        next_loop_ = (loop + 1) % loops_.size();
        const tcp::endpoint peer = socket.remote_endpoint(error);
        if (!error) hooks_.accepted(loop, std::move(socket), peer);  // Else it has gone already.
        if (acceptor_.is_open()) Accept();
    });
}

// Trying again at once would only burn the CPU.
void Listener::Pause(const error_code& error) {
    const bool first = !failing_;
    failing_ = true;
    hooks_.failed(error, first);
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](error_code cancelled) {
        if (!cancelled && acceptor_.is_open()) Accept();
    });
}

}  // namespace unibox::async
