// Makes of changed messages and contacts what search finds (message_search, contact_search), behind
// the writer. Role ub_writer. docs/adr/2026-11-30-search.md.
//
// What changed is a row of search_pending, put down by triggers in the transaction that changed it
// and removed by the transaction that indexes it, from the texts as they are then: nothing is
// passed over, however late it commits, and a repetition changes nothing. What was there before, or
// was missed, is walked through once (search_walk). One session at a time does either: it holds an
// advisory lock, and writes in that very session.
//
// Errors: those of libs/pg; then nothing was done. Thread safety: a Session one thread at a time.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "pg/pool.hpp"

#include <cstdint>

namespace unibox::store {

struct SearchLimits {
    std::int64_t key_count_max = 500;    // Of one step: that many, or those of one statement.
    Millis silent_max = Millis(60'000);  // A session that is silent for longer loses the lock.
};

struct SearchStep {
    bool held = false;  // Whether this session is the one that indexes; else nothing was done.
    std::int64_t indexed = 0;  // Messages and contacts looked at.
    bool more = false;         // There is more to do at once.
};

// Of what changed, the oldest. A transaction.
Result<SearchStep> IndexChanged(pg::Session& session, const SearchLimits& limits);
// Of what was there before. A transaction. `more` is false once all is walked through.
Result<SearchStep> IndexWalked(pg::Session& session, const SearchLimits& limits);

struct SearchLag {
    std::int64_t pending_count = 0;  // Statements whose changes are not indexed; 10,000 at most.
    Millis lag{0};                   // Age of the oldest of them.
    bool walking = false;
};
Result<SearchLag> ReadSearchLag(pg::Pool& pool);

// What waits for longer than `age`, because nobody indexes, is forgotten, and the walk begins anew
// in its place: the next indexer finds everything all the same. True if there was any.
Result<bool> ForgetOldSearchChanges(pg::Pool& pool, Millis age);

}  // namespace unibox::store
