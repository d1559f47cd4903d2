// One pipeline of the writer's transaction. Thread safety: one thread at a time.
#pragma once

#include "base/status.hpp"
#include "pg/transaction.hpp"

#include <functional>
#include <utility>
#include <vector>

namespace unibox::store::detail {

// Sends the statements of one pipeline, and afterwards hands each result to the function that was
// given with it. Statements without input are left out.
class Pipeline {
public:
    using Reader = std::function<Status(const pg::Rows&)>;

    explicit Pipeline(pg::WriterTx& tx) : tx_(tx) {}

    Status Send(const pg::Statement& statement, const pg::Params& params, Reader reader = {}) {
        readers_.push_back(std::move(reader));
        return tx_.Send(statement, params);
    }
    Status Finish() {
        UNIBOX_ASSIGN_OR_RETURN(const std::vector<pg::Rows> results, tx_.Sync());
        for (std::size_t i = 0; i < readers_.size(); ++i) {
            if (readers_[i]) UNIBOX_RETURN_IF_ERROR(readers_[i](results.at(i)));
        }
        return {};
    }

private:
    pg::WriterTx& tx_;
    std::vector<Reader> readers_;
};

}  // namespace unibox::store::detail
