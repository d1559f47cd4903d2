// The table from Redis' errors to our codes. Thread safety: pure functions.
#pragma once

#include "base/status.hpp"

#include <string_view>

namespace unibox::redis {

// The first word of an error: "WRONGTYPE" of "WRONGTYPE Operation against a key …".
std::string_view ErrorWord(std::string_view error);

// `error` is the line that Redis sent, without the minus. reason() is its first word.
//   UNAVAILABLE          LOADING MASTERDOWN READONLY CLUSTERDOWN TRYAGAIN BUSY NOREPLICAS MISCONF
//                        MOVED ASK, and "max number of clients": it passes, or another node has it
//   RESOURCE_EXHAUSTED   OOM: maxmemory is reached
//   FAILED_PRECONDITION  WRONGTYPE: the key holds something else; NOSCRIPT, NOTBUSY
//   UNAUTHENTICATED      NOAUTH WRONGPASS
//   PERMISSION_DENIED    NOPERM: the ACL user may not
//   INVALID_ARGUMENT     CROSSSLOT
//   ALREADY_EXISTS       BUSYKEY BUSYGROUP
//   ABORTED              EXECABORT
//   INTERNAL             ERR: a command, or a script, of ours is wrong
//   UNKNOWN              any other
Status StatusOfError(std::string_view error);

}  // namespace unibox::redis
