// The answers that the server gives itself, without a handler.
// Thread safety: pure functions.
#pragma once

#include "http/request_head.hpp"
#include "http/router.hpp"
#include "http/server.hpp"

#include <cstddef>
#include <string_view>

namespace unibox::http::detail {

// 503 with Retry-After.
Response Overloaded(const Settings& settings, std::string_view detail);
Response RefusedHead(const HeadError& error);
// 404, 405 with Allow, or 400 for a path that cannot be decoded.
Response NoRoute(const Router::Mismatch& mismatch);
// 413; or 400 if the route takes no body at all.
Response BodyTooLarge(std::size_t body_bytes_max);
Response BrokenBody();
Response EncodedBody();
// 408, each with the limit that was passed.
Response LateHead(const Settings& settings);
Response LateBody(const Settings& settings);
// 500: no Respond was called.
Response Unanswered();
// To "OPTIONS *": 204 with Allow.
Response AllowedMethods(const Router& router);

}  // namespace unibox::http::detail
