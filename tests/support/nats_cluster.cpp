#include "support/nats_cluster.hpp"

#include "base/assert.hpp"
#include "http/client.hpp"
#include "support/eventually.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

namespace unibox::test {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kStartTime{60};
constexpr Millis kAskTime{2'000};
constexpr Millis kListTime{6'000};  // A cluster answers after 4 s for a stream without a leader.

// Of a description of a stream: it has a leader, and no copy is behind.
bool HasAllCopies(const json& stream, std::size_t server_count) {
    const auto cluster = stream.find("cluster");
    if (cluster == stream.end() || cluster->value("leader", "").empty()) return false;
    const json replicas = cluster->value("replicas", json::array());
    if (replicas.size() + 1 < server_count) return false;
    for (const json& replica : replicas) {
        if (!replica.value("current", false) || replica.value("offline", false)) return false;
    }
    return true;
}

Result<http::Response> Get(int port, const std::string& path) {
    return http::Send("GET", fmt::format("http://127.0.0.1:{}{}", port, path), {}, "", kAskTime);
}

}  // namespace

NatsCluster::NatsCluster(int server_count) {
    std::vector<int> route_ports;
    for (int i = 0; i < server_count; ++i) {
        route_ports.push_back(FreePort());
        http_ports_.push_back(FreePort());
    }
    for (int i = 0; i < server_count; ++i) {
        NatsServerOptions options;
        const auto index = static_cast<std::size_t>(i);
        if (server_count > 1) {
            options.node =
                NatsNode{NameOf(index), route_ports[index], http_ports_[index], route_ports};
        }
        servers_.push_back(std::make_unique<NatsServer>(std::move(options)));
    }
    if (server_count == 1) return;
    for (const auto& server : servers_) {
        nats::Settings settings;
        settings.url = server->url();
        connections_.push_back(nats::Connection::Connect(settings, metrics_).value());
    }
    UNIBOX_ASSERT(BecomesWhole(kStartTime));
}

NatsCluster::~NatsCluster() = default;

std::string NatsCluster::url() const {
    std::string urls;
    for (const auto& server : servers_) urls += (urls.empty() ? "" : ",") + server->url();
    return urls;
}

std::string NatsCluster::NameOf(std::size_t index) const {
    return fmt::format("node-{}", index);
}

std::optional<std::string> NatsCluster::AskSome(std::string_view subject, Millis timeout) {
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        if (!servers_[i]->running() || servers_[i]->paused()) continue;
        auto answer = connections_[i]->Request(subject, "", timeout);
        if (answer.ok()) return std::move(answer).value();
    }
    return std::nullopt;
}

std::optional<std::size_t> NatsCluster::LeaderOf(std::string_view stream) {
    const auto answer = AskSome(fmt::format("$JS.API.STREAM.INFO.{}", stream), kAskTime);
    if (!answer) return std::nullopt;
    const json info = json::parse(*answer, nullptr, false);
    const auto cluster = info.find("cluster");
    if (cluster == info.end()) return std::nullopt;
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        if (cluster->value("leader", "") == NameOf(i)) return i;
    }
    return std::nullopt;
}

bool NatsCluster::BecomesWhole(std::chrono::milliseconds timeout) {
    return Eventually(timeout, [this] { return IsWhole(); });
}

bool NatsCluster::AreHealthy() const {
    return std::all_of(http_ports_.begin(), http_ports_.end(), [](int port) {
        const auto answer = Get(port, "/healthz");
        return answer.ok() && answer->status == 200;
    });
}

int NatsCluster::version() const {
    const auto answer = Get(http_ports_.front(), "/varz");
    UNIBOX_ASSERT(answer.ok());
    const auto text = json::parse(answer->body).at("version").get<std::string>();
    int major = 0;
    int minor = 0;
    int patch = 0;
    UNIBOX_ASSERT(std::sscanf(text.c_str(), "%d.%d.%d", &major, &minor, &patch) == 3);
    return major * 1'000'000 + minor * 1'000 + patch;
}

bool NatsCluster::IsWhole() {
    if (!AreHealthy()) return false;
    const auto answer = AskSome("$JS.API.STREAM.LIST", kListTime);
    if (!answer) return false;
    const json list = json::parse(*answer, nullptr, false);
    if (!list.is_object() || list.contains("error") || list.contains("missing")) return false;
    const auto streams = list.find("streams");
    if (streams == list.end() || !streams->is_array()) return list.value("total", -1) == 0;
    for (const json& stream : *streams) {
        if (!HasAllCopies(stream, servers_.size())) return false;
    }
    return true;
}

}  // namespace unibox::test
