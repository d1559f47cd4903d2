#include "support/frozen_session.hpp"

#include <poll.h>

#include <catch2/catch.hpp>
#include <libpq-fe.h>

namespace unibox::test {

FrozenSession::FrozenSession(const std::string& url, const std::string& sql, Answers answers)
    : connection_(PQconnectdb(url.c_str())) {
    REQUIRE(PQenterPipelineMode(connection_) == 1);
    for (const std::string& statement : {std::string("BEGIN"), sql}) {
        REQUIRE(
            PQsendQueryParams(
                connection_, statement.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0
            ) == 1
        );
    }
    REQUIRE(PQsendFlushRequest(connection_) == 1);
    REQUIRE(PQflush(connection_) == 0);
    if (answers == Answers::kIgnored) return;
    for (int i = 0; i < 2; ++i) {  // The answers tell that both have run.
        PGresult* const result = PQgetResult(connection_);
        INFO(PQresultErrorMessage(result));
        REQUIRE(PQresultStatus(result) == PGRES_COMMAND_OK);
        PQclear(result);
        REQUIRE(PQgetResult(connection_) == nullptr);
    }
}

FrozenSession::~FrozenSession() {
    PQfinish(connection_);
}

bool FrozenSession::alive() const {
    pollfd descriptor{PQsocket(connection_), POLLIN, 0};
    return poll(&descriptor, 1, 0) == 0;
}

}  // namespace unibox::test
