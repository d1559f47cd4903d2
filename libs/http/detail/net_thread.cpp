#include "http/detail/net_thread.hpp"

#include "http/detail/connection.hpp"
#include "obs/log.hpp"

#include <time.h>

#include <exception>

namespace unibox::http::detail {

void AnswerQueue::Push(
    std::weak_ptr<Connection> connection, std::uint64_t request_number, Response answer
) {
    if (OnOwnThread()) {
        if (const auto alive = connection.lock()) {
            alive->Answer(request_number, std::move(answer));
        }
        return;
    }
    const MutexLock lock(mutex_);
    if (loop_ == nullptr) return;
    items_.push_back({std::move(connection), request_number, std::move(answer)});
    // One wake-up serves all answers that come before the net thread looks.
    if (items_.size() == 1) {
        async::asio::post(*loop_, [self = shared_from_this()] { self->Deliver(); });
    }
}

void AnswerQueue::Close() {
    std::vector<Item> dropped;
    const MutexLock lock(mutex_);
    loop_ = nullptr;
    dropped.swap(items_);
}

void AnswerQueue::Deliver() {
    {
        const MutexLock lock(mutex_);
        delivering_.swap(items_);
    }
    for (Item& item : delivering_) {
        if (const auto connection = item.connection.lock()) {
            connection->Answer(item.request_number, std::move(item.answer));
        }
    }
    delivering_.clear();
}

NetThread::NetThread(Shared& shared)
    : shared_(shared),
      work_(async::asio::make_work_guard(loop_)),
      sweep_timer_(loop_),
      answers_(std::make_shared<AnswerQueue>(loop_)) {
    ReadClock();
}

NetThread::~NetThread() {
    Stop();
}

void NetThread::Start() {
    thread_ = std::thread([this] { Run(); });
}

void NetThread::Run() {
    answers_->SetOwner(std::this_thread::get_id());
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
    answers_->Close();
    answers_->SetOwner({});
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

void NetThread::CloseIdle() {
    async::asio::post(loop_, [this] {
        const auto connections = connections_;
        for (const auto& connection : connections) {
            if (connection->IsIdle()) connection->Close();
        }
    });
}

void NetThread::Remove(Connection& connection) {
    const std::size_t index = connection.index;
    if (index >= connections_.size() || connections_[index].get() != &connection) return;
    std::swap(connections_[index], connections_.back());
    connections_[index]->index = index;
    connections_.pop_back();
    shared_.metrics.CountConnection(-1);
}

void NetThread::CloseAll() {
    const auto connections = connections_;
    for (const auto& connection : connections) connection->Close();
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
        const std::time_t seconds = ::time(nullptr);
        std::tm utc{};
        ::gmtime_r(&seconds, &utc);
        char text[64];
        const std::size_t size =
            std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc);
        date_.assign(text, size);
        date_until_ = now_ + std::chrono::milliseconds(500);
    }
    return date_;
}

}  // namespace unibox::http::detail
