// The methods that every resource of rows.hpp has: list, get, create, update, switch, delete. What
// a resource is stands in store/admin/resources.hpp; here is what its callers may.
//
// Thread safety: functions without state.
#pragma once

#include "gateway/admin/admin.hpp"
#include "gateway/admin/masks.hpp"
#include "gateway/fields.hpp"
#include "gateway/page_token.hpp"
#include "store/admin/resources.hpp"
#include "store/admin/rows.hpp"

#include <google/protobuf/repeated_field.h>
#include <google/protobuf/util/time_util.h>

#include <string>
#include <utility>
#include <vector>

namespace unibox::gateway {

using store::OrName;
using store::Resource;
using store::SpecOf;

// Whether the caller may make or change it so; `before` is null for a new one.
template <class Message>
Status MayChange(const AdminCall&, const SpecOf<Message>*, const SpecOf<Message>&) {
    return {};
}
template <>
Status MayChange<v1::Agent>(
    const AdminCall& call, const store::AgentSpec* before, const store::AgentSpec& after
);
template <>
Status MayChange<v1::ApiKey>(
    const AdminCall& call, const store::ApiKeySettings* before, const store::ApiKeySettings& after
);

inline google::protobuf::Timestamp TimestampOf(std::int64_t unix_ms) {
    return google::protobuf::util::TimeUtil::MillisecondsToTimestamp(unix_ms);
}

template <class Message>
void ShowRow(const store::StoredRow<SpecOf<Message>>& row, Message* message) {
    message->Clear();
    Resource<Message>::Show(row.spec, message);
    message->set_id(row.id.ToString());
    *message->mutable_create_time() = TimestampOf(row.created_at_ms);
    if (row.disabled_at_ms) {
        if constexpr (requires { message->mutable_disable_time(); }) {
            *message->mutable_disable_time() = TimestampOf(*row.disabled_at_ms);
        } else if constexpr (requires { message->mutable_revoke_time(); }) {
            *message->mutable_revoke_time() = TimestampOf(*row.disabled_at_ms);
        }
    }
    SetEtag(message);
}

// NOT_FOUND with the resource's reason: AGENT_NOT_FOUND.
template <class Message>
Status NotFoundOf(Status status) {
    if (status.code() != Code::kNotFound) return status;
    std::string reason;
    for (const char c : std::string_view(Resource<Message>::kField)) {
        reason += c == '_' ? c : static_cast<char>(c - 'a' + 'A');
    }
    return std::move(status).WithReason(reason + "_NOT_FOUND");
}

template <class Message, class Items>
Status ListOf(
    const AdminCall& call,
    std::int32_t page_size,
    const std::string& page_token,
    Items* items,
    std::string* next_page_token
) {
    using Spec = SpecOf<Message>;
    const std::string list = Resource<Message>::kField;
    UNIBOX_ASSIGN_OR_RETURN(const std::int32_t count_max, PageSizeOf(page_size));
    UNIBOX_ASSIGN_OR_RETURN(const Uuid after, PlaceOf(call.tenant(), list, page_token));
    UNIBOX_ASSIGN_OR_RETURN(
        auto rows, store::ListRows<Spec>(call.access(), call.tenant(), after, count_max + 1)
    );
    const auto page = static_cast<std::size_t>(count_max);
    const bool has_more = rows.size() > page;
    if (has_more) rows.resize(page);
    for (const auto& row : rows) ShowRow<Message>(row, items->Add());
    if (has_more) *next_page_token = TokenAfter(call.tenant(), list, rows.back().id);
    return {};
}

template <class Message>
Status GetOf(const AdminCall& call, const std::string& id_text, Message& response) {
    UNIBOX_ASSIGN_OR_RETURN(const auto id, ParseId<AgentId>("id", id_text));
    const auto row = store::GetRow<SpecOf<Message>>(call.access(), call.tenant(), id.value);
    if (!row.ok()) return NotFoundOf<Message>(row.status());
    ShowRow(*row, &response);
    return {};
}

// What `fill` adds to the spec is not the client's.
template <class Message, class Fill>
Status CreateOf(const AdminCall& call, const Message& wanted, Message* response, const Fill& fill) {
    SpecOf<Message> spec;
    const std::string field = Resource<Message>::kField;
    const Uuid id = call.NewId();
    Resource<Message>::ToSpec(wanted, &spec);
    Status taken = fill(id, &spec);
    if (taken.ok()) taken = store::CheckSpec(spec);
    if (!taken.ok()) return WithFieldOf(field, std::move(taken));
    UNIBOX_RETURN_IF_ERROR(MayChange<Message>(call, nullptr, spec));
    UNIBOX_ASSIGN_OR_RETURN(
        const auto row, store::CreateRow(call.access(), call.tenant(), id, spec)
    );
    ShowRow(row, response);
    return {};
}
template <class Message>
Status CreateOf(const AdminCall& call, const Message& wanted, Message& response) {
    return CreateOf(call, wanted, &response, [](const Uuid&, SpecOf<Message>*) {
        return Status();
    });
}

// `change` of the row as it stands, once its etag was compared.
template <class Message, class ChangeSpec>
Status ChangeOf(
    const AdminCall& call,
    const Uuid& id,
    const std::string& etag,
    Message& response,
    const ChangeSpec& change
) {
    using Spec = SpecOf<Message>;
    const store::ChangeRowFunction<Spec> judged = [&](store::StoredRow<Spec>& row) -> Status {
        Message current;
        ShowRow(row, &current);
        UNIBOX_RETURN_IF_ERROR(CheckEtag(etag, current.etag()));
        const Spec before = row.spec;
        Status done = change(current, &row.spec);
        if (done.ok()) done = store::CheckSpec(row.spec);
        if (done.ok()) done = MayChange<Message>(call, &before, row.spec);
        return done;
    };
    const auto row = store::ChangeRow<Spec>(call.access(), call.tenant(), id, judged);
    if (!row.ok()) return NotFoundOf<Message>(row.status());
    ShowRow(*row, &response);
    return {};
}

template <class Message>
Status UpdateOf(
    const AdminCall& call,
    const Message& wanted,
    const google::protobuf::FieldMask& mask,
    const std::string& etag,
    Message& response
) {
    const std::string field = Resource<Message>::kField;
    UNIBOX_ASSIGN_OR_RETURN(const auto id, ParseId<AgentId>(field + ".id", wanted.id()));
    return ChangeOf(
        call,
        id.value,
        etag,
        response,
        [&](Message& current, SpecOf<Message>* spec) -> Status {
            UNIBOX_RETURN_IF_ERROR(ApplyMask(wanted, mask, Resource<Message>::kSettable, &current));
            Resource<Message>::ToSpec(current, spec);
            return WithFieldOf(field, store::CheckSpec(*spec));
        }
    );
}

// Disable, enable, revoke.
template <class Message>
Status SwitchOf(
    const AdminCall& call,
    const std::string& id_text,
    const std::string& etag,
    bool disabled,
    Message& response
) {
    UNIBOX_ASSIGN_OR_RETURN(const auto id, ParseId<AgentId>("id", id_text));
    return ChangeOf(call, id.value, etag, response, [&](const Message&, SpecOf<Message>* spec) {
        spec->disabled = disabled;
        return Status();
    });
}

template <class Message>
Status DeleteOf(const AdminCall& call, const std::string& id_text, const std::string& etag) {
    using Spec = SpecOf<Message>;
    UNIBOX_ASSIGN_OR_RETURN(const auto id, ParseId<AgentId>("id", id_text));
    return NotFoundOf<Message>(store::RemoveRow<Spec>(
        call.access(),
        call.tenant(),
        id.value,
        [&](store::StoredRow<Spec>& row) {
            Message current;
            ShowRow(row, &current);
            return CheckEtag(etag, current.etag());
        }
    ));
}

}  // namespace unibox::gateway
