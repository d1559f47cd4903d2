#include "config/load.hpp"

#include "config/describe.hpp"
#include "config/mask.hpp"
#include "support/status_matchers.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fstream>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using test::HasCode;

namespace {

struct Sample {
    std::string listen = "127.0.0.1:80";
    int pool_size = 4;
    std::size_t window_bytes_max = 16;
    double ratio = 0.5;
    bool strict = false;
    config::TextList peers;
    std::string url = "postgresql://127.0.0.1/unibox";
    Secret key;

    config::FieldTable Table() {
        config::FieldTable table;
        table.Section("http", "The listener.")
            .Add("listen", &listen, "Where to listen.", config::HostPort());
        table.Section("postgres")
            .Add("pool_size", &pool_size, "Connections.", config::InRange(1, 100))
            .Add("window_bytes_max", &window_bytes_max, "Window.")
            .Add("ratio", &ratio, "Ratio.", config::InRange(0, 1))
            .Add("strict", &strict, "Strict.")
            .Add("peers", &peers, "Peers.")
            .AddUrl("url", &url, "Where the servers are.", config::MaskServers, config::NotEmpty());
        table.Section("secrets").AddSecretFile("key_file", &key, "Sealing key.");
        return table;
    }
};

struct Files {
    std::string Write(const std::string& name, const std::string& content) const {
        std::ofstream(dir / name) << content;
        return (dir / name).string();
    }
    test::TempDir dir;
};

}  // namespace

TEST_CASE("Config: file, then environment, then flags; the last one wins", "[unit][config]") {
    Sample sample;
    auto table = sample.Table();
    const Files files;
    const auto path = files.Write(
        "c.toml",
        "[http]\nlisten = \"[::1]:1\"\n[postgres]\npool_size = 5\nratio = 1\nstrict = true\n"
        "peers = [\"a\", \"b\"]\n"
    );
    const config::Environment environment = {
        {"UNIBOX_POSTGRES_POOL_SIZE", "6"}, {"UNIBOX_POSTGRES_PEERS", "x, y,"}};
    REQUIRE_OK(config::Load(table, path, environment, {"--postgres.pool_size=7"}));
    CHECK(sample.listen == "[::1]:1");
    CHECK(sample.pool_size == 7);
    CHECK(sample.ratio == 1.0);
    CHECK(sample.strict);
    CHECK(sample.peers == config::TextList{"x", "y"});
    CHECK(table.Find("http", "listen")->source == config::Source::kFile);
    CHECK(table.Find("postgres", "peers")->source == config::Source::kEnvironment);
    CHECK(table.Find("postgres", "pool_size")->source == config::Source::kFlag);
    CHECK(table.Find("postgres", "url")->source == config::Source::kDefault);
}

TEST_CASE("Config: unknown keys are refused by name, wherever they come from", "[unit][config]") {
    Sample sample;
    auto table = sample.Table();
    const Files files;
    const auto refused = [&](const std::string& toml,
                             const config::Environment& environment,
                             const std::vector<std::string>& flags) {
        const auto path = files.Write("c.toml", toml);
        const Status status = config::Load(table, path, environment, flags);
        CHECK_THAT(status, HasCode(Code::kInvalidArgument));
        CHECK(status.reason() == "CONFIG_UNKNOWN_KEY");
        return status;
    };
    CHECK(refused("[http]\n\nlistem = 1\n", {}, {}).field() == "http.listem");
    CHECK(refused("[http]\n\nlistem = 1\n", {}, {}).message().find("line 3") != std::string::npos);
    CHECK(refused("[htp]\nlisten = \"x\"\n", {}, {}).field() == "htp");
    CHECK(refused("top = 1\n", {}, {}).field() == "top");
    CHECK(
        refused("", {{"UNIBOX_POSTGRES_POL_SIZE", "1"}}, {}).field() == "UNIBOX_POSTGRES_POL_SIZE"
    );
    CHECK(refused("", {}, {"--http.x=1"}).field() == "http.x");
    CHECK(refused("", {}, {"--nodot=1"}).field() == "nodot");
}

