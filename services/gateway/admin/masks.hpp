// Resources of AdminService: which fields a call sets, and what names the state of one.
// Thread safety: pure functions.
#pragma once

#include "base/ids.hpp"
#include "base/status.hpp"

#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/message.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace unibox::gateway {

// From `wanted` into `current` the fields of the mask; of an empty one those of `settable` that are
// not empty in `wanted`. INVALID_ARGUMENT, field update_mask: one that is not settable.
Status ApplyMask(
    const google::protobuf::Message& wanted,
    const google::protobuf::FieldMask& mask,
    std::span<const std::string_view> settable,
    google::protobuf::Message* current
);
// Whether ApplyMask would set it.
bool Sets(
    const google::protobuf::Message& wanted,
    const google::protobuf::FieldMask& mask,
    std::string_view field
);

// Sets its field etag, of all its others.
void SetEtag(google::protobuf::Message* message);
// ABORTED, reason VERSION_MISMATCH with metadata `etag`, unless `wanted` is empty or `current`.
Status CheckEtag(const std::string& wanted, const std::string& current);

// "agent.name" instead of "name"; without a field, and of other codes, as it is.
Status WithFieldOf(std::string_view resource, Status status);

// Pages by id.
Result<Uuid> PlaceOf(TenantId tenant, std::string_view list, const std::string& page_token);
std::string TokenAfter(TenantId tenant, std::string_view list, const Uuid& id);

}  // namespace unibox::gateway
