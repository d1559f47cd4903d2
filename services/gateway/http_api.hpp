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

// A failed Status as problem+json (http/problem.hpp), the field as in the proto, the parameter by
// its JSON name. 401 carries WWW-Authenticate.
http::Response ProblemOf(const Status& status);

}  // namespace unibox::gateway
