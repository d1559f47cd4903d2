// GET /openapi.json: the HTTP API as an OpenAPI 3.1 document, for whoever makes clients of it. Open
// to everybody, as it says nothing that this repository does not.
// Thread safety: the handler may be called from any thread.
#pragma once

#include "gateway/method_table.hpp"
#include "http/router.hpp"

namespace unibox::gateway {

// Answers with the document: packed for who takes it, 304 for who has it.
Result<http::Route> OpenApiRoute(const MethodTable& methods);

}  // namespace unibox::gateway
