// What must hold of every inbox, whatever was written. Thread safety: pure function.
#pragma once

#include "support/memory_inbox.hpp"

#include <string>

namespace unibox::test {

// "" or what is wrong: seq and version gap-free, counters and unread equal to a recount, previews
// and times those of the messages, the feed complete and in order, at most one open conversation a
// thread.
std::string WhatIsWrong(const MemoryInbox& inbox);

}  // namespace unibox::test
