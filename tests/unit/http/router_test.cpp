#include "http/router.hpp"

#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

namespace unibox::http {
namespace {

Route At(std::string method, std::string pattern) {
    return {std::move(method), std::move(pattern), 0, [](auto, PathParams, const Respond&) {}};
}

struct Found {
    std::string pattern;
    PathParams params;
    Router::Mismatch mismatch;
};

Found Find(const Router& router, std::string_view method, std::string_view path) {
    Found found;
    auto match = router.Find(method, path, &found.mismatch);
    if (match) {
        found.pattern = router.routes()[match->route_index].pattern;
        found.params = std::move(match->params);
    }
    return found;
}

TEST_CASE("Router: literals before parameters before the rest", "[unit][http]") {
    const auto created = Router::Create(
        {At("GET", "/{file=**}"),
         At("GET", "/v1/{a}"),
         At("GET", "/v1/fixed"),
         At("POST", "/v1/hooks/{provider}/{token}"),
         At("GET", "/v1/c/{id}:close"),
         At("GET", "/v1/c/{id}")}
    );
    REQUIRE_OK(created);
    const Router& router = *created;
    CHECK(Find(router, "GET", "/v1/fixed").pattern == "/v1/fixed");
    CHECK(Find(router, "GET", "/v1/other").params.Get("a") == "other");
    CHECK(Find(router, "GET", "/v1/c/7:close").pattern == "/v1/c/{id}:close");
    CHECK(Find(router, "GET", "/v1/c/7:close").params.Get("id") == "7");
    CHECK(Find(router, "GET", "/v1/c/7").pattern == "/v1/c/{id}");
    CHECK(Find(router, "GET", "/a/b/c").params.Get("file") == "a/b/c");
    CHECK(Find(router, "GET", "/").params.Get("file").empty());
    const Found hook = Find(router, "POST", "/v1/hooks/meta/T%2Bk");
    CHECK(hook.params.Get("provider") == "meta");
    CHECK(hook.params.Get("token") == "T+k");
}

TEST_CASE("Router: 404, 405 with Allow, and broken escapes", "[unit][http]") {
    const auto created = Router::Create({At("POST", "/h/{p}"), At("GET", "/h/{p}")});
    REQUIRE_OK(created);
    CHECK(Find(*created, "HEAD", "/h/a").pattern == "/h/{p}");
    CHECK(Find(*created, "GET", "/h/").mismatch.status == 404);
    CHECK(Find(*created, "GET", "/h/a/").mismatch.status == 404);
    CHECK(Find(*created, "GET", "/h").mismatch.status == 404);
    const Found put = Find(*created, "PUT", "/h/a");
    CHECK(put.mismatch.status == 405);
    CHECK(put.mismatch.allow == "GET, HEAD, POST");
    CHECK(Find(*created, "GET", "/h/%zz").mismatch.status == 400);
    CHECK(Find(*created, "GET", "/h/%00").mismatch.status == 400);
    CHECK(Find(*created, "GET", "/h/%ff").mismatch.status == 400);
    CHECK(Find(*created, "GET", "/h/%4").mismatch.status == 400);
}

TEST_CASE("Router: refuses patterns that cannot be", "[unit][http]") {
    const auto code = [](std::vector<Route> routes) {
        return Router::Create(std::move(routes)).status().code();
    };
    CHECK(code({At("GET", "a")}) == Code::kInvalidArgument);
    CHECK(code({At("GET", "/{a")}) == Code::kInvalidArgument);
    CHECK(code({At("GET", "/{}")}) == Code::kInvalidArgument);
    CHECK(code({At("GET", "/{a=**}/b")}) == Code::kInvalidArgument);
    CHECK(code({At("GET", "/a"), At("GET", "/a")}) == Code::kInvalidArgument);
    CHECK(code({{"GET", "/a", 0, nullptr}}) == Code::kInvalidArgument);
}

}  // namespace
}  // namespace unibox::http
