// The whole of Unibox as processes: private nats-server, Redis and PostgreSQL, webhook-ingest,
// message-writer and gateway from the build's bin folder, on fixed free ports, so that each can be
// killed and started again at the same place. Two tenants with one WhatsApp number each behind one
// Meta app, and an API key each. A failure to set up aborts the test executable with the output of
// what failed. Thread safety: one thread at a time.
#pragma once

#include "base/secret.hpp"
#include "support/nats_cluster.hpp"
#include "support/pg_replica.hpp"
#include "support/pg_server.hpp"
#include "support/process.hpp"
#include "support/redis_server.hpp"
#include "support/service_list.hpp"
#include "support/tcp_gate.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace unibox::test {

struct StackOptions {
    int partition_count = 4;
    int writer_count = 1;
    int gateway_count = 0;
    int nats_count = 1;  // More: a cluster, and a replica of each stream on every node.
    std::int64_t dedup_window_ms = 120'000;
    // webhook-ingest reaches NATS, and the writers PostgreSQL and NATS, through the gates below.
    bool gates = false;
    // Added to every service's environment.
    std::map<std::string, std::string> environment;
    // Added to the gateways' alone, and to the writers'.
    std::map<std::string, std::string> gateway_environment;
    std::map<std::string, std::string> writer_environment;
    // Instead of the two tenants. FIRST_KEY and SECOND_KEY in it become the two API keys.
    std::string tenants_yaml;
    std::vector<std::string> postgres_settings;  // lines for postgresql.conf
    // A streaming replica, which the gateways read from. All go on there once it is promoted.
    bool replica = false;
};

class Stack {
public:
    static constexpr const char* kAppSecret = "meta-app-secret-of-the-stack";
    static constexpr const char* kFirstPhoneNumberId = "106540352242922";
    static constexpr const char* kSecondPhoneNumberId = "106540352242933";

    explicit Stack(StackOptions options = {});
    ~Stack();

    NatsServer& nats() { return nats_.server(0); }
    NatsCluster& nats_cluster() { return nats_; }
    RedisServer& redis() { return redis_; }
    PgServer& postgres() { return postgres_; }
    PgDatabase& database() { return database_; }
    PgReplica& replica() { return *replica_; }  // Only with StackOptions::replica.
    // Where an instance of a service listens, also after it was killed and started again;
    // `listener`: "http", "grpc" or "admin".
    const std::string& address(const std::string& instance, const std::string& listener) const;
    const std::string& ingest_address() const { return address("webhook-ingest", "http"); }
    int ingest_port() const;
    const std::string& gateway_address(std::size_t index = 0) const {
        return address(GatewayName(index), "http");
    }
    const std::string& gateway_grpc_address() const { return address(GatewayName(0), "grpc"); }
    const std::string& api_key() const { return api_key_; }
    const std::string& second_api_key() const { return second_api_key_; }
    // Only with StackOptions::gates.
    TcpGate& ingest_nats_gate() { return *ingest_nats_gate_; }
    TcpGate& writer_nats_gate() { return *writer_nats_gate_; }
    TcpGate& writer_postgres_gate() { return *writer_postgres_gate_; }

    Process& ingest() { return *ingest_; }
    Process& writer(std::size_t index) { return *writers_.at(index); }
    Process& gateway(std::size_t index) { return *gateways_.at(index); }

    void StartIngest();
    void StartWriter(std::size_t index);
    void StartGateway(std::size_t index);

    // Runs uniboxctl with these arguments; returns its stdout and stderr. Aborts unless it exits
    // with `wanted_exit_code`.
    std::string Ctl(const std::vector<std::string>& arguments, int wanted_exit_code = 0);
    // uniboxctl apply of this text, keys put in as in StackOptions::tenants_yaml.
    std::string Apply(std::string tenants_yaml, const std::vector<std::string>& options = {});
    // The only value that a query selects, as text; "" for NULL, no row or no database.
    std::string Ask(const std::string& sql);
    // The same of a number; 0 for nothing.
    std::int64_t AskNumber(const std::string& sql);
    // What a service's metrics tell now: the sum of all samples that begin so, a whole name with
    // or without labels. -1: it does not answer.
    double IngestMetric(std::string_view name) const { return Metric("webhook-ingest", name); }
    double WriterMetric(std::size_t index, std::string_view name) const {
        return Metric(WriterName(index), name);
    }

private:
    static std::string WriterName(std::size_t index) {
        return "message-writer-" + std::to_string(index);
    }
    static std::string GatewayName(std::size_t index) { return "gateway-" + std::to_string(index); }
    double Metric(const std::string& instance, std::string_view name) const;
    // Of whichever server can be written to.
    std::string PostgresUrl(const std::string& role) const;
    // Of every program, as this role of PostgreSQL.
    std::map<std::string, std::string> Environment(const std::string& role) const;
    std::unique_ptr<Process> StartService(
        const ServiceEntry& service,
        const std::string& instance,
        std::map<std::string, std::string> environment
    ) const;

    StackOptions options_;
    TempDir dir_;
    NatsCluster nats_;
    RedisServer redis_;
    PgServer postgres_;
    PgDatabase database_;
    std::unique_ptr<PgReplica> replica_;
    std::unique_ptr<TcpGate> ingest_nats_gate_;
    std::unique_ptr<TcpGate> writer_nats_gate_;
    std::unique_ptr<TcpGate> writer_postgres_gate_;
    // Chosen when they are first asked for.
    mutable std::map<std::pair<std::string, std::string>, std::string> addresses_;
    std::string api_key_;
    std::string second_api_key_;
    obs::Metrics metrics_;
    std::unique_ptr<pg::Pool> pool_;
    std::unique_ptr<Process> ingest_;
    std::vector<std::unique_ptr<Process>> gateways_;
    std::vector<std::unique_ptr<Process>> writers_;
};

}  // namespace unibox::test
