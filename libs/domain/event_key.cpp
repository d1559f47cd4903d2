#include "domain/event_key.hpp"

#include "base/assert.hpp"
#include "base/strings.hpp"

#include <openssl/evp.h>

#include <charconv>
#include <cstring>

namespace unibox::domain {
namespace {

// One digest context a thread: allocating one, and looking the algorithm up, costs more than the
// hash itself.
class Sha256Context {
public:
    Sha256Context()
        : algorithm_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
        UNIBOX_ASSERT(algorithm_ != nullptr && context_ != nullptr);
    }
    ~Sha256Context() {
        EVP_MD_CTX_free(context_);
        EVP_MD_free(algorithm_);
    }
    Sha256Context(const Sha256Context&) = delete;
    Sha256Context& operator=(const Sha256Context&) = delete;

    void Start() { UNIBOX_ASSERT(EVP_DigestInit_ex2(context_, algorithm_, nullptr) == 1); }
    void AddPart(std::string_view part) {
        const auto length = static_cast<std::uint32_t>(part.size());
        const unsigned char prefix[4] = {
            static_cast<unsigned char>(length >> 24),
            static_cast<unsigned char>(length >> 16),
            static_cast<unsigned char>(length >> 8),
            static_cast<unsigned char>(length)};
        UNIBOX_ASSERT(EVP_DigestUpdate(context_, prefix, sizeof prefix) == 1);
        UNIBOX_ASSERT(EVP_DigestUpdate(context_, part.data(), part.size()) == 1);
    }
    std::array<std::uint8_t, 32> Finish() {
        std::array<std::uint8_t, 32> digest;
        UNIBOX_ASSERT(EVP_DigestFinal_ex(context_, digest.data(), nullptr) == 1);
        return digest;
    }

private:
    EVP_MD* algorithm_;
    EVP_MD_CTX* context_;
};

struct DecimalText {
    explicit DecimalText(std::int64_t number)
        : end(std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr) {}
    std::string_view view() const {
        return {digits.data(), static_cast<std::size_t>(end - digits.data())};
    }
    std::array<char, 24> digits;
    const char* end;
};

}  // namespace

EventKey EventKeyOf(
    TenantId tenant,
    const ChannelId& channel,
    std::string_view key_class,
    std::string_view provider_id,
    std::string_view discriminator
) {
    thread_local Sha256Context sha256;
    sha256.Start();
    sha256.AddPart(DecimalText(tenant.value).view());
    const auto& channel_bytes = channel.value.bytes;
    sha256.AddPart({reinterpret_cast<const char*>(channel_bytes.data()), channel_bytes.size()});
    sha256.AddPart(key_class);
    sha256.AddPart(provider_id);
    sha256.AddPart(discriminator);
    EventKey key;
    std::memcpy(key.value.bytes.data(), sha256.Finish().data(), key.value.bytes.size());
    return key;
}

MessageId MessageIdOf(std::int64_t time_ms, const EventKey& event_key) {
    constexpr std::int64_t kTimeMsMax = (std::int64_t{1} << 48) - 1;
    return {DeterministicUuidV7(
        std::clamp<std::int64_t>(time_ms, 0, kTimeMsMax), event_key.value.bytes
    )};
}

std::uint32_t PartitionOf(
    TenantId tenant,
    const ChannelId& channel,
    std::string_view thread_key,
    std::uint32_t partition_count
) {
    UNIBOX_ASSERT(partition_count > 0);
    std::uint32_t hash = Fnv1a32(DecimalText(tenant.value).view());
    hash = Fnv1a32(channel.ToString(), hash);
    return Fnv1a32(thread_key, hash) % partition_count;
}

}  // namespace unibox::domain
