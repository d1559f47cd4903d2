// For whom an event of a kept webhook is, when it is replayed.
// Thread safety: functions without state.
#pragma once

#include "base/status.hpp"
#include "channels/adapter.hpp"
#include "pg/pool.hpp"
#include "store/directory/lookups.hpp"
#include "unibox/event/v1/feed.pb.h"

#include <string>
#include <vector>

namespace unibox::ctl {

// As webhook-ingest would choose it: the channel that the stored request named, if the event is
// addressed to it, or the one that the event's own route leads to, if its app signed the webhook.
// Sets event.provider to the channel's. NOT_FOUND says why there is none.
Result<store::ChannelInfo> ChannelOf(
    pg::Pool& pool, const event::v1::RawWebhook& webhook, channels::ProviderEvent& event
);

// What the operator knows better than the record: parts of old ones name no app, and an app that
// was written down twice may be named by its other name. FAILED_PRECONDITION: cannot be.
Status SetApp(pg::Pool& pool, const std::string& name, event::v1::RawWebhook* webhook);

// Numbers of an account, as the operator knows them.
struct AccountRoutesGiven {
    std::vector<std::string> routes;
    std::string account;  // Needed if the webhook tells of more than one.
};
// Gives notices about an account the routes of its numbers: those that the same webhook tells, as
// webhook-ingest does, or those that are given. FAILED_PRECONDITION: those are of no use, or could
// be of several accounts.
Status ResolveAccounts(
    const event::v1::RawWebhook& webhook,
    const AccountRoutesGiven& given,
    std::vector<channels::ProviderEvent>& events
);

}  // namespace unibox::ctl
