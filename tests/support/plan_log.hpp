// The server's own account of what statements did: auto_explain writes the plan of each of them, as
// executed, into the server's log. Thread safety: one thread.
#pragma once

#include "support/pg_server.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::test {

class PlanLog {
public:
    // Lines of postgresql.conf that the server must have been started with.
    static std::vector<std::string> ServerSettings();

    // Of what `role` executes in any database of the server.
    PlanLog(PgServer& server, std::string_view role)
        : server_(server), user_(std::string(role) + "@") {}

    // The plans of all statements that are executed while `run` runs, without the plumbing of
    // transactions; each begins with the statement's text. Aborts the test if the log stays behind.
    std::vector<std::string> Of(const std::function<void()>& run);

    // Nodes of the plan that are described by `part` and were really run.
    static int Executed(const std::string& plan, const std::string& part);

private:
    std::string Mark();
    std::vector<std::string> Split(const std::string& log) const;

    PgServer& server_;
    std::string user_;
    int marks_ = 0;
};

}  // namespace unibox::test
