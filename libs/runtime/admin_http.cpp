#include "runtime/admin_http.hpp"

#include "http/server.hpp"

#include <utility>
#include <vector>

namespace unibox::runtime {
namespace {

constexpr const char* kText = "text/plain; charset=utf-8";

http::Response Text(int status, std::string body, const char* content_type = kText) {
    http::Response response;
    response.status = status;
    response.content_type = content_type;
    response.body = std::move(body);
    return response;
}

http::Route Get(std::string pattern, std::function<http::Response()> answer) {
    http::Route route;
    route.method = "GET";
    route.pattern = std::move(pattern);
    route.handler = [answer = std::move(answer
                     )](const std::shared_ptr<http::Request>&,
                        const http::PathParams&,
                        const http::Respond& respond) { respond(answer()); };
    return route;
}

std::vector<http::Route> Routes(const AdminState& state) {
    std::vector<http::Route> routes;
    routes.push_back(Get("/livez", [&state] {
        const Status status = state.liveness ? state.liveness() : Status();
        return status.ok() ? Text(200, "ok\n") : Text(503, status.ToString() + "\n");
    }));
    routes.push_back(Get("/readyz", [&state] {
        if (state.ready) return Text(200, "ready\n");
        return Text(503, state.stopping ? "stopping\n" : "starting\n");
    }));
    routes.push_back(Get("/metrics", [&state] {
        return Text(200, state.metrics->Render(), "text/plain; version=0.0.4; charset=utf-8");
    }));
    routes.push_back(Get("/config", [&state] { return Text(200, state.config_text); }));
    return routes;
}

class AdminServer final : public AdminHttp {
public:
    explicit AdminServer(std::unique_ptr<http::Server> server) : server_(std::move(server)) {}
    ~AdminServer() override { server_->Stop(Millis(0)); }
    std::string address() const override { return server_->address(); }

private:
    std::unique_ptr<http::Server> server_;
};

}  // namespace

Result<std::unique_ptr<AdminHttp>> AdminHttp::Start(
    const std::string& listen, const AdminState& state, const Clock& clock
) {
    http::Settings settings;
    settings.listen = listen;
    settings.connection_count_max = 100;
    settings.connection_count_per_client_max = 0;
    settings.in_flight_request_count_max = 100;
    UNIBOX_ASSIGN_OR_RETURN(
        auto server, http::Server::Start(settings, Routes(state), clock, *state.metrics, "admin")
    );
    return std::unique_ptr<AdminHttp>(std::make_unique<AdminServer>(std::move(server)));
}

}  // namespace unibox::runtime
