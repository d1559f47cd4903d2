// Asks one server where it is, on a connection of its own. Private to libs/pg.
// Thread safety: one thread at a time.
#pragma once

#include "base/status.hpp"
#include "pg/detail/replica_board.hpp"
#include "pg/pool.hpp"

#include <cstdint>
#include <memory>

namespace unibox::pg::detail {

class ServerProbe {
public:
    // Of the url in `settings`; each of its waits lasts `timeout` at most.
    static Result<std::unique_ptr<ServerProbe>> Create(
        Settings settings, Millis timeout, obs::Metrics& metrics
    );
    Result<Sighting> Look();

private:
    explicit ServerProbe(std::unique_ptr<Session> session) : session_(std::move(session)) {}
    std::unique_ptr<Session> session_;
    // The newest timeline that it told on this connection: it never goes back to an older one, and
    // does not tell it while its receiver has nobody to receive from.
    std::int32_t timeline_ = 0;
    std::int64_t connection_ = 0;
};

}  // namespace unibox::pg::detail
