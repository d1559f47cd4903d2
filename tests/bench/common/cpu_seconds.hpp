// Processor time of this process, of another one and of a PostgreSQL server with its backends.
// Thread safety: pure functions.
#pragma once

#include <sys/types.h>

namespace unibox::bench {

// Of this process alone, all its threads.
double OwnCpuSeconds();
// Of a process and of its living children (PostgreSQL's backends); what children used that are gone
// already is counted once they were waited for. 0 for a process that is not there.
double CpuSecondsOfTree(pid_t pid);

}  // namespace unibox::bench
