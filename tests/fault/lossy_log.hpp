// A stack under a load that never pauses, whose log loses messages, and the ledger of it: which of
// the acknowledged ones are gone, and where they lay. Thread safety: one thread.
#pragma once

#include "base/ids.hpp"
#include "nats/streams.hpp"
#include "support/ledger.hpp"
#include "support/stack.hpp"
#include "support/temp_dir.hpp"
#include "support/webhook_client.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace unibox::test {

// Senders that wait for an answer at any moment have so many messages on their way.
inline constexpr std::int64_t kOnTheirWayMax = 8 * 2;
// A writer that comes back soon when PostgreSQL does, and has little in its hands meanwhile: of
// each lane the batch that it repeats, and one that it had received.
inline const std::map<std::string, std::string> kLittleInHand = {
    {"UNIBOX_BATCH_EVENT_COUNT_MAX", "20"}, {"UNIBOX_BATCH_RETRY_MS_MAX", "500"}};
inline constexpr std::int64_t kInHandMax = 2 * 2 * 20;

class LossyLog {
public:
    static constexpr int kPartitionCount = 4;
    static constexpr int kWebhooksPerSecond = 200;

    // The load has begun and is written.
    explicit LossyLog(
        int webhooks_per_second = kWebhooksPerSecond,
        const std::map<std::string, std::string>& environment = {}
    );

    // So many webhooks more are acknowledged.
    void Progress(std::int64_t webhook_count);
    // How far the stream of each partition reaches.
    std::map<int, std::int64_t> Ends();
    // The writer has seen in the streams, without writing anything, what they hold by now: the
    // ends.
    std::map<int, std::int64_t> WaitUntilSeen();
    // What the log holds by now is written.
    void WaitUntilWritten();
    // nats-server is stopped, its store copied, and started.
    void Copy();
    // nats-server is stopped, its store replaced by the copy, and started. Returns when it was
    // gone.
    std::int64_t GoBack();

    // Ends the load, waits until what the log holds is written, and finds what is not there.
    void Settle();
    // After Settle. Of all partitions, or of one.
    std::map<std::string, Delivery> Lost(std::optional<int> partition = {}) const;
    // After Settle: how many of the acknowledged messages of a partition are so.
    std::int64_t Count(int partition, const std::function<bool(const Delivery&)>& is_so) const;
    // After Settle: all the rest is there, once and in order; and so is its feed, unless its stream
    // came back older too.
    Complaints CheckRest(bool with_feed);
    // The senders repeat what was lost: it is taken, and there.
    Complaints CheckRepeatsAreWritten();
    int PartitionOf(const Delivery& delivery) const;
    // For the test's output: what was sent, refused, lost.
    std::string Summary() const;

    nats::Streams& streams() { return *streams_; }
    WebhookClient& client() { return *client_; }
    Stack stack;

private:
    template <typename WhileDown>
    void RestartNats(const WhileDown& while_down);

    obs::Metrics metrics_;
    TempDir dir_;
    std::unique_ptr<nats::Connection> connection_;
    std::unique_ptr<nats::Streams> streams_;
    std::unique_ptr<pg::Pool> pool_;
    std::map<std::string, std::pair<TenantId, ChannelId>> channels_;  // by phone number id
    std::unique_ptr<WebhookClient> client_;
    std::map<std::string, Delivery> acknowledged_;
    std::map<std::string, Delivery> lost_;
};

}  // namespace unibox::test