TEST_CASE("Config: variables of other programs are none of ours", "[unit][config]") {
    Sample sample;
    auto table = sample.Table();
    const config::Environment environment = {
        {"UNIBOX_API_KEY", "ubk_x"},
        {"UNIBOX_GATEWAY_URL", "http://x"},
        // Kubernetes sets these for a service named "unibox-http".
        {"UNIBOX_HTTP_SERVICE_HOST", "10.0.0.1"},
        {"UNIBOX_HTTP_SERVICE_PORT_WEB", "80"},
        {"UNIBOX_HTTP_PORT", "tcp://10.0.0.1:80"},
        {"UNIBOX_HTTP_PORT_80_TCP_ADDR", "10.0.0.1"}};
    REQUIRE_OK(config::Load(table, {}, environment, {}));
}

TEST_CASE("Config: the addresses that a stack publishes stop no service", "[unit][config]") {
    const config::Environment published = {
        {"UNIBOX_GATEWAY_URL", "http://127.0.0.1:1"},
        {"UNIBOX_GATEWAY_GRPC", "127.0.0.1:2"},
        {"UNIBOX_INGEST_URL", "http://127.0.0.1:3"},
        {"UNIBOX_INGEST_GRPC", "127.0.0.1:5"},
        {"UNIBOX_INGEST_ADMIN_URL", "http://127.0.0.1:6"},
        {"UNIBOX_DATABASE_URL", "postgresql://127.0.0.1/db"},
        {"UNIBOX_NATS_URL", "nats://127.0.0.1:4"},
        {"UNIBOX_API_KEY", "ubk_x"}};
    // Sections that all of the names begin with, and none of whose fields they are ...
    int other = 1;
    config::FieldTable strangers;
    for (const char* section : {"gateway", "ingest", "database", "nats", "api"}) {
        strangers.Section(section).Add("other", &other, "Another one.");
    }
    REQUIRE_OK(config::Load(strangers, {}, published, {}));
    for (const char* mistake :
         {"UNIBOX_INGEST_URLS", "UNIBOX_INGEST_BASE_URL", "UNIBOX_INGEST_KEY"}) {
        CHECK_FALSE(config::Load(strangers, {}, {{mistake, "x"}}, {}).ok());
    }
    // ... and one where a name is a setting as well.
    std::string url;
    config::FieldTable table;
    table.Section("nats").AddUrl("url", &url, "Servers.", config::MaskServers);
    REQUIRE_OK(config::Load(table, {}, published, {}));
    CHECK(url == "nats://127.0.0.1:4");
}

TEST_CASE("Config: a file that is named must be there", "[unit][config]") {
    const Files files;
    const auto path = files.Write("pem", "x");
    const auto load = [](const std::vector<std::string>& flags, config::Check check = {}) {
        std::string cert;
        std::filesystem::path key;
        config::FieldTable table;
        table.Section("tls")
            .Add("tls_cert_file", &cert, "Certificate.", check)
            .Add("tls_key_file", &key, "Its key.");
        return config::Load(table, {}, {}, flags);
    };
    REQUIRE_OK(load({}));
    CHECK(load({}, config::ReadableFile()).field() == "tls.tls_cert_file");
    REQUIRE_OK(load({"tls.tls_cert_file=" + path, "tls.tls_key_file=" + path}));
    for (const std::string& bad : {path + ".none", files.dir.path().string()}) {
        CHECK(load({"tls.tls_key_file=" + bad}).field() == "tls.tls_key_file");
        CHECK(load({"tls.tls_cert_file=" + bad}).field() == "tls.tls_cert_file");
    }
    // The path of a secret that a tool is going to write.
    std::filesystem::path later;
    config::FieldTable tool;
    tool.Section("secrets").AddSecretPath("key_file", &later, "Key.");
    REQUIRE_OK(config::Load(tool, {}, {}, {"secrets.key_file=" + path + ".none"}));
    // One without the other is of no use.
    for (const std::string name : {"tls_cert_file", "tls_key_file"}) {
        const Status status = load({"tls." + name + "=" + path});
        CHECK(status.field() == "tls.tls_key_file");
        CHECK(status.message().find("tls.tls_cert_file") != std::string::npos);
    }
}

