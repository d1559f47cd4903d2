// The roots of the tables of the Bot API's objects.
// Thread safety: constant tables.
#pragma once

#include "channels/members.hpp"

namespace unibox::channels {

const MemberTable& TelegramUpdateTable();
const MemberTable& TelegramMessageTable();

}  // namespace unibox::channels
