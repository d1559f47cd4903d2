#include "redis/detail/router.hpp"

#include "redis/detail/cluster_router.hpp"
#include "redis/detail/node.hpp"
#include "redis/detail/sentinel_router.hpp"
#include "redis/errors.hpp"
#include "redis/reasons.hpp"

#include <chrono>
#include <utility>

namespace unibox::redis::detail {
namespace {

Greeting GreetingOf(const Settings& settings, const Endpoints& endpoints) {
    return {
        settings.user.empty() ? endpoints.user : settings.user,
        endpoints.password,
        settings.password_file,
        endpoints.database,
        settings.ParsedMode() == Mode::kSentinel};
}

// One server, by its address.
class SingleRouter final : public Router {
public:
    SingleRouter(Surroundings& surroundings, Presence& presence, const Endpoints& endpoints)
        : Router(surroundings, presence, endpoints) {}

    void Start() override {
        node_ = std::make_unique<Node>(around_, addresses_.front(), greeting_, *this);
    }
    void Route(RequestPtr request) override {
        if (!node_->TrySend(request)) Refuse(std::move(request));
    }
    void Stop(const Status& why) override {
        presence_.Set(false);
        node_->Close(why);
    }
    void OnUp(Connection&) override { presence_.Set(true); }
    void OnDown(Connection&, const Status& why) override {
        presence_.Note(why);
        presence_.Set(node_->ready());
    }

private:
    std::unique_ptr<Node> node_;
};

}  // namespace

std::unique_ptr<Router> Router::Create(
    Surroundings& surroundings, Presence& presence, const Endpoints& endpoints
) {
    switch (surroundings.settings.ParsedMode()) {
        case Mode::kSentinel:
            return std::make_unique<SentinelRouter>(surroundings, presence, endpoints);
        case Mode::kCluster:
            return std::make_unique<ClusterRouter>(surroundings, presence, endpoints);
        case Mode::kSingle:
            break;
    }
    return std::make_unique<SingleRouter>(surroundings, presence, endpoints);
}

Router::Router(Surroundings& surroundings, Presence& presence, const Endpoints& endpoints)
    : around_(surroundings),
      presence_(presence),
      addresses_(endpoints.addresses),
      greeting_(GreetingOf(surroundings.settings, endpoints)) {}

bool Router::Redirect(const Connection&, RequestPtr&, const Reply&) {
    return false;
}

void Router::OnAnswer(Connection& connection, RequestPtr request, Reply reply) {
    if (!reply.is_error()) return around_.desk.Finish(std::move(request), std::move(reply));
    if (ErrorWord(reply.raw_text()) == kNoScript && request->script) {
        request->bytes = AsEval(request->bytes, *std::exchange(request->script, nullptr));
        request->is_written = false;
        around_.metrics.CountScriptSent();
        return connection.Enqueue(std::move(request));
    }
    if (Redirect(connection, request, reply)) return;
    around_.desk.Finish(std::move(request), StatusOfError(reply.raw_text()));
}

void Router::Refuse(RequestPtr request) {
    around_.desk.Finish(std::move(request), presence_.NotConnected());
}

RequestPtr Router::Question(std::span<const std::string> parts, Client::Done done) {
    auto request = std::make_unique<Request>(Encode(parts), std::move(done));
    request->is_own = true;
    request->begun = std::chrono::steady_clock::now();
    request->deadline = request->begun + Millis(around_.settings.connect_timeout_ms);
    around_.desk.Accept(*request);
    return request;
}

}  // namespace unibox::redis::detail
