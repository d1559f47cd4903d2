// What is wrong with a command line, and how a failure is told. Thread safety: pure functions.
#pragma once

#include "base/status.hpp"

#include <iosfwd>
#include <string>
#include <vector>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace unibox::ctl {

// INVALID_ARGUMENT; a verb that does not exist is answered with those that do.
Status MistakeOf(const CLI::App& app, const CLI::ParseError& failure);

// Whether `--output json` was asked for, also on a command line that has mistakes.
bool WantsJson(const std::vector<std::string>& arguments);

// A line for people, or one line of JSON: {"error":{"code":…,"reason":…,"field":…,"message":…}}.
void PrintError(const Status& status, bool as_json, std::ostream& log);

}  // namespace unibox::ctl
