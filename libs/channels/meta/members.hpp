// The roots of the tables of Meta's objects.
// Thread safety: constant tables.
#pragma once

#include "channels/members.hpp"

namespace unibox::channels {

const MemberTable& MetaBodyTable();
const MemberTable& MessengerItemTable();
const MemberTable& WhatsAppValueTable();
// By the words of changes[].field, with the marks of parts.hpp.
const MemberTable& MessengerFieldTable();
const MemberTable& WhatsAppFieldTable();

}  // namespace unibox::channels
