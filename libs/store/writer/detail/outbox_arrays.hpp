// Ids of the outbox as parameters and as columns. Private to store. Thread safety: values.
#pragma once

#include "pg/params.hpp"
#include "pg/rows.hpp"
#include "store/writer/batch_tx.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace unibox::store::detail {

// $1::int[], $2::smallint[], $3::bigint[]
inline pg::Params OutboxIdArrays(std::span<const OutboxId> rows) {
    std::vector<std::int32_t> shards;
    std::vector<std::int16_t> targets;
    std::vector<std::int64_t> ids;
    for (const OutboxId& row : rows) {
        shards.push_back(row.shard.number());
        targets.push_back(static_cast<std::int16_t>(row.target));
        ids.push_back(row.id);
    }
    pg::Params params;
    params.AddArray(shards).AddArray(targets).AddArray(ids);
    return params;
}

// ::smallint[]
inline std::vector<std::int16_t> NumbersOf(std::span<const domain::OutboxTarget> targets) {
    std::vector<std::int16_t> numbers;
    for (const domain::OutboxTarget target : targets) {
        numbers.push_back(static_cast<std::int16_t>(target));
    }
    return numbers;
}

// Of the columns shard, target, id, which are the first ones.
inline OutboxId OutboxIdOf(const pg::Row& row) {
    return {domain::ShardId(row.Int32(0)), domain::OutboxTarget{row.Int16(1)}, row.Int64(2)};
}

}  // namespace unibox::store::detail
