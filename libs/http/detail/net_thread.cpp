#include "http/detail/net_thread.hpp"

#include "http/detail/connection.hpp"
#include "http/detail/session_connection.hpp"
#include "obs/log.hpp"

#include <time.h>

#include <exception>

namespace unibox::http::detail {
namespace {

// The last one takes its place.
template <typename Kind>
void RemoveFrom(std::vector<std::shared_ptr<Kind>>& all, const Kind& one) {
    const std::size_t index = one.index;
    std::swap(all[index], all.back());
    all[index]->index = index;
    all.pop_back();
}

}  // namespace

NetThread::NetThread(Shared& shared)
    : shared_(shared),
      work_(async::asio::make_work_guard(loop_)),
      sweep_timer_(loop_),
      inbox_(std::make_shared<LoopInbox>(loop_)) {
    ReadClock();
}

NetThread::~NetThread() {
    Stop();
}

void NetThread::Start() {
    thread_ = std::thread([this] { Run(); });
}

void NetThread::Run() {
    inbox_->SetOwner(std::this_thread::get_id());
    ArmSweep();
    try {
        loop_.run();
    } catch (const std::exception& error) {
        // A handler threw: nothing of ours does, so this is a fault that must not be hidden.
        obs::Log(obs::Level::kError, "net thread ends", {{"error", error.what()}});
        std::terminate();
    }
}

void NetThread::Stop() {
    if (!thread_.joinable()) return;
    async::asio::post(loop_, [this] {
        CloseAll();
        sweep_timer_.cancel();
        work_.reset();
        loop_.stop();
    });
    thread_.join();
    inbox_->Close();
    inbox_->SetOwner({});
}

void NetThread::Adopt(async::tcp::socket socket, std::string address, Client& client) {
    async::asio::post(
        loop_,
        [this, socket = std::move(socket), address = std::move(address), &client]() mutable {
            ReadClock();
            auto connection =
                std::make_shared<Connection>(*this, std::move(socket), std::move(address), client);
            connection->index = connections_.size();
            connections_.push_back(connection);
            shared_.metrics.CountConnection(1);
            connection->Start();
        }
    );
}

void NetThread::BeginStop() {
    async::asio::post(loop_, [this] {
        ReadClock();
        stopping_ = true;
        const auto connections = connections_;
        for (const auto& connection : connections) connection->BeginStop();
        const auto sessions = sessions_;
        for (const auto& session : sessions) session->TellStopping();
    });
}

void NetThread::Remove(Connection& connection) {
    Forget(connection);
    shared_.metrics.CountConnection(-1);
}

void NetThread::Forget(Connection& connection) {
    RemoveFrom(connections_, connection);
}

void NetThread::HandOver(
    Connection& connection, std::unique_ptr<SessionConnection> session, std::string_view received
) {
    Forget(connection);
    const std::shared_ptr<SessionConnection> added = std::move(session);
    added->index = sessions_.size();
    sessions_.push_back(added);
    shared_.metrics.CountSession(1);
    added->Open(received);
}

void NetThread::Remove(SessionConnection& session) {
    RemoveFrom(sessions_, session);
    shared_.metrics.CountSession(-1);
    shared_.metrics.CountConnection(-1);
}

void NetThread::CloseAll() {
    const auto connections = connections_;
    for (const auto& connection : connections) connection->Close();
    const auto sessions = sessions_;
    for (const auto& session : sessions) session->Cut();
}

void NetThread::ArmSweep() {
    sweep_timer_.expires_after(kSweepInterval);
    sweep_timer_.async_wait([this](async::error_code error) {
        if (error) return;
        Sweep();
        ArmSweep();
    });
}

// A deadline is seen up to kSweepInterval late; in exchange no request ever touches a timer.
void NetThread::Sweep() {
    ReadClock();
    for (std::size_t i = connections_.size(); i > 0; --i) {
        if (i > connections_.size()) continue;  // More than one went away meanwhile.
        const std::shared_ptr<Connection> connection = connections_[i - 1];
        connection->CheckDeadline();
    }
}

std::string_view NetThread::date() {
    if (date_.empty() || now_ >= date_until_) {
        const std::time_t seconds = shared_.clock.UnixMillis() / 1'000;
        std::tm utc{};
        ::gmtime_r(&seconds, &utc);
        char text[64];
        const std::size_t size =
            std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc);
        date_.assign(text, size);
        date_until_ = now_ + Millis(500);
    }
    return date_;
}

}  // namespace unibox::http::detail
