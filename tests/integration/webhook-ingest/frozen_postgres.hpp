// A PostgreSQL that hangs. Thread safety: one thread.
#pragma once

#include "support/pg_server.hpp"

#include <signal.h>

#include <sys/types.h>

#include <fstream>
#include <string>
#include <vector>

namespace unibox::test {

// PostgreSQL hangs while this lives: connections stay open, nothing is answered.
class FrozenPostgres {
public:
    explicit FrozenPostgres(const PgServer& server) : pids_{server.pid()} {
        kill(server.pid(), SIGSTOP);  // So that it starts nothing while its children are listed.
        const std::string pid = std::to_string(server.pid());
        std::ifstream children("/proc/" + pid + "/task/" + pid + "/children");
        for (pid_t child = 0; children >> child;) pids_.push_back(child);
        for (const pid_t one : pids_) kill(one, SIGSTOP);
    }
    ~FrozenPostgres() {
        for (const pid_t one : pids_) kill(one, SIGCONT);
    }
    FrozenPostgres(const FrozenPostgres&) = delete;
    FrozenPostgres& operator=(const FrozenPostgres&) = delete;

private:
    std::vector<pid_t> pids_;
};

}  // namespace unibox::test
