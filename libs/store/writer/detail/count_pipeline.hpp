// What the second pipeline of a transaction counts. Private to store. Thread safety: as WriterTx.
#pragma once

#include "base/status.hpp"
#include "domain/batch_effects.hpp"
#include "domain/shard.hpp"
#include "pg/transaction.hpp"

namespace unibox::store::detail {

// One statement, or none if nothing is to be counted. `shard`: one that the transaction has fenced.
Status WriteCounts(pg::WriterTx& tx, domain::ShardId shard, const domain::Effects& effects);

}  // namespace unibox::store::detail
