// What agents' tokens are judged by in the gateway: issuers and tenants of the database, key sets
// of the issuers' URLs.
// Thread safety: the functions of the result from any thread.
#pragma once

#include "auth/agent_tokens.hpp"
#include "base/status.hpp"
#include "gateway/config.hpp"
#include "pg/pool.hpp"

namespace unibox::gateway {

auth::AgentOptions AgentOptionsOf(const AgentTokenSettings& settings);

// The pool must outlive the result. INVALID_ARGUMENT: a file of the settings cannot be used.
Result<auth::AgentSources> AgentSourcesOf(const Config& config, pg::Pool& pool);

}  // namespace unibox::gateway
