// A load on a whole stack, and the books after it: what the database and the feed hold must be what
// was acknowledged, once, without a gap. Every check returns what is wrong, in words; empty =
// nothing. Thread safety: one thread at a time.
#pragma once

#include "nats/connection.hpp"
#include "pg/pool.hpp"
#include "support/stack.hpp"
#include "support/webhook_client.hpp"

#include <set>
#include <string>
#include <vector>

namespace unibox::test {

// Webhooks for both tenants of `stack`.
WebhookLoad LoadOf(const Stack& stack, int webhooks_per_second = 500);
// Requires that the client has so many more webhooks acknowledged within a minute: life goes on.
void WaitForProgress(const WebhookClient& client, std::int64_t webhook_count);

using Complaints = std::vector<std::string>;

// The provider ids of all messages that PostgreSQL has.
Result<std::set<std::string>> StoredIds(pg::Pool& pool);
// messages holds exactly the messages with these provider ids, each once. `pool` belongs to a role
// that sees all tenants.
Complaints CheckMessagesAre(pg::Pool& pool, const std::set<std::string>& provider_ids);
// seq is 1…n in each conversation, counters and conversations equal a recount, one open
// conversation a thread.
Complaints CheckCounters(pg::Pool& pool);
// In each conversation the messages have the order in which they were sent: of ordered loads
// (WebhookLoad::is_ordered), one after the other, the ids of the n-th beginning with "wamid.<n>".
Complaints CheckOrder(pg::Pool& pool);
// UB_EV holds, for each conversation, the versions 1…version in order (repeated event ids dropped)
// and one message_created for each message.
Complaints CheckFeed(pg::Pool& pool, nats::Connection& connection);

// All of these for a whole stack, once its writers have caught up (60 s at most): every table holds
// what was acknowledged, the outbox is empty, the feed is complete.
Complaints CheckBooks(Stack& stack, const std::set<std::string>& acknowledged_ids);

// Waits until PostgreSQL has all that the streams of the log hold; what it has not after 60 s.
Complaints WaitForWriters(Stack& stack);

// Rows of `table`; -1 if the database cannot be asked now.
std::int64_t CountRows(pg::Pool& pool, const std::string& table);

}  // namespace unibox::test
