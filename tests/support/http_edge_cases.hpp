// The requests of tests/data/http_edge_cases.jsonl and what a server must say to them.
// Thread safety: any thread.
#pragma once

#include <string>
#include <vector>

namespace unibox::test {

struct HttpEdgeCase {
    std::string name;
    std::string request;
    std::string want;  // The status, then "close" if the connection ends; or "100 then" the status.
};

// All of them. Two are not wanted as recorded: a Transfer-Encoding that is not exactly "chunked" is
// 400, whatever else it could be, and an absolute-form target is served (RFC 9112, 3.2.2).
std::vector<HttpEdgeCase> HttpEdgeCases();

}  // namespace unibox::test
