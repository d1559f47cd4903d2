#include "decide/derived_ids.hpp"

#include <array>
#include <cstring>

namespace unibox::decide {
namespace {

// Finaliser of splitmix64: a bijection of 64 bits in which every input bit reaches every output
// bit.
std::uint64_t Mix(std::uint64_t x) {
    x ^= x >> 30;
    x *= 0xBF58476D1CE4E5B9ULL;
    x ^= x >> 27;
    x *= 0x94D049BB133111EBULL;
    return x ^ (x >> 31);
}

// Spreads its input (which holds a SHA-256 prefix, so it is random already) over 128 bits; the salt
// keeps ids of different purposes apart.
class Spread {
public:
    explicit Spread(std::uint64_t salt) : low_(Mix(salt)), high_(Mix(~salt)) {}

    void Add(std::uint64_t word) {
        low_ = Mix(low_ ^ word);
        high_ = Mix(high_ + low_ + word * 0x9E3779B97F4A7C15ULL);
    }
    void Add(const Uuid& id) { AddBytes(id.bytes.data()); }
    void AddBytes(const void* sixteen_bytes) {
        std::array<std::uint64_t, 2> words;
        std::memcpy(words.data(), sixteen_bytes, sizeof words);
        Add(words[0]);
        Add(words[1]);
    }
    Uuid ToUuid(std::int64_t unix_ms) const {
        std::array<std::uint8_t, 16> entropy;
        std::memcpy(entropy.data(), &low_, sizeof low_);
        std::memcpy(entropy.data() + 8, &high_, sizeof high_);
        return DeterministicUuidV7(unix_ms, entropy);
    }

private:
    std::uint64_t low_;
    std::uint64_t high_;
};

constexpr std::uint64_t kConversationSalt = 1;
constexpr std::uint64_t kContactSalt = 2;
constexpr std::uint64_t kFeedEventSalt = 3;
constexpr std::uint64_t kMessageSalt = 4;
constexpr std::uint64_t kSendJobSalt = 5;

}  // namespace

ConversationId ConversationIdOf(std::int64_t unix_ms, const EventKey& key) {
    Spread spread(kConversationSalt);
    spread.Add(key.value);
    return {spread.ToUuid(unix_ms)};
}

ContactId ContactIdOf(std::int64_t unix_ms, const EventKey& key) {
    Spread spread(kContactSalt);
    spread.Add(key.value);
    return {spread.ToUuid(unix_ms)};
}

MessageId CommandMessageIdOf(const EventKey& command) {
    Spread spread(kMessageSalt);
    spread.Add(command.value);
    return {spread.ToUuid(UuidV7Millis(command.value))};
}

Uuid SendJobIdOf(const MessageId& message) {
    Spread spread(kSendJobSalt);
    spread.Add(message.value);
    return spread.ToUuid(UuidV7Millis(message.value));
}

Uuid FeedEventIdOf(
    std::int64_t unix_ms,
    const EventKey& cause,
    const ConversationId& conversation,
    std::int64_t version,
    std::string_view feed_epoch
) {
    Spread spread(kFeedEventSalt);
    spread.Add(cause.value);
    spread.Add(conversation.value);
    spread.Add(static_cast<std::uint64_t>(version));
    if (feed_epoch.size() == 16) spread.AddBytes(feed_epoch.data());
    return spread.ToUuid(unix_ms);
}

}  // namespace unibox::decide
