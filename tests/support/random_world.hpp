// Random streams of events as the providers might send them: late, repeated, some of them invalid.
// Thread safety: one thread.
#pragma once

#include "support/channel_event.hpp"
#include "support/memory_inbox.hpp"

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace unibox::test {

// One thing that happens: an event of the log, or somebody closes a thread's conversation.
struct Step {
    event::v1::InboundEvent event;
    std::optional<domain::ThreadKey> close;
    std::int64_t at = 0;
};

class World {
public:
    explicit World(std::uint64_t seed, std::int64_t start_ms = kNoon)
        : random_(seed), now_(start_ms) {}

    std::size_t Below(std::size_t bound) { return random_() % bound; }
    bool OneIn(std::size_t n) { return Below(n) == 0; }

    // The next thing that a provider tells, at now_ms().
    event::v1::InboundEvent NextEvent() { return Next(false).event; }
    std::int64_t now_ms() const { return now_; }

    // A stream in which things happen in order, then some of it is delivered late or repeated.
    std::vector<Step> Stream(std::size_t length, bool with_closing);

    template <typename T>
    void Shuffle(std::vector<T>* items) {
        for (std::size_t i = items->size(); i > 1; --i) {
            std::swap((*items)[i - 1], (*items)[Below(i)]);
        }
    }

private:
    struct Known {
        Channel channel;
        std::string thread;
        std::string id;
    };

    Step Next(bool with_closing);
    ChannelEvent Message(const Channel& channel, const std::string& thread);
    ChannelEvent Change(const Channel& channel, const std::string& thread);
    ChannelEvent Watermark(const Channel& channel, const std::string& thread);
    ChannelEvent ChangeOf(const Known& target, const std::string& serial);

    std::mt19937_64 random_;
    std::int64_t now_;
    int message_count_ = 0;
    std::vector<Known> known_;
};

// Writes the steps in batches of random sizes up to `batch_max`; closing is a transaction of its
// own.
void Run(const std::vector<Step>& steps, std::size_t batch_max, World* world, MemoryInbox* inbox);

}  // namespace unibox::test
