#include "webhook-ingest/routes.hpp"

#include <string>
#include <utility>

namespace unibox::ingest {
namespace {

using RequestPtr = std::shared_ptr<http::Request>;

http::Route TokenRoute(
    Ingest& ingest, const std::string& method, const std::string& provider, std::size_t bytes_max
) {
    return {
        method,
        "/v1/hooks/" + provider + "/{token}",
        bytes_max,
        [&ingest,
         provider](RequestPtr request, const http::PathParams& params, http::Respond respond) {
            ingest.ByToken(std::move(request), provider, params.Get("token"), std::move(respond));
        }};
}

http::Route AppRoute(Ingest& ingest, const std::string& provider, std::size_t bytes_max) {
    return {
        "POST",
        "/v1/hooks/" + provider,
        bytes_max,
        [&ingest, provider](RequestPtr request, const http::PathParams&, http::Respond respond) {
            ingest.ByApp(std::move(request), provider, std::move(respond));
        }};
}

http::Route HandshakeRoute(Ingest& ingest, const std::string& pattern) {
    return {
        "GET",
        pattern,
        0,
        [&ingest](RequestPtr request, const http::PathParams& params, http::Respond respond) {
            ingest.Handshake(std::move(request), "meta", params.Get("token"), std::move(respond));
        }};
}

}  // namespace

std::vector<http::Route> Routes(Ingest& ingest, const BodyLimits& limits) {
    std::vector<http::Route> routes;
    for (const char* provider : {"telegram", "meta", "twilio", "standard"}) {
        const bool meta = std::string_view(provider) == "meta";
        const std::size_t bytes_max = meta ? limits.meta_bytes_max : limits.other_bytes_max;
        routes.push_back(TokenRoute(ingest, "POST", provider, bytes_max));
        routes.push_back(AppRoute(ingest, provider, bytes_max));
    }
    // Twilio can be told to call by GET; then everything is in the query.
    routes.push_back(TokenRoute(ingest, "GET", "twilio", 0));
    routes.push_back(HandshakeRoute(ingest, "/v1/hooks/meta"));
    routes.push_back(HandshakeRoute(ingest, "/v1/hooks/meta/{token}"));
    return routes;
}

}  // namespace unibox::ingest