TEST_CASE("Config: wrong types and broken rules name the field and the rule", "[unit][config]") {
    struct Case {
        std::string flag;
        std::string field;
        std::string text;
    };
    const std::vector<Case> cases = {
        {"postgres.pool_size=many", "postgres.pool_size", "a whole number"},
        {"postgres.pool_size=0", "postgres.pool_size", "1 to 100"},
        {"postgres.pool_size=101", "postgres.pool_size", "1 to 100"},
        {"postgres.pool_size=99999999999", "postgres.pool_size", "1 to 100"},
        {"postgres.window_bytes_max=-1", "postgres.window_bytes_max", "0 or more"},
        {"postgres.ratio=1.5", "postgres.ratio", "0 to 1"},
        {"postgres.ratio=x", "postgres.ratio", "a number"},
        {"postgres.strict=yes", "postgres.strict", "true or false"},
        {"postgres.url=", "postgres.url", "not empty"},
        {"http.listen=8080", "http.listen", "host:port"},
        {"http.listen=:8080", "http.listen", "host:port"},
        {"http.listen=h:70000", "http.listen", "host:port"},
        {"http.listen=::1:80", "http.listen", "host:port"},
        {"http.listen", "http.listen", "needs a value"},
        {"secrets.key_file=/does/not/exist", "secrets.key_file", "a readable file or empty"},
    };
    for (const Case& one : cases) {
        INFO(one.flag);
        Sample sample;
        auto table = sample.Table();
        const Status status = config::Load(table, {}, {}, {one.flag});
        CHECK_THAT(status, HasCode(Code::kInvalidArgument));
        CHECK(status.field() == one.field);
        CHECK(status.message().find(one.text) != std::string::npos);
    }
}

TEST_CASE("Config: a TOML value of another type is refused, not converted", "[unit][config]") {
    const Files files;
    const std::vector<std::string> bodies = {
        "[postgres]\npool_size = \"5\"\n",
        "[postgres]\nstrict = 1\n",
        "[postgres]\npeers = \"a\"\n",
        "[postgres]\npeers = [1]\n",
        "[http]\nlisten = 80\n"};
    for (const auto& body : bodies) {
        INFO(body);
        Sample sample;
        auto table = sample.Table();
        const auto status = config::Load(table, files.Write("c.toml", body), {}, {});
        CHECK(status.reason() == "CONFIG_INVALID");
    }
    Sample sample;
    auto table = sample.Table();
    const auto syntax = config::Load(table, files.Write("c.toml", "[http\n"), {}, {});
    CHECK_THAT(syntax, HasCode(Code::kInvalidArgument));
    CHECK_THAT(config::Load(table, "/does/not/exist", {}, {}), HasCode(Code::kInvalidArgument));
}

TEST_CASE("Config: secrets come from files and never show", "[unit][config]") {
    Sample sample;
    auto table = sample.Table();
    const Files files;
    const auto key = files.Write("key", "s3cret-key\n");
    const auto url = files.Write("url", "postgresql://u:s3cret-password@h/db\n");
    const config::Environment environment = {
        {"UNIBOX_SECRETS_KEY_FILE", key}, {"UNIBOX_POSTGRES_URL_FILE", url}};
    REQUIRE_OK(config::Load(table, {}, environment, {}));
    CHECK(sample.key.Reveal() == "s3cret-key");
    CHECK(sample.url == "postgresql://u:s3cret-password@h/db");
    for (const std::string& text : {config::Print(table), config::Document(table, "x")}) {
        CHECK(text.find("s3cret") == std::string::npos);
    }
    CHECK(config::Print(table).find(key) != std::string::npos);
    CHECK(config::Print(table).find("postgresql://u:****@h/db") != std::string::npos);
}

TEST_CASE("Config: an empty secret file is refused", "[unit][config]") {
    Sample sample;
    auto table = sample.Table();
    const Files files;
    const auto status =
        config::Load(table, {}, {}, {"secrets.key_file=" + files.Write("key", "\n")});
    CHECK(status.field() == "secrets.key_file");
}
