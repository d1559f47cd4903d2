// uniboxctl against a migrated database and a nats-server of its own.
// Thread safety: one thread.
#pragma once

#include "crypto/sealed_box.hpp"
#include "nats/connection.hpp"
#include "obs/metrics.hpp"
#include "pg/pool.hpp"
#include "support/nats_server.hpp"
#include "support/pg_server.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <vector>

namespace unibox::ctl {

struct Outcome {
    int code = -1;
    std::string out;
    nlohmann::json json;  // Of `out`; null when that is no JSON.
    std::string log;
};

class CtlFixture {
public:
    CtlFixture();

    // With --output json, as role ub_admin, against this database and nats-server.
    Outcome Run(std::vector<std::string> arguments, const std::string& role = "ub_admin");
    // The same with tables for people.
    Outcome RunForPeople(std::vector<std::string> arguments);
    // Applies a tenants.yaml of this text.
    Outcome Apply(const std::string& yaml, std::vector<std::string> more = {});

    // The program itself with --output json; its environment leads here.
    std::unique_ptr<test::Process> Start(std::vector<std::string> arguments);
    // The single value of a query, as superuser.
    std::string Ask(const std::string& sql);

    std::unique_ptr<nats::Connection> Connect();
    // Stores a message in the stream of its subject.
    void Store(const std::string& subject, const std::string& payload);

    pg::Pool& pool() { return *pool_; }        // As ub_admin.
    pg::Pool& lookups() { return *lookups_; }  // As ub_ingest, who looks API keys up.
    const crypto::SealedBox& box() const { return *box_; }
    const test::PgDatabase& database() const { return database_; }
    test::NatsServer& nats() { return nats_; }
    obs::Metrics& metrics() { return metrics_; }
    const test::TempDir& folder() const { return folder_; }

private:
    Outcome RunWith(
        const std::string& output, std::vector<std::string> arguments, const std::string& role
    );

    test::TempDir folder_;
    test::PgDatabase database_;
    test::NatsServer nats_;
    obs::Metrics metrics_;
    std::unique_ptr<pg::Pool> pool_;
    std::unique_ptr<pg::Pool> lookups_;
    std::unique_ptr<crypto::SealedBox> box_;
};

}  // namespace unibox::ctl
