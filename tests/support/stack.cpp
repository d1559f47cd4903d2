#include "support/stack.hpp"

#include "base/assert.hpp"
#include "base/strings.hpp"
#include "crypto/random.hpp"
#include "http/client.hpp"
#include "pg/transaction.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace unibox::test {
namespace {

constexpr auto kReadyTimeout = std::chrono::seconds(60);

constexpr const char* kTenants = R"(
apps:
  - name: meta
    provider: meta
    secret: meta-app-secret-of-the-stack
    verify_token: verify-me
tenants:
  - name: first
    channels:
      - {name: whatsapp, provider: whatsapp, route: "106540352242922"}
    api_keys:
      - {name: tests, scopes: ["inbox:read", "inbox:write", "ingest:write"], key: FIRST_KEY}
  - name: second
    channels:
      - {name: whatsapp, provider: whatsapp, route: "106540352242933"}
    api_keys:
      - {name: tests, scopes: ["inbox:read", "inbox:write", "ingest:write"], key: SECOND_KEY}
)";

[[noreturn]] void SetupFailed(const std::string& what, const std::string& output) {
    std::fprintf(stderr, "stack: %s failed:\n%s\n", what.c_str(), output.c_str());
    std::abort();
}

void Replace(std::string& text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    if (at != text.npos) text.replace(at, from.size(), to);
}

std::string Loopback(int port) {
    return "127.0.0.1:" + std::to_string(port);
}

std::vector<std::string> PostgresSettings(const StackOptions& options) {
    auto settings = options.replica ? PgReplica::PrimarySettings() : std::vector<std::string>{};
    const auto& more = options.postgres_settings;
    settings.insert(settings.end(), more.begin(), more.end());
    return settings;
}

std::filesystem::path Program(const std::string& name) {
    return std::filesystem::path(UNIBOX_BINARY_DIR) / "bin" / name;
}

}  // namespace

Stack::Stack(StackOptions options)
    : options_(std::move(options)),
      nats_(options_.nats_count),
      postgres_(PostgresSettings(options_)),
      database_(postgres_.CreateDatabase()),
      replica_(options_.replica ? std::make_unique<PgReplica>(postgres_) : nullptr),
      api_key_(crypto::NewApiKey().Reveal()),
      second_api_key_(crypto::NewApiKey().Reveal()) {
    if (options_.gates) {
        ingest_nats_gate_ = std::make_unique<TcpGate>(nats().port());
        writer_nats_gate_ = std::make_unique<TcpGate>(nats().port());
        writer_postgres_gate_ = std::make_unique<TcpGate>(postgres_.port());
    }
    Ctl({"key", "generate", "--file", (dir_ / "sealing.key").string()});
    Ctl(
        {"streams",
         "ensure",
         "--partitions",
         std::to_string(options_.partition_count),
         "--replicas",
         std::to_string(options_.nats_count),
         "--dedup-window-ms",
         std::to_string(options_.dedup_window_ms)}
    );
    Apply(options_.tenants_yaml.empty() ? kTenants : options_.tenants_yaml);
    StartIngest();
    writers_.resize(static_cast<std::size_t>(options_.writer_count));
    for (std::size_t i = 0; i < writers_.size(); ++i) StartWriter(i);
    gateways_.resize(static_cast<std::size_t>(options_.gateway_count));
    for (std::size_t i = 0; i < gateways_.size(); ++i) StartGateway(i);
}

Stack::~Stack() = default;

std::string Stack::Apply(std::string tenants_yaml, const std::vector<std::string>& options) {
    Replace(tenants_yaml, "FIRST_KEY", api_key_);
    Replace(tenants_yaml, "SECOND_KEY", second_api_key_);
    std::ofstream(dir_ / "tenants.yaml") << tenants_yaml;
    std::vector<std::string> arguments = {"apply", "-f", (dir_ / "tenants.yaml").string()};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return Ctl(arguments);
}

std::string Stack::Ctl(const std::vector<std::string>& arguments, int wanted_exit_code) {
    auto environment = Environment("postgres");
    // A busy machine may take longer than an operator would wait.
    environment.try_emplace("UNIBOX_NATS_REQUEST_TIMEOUT_MS", "20000");
    Process process(Program("uniboxctl"), {arguments, std::move(environment), {}});
    const auto exit_code = process.WaitForExit(kReadyTimeout);
    if (exit_code != wanted_exit_code)
        SetupFailed("uniboxctl " + arguments.front(), process.output());
    return process.output();
}

std::int64_t Stack::AskNumber(const std::string& sql) {
    return std::stoll("0" + Ask(sql));
}

std::string Stack::Ask(const std::string& sql) {
    if (pool_ == nullptr) {
        pg::Settings settings;
        settings.url = PostgresUrl("postgres");
        auto pool = pg::Pool::Create(settings, metrics_);
        if (!pool.ok()) SetupFailed("pool", pool.status().ToString());
        pool_ = std::move(pool).value();
    }
    auto tx = pg::SystemTx::Begin(*pool_, pg::Access::kReadOnly);
    if (!tx.ok()) return "";
    const auto rows = tx->ExecuteUnprepared("SELECT (" + sql + ")::text");
    if (!rows.ok()) std::fprintf(stderr, "%s\n", rows.status().ToString().c_str());
    return rows.ok() && !(*rows)[0].IsNull(0) ? std::string((*rows)[0].Text(0)) : "";
}

