// Whether a message of an agent or program can be one. Private to this library.
// Thread safety: pure function.
#pragma once

#include "base/status.hpp"
#include "unibox/writer/v1/command.pb.h"

namespace unibox::decide {

Status CheckMessage(const writer::v1::AppendMessage& message);

}  // namespace unibox::decide
