// What must hold of every inbox, whatever was written. Thread safety: pure function.
#pragma once

#include "support/memory_inbox.hpp"

#include <string>

namespace unibox::test {

// "" or what is wrong: seq and version gap-free, counters equal to a recount, unread and waiting as
// the feed's own rules count them after each event, previews and times those of the messages, the
// feed complete and in order, a job for each message that goes to a customer, an audit row for each
// command that did something, snoozes those of the conversations, at most one open conversation a
// thread.
std::string WhatIsWrong(const MemoryInbox& inbox);

}  // namespace unibox::test
