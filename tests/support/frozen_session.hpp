// A client of PostgreSQL that stands still in the middle of sending a pipeline: its transaction has
// run so far and holds its locks, and the server counts it as active. Thread safety: one thread.
#pragma once

#include <memory>
#include <string>

struct pg_conn;

namespace unibox::test {

class FrozenSession {
public:
    enum class Answers { kRead, kIgnored };

    // Begins a transaction, runs `sql` in it, and says nothing more. Answers that are not read fill
    // the buffers, so that the server waits with sending.
    FrozenSession(const std::string& url, const std::string& sql, Answers answers = Answers::kRead);
    ~FrozenSession();
    FrozenSession(const FrozenSession&) = delete;
    FrozenSession& operator=(const FrozenSession&) = delete;

    // False once the server has ended the connection.
    bool alive() const;

private:
    pg_conn* const connection_;
};

}  // namespace unibox::test
