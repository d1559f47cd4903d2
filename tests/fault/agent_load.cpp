#include "agent_load.hpp"

#include "base/clock.hpp"
#include "support/eventually.hpp"

#include <nlohmann/json.hpp>

#include <set>

namespace unibox::test {
namespace {

constexpr Millis kAnswerMax{10'000};
constexpr std::chrono::seconds kAskedMax{120};
// What an agent may hear instead of an answer while things are killed.
const std::set<int> kPassing = {503, 504};

}  // namespace

void AgentLoad::Start() {
    for (int agent = 0; agent < options_.agent_count; ++agent) {
        for (int thread = 0; thread < options_.threads_each; ++thread) {
            threads_.emplace_back([this, agent, thread] { Work(agent, thread); });
        }
    }
}

void AgentLoad::Join() {
    for (std::thread& thread : threads_) {
        if (thread.joinable()) thread.join();
    }
}

Complaints AgentLoad::complaints() const {
    const MutexLock lock(mutex_);
    return complaints_;
}

std::map<std::string, std::string> AgentLoad::messages() const {
    const MutexLock lock(mutex_);
    return messages_;
}

void AgentLoad::Work(int agent, int thread) {
    Gateways gateways;
    for (const std::string& address : options_.gateway_addresses) {
        gateways.push_back(std::make_unique<http::Client>(address));
    }
    for (int reply = 0; reply < options_.replies_each; ++reply) {
        const std::string request_id = std::to_string(agent) + "-" + std::to_string(reply);
        const int turn = agent * options_.replies_each + reply;
        const std::size_t place = static_cast<std::size_t>(turn) % options_.conversations.size();
        const std::string& where = options_.conversations[place];
        for (int i = 0; i < options_.asks_each; ++i) {
            Ask(gateways, static_cast<std::size_t>(thread + i), request_id, where);
        }
    }
}

void AgentLoad::Ask(
    Gateways& gateways,
    std::size_t first,
    const std::string& request_id,
    const std::string& conversation
) {
    std::size_t turn = first;
    const bool is_done = Eventually(kAskedMax, [&] {
        const auto answer = gateways[turn++ % gateways.size()]->Send(
            "POST",
            "/v1/conversations/" + conversation + "/messages",
            {{"Authorization", "Bearer " + options_.api_key},
             {"Content-Type", "application/json"},
             {"Idempotency-Key", request_id}},
            nlohmann::json{{"text", "reply " + request_id}}.dump(),
            kAnswerMax
        );
        if (!answer.ok() || kPassing.contains(answer->status)) {
            ++unanswered_;
            return false;
        }
        Note(request_id, *answer);
        return true;
    });
    if (!is_done) Complain(request_id + " is never answered");
}

void AgentLoad::Note(const std::string& request_id, const http::Response& answer) {
    if (answer.status != 200) {
        Complain(request_id + " got " + std::to_string(answer.status) + ": " + answer.body);
        return;
    }
    ++answered_;
    const std::string id = nlohmann::json::parse(answer.body).at("message").at("id");
    const MutexLock lock(mutex_);
    const auto [first, is_first] = messages_.emplace(request_id, id);
    if (!is_first && first->second != id) {
        complaints_.push_back(request_id + " is " + first->second + " and " + id);
    }
}

void AgentLoad::Complain(const std::string& what) {
    const MutexLock lock(mutex_);
    complaints_.push_back(what);
}

}  // namespace unibox::test
