// A streaming replica of a PgServer, made with pg_basebackup: a hot standby until it is promoted.
// Stop, Start and Kill9 are those of any server. Thread safety: as PgServer.
#pragma once

#include "support/pg_server.hpp"

#include <string>
#include <vector>

namespace unibox::test {

class PgReplica : public PgServer {
public:
    // What a PgServer needs to have replicas.
    static std::vector<std::string> PrimarySettings();

    // Answers when it is made.
    explicit PgReplica(const PgServer& primary);

    // A database of the primary, here.
    PgDatabase Database(const PgDatabase& of_primary) const { return {port(), of_primary.name()}; }
    // It goes on receiving, but what it shows stays as it is.
    void Pause();
    void Resume();
    // It is a primary when this returns, on a timeline of its own.
    void Promote();
    // Goes on from another server.
    void Follow(const PgServer& primary);
};

}  // namespace unibox::test
