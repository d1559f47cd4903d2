// The client: what callers bring is checked and counted on their threads, all else is the I/O
// thread's. Thread safety: as Client.
#pragma once

#include "redis/client.hpp"
#include "redis/detail/client_metrics.hpp"
#include "redis/detail/connection.hpp"
#include "redis/detail/endpoints.hpp"
#include "redis/detail/io_thread.hpp"
#include "redis/detail/presence.hpp"
#include "redis/detail/router.hpp"
#include "redis/detail/window.hpp"

#include <memory>

namespace unibox::redis::detail {

class ClientImpl final : public Client {
public:
    ClientImpl(const Settings& settings, const Endpoints& endpoints, obs::Metrics& metrics);
    ~ClientImpl() override;

    Status Send(Command command, Millis timeout, Done done) override;
    bool connected() const override { return presence_.connected(); }
    void Stop() override;

private:
    Result<RequestPtr> Admit(const Command& command, Millis timeout, Done done);

    ClientMetrics metrics_;
    Presence presence_;
    Window window_;  // Outlives all requests.
    IoThread thread_;
    Surroundings around_;
    const std::unique_ptr<Router> router_;
};

}  // namespace unibox::redis::detail
