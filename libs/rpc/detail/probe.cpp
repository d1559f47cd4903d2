#include "rpc/detail/probe.hpp"

#include "async/asio.hpp"
#include "grpc/health/v1/health.grpc.pb.h"
#include "obs/log.hpp"
#include "rpc/status_map.hpp"

#include <poll.h>

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel_posix.h>

#include <string>

namespace unibox::rpc::detail {
namespace {

using async::error_code;
using async::tcp;
namespace ip = async::asio::ip;

// Where the listener is reached from here, as it is bound.
Result<tcp::endpoint> EndpointOf(const std::string& address) {
    const std::size_t colon = address.rfind(':');
    std::string host = address.substr(0, colon);
    if (host.front() == '[') host = host.substr(1, host.size() - 2);
    error_code error;
    ip::address bound = ip::make_address(host, error);
    if (error) return Internal("the bound address is none: " + address);
    if (bound.is_unspecified()) {
        bound = bound.is_v4() ? ip::address(ip::address_v4::loopback())
                              : ip::address(ip::address_v6::loopback());
    }
    return tcp::endpoint(bound, static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
}

Status Failed(const char* what, const error_code& error) {
    return Unavailable(std::string(what) + ": " + error.message());
}

Status Connect(tcp::socket& socket, const tcp::endpoint& to, Millis wait) {
    error_code error;
    socket.connect(to, error);  // Does not wait.
    if (!error) return {};
    if (error != async::asio::error::in_progress && error != async::asio::error::would_block) {
        return Failed("connect", error);
    }
    pollfd watched{socket.native_handle(), POLLOUT, 0};
    if (::poll(&watched, 1, static_cast<int>(wait.count())) != 1) {
        return DeadlineExceeded("nobody accepts");
    }
    int reason = 0;
    socklen_t size = sizeof reason;
    ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_ERROR, &reason, &size);
    if (reason == 0) return {};
    return Failed("connect", error_code(reason, boost::system::system_category()));
}

}  // namespace

Probe::Probe(Acceptor& acceptor, const ProbeSettings& settings, obs::Metrics& metrics)
    : acceptor_(acceptor),
      settings_(settings),
      failures_(metrics.GetCounter(
          "unibox_rpc_probe_failed_total", "Probes of the own gRPC listener that had no answer."
      )),
      periodic_("grpc-probe", settings.interval, [this] { Run(); }) {}

Probe::~Probe() {
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
        if (asking_ != nullptr) asking_->TryCancel();
    }
    periodic_.Stop();
}

bool Probe::stopping() {
    const MutexLock lock(mutex_);
    return stopping_;
}

Status Probe::Alive() const {
    const int failed = failed_count_;
    if (failed < settings_.failure_count_max) return {};
    return Unavailable(
        "the gRPC listener " + acceptor_.address() + " did not answer its last " +
        std::to_string(failed) + " probes"
    );
}

void Probe::Run() {
    const Status status = Ask();
    acceptor_.ExpectOwn(0);
    if (status.ok()) {
        failed_count_ = 0;
        return;
    }
    if (stopping()) return;  // It was cut short.
    failures_.Add();
    if (++failed_count_ != settings_.failure_count_max) return;
    obs::Log(obs::Level::kError, "the gRPC listener is dead", {{"error", status}});
}

Status Probe::Ask() {
    UNIBOX_ASSIGN_OR_RETURN(const tcp::endpoint to, EndpointOf(acceptor_.address()));
    async::asio::io_context loop;
    tcp::socket socket(loop);
    error_code error;
    socket.open(to.protocol(), error);
    if (!error) socket.bind(tcp::endpoint(to.address(), 0), error);
    if (!error) socket.non_blocking(true, error);
    if (error) return Failed("a socket", error);
    acceptor_.ExpectOwn(socket.local_endpoint(error).port());
    UNIBOX_RETURN_IF_ERROR(Connect(socket, to, settings_.answer_max));
    const int descriptor = socket.release(error);
    if (error) return Failed("a socket", error);
    return Check(descriptor);
}

Status Probe::Check(int descriptor) {
    const auto channel = grpc::CreateInsecureChannelFromFd("probe", descriptor);
    const auto stub = grpc::health::v1::Health::NewStub(channel);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + settings_.answer_max);
    grpc::health::v1::HealthCheckResponse response;
    {
        const MutexLock lock(mutex_);
        asking_ = &context;
        if (stopping_) context.TryCancel();
    }
    Status answer = FromGrpc(stub->Check(&context, {}, &response));
    const MutexLock lock(mutex_);
    asking_ = nullptr;
    return answer;
}

}  // namespace unibox::rpc::detail
