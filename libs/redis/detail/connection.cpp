#include "redis/detail/connection.hpp"

#include "obs/log.hpp"
#include "redis/errors.hpp"
#include "redis/reasons.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace unibox::redis::detail {
namespace {

constexpr std::size_t kWriteBytes = 64 << 10;  // Gathered for one write; a command may be larger.
constexpr std::size_t kOutBytesKept = 256 << 10;
constexpr int kTicksPerWait = 4;
constexpr Millis kTickMin{5};

SteadyTime Now() {
    return std::chrono::steady_clock::now();
}

// It leads to a server that is no master, or not any more: a name may lead to another one by now.
bool EndsConnection(const Reply& reply) {
    return reply.is_error() && ErrorWord(reply.raw_text()) == kReadOnly;
}

}  // namespace

Surroundings::Surroundings(const Settings& from, async::asio::io_context& io, ClientMetrics& counts)
    : settings(from),
      tls(from.UsesTls()),
      loop(io),
      metrics(counts),
      desk(io, counts),
      outages("cannot connect to redis", SystemClock()) {}

Connection::Connection(
    Surroundings& surroundings, Address address, Greeting greeting, ConnectionOwner& owner
)
    : around_(surroundings),
      address_(std::move(address)),
      greeting_(std::move(greeting)),
      owner_(owner),
      backoff_(
          {.first = Millis(around_.settings.reconnect_first_ms),
           .longest = Millis(around_.settings.reconnect_ms_max)}
      ),
      timer_(around_.loop),
      resolver_(around_.loop) {}

void Connection::Start() {
    Connect();
}

void Connection::Retarget(Address address) {
    if (state_ == State::kClosed) return;
    Drop(Unavailable("the master is another server now"), kNoAnswer);
    address_ = std::move(address);
    Connect();
}

void Connection::Close(const Status& why) {
    if (state_ == State::kClosed) return;
    const auto self = shared_from_this();
    Drop(why, why.reason());
    state_ = State::kClosed;
}

void Connection::Enqueue(RequestPtr request) {
    unsent_.push_back(std::move(request));
    if (ready()) ArmFlush();
}

// What was given before others go their way is written together.
void Connection::ArmFlush() {
    if (std::exchange(flush_armed_, true)) return;
    async::asio::post(around_.loop, [self = shared_from_this()] {
        self->flush_armed_ = false;
        if (self->ready()) self->Flush();
    });
}

void Connection::ArmRead() {
    socket_->async_wait(
        async::tcp::socket::wait_read,
        [self = shared_from_this(), socket = socket_, epoch = epoch_](async::error_code error) {
            if (error || epoch != self->epoch_) return;
            self->Read();
            if (epoch == self->epoch_) self->ArmRead();
        }
    );
}

void Connection::ArmWrite() {
    if (std::exchange(write_armed_, true)) return;
    socket_->async_wait(
        async::tcp::socket::wait_write,
        [self = shared_from_this(), socket = socket_, epoch = epoch_](async::error_code error) {
            if (error || epoch != self->epoch_) return;
            self->write_armed_ = false;
            // It was full and is not any more: somebody reads, though not all of it yet.
            self->silent_since_ = Now();
            self->Read();  // TLS may have wanted it for this.
        }
    );
}

void Connection::ArmTimer(Millis wait) {
    timer_.expires_after(wait);
    timer_.async_wait([self = shared_from_this(),
                       number = ++timer_epoch_](async::error_code error) {
        if (!error && number == self->timer_epoch_) self->OnTimer();
    });
}

void Connection::OnTimer() {
    switch (state_) {
        case State::kWaiting:
            return Connect();
        case State::kConnecting:
        case State::kGreeting:
            return Fail(Unavailable("no connection within connect_timeout_ms"));
        case State::kReady:
            return Tick();
        case State::kClosed:
            return;
    }
}

void Connection::Tick() {
    const Settings& settings = around_.settings;
    const auto epoch = epoch_;
    Read();  // This process may have slept, and the answers lie there.
    if (epoch != epoch_) return;
    const auto silent = Now() - silent_since_;
    if (!unanswered_.empty() && silent >= Millis(settings.answer_timeout_ms)) {
        return Fail(Unavailable("no answer within answer_timeout_ms"));
    }
    if (idle() && silent >= Millis(settings.ping_interval_ms)) Ping();
    ArmTick();
}

void Connection::ArmTick() {
    const Settings& settings = around_.settings;
    const std::int64_t shorter = std::min(settings.answer_timeout_ms, settings.ping_interval_ms);
    ArmTimer(std::max(kTickMin, Millis(shorter / kTicksPerWait)));
}

// That nothing answers it is noticed as with any other command.
void Connection::Ping() {
    const std::string parts[] = {"PING"};
    auto ping = std::make_unique<Request>(Encode(parts), [](const Result<Reply>&) {});
    ping->is_own = true;
    Enqueue(std::move(ping));
}

