#include "gateway/admin/masks.hpp"

#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "gateway/fields.hpp"
#include "gateway/page_token.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/field_mask_util.h>

#include <algorithm>
#include <memory>

namespace unibox::gateway {
namespace {

namespace pb = google::protobuf;

constexpr std::size_t kEtagBytes = 15;  // 120 bits: 20 characters.

bool IsFilled(const pb::Message& message, std::string_view name) {
    const auto* field = message.GetDescriptor()->FindFieldByName(std::string(name));
    if (field == nullptr) return false;
    const pb::Reflection& reflection = *message.GetReflection();
    return field->is_repeated() ? reflection.FieldSize(message, field) > 0
                                : reflection.HasField(message, field);
}

std::string Listed(std::span<const std::string_view> names) {
    std::string list;
    for (const std::string_view name : names) {
        list += list.empty() ? "" : ", ";
        list += name;
    }
    return list;
}

}  // namespace

bool Sets(const pb::Message& wanted, const pb::FieldMask& mask, std::string_view field) {
    if (mask.paths().empty()) return IsFilled(wanted, field);
    return std::find(mask.paths().begin(), mask.paths().end(), field) != mask.paths().end();
}

Status ApplyMask(
    const pb::Message& wanted,
    const pb::FieldMask& mask,
    std::span<const std::string_view> settable,
    pb::Message* current
) {
    for (const std::string& path : mask.paths()) {
        if (std::find(settable.begin(), settable.end(), path) != settable.end()) continue;
        return WrongField("update_mask", "of " + Listed(settable));
    }
    pb::FieldMask set;
    for (const std::string_view field : settable) {
        if (Sets(wanted, mask, field)) set.add_paths(std::string(field));
    }
    if (set.paths().empty()) return {};  // As a mask it would mean everything.
    pb::util::FieldMaskUtil::MergeOptions options;
    options.set_replace_message_fields(true);
    options.set_replace_repeated_fields(true);
    pb::util::FieldMaskUtil::MergeMessageTo(wanted, set, options, current);
    return {};
}

void SetEtag(pb::Message* message) {
    const auto* field = message->GetDescriptor()->FindFieldByName("etag");
    const pb::Reflection& reflection = *message->GetReflection();
    reflection.ClearField(message, field);
    // No resource has a map, so its bytes are the same everywhere.
    const std::string digest = crypto::Sha256(message->SerializeAsString());
    reflection.SetString(message, field, Base64UrlEncode(digest.substr(0, kEtagBytes)));
}

Status CheckEtag(const std::string& wanted, const std::string& current) {
    if (wanted.empty() || wanted == current) return {};
    return Status(Code::kAborted, "it was changed meanwhile: read it again")
        .WithReason("VERSION_MISMATCH")
        .WithMetadata("etag", current);
}

Status WithFieldOf(std::string_view resource, Status status) {
    if (status.field().empty()) return status;
    std::string field = std::string(resource) + "." + status.field();
    return std::move(status).WithField(field);
}

Result<Uuid> PlaceOf(TenantId tenant, std::string_view list, const std::string& page_token) {
    if (page_token.empty()) return Uuid();
    UNIBOX_ASSIGN_OR_RETURN(const std::string place, DecodePageToken(tenant, list, page_token));
    const auto id = Uuid::FromBytes(place);
    return id.ok() ? id : PageTokenInvalid();
}

std::string TokenAfter(TenantId tenant, std::string_view list, const Uuid& id) {
    return EncodePageToken(tenant, list, id.ToBytes());
}

}  // namespace unibox::gateway
