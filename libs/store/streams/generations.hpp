// The count of partitions of each generation of the ingest log, as it was written down when the
// generation was made. Nobody can change or remove it.
// Errors: those of libs/pg. Thread safety: any thread.
#pragma once

#include "base/status.hpp"
#include "pg/pool.hpp"
#include "subjects/subjects.hpp"

#include <vector>

namespace unibox::store {

// All that were written down, by number. Roles ub_ingest, ub_writer and ub_admin.
Result<std::vector<subjects::Generation>> ListLogGenerations(pg::Pool& pool);

}  // namespace unibox::store
