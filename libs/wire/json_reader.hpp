// A message from its JSON, as protobuf maps it (https://protobuf.dev/programming-guides/json/), but
// strictly: what two readers could understand differently is refused, and every refusal names its
// field as the proto does, with the way to it: "attachments[1].url",
// "set[key]".
//
// Taken: names in camelCase or as in the proto; enumerations by name or number; 64-bit numbers as
// text or number; bytes as base64; google.protobuf.Timestamp as RFC 3339; FieldMask as
// names with commas between; null as "not given".
// Refused: what is no JSON (RFC 8259), UTF-8 included; unknown fields; a field or a key of a map
// given twice, in whatever spelling; null for an `optional` field (it might mean the empty value),
// in a list or a map. Thread safety: a pure function.
#pragma once

#include "base/status.hpp"

#include <google/protobuf/message.h>

#include <string_view>

namespace unibox::wire {

// Into `message`, which is empty. INVALID_ARGUMENT with field() ("body" if it is no JSON object at
// all) and reason: BODY_INVALID, UNKNOWN_FIELD, DUPLICATE_FIELD or VALUE_INVALID.
Status ReadJson(std::string_view json, google::protobuf::Message* message);

}  // namespace unibox::wire
