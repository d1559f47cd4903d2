#include "bench/ingest/contenders.hpp"

#include "base/strings.hpp"
#include "http/client.hpp"
#include "support/eventually.hpp"

#include <fmt/format.h>

#include <chrono>
#include <fstream>

namespace unibox::bench {
namespace {

using std::chrono::seconds;

bool Answers(int port) {
    const auto url = fmt::format("http://127.0.0.1:{}/", port);
    return http::Send("GET", url, {}, "", Millis(1'000)).ok();
}

std::string NginxConfig(int port, const std::filesystem::path& dir) {
    return fmt::format(
        "daemon off; master_process off; pid {1}/pid; error_log {1}/error.log;\n"
        "events {{ worker_connections 1024; }}\n"
        "http {{ access_log off; client_body_temp_path {1}/body; keepalive_requests 100000000;\n"
        "  server {{ listen 127.0.0.1:{0}; location / {{ return 200; }} }} }}\n",
        port,
        dir.string()
    );
}

}  // namespace

Result<std::unique_ptr<Nginx>> Nginx::Start() {
    const auto program = test::FindProgram("nginx");
    if (program.empty()) return NotFound("nginx is not installed (nginx-light)");
    auto nginx = std::make_unique<Nginx>();
    nginx->port_ = test::FreePort();
    const auto config = nginx->dir_ / "nginx.conf";
    std::ofstream(config) << NginxConfig(nginx->port_, nginx->dir_.path());
    nginx->process_ = std::make_unique<test::Process>(
        program, test::ProcessOptions{{"-c", config.string(), "-e", "stderr"}, {}, {}}
    );
    if (!test::Eventually(seconds(10), [&] { return Answers(nginx->port_); })) {
        return Unavailable("nginx does not answer: " + nginx->process_->output());
    }
    return nginx;
}

Result<std::unique_ptr<NodeRival>> NodeRival::Start(
    const std::string& nats_url, const std::string& app_secret, int partition_count
) {
    const auto node = test::FindProgram("node");
    const auto npm = test::FindProgram("npm");
    if (node.empty() || npm.empty()) return NotFound("node and npm are not installed");
    auto rival = std::make_unique<NodeRival>();
    const std::filesystem::path sources =
        std::filesystem::path(UNIBOX_SOURCE_DIR) / "tests/bench/ingest/rival";
    std::filesystem::copy(sources, rival->dir_.path());
    test::Process install(
        npm, {{"ci", "--no-audit", "--no-fund", "--silent"}, {}, rival->dir_.path()}
    );
    if (install.WaitForExit(seconds(300)) != 0) {
        return Unavailable("npm ci failed: " + install.output());
    }
    rival->port_ = test::FreePort();
    rival->process_ = std::make_unique<test::Process>(
        node,
        test::ProcessOptions{
            {"server.js"},
            {{"RIVAL_PORT", std::to_string(rival->port_)},
             {"RIVAL_NATS_URL", nats_url},
             {"RIVAL_SECRET", app_secret},
             {"RIVAL_PARTITIONS", std::to_string(partition_count)},
             {"NODE_ENV", "production"}},
            rival->dir_.path()}
    );
    if (!rival->process_->WaitForLine("ready", seconds(30))) {
        return Unavailable("the rival does not start: " + rival->process_->output());
    }
    return rival;
}

}  // namespace unibox::bench
