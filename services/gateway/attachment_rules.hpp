// What the attachments of a message that somebody writes through the API must be like, beside what
// decide::CheckCommand demands of them.
// Thread safety: pure functions.
#pragma once

#include "base/status.hpp"
#include "unibox/v1/common.pb.h"

#include <google/protobuf/repeated_ptr_field.h>

namespace unibox::gateway {

// INVALID_ARGUMENT with the field: a URL that is none, parts of a place or a card where there is
// none, a card beyond the limits of domain/card_limits.hpp, or what only providers say
// (unavailable).
Status CheckAttachments(const google::protobuf::RepeatedPtrField<v1::Attachment>& attachments);

}  // namespace unibox::gateway
