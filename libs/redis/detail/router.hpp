// Which server a command goes to, by mode. Thread safety: the I/O thread.
#pragma once

#include "redis/detail/connection.hpp"
#include "redis/detail/endpoints.hpp"
#include "redis/detail/presence.hpp"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace unibox::redis::detail {

class Router : public ConnectionOwner {
public:
    // All arguments must outlive it.
    static std::unique_ptr<Router> Create(
        Surroundings& surroundings, Presence& presence, const Endpoints& endpoints
    );

    virtual void Start() = 0;
    // Ends it at once where there is no connection.
    virtual void Route(RequestPtr request) = 0;
    // Ends all that is under way; nothing waits any more.
    virtual void Stop(const Status& why) = 0;

    // Scripts that the server does not know are sent with their source.
    void OnAnswer(Connection& connection, RequestPtr request, Reply reply) override;

protected:
    Router(Surroundings& surroundings, Presence& presence, const Endpoints& endpoints);

    // True: it took the request, which goes to another server.
    virtual bool Redirect(const Connection& connection, RequestPtr& request, const Reply& error);
    // There is no connection for it.
    void Refuse(RequestPtr request);
    // A request of the router's own, which ends within connect_timeout_ms.
    RequestPtr Question(std::span<const std::string> parts, Client::Done done);

    Surroundings& around_;
    Presence& presence_;
    const std::vector<Address> addresses_;  // Of the settings.
    const Greeting greeting_;               // Of servers that hold data.
};

}  // namespace unibox::redis::detail
