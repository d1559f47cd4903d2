// The command line of uniboxctl. Thread safety: one thread.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace unibox::ctl {

// Exit codes of every verb.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitBadInput = 2;     // Command line, settings or a file given is wrong.
inline constexpr int kExitUnavailable = 3;  // A dependency does not answer: try again.

// Runs one command; `arguments` without the program's name. Answers go to `out`, errors to `log`.
int RunProgram(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& log);

}  // namespace unibox::ctl
