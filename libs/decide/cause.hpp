// What a change has to know of the input that caused it, whatever kind of input that is.
// Thread safety: a value.
#pragma once

#include "base/ids.hpp"
#include "domain/shard.hpp"
#include "unibox/v1/common.pb.h"

#include <cstdint>
#include <string_view>

namespace unibox::decide {

// `target`: the key of the message that the input is about; nil where it names none.
struct InputIds {
    TenantId tenant;
    ChannelId channel;
    EventKey key;
    EventKey target;
};

struct Cause {
    domain::ShardId shard;  // whose feed gets the events
    InputIds ids;
    std::int64_t time_ms = 0;      // when it was received; Unix, UTC
    std::string_view traceparent;  // of the input, which must outlive the cause
    // Who on the tenant's side does it, of the input too; null: the customer or the provider.
    const v1::Actor* actor = nullptr;
};

}  // namespace unibox::decide
