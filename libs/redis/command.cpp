#include "redis/command.hpp"

#include "base/strings.hpp"
#include "redis/detail/wire.hpp"
#include "redis/key_slot.hpp"
#include "redis/reasons.hpp"

#include <set>

namespace unibox::redis {
namespace {

// They change what a connection means, answer more than once or not before something happens: each
// would harm all others on the connection.
const std::set<std::string_view> kNotSharedNames = {
    "ASKING",       "AUTH",     "BLMOVE",     "BLMPOP",    "BLPOP",        "BRPOP",
    "BRPOPLPUSH",   "BZMPOP",   "BZPOPMAX",   "BZPOPMIN",  "CLIENT",       "DISCARD",
    "EXEC",         "HELLO",    "MONITOR",    "MULTI",     "PSUBSCRIBE",   "PSYNC",
    "PUNSUBSCRIBE", "QUIT",     "READONLY",   "READWRITE", "REPLCONF",     "RESET",
    "SELECT",       "SHUTDOWN", "SSUBSCRIBE", "SUBSCRIBE", "SUNSUBSCRIBE", "SYNC",
    "UNSUBSCRIBE",  "UNWATCH",  "WAIT",       "WAITAOF",   "WATCH",        "XREAD",
    "XREADGROUP"};

bool IsShareable(std::string_view name) {
    return !kNotSharedNames.contains(ToUpperAscii(name));
}

}  // namespace

Command::Command(std::string_view name) {
    parts_.emplace_back(name);
}

Command::Command(const Script& script) : script_(script.text()) {}

Command& Command::Key(std::string_view key) & {
    const std::uint16_t slot = SlotOfKey(key);
    crosses_slots_ |= slot_.value_or(slot) != slot;
    slot_ = slot;
    key_behind_argument_ |= script_ != nullptr && parts_.size() > key_count_;
    ++key_count_;
    parts_.emplace_back(key);
    return *this;
}

Command& Command::Arg(std::string_view argument) & {
    parts_.emplace_back(argument);
    return *this;
}

Status Command::Check() const {
    if (crosses_slots_) {
        return InvalidArgument("the keys of one command must share a hash tag, as in {t:42}:name")
            .WithReason(kCrossSlot);
    }
    if (key_behind_argument_) return InvalidArgument("a script's keys stand before its arguments");
    if (script_ == nullptr && !IsShareable(parts_.front())) {
        return InvalidArgument(parts_.front() + " is not for a connection that is shared")
            .WithReason(kNotShared);
    }
    return {};
}

std::string Command::Encode() const {
    if (script_ == nullptr) return detail::Encode(parts_);
    std::vector<std::string> parts = {"EVALSHA", script_->sha, std::to_string(key_count_)};
    parts.insert(parts.end(), parts_.begin(), parts_.end());
    return detail::Encode(parts);
}

}  // namespace unibox::redis
