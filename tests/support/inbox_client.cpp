#include "support/inbox_client.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {

using Json = nlohmann::json;

http::Response InboxClient::Get(const std::string& target) {
    auto response =
        client_.Send("GET", target, {{"Authorization", "Bearer " + api_key_}}, "", Millis(10'000));
    http::Response none;
    none.status = 0;
    return response.ok() ? std::move(response).value() : none;
}

std::vector<Json> InboxClient::AllPages(const std::string& target, const std::string& field) {
    std::vector<Json> found;
    std::string page_token;
    do {
        const auto response = Get(target + (page_token.empty() ? "" : "&pageToken=" + page_token));
        INFO(target << ": " << response.body);
        REQUIRE(response.status == 200);
        const auto page = Json::parse(response.body);
        for (const auto& item : page[field]) found.push_back(item);
        page_token = page["nextPageToken"];
    } while (!page_token.empty());
    return found;
}

std::vector<Json> InboxClient::Conversations() {
    return AllPages("/v1/conversations?pageSize=3", "conversations");
}

std::vector<Json> InboxClient::Messages(const std::string& conversation_id) {
    return AllPages(
        "/v1/conversations/" + conversation_id + "/messages?order=ORDER_OLDEST_FIRST&pageSize=7",
        "messages"
    );
}

}  // namespace unibox::test
