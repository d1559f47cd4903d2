// The bytes of RESP2, by hiredis: the one place that includes it.
// Thread safety: Encode and AsEval are pure; a ReplyReader has one owner.
#pragma once

#include "base/status.hpp"
#include "redis/reply.hpp"
#include "redis/script.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct redisReader;

namespace unibox::redis::detail {

// Parts of one reply, nested ones included: what a header promises is made room for at once.
inline constexpr std::size_t kReplyItemsMax = 1'000'000;

std::string Encode(std::span<const std::string> parts);
// The same call, from an encoded EVALSHA of this script, with the source.
std::string AsEval(std::string_view evalsha, const ScriptText& script);

class ReplyReader {
public:
    explicit ReplyReader(std::size_t reply_bytes_max);

    // UNAVAILABLE for what is no RESP2, nests deeper than 7, or is larger than reply_bytes_max or
    // kReplyItemsMax: nothing can be read after it.
    Status Feed(std::string_view bytes);
    // The next whole one; nothing until more was fed. Errors as Feed.
    Result<std::optional<Reply>> Next();

private:
    struct Free {
        void operator()(redisReader* reader) const;
    };

    const std::size_t reply_bytes_max_;
    std::size_t item_count_ = 0;        // Of the reply that is being read.
    std::size_t unanswered_bytes_ = 0;  // Fed since the end of the last whole reply.
    std::unique_ptr<redisReader, Free> reader_;
};

}  // namespace unibox::redis::detail
