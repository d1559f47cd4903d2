#include "uniboxctl_fixture.hpp"

#include "nats/publisher.hpp"
#include "pg/transaction.hpp"
#include "support/status_matchers.hpp"
#include "uniboxctl/program.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <future>
#include <sstream>

namespace unibox::ctl {

CtlFixture::CtlFixture() : database_(test::PgServer::Shared().CreateDatabase()) {
    std::ofstream(folder_ / "seal.key") << crypto::GenerateKeyFileText().Reveal();
    auto box = crypto::SealedBox::FromKeyFile(folder_ / "seal.key");
    REQUIRE_OK(box);
    box_ = std::make_unique<crypto::SealedBox>(std::move(box).value());
    auto pool = pg::Pool::Create(database_.settings("ub_admin"), metrics_);
    REQUIRE_OK(pool);
    pool_ = std::move(pool).value();
    auto lookups = pg::Pool::Create(database_.settings("ub_ingest"), metrics_);
    REQUIRE_OK(lookups);
    lookups_ = std::move(lookups).value();
}

Outcome CtlFixture::Run(std::vector<std::string> arguments, const std::string& role) {
    return RunWith("json", std::move(arguments), role);
}

Outcome CtlFixture::RunForPeople(std::vector<std::string> arguments) {
    return RunWith("table", std::move(arguments), "ub_admin");
}

Outcome CtlFixture::RunWith(
    const std::string& output, std::vector<std::string> arguments, const std::string& role
) {
    std::vector<std::string> all{"--output", output};
    for (const std::string& setting :
         {"postgres.url=" + database_.url(role),
          "nats.url=" + nats_.url(),
          "secrets.key_file=" + (folder_ / "seal.key").string()}) {
        all.insert(all.end(), {"--set", setting});
    }
    all.insert(all.end(), arguments.begin(), arguments.end());
    std::ostringstream out;
    std::ostringstream log;
    Outcome outcome;
    outcome.code = RunProgram(all, out, log);
    outcome.out = out.str();
    outcome.json = nlohmann::json::parse(outcome.out, nullptr, false);
    if (outcome.json.is_discarded()) outcome.json = nullptr;
    outcome.log = log.str();
    return outcome;
}

Outcome CtlFixture::Apply(const std::string& yaml, std::vector<std::string> more) {
    const auto path = folder_ / "tenants.yaml";
    std::ofstream(path) << yaml;
    std::vector<std::string> arguments{"apply", "-f", path.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run(std::move(arguments));
}

std::unique_ptr<test::Process> CtlFixture::Start(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--output", "json"});
    test::ProcessOptions options;
    options.arguments = std::move(arguments);
    options.environment = {
        {"UNIBOX_POSTGRES_URL", database_.url("ub_admin")},
        {"UNIBOX_NATS_URL", nats_.url()},
        {"UNIBOX_SECRETS_KEY_FILE", (folder_ / "seal.key").string()}};
    const std::filesystem::path program = UNIBOX_BINARY_DIR "/bin/uniboxctl";
    return std::make_unique<test::Process>(program, std::move(options));
}

std::string CtlFixture::Ask(const std::string& sql) {
    auto pool = pg::Pool::Create(database_.settings(), metrics_);
    REQUIRE_OK(pool);
    auto tx = pg::SystemTx::Begin(**pool, pg::Access::kReadOnly);
    REQUIRE_OK(tx);
    const auto rows = tx->ExecuteUnprepared("SELECT coalesce((" + sql + ")::text, '')");
    REQUIRE_OK(rows);
    return std::string((*rows)[0].Text(0));
}

std::unique_ptr<nats::Connection> CtlFixture::Connect() {
    nats::Settings settings;
    settings.url = nats_.url();
    auto connection = nats::Connection::Connect(settings, metrics_);
    REQUIRE_OK(connection);
    return std::move(connection).value();
}

void CtlFixture::Store(const std::string& subject, const std::string& payload) {
    const auto connection = Connect();
    auto publisher = nats::Publisher::Create(*connection, {}, metrics_);
    REQUIRE_OK(publisher);
    std::promise<Result<nats::PubAck>> promise;
    auto future = promise.get_future();
    (*publisher)
        ->Publish(
            {subject, "", "", payload, ""},
            std::chrono::steady_clock::now() + Millis(5000),
            [&](Result<nats::PubAck> ack) { promise.set_value(std::move(ack)); }
        );
    REQUIRE_OK(future.get());
}

}  // namespace unibox::ctl
