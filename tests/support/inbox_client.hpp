// What an agent's program sees: the gateway's HTTP JSON API with one API key.
// Thread safety: one thread.
#pragma once

#include "http/client.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace unibox::test {

class InboxClient {
public:
    InboxClient(std::string gateway_address, std::string api_key)
        : client_(std::move(gateway_address)), api_key_(std::move(api_key)) {}

    // `target` is path and query. Status 0: no answer.
    http::Response Get(const std::string& target);
    // All pages, small ones. Fails the test unless every answer is 200.
    std::vector<nlohmann::json> Conversations();
    // In the order of seq; all pages. Fails the test unless every answer is 200.
    std::vector<nlohmann::json> Messages(const std::string& conversation_id);

private:
    std::vector<nlohmann::json> AllPages(const std::string& target, const std::string& field);

    http::Client client_;
    std::string api_key_;
};

}  // namespace unibox::test