double Stack::Metric(const std::string& instance, std::string_view name) const {
    const std::string url = "http://" + address(instance, "admin") + "/metrics";
    const auto page = http::Send("GET", url, {}, "", Millis(10'000));
    if (!page.ok() || page->status != 200) return -1;
    double sum = 0;
    for (const std::string_view line : Split(page->body, '\n')) {
        if (!line.starts_with(name)) continue;
        const std::string_view rest = line.substr(name.size());
        if (!rest.starts_with(' ') && !rest.starts_with('{')) continue;
        sum += std::stod(std::string(line.substr(line.rfind(' '))));
    }
    return sum;
}

const std::string& Stack::address(const std::string& instance, const std::string& listener) const {
    std::string& address = addresses_[{instance, listener}];
    if (address.empty()) address = Loopback(FreePort());
    return address;
}

int Stack::ingest_port() const {
    return std::stoi(ingest_address().substr(ingest_address().rfind(':') + 1));
}

std::string Stack::PostgresUrl(const std::string& role) const {
    if (replica_ == nullptr) return database_.url(role);
    return fmt::format(
        "postgresql://{}@{},{}/{}?sslmode=disable&target_session_attrs=read-write",
        role,
        Loopback(postgres_.port()),
        Loopback(replica_->port()),
        database_.name()
    );
}

std::map<std::string, std::string> Stack::Environment(const std::string& role) const {
    std::map<std::string, std::string> environment = options_.environment;
    environment["UNIBOX_POSTGRES_URL"] = PostgresUrl(role);
    environment["UNIBOX_NATS_URL"] = nats_.url();
    environment["UNIBOX_REDIS_URL"] = redis_.url();
    environment["UNIBOX_SECRETS_KEY_FILE"] = (dir_ / "sealing.key").string();
    return environment;
}

std::unique_ptr<Process> Stack::StartService(
    const ServiceEntry& service,
    const std::string& instance,
    std::map<std::string, std::string> environment
) const {
    environment["UNIBOX_ADMIN_LISTEN"] = address(instance, "admin");
    for (const std::string& listener : service.listeners) {
        environment["UNIBOX_" + ToUpperAscii(listener) + "_LISTEN"] = address(instance, listener);
    }
    auto process = std::make_unique<Process>(
        Program(service.name), ProcessOptions{{}, std::move(environment), {}}
    );
    if (!process->WaitForLine("\"ready\"", kReadyTimeout)) SetupFailed(instance, process->output());
    return process;
}

void Stack::StartIngest() {
    const ServiceEntry& service = ServiceNamed("webhook-ingest");
    auto environment = Environment(service.role);
    environment["UNIBOX_INGEST_PUBLIC_BASE_URL"] = "http://" + ingest_address();
    // A busy machine may take longer than a provider would wait.
    environment.try_emplace("UNIBOX_INGEST_DEADLINE_MS", "8000");
    for (const std::string limit : {"CONNECT", "ACQUIRE", "STATEMENT", "IO"}) {
        environment.try_emplace("UNIBOX_POSTGRES_" + limit + "_TIMEOUT_MS", "6000");
    }
    if (options_.gates) {
        environment["UNIBOX_NATS_URL"] = "nats://" + Loopback(ingest_nats_gate_->port());
    }
    ingest_ = StartService(service, service.name, std::move(environment));
}

void Stack::StartWriter(std::size_t index) {
    const ServiceEntry& service = ServiceNamed("message-writer");
    auto environment = Environment(service.role);
    for (const auto& [name, value] : options_.writer_environment) environment[name] = value;
    if (options_.gates) {
        auto& url = environment["UNIBOX_POSTGRES_URL"];
        Replace(url, Loopback(postgres_.port()), Loopback(writer_postgres_gate_->port()));
        environment["UNIBOX_NATS_URL"] = "nats://" + Loopback(writer_nats_gate_->port());
    }
    writers_.at(index) = StartService(service, WriterName(index), std::move(environment));
}

void Stack::StartGateway(std::size_t index) {
    const ServiceEntry& service = ServiceNamed("gateway");
    auto environment = Environment(service.role);
    std::string writers;
    for (std::size_t i = 0; i < writers_.size(); ++i) {
        writers += (i == 0 ? "" : ",") + address(WriterName(i), "grpc");
    }
    if (!writers.empty()) environment["UNIBOX_WRITER_TARGET"] = writers;
    environment["UNIBOX_CONSOLE_URL"] = PostgresUrl("ub_console");
    if (replica_ != nullptr) {
        environment["UNIBOX_POSTGRES_READ_URLS"] = replica_->Database(database_).url(service.role);
    }
    for (const auto& [name, value] : options_.gateway_environment) environment[name] = value;
    // Tests ask more often than a program should.
    for (const std::string whose : {"KEY", "TENANT", "READ", "WRITE", "ANONYMOUS"}) {
        environment.try_emplace("UNIBOX_LIMITS_" + whose + "_PER_S", "0");
    }
    gateways_.at(index) = StartService(service, GatewayName(index), std::move(environment));
}

}  // namespace unibox::test
