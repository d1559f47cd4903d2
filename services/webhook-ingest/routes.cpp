#include "webhook-ingest/routes.hpp"

#include <string>
#include <utility>

namespace unibox::ingest {
namespace {

using channels::Adapter;
using domain::GetRequest;
using RequestPtr = std::shared_ptr<http::Request>;

std::string PatternOf(const Adapter& adapter) {
    return "/v1/hooks/" + std::string(adapter.source.url_name);
}

http::Route TokenRoute(
    Intake& intake, std::string method, const Adapter& adapter, std::size_t bytes_max
) {
    return {
        std::move(method),
        PatternOf(adapter) + "/{token}",
        bytes_max,
        [&intake,
         &adapter](RequestPtr request, const http::PathParams& params, http::Respond respond) {
            intake.ByToken(std::move(request), adapter, params.Get("token"), std::move(respond));
        }};
}

http::Route AppRoute(Intake& intake, const Adapter& adapter, std::size_t bytes_max) {
    return {
        "POST",
        PatternOf(adapter),
        bytes_max,
        [&intake, &adapter](RequestPtr request, const http::PathParams&, http::Respond respond) {
            intake.ByApp(std::move(request), adapter, std::move(respond));
        }};
}

http::Route CheckRoute(Intake& intake, std::string pattern, const Adapter& adapter) {
    return {
        "GET",
        std::move(pattern),
        0,
        [&intake,
         &adapter](RequestPtr request, const http::PathParams& params, http::Respond respond) {
            intake.CheckUrl(std::move(request), adapter, params.Get("token"), std::move(respond));
        }};
}

void AddGetRoutes(Intake& intake, const Adapter& adapter, std::vector<http::Route>& routes) {
    switch (adapter.source.get) {
        case GetRequest::kRefused:
            return;
        case GetRequest::kIsWebhook:
            routes.push_back(TokenRoute(intake, "GET", adapter, 0));
            return;
        case GetRequest::kChecksUrl:
            routes.push_back(CheckRoute(intake, PatternOf(adapter), adapter));
            routes.push_back(CheckRoute(intake, PatternOf(adapter) + "/{token}", adapter));
            return;
    }
}

}  // namespace

BodyLimits::BodyLimits() {
    for (std::size_t i = 0; i < bytes_max.size(); ++i) {
        bytes_max[i] = domain::kWebhookSources[i]->body_bytes_max;
    }
}

std::vector<http::Route> Routes(Intake& intake, const BodyLimits& limits) {
    std::vector<http::Route> routes;
    for (std::size_t i = 0; i < limits.bytes_max.size(); ++i) {
        const Adapter& adapter = channels::Adapters()[i];
        routes.push_back(TokenRoute(intake, "POST", adapter, limits.bytes_max[i]));
        routes.push_back(AppRoute(intake, adapter, limits.bytes_max[i]));
        AddGetRoutes(intake, adapter, routes);
    }
    return routes;
}

}  // namespace unibox::ingest
