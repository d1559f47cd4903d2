// Takes a time partition off its table as an operator's slip does, and puts it back as the runbook
// says; as a superuser. Thread safety: any thread.
#pragma once

#include <string>

namespace unibox::test {

// SQL. The leaf of `table` that holds the time.
inline std::string DetachLeafSql(const std::string& table, const std::string& at = "now()") {
    return "DO $$ BEGIN EXECUTE (SELECT format('ALTER TABLE %I DETACH PARTITION %I', '" + table +
           "', leaf) FROM ub_leaf_of('" + table + "', " + at + ")); END $$";
}

// SQL. All that are detached.
inline std::string AttachLeavesSql() {
    return "DO $$ DECLARE command text; BEGIN SET LOCAL timezone = 'UTC'; FOR command IN "
           "SELECT format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%s)', "
           "parent, leaf, first, coalesce(quote_literal(past), 'MAXVALUE')) "
           "FROM ub_detached_leaves() LOOP EXECUTE command; END LOOP; END $$";
}

// Begins to detach concurrently and is cancelled in the middle: the leaf is not seen any more, and
// is a partition still.
void CutOffDetach(const std::string& url, const std::string& table, const std::string& leaf);

}  // namespace unibox::test
