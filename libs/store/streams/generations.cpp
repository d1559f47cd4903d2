#include "store/streams/generations.hpp"

#include "pg/transaction.hpp"

namespace unibox::store {
namespace {

constexpr pg::Statement kList{
    "log_generation_list", "SELECT generation, partition_count FROM ub_log_generations()"};

}  // namespace

Result<std::vector<subjects::Generation>> ListLogGenerations(pg::Pool& pool) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadOnly));
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kList, {}));
    std::vector<subjects::Generation> generations;
    for (const pg::Row row : rows) generations.push_back({row.Int32(0), row.Int32(1)});
    return generations;
}

}  // namespace unibox::store
