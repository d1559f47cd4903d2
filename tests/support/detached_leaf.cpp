#include "support/detached_leaf.hpp"

#include "support/eventually.hpp"
#include "support/frozen_session.hpp"

#include <catch2/catch.hpp>
#include <libpq-fe.h>

namespace unibox::test {

void CutOffDetach(const std::string& url, const std::string& table, const std::string& leaf) {
    // Someone who reads: the second half waits for it.
    const FrozenSession reader(url, "LOCK TABLE " + table + " IN ACCESS SHARE MODE");
    PGconn* const connection = PQconnectdb(url.c_str());
    PGconn* const observer = PQconnectdb(url.c_str());
    const std::string detach =
        "ALTER TABLE " + table + " DETACH PARTITION " + leaf + " CONCURRENTLY";
    REQUIRE(PQsendQuery(connection, detach.c_str()) == 1);
    REQUIRE(Eventually(std::chrono::seconds(60), [&] {
        PGresult* const pending =
            PQexec(observer, "SELECT FROM pg_inherits WHERE inhdetachpending");
        const bool half_done = PQntuples(pending) == 1;
        PQclear(pending);
        return half_done;
    }));
    PGcancel* const cancel = PQgetCancel(connection);
    REQUIRE(PQcancel(cancel, nullptr, 0) == 1);
    PQfreeCancel(cancel);
    PGresult* const result = PQgetResult(connection);
    CHECK(std::string(PQresultErrorField(result, PG_DIAG_SQLSTATE)) == "57014");
    PQclear(result);
    PQfinish(connection);
    PQfinish(observer);
}

}  // namespace unibox::test
