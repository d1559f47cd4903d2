// The HTTP routes of the service: from requests to Intake.
// Thread safety: pure function; the handlers run on net threads.
#pragma once

#include "domain/provider.hpp"
#include "http/router.hpp"
#include "webhook-ingest/intake.hpp"

#include <array>
#include <cstddef>
#include <vector>

namespace unibox::ingest {

// Bodies: a larger one is answered 413.
struct BodyLimits {
    BodyLimits();  // What the providers' rows say.

    std::array<std::size_t, domain::kWebhookSources.size()> bytes_max{};  // In their order.
};

// POST and GET /v1/hooks/{provider} and /v1/hooks/{provider}/{channel_token}. `intake` must outlive
// the server.
std::vector<http::Route> Routes(Intake& intake, const BodyLimits& limits);

}  // namespace unibox::ingest
