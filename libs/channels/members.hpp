// Which members of a provider's objects an adapter knows. What stands in no table is told as
// "partly_understood", so that the raw body is kept: nothing that an authentic webhook holds may
// vanish. The tables lie in the members.cpp of the providers' folders; what they pass over has its
// reason there.
// Thread safety: constant tables and pure functions.
#pragma once

#include "channels/json.hpp"
#include "channels/parse_sink.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace unibox::channels {

struct MemberTable;

struct Member {
    std::string_view name;
    // Not empty: it is passed over with all that is in it, and this is why.
    std::string_view ignored_because;
    // Of an object, or of each object in an array: what is known of those. nullptr: the adapter
    // takes the value as a whole.
    const MemberTable* inside = nullptr;
    // For the adapter itself: what kind of member it is.
    int mark = 0;
};

// The members of one object, in the order of their names.
struct MemberTable {
    std::span<const Member> members;
    // Not empty: members that are not listed are passed over, and this is why.
    std::string_view rest_ignored_because;

    const Member* Find(std::string_view name) const;
};

constexpr Member Read(std::string_view name, const MemberTable* inside = nullptr) {
    return {name, {}, inside};
}

// Several lists of members as the sorted one that a table needs.
template <std::size_t... kSizes>
constexpr auto Sorted(const std::array<Member, kSizes>&... lists) {
    std::array<Member, (kSizes + ...)> all;
    auto end = all.begin();
    ((end = std::copy(lists.begin(), lists.end(), end)), ...);
    std::sort(all.begin(), all.end(), [](const Member& a, const Member& b) {
        return a.name < b.name;
    });
    return all;
}

template <typename... Names>
constexpr auto Ignored(std::string_view because, Names... names) {
    return std::array<Member, sizeof...(Names)>{Member{names, because, nullptr}...};
}

template <typename... Names>
constexpr auto Taken(Names... names) {
    return std::array<Member, sizeof...(Names)>{Member{names, {}, nullptr}...};
}

template <typename... Names>
constexpr auto Marked(int mark, Names... names) {
    return std::array<Member, sizeof...(Names)>{Member{names, {}, nullptr, mark}...};
}

template <typename... Members>
constexpr auto Known(Members... members) {
    return std::array<Member, sizeof...(Members)>{members...};
}

// Tells every member under `object` that no table knows, once for each path ("message.chat.x").
void CheckMembers(
    const JsonValue& object, const MemberTable& table, std::string_view where, ParseSink& sink
);

}  // namespace unibox::channels
