// Writing down how many partitions a new generation of the log has (streams/generations.hpp reads
// it). Role ub_admin. Errors: those of libs/pg. Thread safety: any thread.
#pragma once

#include "base/status.hpp"
#include "pg/pool.hpp"
#include "subjects/subjects.hpp"

namespace unibox::store {

// Writes the count down, unless there is one. Returns the one that stands, which may be another.
Result<int> RecordLogGeneration(pg::Pool& pool, const subjects::Generation& generation);

}  // namespace unibox::store
