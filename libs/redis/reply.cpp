#include "redis/reply.hpp"

#include "redis/errors.hpp"
#include "redis/reasons.hpp"

#include <array>

namespace unibox::redis {

Reply Reply::OfInteger(std::int64_t integer) {
    Reply reply(Kind::kInteger, {});
    reply.integer_ = integer;
    return reply;
}

Reply Reply::OfArray(std::vector<Reply> items) {
    Reply reply(Kind::kArray, {});
    reply.items_ = std::move(items);
    return reply;
}

Status Reply::Unexpected(std::string_view wanted) const {
    if (kind_ == Kind::kError) return StatusOfError(text_);
    constexpr std::array<std::string_view, 5> kNames = {
        "nil", "a text", "an integer", "an array", "an error"};
    const std::string_view is = kNames[static_cast<std::size_t>(kind_)];
    return Internal("redis answered " + std::string(is) + " instead of " + std::string(wanted))
        .WithReason(kUnexpectedReply);
}

Result<std::string_view> Reply::Text() const {
    if (kind_ != Kind::kText) return Unexpected("a text");
    return std::string_view(text_);
}

Result<std::int64_t> Reply::Integer() const {
    if (kind_ != Kind::kInteger) return Unexpected("an integer");
    return integer_;
}

Result<std::span<const Reply>> Reply::Items() const {
    if (kind_ != Kind::kArray) return Unexpected("an array");
    return std::span<const Reply>(items_);
}

}  // namespace unibox::redis
