// A PostgreSQL whose commits cost what they cost where data must stay: lines for postgresql.conf.
// Thread safety: a pure function.
#pragma once

#include <string>
#include <vector>

namespace unibox::bench {

inline std::vector<std::string> DurablePostgres() {
    return {
        "fsync = on",
        "synchronous_commit = on",
        "full_page_writes = on",
        "shared_buffers = 1GB",
        "max_wal_size = 8GB",
        "autovacuum = on"};
}

}  // namespace unibox::bench
