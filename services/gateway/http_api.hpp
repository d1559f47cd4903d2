// The methods as HTTP+JSON: routes from the google.api.http annotations of their protos, errors as
// problem+json (RFC 9457), what stands in fields of HTTP as http_fields.hpp says. Thread safety:
// handlers run on the HTTP server's threads and only hand over.
#pragma once

#include "gateway/admission.hpp"
#include "gateway/method_table.hpp"
#include "http/router.hpp"

#include <cstddef>
#include <vector>

namespace unibox::gateway {

inline constexpr std::size_t kHttpBodyBytesMax = 1 << 20;  // Of methods that take a body.

// One route for each binding of the methods; both must outlive the server that serves them.
// FAILED_PRECONDITION for an annotation that cannot be served, INTERNAL for a GET of a method that
// does more than read.
Result<std::vector<http::Route>> HttpRoutes(const MethodTable& methods, Admission& admission);

// A failed Status as problem+json (http/problem.hpp), the field as in the proto, the parameter by
// its JSON name. 401 carries WWW-Authenticate.
http::Response ProblemOf(const Status& status);

}  // namespace unibox::gateway
