// By what message-writer names the rows of the inbox, and what it decides about. All times are Unix
// milliseconds, UTC. Thread safety: values.
#pragma once

#include "base/ids.hpp"
#include "domain/shard.hpp"
#include "unibox/event/v1/inbound.pb.h"
#include "unibox/writer/v1/command.pb.h"

#include <cstdint>
#include <limits>
#include <string>
#include <variant>

namespace unibox::domain {

constexpr std::int64_t kInfinity = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMinusInfinity = std::numeric_limits<std::int64_t>::min();

// How far back a repeated event is recognised, and how far back the message is found that an event
// is about: by when their keys were seen first.
constexpr std::int64_t kDedupDays = 14;
constexpr std::int64_t kTargetDays = 56;

struct ThreadKey {
    TenantId tenant;
    ChannelId channel;
    std::string thread_key;
    auto operator<=>(const ThreadKey&) const = default;
};
struct ContactKey {
    TenantId tenant;
    ChannelId channel;
    std::string contact_key;
    auto operator<=>(const ContactKey&) const = default;
};
struct ConversationKey {
    TenantId tenant;
    ConversationId conversation;
    auto operator<=>(const ConversationKey&) const = default;
};
// A message by its place in a conversation, as people and programs name it.
struct MessageRef {
    ConversationKey conversation;
    std::int64_t seq = 0;
    auto operator<=>(const MessageRef&) const = default;
};
// By what a repeated call is recognised: proto/unibox/writer/v1/command.proto, RequestKey.
struct RequestKey {
    TenantId tenant;
    std::string scope;
    std::string key;
    auto operator<=>(const RequestKey&) const = default;
};
struct EventRef {
    TenantId tenant;
    ChannelId channel;
    EventKey key;
    auto operator<=>(const EventRef&) const = default;
};

// What can be decided. Another kind is another alternative, with its rules in libs/decide.
using Input = std::variant<event::v1::InboundEvent, writer::v1::Command>;
// One input of the batch; those of a shard are in the shard's order.
struct BatchItem {
    ShardId shard;
    Input input;
};

}  // namespace unibox::domain
