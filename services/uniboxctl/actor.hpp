// Who runs this command, for the audit.
// Thread safety: functions without state.
#pragma once

#include "pg/settings.hpp"

#include <string>

namespace unibox::ctl {

// The user of the operating system (behind sudo: the one who logged in) and the host: "jane@host".
std::string UserAndHost();

// `by`: who answers for it, "" = UserAndHost(). `verb`: "partitions skip". With a request id of its
// own.
pg::Actor ActorOf(const std::string& by, std::string verb);

}  // namespace unibox::ctl
