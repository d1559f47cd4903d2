#include "support/redis_groups.hpp"

#include "base/assert.hpp"
#include "base/strings.hpp"
#include "support/eventually.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace unibox::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kSentinels = 3;
constexpr std::size_t kNodes = 3;
constexpr int kSlots = 16'384;
constexpr std::chrono::seconds kFormTime{60};

// The first slot of a node, or for the last one + 1 their number.
int FirstSlot(std::size_t node) {
    return kSlots * static_cast<int>(node) / static_cast<int>(kNodes);
}

std::string UrlsOf(const std::vector<std::unique_ptr<RedisServer>>& servers) {
    std::string urls;
    for (const auto& server : servers) urls += (urls.empty() ? "" : ",") + server->url();
    return urls;
}

void Demand(const std::string& answer) {
    if (answer != "OK") std::fprintf(stderr, "redis-cli: %s\n", answer.c_str());
    UNIBOX_ASSERT(answer == "OK");
}

}  // namespace

RedisSentinels::RedisSentinels() : first_(std::make_unique<RedisServer>()) {
    RedisServerOptions replica;
    replica.extra_config = fmt::format("replicaof 127.0.0.1 {}", first_->port());
    second_ = std::make_unique<RedisServer>(replica);
    UNIBOX_ASSERT(Eventually(kFormTime, [&] { return second_->Info("master_link_status") == "up"; })
    );
    RedisServerOptions options;
    options.is_sentinel = true;
    options.extra_config = fmt::format(
        "sentinel monitor mymaster 127.0.0.1 {} 2\n"
        "sentinel down-after-milliseconds mymaster 2000\n"
        "sentinel failover-timeout mymaster 10000",
        first_->port()
    );
    for (std::size_t i = 0; i < kSentinels; ++i) {
        sentinels_.push_back(std::make_unique<RedisServer>(options));
    }
    UNIBOX_ASSERT(Eventually(kFormTime, [&] {
        return std::all_of(sentinels_.begin(), sentinels_.end(), [](const auto& sentinel) {
            const std::string info = sentinel->Cli({"INFO", "sentinel"});
            return info.find("slaves=1,sentinels=3") != std::string::npos;
        });
    }));
}

std::string RedisSentinels::url() const {
    return UrlsOf(sentinels_);
}

bool RedisSentinels::Becomes(const RedisServer& master, std::chrono::milliseconds timeout) {
    const std::string wanted = fmt::format("127.0.0.1\n{}", master.port());
    return Eventually(timeout, [&] {
        return std::all_of(sentinels_.begin(), sentinels_.end(), [&](const auto& sentinel) {
            const std::string said =
                sentinel->Cli({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster"});
            return said == wanted;
        });
    });
}

RedisCluster::RedisCluster() {
    RedisServerOptions options;
    options.is_cluster_node = true;
    for (std::size_t i = 0; i < kNodes; ++i) {
        nodes_.push_back(std::make_unique<RedisServer>(options));
        RedisServer& node = *nodes_.back();
        ids_.push_back(node.Cli({"CLUSTER", "MYID"}));
        Demand(node.Cli({"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)}));
        Demand(node.Cli(
            {"CLUSTER",
             "ADDSLOTSRANGE",
             std::to_string(FirstSlot(i)),
             std::to_string(FirstSlot(i + 1) - 1)}
        ));
        Demand(nodes_.front()->Cli(
            {"CLUSTER",
             "MEET",
             "127.0.0.1",
             std::to_string(node.port()),
             std::to_string(node.bus_port())}
        ));
    }
    UNIBOX_ASSERT(Eventually(kFormTime, [&] { return IsWhole(); }));
}

bool RedisCluster::IsWhole() const {
    return std::all_of(nodes_.begin(), nodes_.end(), [](const auto& node) {
        const std::string info = node->Cli({"CLUSTER", "INFO"});
        return info.find("cluster_state:ok") != std::string::npos &&
               info.find("cluster_size:3") != std::string::npos;
    });
}

std::string RedisCluster::url() const {
    return UrlsOf(nodes_);
}

std::size_t RedisCluster::OwnerAtFirst(std::uint16_t slot) {
    std::size_t node = 0;
    while (slot >= FirstSlot(node + 1)) ++node;
    return node;
}

void RedisCluster::BeginMove(std::uint16_t slot, std::size_t from, std::size_t to) {
    const std::string number = std::to_string(slot);
    Demand(node(to).Cli({"CLUSTER", "SETSLOT", number, "IMPORTING", id(from)}));
    Demand(node(from).Cli({"CLUSTER", "SETSLOT", number, "MIGRATING", id(to)}));
}

void RedisCluster::MoveKey(const std::string& key, std::size_t from, std::size_t to) {
    Demand(
        node(from).Cli({"MIGRATE", "127.0.0.1", std::to_string(node(to).port()), key, "0", "5000"})
    );
}

void RedisCluster::FinishMove(std::uint16_t slot, std::size_t from, std::size_t to) {
    const std::string number = std::to_string(slot);
    const std::string keys = node(from).Cli({"CLUSTER", "GETKEYSINSLOT", number, "1000"});
    for (const std::string_view key : Split(keys, '\n')) {
        if (!key.empty()) MoveKey(std::string(key), from, to);
    }
    Demand(node(to).Cli({"CLUSTER", "SETSLOT", number, "NODE", id(to)}));
    Demand(node(from).Cli({"CLUSTER", "SETSLOT", number, "NODE", id(to)}));
}

}  // namespace unibox::test
