// A private PostgreSQL 15 cluster for tests: loopback TCP on a free port, trust authentication, its
// own temporary folder.
//
// Databases are migrated copies of one template, so a fresh one costs a fraction of a second. Roles
// belong to the whole cluster: a test must not alter them. Failures abort the test executable with
// the server's log on stderr. Thread safety: CreateDatabase and url from any thread; the rest from
// one.
#pragma once

#include "obs/metrics.hpp"
#include "pg/pool.hpp"
#include "support/temp_dir.hpp"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::test {

// One database of a server, dropped when the server goes.
class PgDatabase {
public:
    PgDatabase(std::uint16_t port, std::string name) : port_(port), name_(std::move(name)) {}

    // A URL for a role: "postgres" (superuser), "ub_writer", "ub_ingest", "ub_gateway", "ub_admin".
    std::string url(std::string_view role = "postgres") const;
    pg::Settings settings(std::string_view role = "postgres") const;
    const std::string& name() const { return name_; }

private:
    std::uint16_t port_;
    std::string name_;
};

class PgServer {
public:
    // One server for the whole test executable, started at the first call.
    static PgServer& Shared();

    // `extra_settings`: lines for postgresql.conf.
    explicit PgServer(const std::vector<std::string>& extra_settings = {});
    virtual ~PgServer();
    PgServer(const PgServer&) = delete;
    PgServer& operator=(const PgServer&) = delete;

    // A migrated, otherwise empty database.
    PgDatabase CreateDatabase();
    // A database without any table.
    PgDatabase CreateEmptyDatabase();

    std::uint16_t port() const { return port_; }
    pid_t pid() const { return pid_; }
    // kill -9 of the server and all its processes.
    void Kill9();
    // Fast shutdown: connections are ended.
    void Stop();
    // Starts it again on the same port with the same data; waits until it answers.
    void Start();
    void Restart() {
        Stop();
        Start();
    }
    // Runs SQL as superuser in a database; aborts on errors.
    void Run(const std::string& database, const std::string& sql);
    // The end of the server's log.
    std::string Log(std::size_t bytes_max = 20'000) const;

protected:
    // Without data: whoever derives from it puts them into data(), and starts it.
    struct Empty {};
    explicit PgServer(Empty /*tag*/) { MakeDataFolder(); }

    std::filesystem::path data() const { return dir_ / "data"; }
    // A program of PostgreSQL's, as the server's user; aborts if it fails.
    void RunTool(const std::vector<std::string>& command);

private:
    void MakeDataFolder();
    void InitDb(const std::vector<std::string>& extra_settings);
    void MakeTemplate();
    PgDatabase Create(std::string_view template_name);

    TempDir dir_;
    std::uint16_t port_ = 0;
    pid_t pid_ = -1;
    bool template_ready_ = false;
    int database_count_ = 0;
    std::mutex mutex_;
};

}  // namespace unibox::test
