// What the reads of this library have in common. Private to it.
// Thread safety: any thread for Reader; PageBytes one at a time.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/status.hpp"
#include "pg/pool.hpp"
#include "pg/transaction.hpp"

#include <cstddef>

namespace unibox::store::detail {

// A read-only transaction of one statement.
class Reader {
public:
    Reader(pg::Pool& pool, TenantId tenant, SteadyTime deadline)
        : pool_(pool), tenant_(tenant), deadline_(deadline) {}

    Result<pg::Rows> Read(const pg::Statement& statement, const pg::Params& params) const {
        UNIBOX_ASSIGN_OR_RETURN(
            auto tx, pg::TenantTx::Begin(pool_, tenant_, pg::Access::kReadOnly, deadline_)
        );
        return tx.ExecuteAndCommit(statement, params);
    }

private:
    pg::Pool& pool_;
    const TenantId tenant_;
    const SteadyTime deadline_;
};

// Counts what goes into a page until it is full.
class PageBytes {
public:
    explicit PageBytes(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    // False if the entry finds no room; the first one always does.
    template <typename Message>
    bool Add(const Message& entry) {
        constexpr std::size_t kFrameBytes = 6;  // Tag and length in the list.
        const std::size_t bytes = entry.ByteSizeLong() + kFrameBytes;
        if (bytes_ > 0 && bytes_ + bytes > bytes_max_) return false;
        bytes_ += bytes;
        return true;
    }

private:
    const std::size_t bytes_max_;
    std::size_t bytes_ = 0;
};

}  // namespace unibox::store::detail
