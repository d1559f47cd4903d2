// The HTTP routes of the service: from requests to Ingest.
// Thread safety: pure function; the handlers run on net threads.
#pragma once

#include "http/router.hpp"
#include "webhook-ingest/ingest.hpp"

#include <cstddef>
#include <vector>

namespace unibox::ingest {

// Bodies, by provider: a larger one is answered 413.
struct BodyLimits {
    std::size_t meta_bytes_max = 4 << 20;
    std::size_t other_bytes_max = 1 << 20;
};

// POST and GET /v1/hooks/{provider} and /v1/hooks/{provider}/{channel_token}. `ingest` must outlive
// the server.
std::vector<http::Route> Routes(Ingest& ingest, const BodyLimits& limits);

}  // namespace unibox::ingest
