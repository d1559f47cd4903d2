// A saved view as statements read it. Private to libs/store. Thread safety: pure functions.
#pragma once

#include "base/status.hpp"
#include "domain/timestamps.hpp"
#include "pg/rows.hpp"
#include "unibox/v1/view_service.pb.h"

#include <string>

namespace unibox::store::detail {

#define UNIBOX_VIEW_COLUMNS "view_id, owner_id, name, filter, sort_order, place, created_at "

inline Result<v1::View> ToView(const pg::Row& row) {
    v1::View view;
    view.set_id(row.GetUuid(0).ToString());
    view.set_shared(row.GetUuid(1) == Uuid{});
    view.set_name(std::string(row.Text(2)));
    if (!view.mutable_filter()->ParseFromString(std::string(row.GetBytes(3)))) {
        return Status(Code::kDataLoss, "saved_views.filter is not a unibox.v1.ConversationFilter");
    }
    view.set_order_by(static_cast<v1::ConversationOrder>(row.Int16(4)));
    view.set_position(row.Int32(5));
    domain::SetTime(row.Timestamp(6).unix_ms, view.mutable_create_time());
    return view;
}

}  // namespace unibox::store::detail
