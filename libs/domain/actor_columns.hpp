// An unibox.v1.Actor in columns: kind, id, name. Thread safety: pure functions.
#pragma once

#include "base/ids.hpp"
#include "unibox/v1/common.pb.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace unibox::domain {

struct ActorColumns {
    std::int16_t kind = 0;
    std::optional<Uuid> id;
    std::string_view name;  // of the actor
};

// An id that is no UUID is none.
inline ActorColumns ColumnsOf(const v1::Actor& actor) {
    const auto id = Uuid::Parse(actor.id());
    return {
        static_cast<std::int16_t>(actor.kind()),
        id.ok() ? std::optional(*id) : std::nullopt,
        actor.name()};
}

inline v1::Actor ActorOf(const ActorColumns& columns) {
    v1::Actor actor;
    actor.set_kind(static_cast<v1::ActorKind>(columns.kind));
    if (columns.id) actor.set_id(columns.id->ToString());
    actor.set_name(columns.name.data(), columns.name.size());
    return actor;
}

}  // namespace unibox::domain