void Connection::Read() {
    const auto epoch = epoch_;
    auto& buffer = around_.read_buffer;
    while (true) {
        const net::IoResult result = transport_->Read(buffer);
        if (result.kind == net::IoResult::Kind::kClosed) {
            const std::string why = transport_->failure();
            return Fail(Unavailable(why.empty() ? "the connection was closed" : "TLS: " + why));
        }
        if (result.kind == net::IoResult::Kind::kWaitWritable) ArmWrite();
        if (result.kind != net::IoResult::Kind::kBytes) break;
        Consume({buffer.data(), result.bytes});
        if (epoch != epoch_) return;
        if (result.bytes < buffer.size() && !transport_->HasBufferedInput()) break;
    }
    Flush();
}

void Connection::Consume(std::string_view bytes) {
    silent_since_ = Now();
    const auto epoch = epoch_;
    if (const Status fed = reader_->Feed(bytes); !fed.ok()) return Fail(fed);
    while (true) {
        auto next = reader_->Next();
        if (!next.ok()) return Fail(next.status());
        if (!next->has_value()) return;
        if (state_ == State::kReady) {
            OnReply(std::move(**next));
        } else {
            OnGreeted(**next);
        }
        if (epoch != epoch_) return;
    }
}

void Connection::OnReply(Reply reply) {
    if (unanswered_.empty()) return Fail(Unavailable("an answer came that nobody asked for"));
    // The answer of the ASKING before it.
    if (std::exchange(unanswered_.front()->asking_unanswered, false)) return;
    RequestPtr request = std::move(unanswered_.front());
    unanswered_.pop_front();
    const auto epoch = epoch_;
    const bool ends = EndsConnection(reply);
    const std::string error = ends ? reply.raw_text() : "";
    if (request->done) owner_.OnAnswer(*this, std::move(request), std::move(reply));
    if (ends && epoch == epoch_) Fail(Unavailable(error));
}

void Connection::Flush() {
    while (true) {
        if (sent_ == out_.size()) {
            out_.clear();
            if (out_.capacity() > kOutBytesKept) out_.shrink_to_fit();
            sent_ = 0;
            if (ready()) Fill();
            if (out_.empty()) return;
        }
        const net::IoResult result = transport_->Write(std::string_view(out_).substr(sent_));
        switch (result.kind) {
            case net::IoResult::Kind::kBytes:
                sent_ += result.bytes;
                break;
            case net::IoResult::Kind::kWaitWritable:
                return ArmWrite();
            case net::IoResult::Kind::kWaitReadable:
                return;  // Reading goes on in any case.
            case net::IoResult::Kind::kClosed:
                const std::string why = transport_->failure();
                return Fail(Unavailable(why.empty() ? "the connection was closed" : "TLS: " + why));
        }
    }
}

void Connection::Fill() {
    static const std::string kAsking[] = {"ASKING"};
    while (!unsent_.empty() && out_.size() < kWriteBytes) {
        RequestPtr request = std::move(unsent_.front());
        unsent_.pop_front();
        if (!request->done) continue;  // Its time was over before.
        if (unanswered_.empty()) silent_since_ = Now();
        if (request->is_asking) {
            out_ += Encode(kAsking);
            request->asking_unanswered = true;
        }
        out_ += request->bytes;
        request->is_written = true;
        unanswered_.push_back(std::move(request));
    }
}

void Connection::Drop(const Status& why, std::string_view reason_of_unanswered) {
    ++epoch_;
    ++timer_epoch_;
    timer_.cancel();
    resolver_.cancel();
    transport_.reset();
    if (socket_) {
        async::error_code ignored;
        socket_->close(ignored);
        socket_.reset();
    }
    state_ = State::kWaiting;
    was_decided_ = true;
    out_.clear();
    sent_ = 0;
    write_armed_ = false;
    greeting_left_.clear();
    auto unanswered = std::exchange(unanswered_, {});
    auto unsent = std::exchange(unsent_, {});
    const std::string text = address_.text() + ": " + why.message();
    for (RequestPtr& request : unanswered) {
        around_.desk.Finish(
            std::move(request),
            Unavailable(text + "; the command may be carried out").WithReason(reason_of_unanswered)
        );
    }
    for (RequestPtr& request : unsent) {
        around_.desk.Finish(std::move(request), Unavailable(text).WithReason(kNotSent));
    }
}

void Connection::Fail(const Status& why) {
    const auto self = shared_from_this();
    const bool was_ready = ready();
    // One that is made only to break again is no success.
    const bool lived = Now() - ready_since_ >= Millis(around_.settings.reconnect_ms_max);
    if (was_ready && lived) backoff_.Reset();
    Drop(why, kNoAnswer);
    ArmTimer(backoff_.Next());
    const Status told = Status(why).WithContext(address_.text());
    if (was_ready) {
        obs::Log(obs::Level::kWarn, "disconnected from redis", {{"error", told}});
    } else {
        around_.outages.Warn(told);
    }
    owner_.OnDown(*this, told);
}

}  // namespace unibox::redis::detail
