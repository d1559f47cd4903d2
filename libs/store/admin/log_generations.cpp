#include "store/admin/log_generations.hpp"

#include "pg/transaction.hpp"

namespace unibox::store {
namespace {

constexpr pg::Statement kRecord{
    "log_generation_record",
    "INSERT INTO log_generation (generation, partition_count) VALUES ($1, $2) "
    "ON CONFLICT DO NOTHING"};
constexpr pg::Statement kCount{
    "log_generation_count", "SELECT partition_count FROM log_generation WHERE generation = $1"};

}  // namespace

Result<int> RecordLogGeneration(pg::Pool& pool, const subjects::Generation& generation) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    const auto record = pg::Params::Of(generation.number, generation.partition_count);
    UNIBOX_RETURN_IF_ERROR(tx.Execute(kRecord, record).status());
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, tx.ExecuteAndCommit(kCount, pg::Params::Of(generation.number))
    );
    if (rows.empty()) return Internal("a generation that was written down is not there");
    return rows[0].Int32(0);
}

}  // namespace unibox::store
