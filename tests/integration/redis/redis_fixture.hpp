// What the tests of libs/redis share. Thread safety: the test's thread; Answers from any.
#pragma once

#include "obs/metrics.hpp"
#include "redis/client.hpp"
#include "redis/reasons.hpp"
#include "support/eventually.hpp"
#include "support/redis_server.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace unibox::test {

using namespace std::chrono_literals;
using redis::Command;
using redis::Reply;

inline constexpr Millis kPatience{30'000};  // Where time is not the subject.

inline redis::Settings SettingsFor(const std::string& url) {
    redis::Settings settings;
    settings.url = url;
    settings.reconnect_first_ms = 10;
    settings.reconnect_ms_max = 100;
    settings.connect_timeout_ms = 10'000;
    settings.answer_timeout_ms = 30'000;
    settings.topology_interval_ms = 200;
    return settings;
}

inline std::unique_ptr<redis::Client> ClientOf(
    const redis::Settings& settings, obs::Metrics& metrics
) {
    auto client = redis::Client::Create(settings, metrics);
    REQUIRE_OK(client);
    return std::move(client).value();
}

inline bool IsConnected(const redis::Client& client) {
    return Eventually(kPatience, [&] { return client.connected(); });
}

inline std::string TextOf(const Result<Reply>& reply) {
    REQUIRE_OK(reply);
    const auto text = reply->Text();
    REQUIRE_OK(text);
    return std::string(*text);
}

inline std::int64_t IntegerOf(const Result<Reply>& reply) {
    REQUIRE_OK(reply);
    const auto integer = reply->Integer();
    REQUIRE_OK(integer);
    return *integer;
}

// Whatever happened before: commands are answered again, each with its own answer.
inline bool Recovers(redis::Client& client) {
    const bool answers =
        Eventually(kPatience, [&] { return client.Call(Command("PING"), kPatience).ok(); });
    for (int i = 0; answers && i < 20; ++i) {
        const std::string text = std::to_string(i);
        const auto echoed = client.Call(Command("ECHO").Arg(text), kPatience);
        if (!echoed.ok() || echoed->raw_text() != text) return false;
    }
    return answers;
}

// Collects what callbacks are told, by number.
class Answers {
public:
    redis::Client::Done Done(int number) {
        return [this, number](Result<Reply> result) {
            const std::lock_guard lock(mutex_);
            results_[number].push_back(std::move(result));
            ++count_;
        };
    }
    std::size_t count() const {
        const std::lock_guard lock(mutex_);
        return count_;
    }
    bool WaitFor(std::size_t count) const {
        return Eventually(kPatience, [&] { return this->count() >= count; });
    }
    // The one answer of this number; it must be one.
    Result<Reply> Of(int number) const {
        const std::lock_guard lock(mutex_);
        const auto found = results_.find(number);
        REQUIRE(found != results_.end());
        REQUIRE(found->second.size() == 1);
        return found->second.front();
    }

private:
    mutable std::mutex mutex_;
    std::map<int, std::vector<Result<Reply>>> results_;
    std::size_t count_ = 0;
};

struct RedisFixture {
    explicit RedisFixture(
        const RedisServerOptions& options = {},
        const std::function<void(redis::Settings&)>& tune = [](redis::Settings&) {}
    )
        : server(options), settings(SettingsFor(server.url())) {
        tune(settings);
        client = ClientOf(settings, metrics);
        REQUIRE(IsConnected(*client));
    }

    Result<Reply> Call(Command command, Millis timeout = kPatience) const {
        return client->Call(std::move(command), timeout);
    }
    double Count(const std::string& name, const obs::Labels& more = {}) {
        obs::Labels labels = {{"name", settings.name}};
        labels.insert(labels.end(), more.begin(), more.end());
        return metrics.GetCounter(name, "", labels).Get();
    }

    obs::Metrics metrics;
    RedisServer server;
    redis::Settings settings;
    std::unique_ptr<redis::Client> client;
};

}  // namespace unibox::test
