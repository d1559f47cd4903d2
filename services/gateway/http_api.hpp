// unibox.v1.InboxService as HTTP+JSON: routes from the google.api.http annotations, errors as
// problem+json (RFC 9457). Thread safety: handlers run on the HTTP server's threads and only hand
// over.
#pragma once

#include "gateway/admission.hpp"
#include "gateway/inbox.hpp"
#include "http/router.hpp"

#include <cstddef>
#include <vector>

namespace unibox::gateway {

inline constexpr std::size_t kHttpBodyBytesMax = 1 << 20;  // Of methods that take a body.

// One route for each binding of the service; all arguments must outlive the server that serves
// them. FAILED_PRECONDITION for an annotation that cannot be served, INTERNAL if a method has no
// use case here.
Result<std::vector<http::Route>> HttpRoutes(const Inbox& inbox, Admission& admission);

// A failed Status as problem+json: type, title, status, detail, and if given: reason, field (as in
// the proto) and errors (with the parameter's JSON name). 401 carries WWW-Authenticate, 429 and 503
// Retry-After in seconds.
http::Response ProblemOf(const Status& status);

}  // namespace unibox::gateway
