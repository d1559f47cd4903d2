// Whose history the stream UB_EV holds, and under which epoch events go there.
//
// Consumers keep (feed_epoch, stream sequence). When the stream was made anew, or came back without
// its tail, sequences mean other events, and the epoch must be another before the first of them is
// published. So nothing is published in a session of the connection before the stream was looked at
// in it: is it the one whose end we know, by the Nats-Msg-Id of its last acknowledged event? What
// is known lies in PostgreSQL (the mark, written every kMarkEvery and shared by all writers) and in
// memory (every acknowledgement). The first writer that finds another history changes the epoch,
// comparing and swapping; the others find the new one in PostgreSQL. What casts doubt within a
// session closes the gate too: an advisory that the stream was deleted or made, a refusal, an
// acknowledgement that goes backwards.
//
// Thread safety: any thread; Start and Stop once each.
#pragma once

#include "base/mutex.hpp"
#include "message-writer/feed_gate.hpp"
#include "nats/streams.hpp"
#include "obs/metrics.hpp"
#include "pg/pool.hpp"
#include "store/writer/feed_writes.hpp"

#include <functional>
#include <memory>

namespace unibox::async {
class Periodic;
}

namespace unibox::writer {

class FeedHistory final : public FeedGate, public std::enable_shared_from_this<FeedHistory> {
public:
    static constexpr Millis kMarkEvery{200};

    // All must outlive Stop.
    FeedHistory(
        pg::Pool& pool, nats::Connection& connection, obs::Metrics& metrics, const Clock& clock
    );
    ~FeedHistory() override;
    // `on_open` runs whenever the gate opens.
    Status Start(std::function<void()> on_open);
    // Writes the mark down, as far as that is possible now.
    void Mark();
    void Stop();

    std::optional<Ticket> Open() override;
    void Acknowledged(std::uint64_t ticket, const nats::PubAck& ack, const std::string& msg_id)
        override;
    void Doubt(std::uint64_t ticket) override;
    bool IsSafe(std::uint64_t ticket, std::uint64_t sequence) override;

private:
    enum class Standing { kSame, kAnother, kUnclear };
    void Round();
    Status Look();
    Result<store::Feed> Begin(const store::Feed& feed, const nats::StreamInfo& stream);
    Result<Standing> Compare(const store::Feed& feed, const nats::StreamInfo& stream);
    Result<Standing> CompareEnd(const store::FeedEnd& end, const nats::StreamInfo& stream);
    store::FeedEnd High(const Uuid& epoch);
    void DoubtAll();

    pg::Pool& pool_;
    nats::Connection& connection_;
    nats::Streams streams_;
    obs::Counter& epochs_;
    const Clock& clock_;
    std::function<void()> on_open_;
    SteadyTime warned_at_{};  // the thread's own, as the next
    SteadyTime shortened_since_{};

    Mutex mutex_;
    std::optional<Ticket> ticket_ UNIBOX_GUARDED_BY(mutex_);
    std::uint64_t session_ UNIBOX_GUARDED_BY(mutex_) = 0;
    std::uint64_t doubts_ UNIBOX_GUARDED_BY(mutex_) = 0;
    std::uint64_t next_number_ UNIBOX_GUARDED_BY(mutex_) = 1;
    Uuid epoch_ UNIBOX_GUARDED_BY(mutex_);
    std::uint64_t epoch_from_ UNIBOX_GUARDED_BY(mutex_) = 0;  // its first ticket
    std::uint64_t stream_end_ UNIBOX_GUARDED_BY(mutex_) = 0;  // at the last look
    store::FeedEnd high_ UNIBOX_GUARDED_BY(mutex_);           // acknowledged to us
    std::int64_t marked_seq_ UNIBOX_GUARDED_BY(mutex_) = 0;   // in PostgreSQL
    std::shared_ptr<async::Periodic> rounds_;
};

}  // namespace unibox::writer
