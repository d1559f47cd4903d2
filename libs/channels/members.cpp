#include "channels/members.hpp"

namespace unibox::channels {
namespace {

// Where a member lies; built on the stack, and made a text only if there is something to tell.
struct Path {
    const Path* parent;
    std::string_view name;

    std::string Text() const {
        const std::string above = parent == nullptr ? std::string() : parent->Text() + ".";
        return above + std::string(name.substr(0, kNameBytesTold));
    }
    static constexpr std::size_t kNameBytesTold = 60;
};

void CheckValue(
    const JsonValue& value, const MemberTable& table, const Path& path, ParseSink& sink
);

void CheckObject(
    const JsonValue& object, const MemberTable& table, const Path& path, ParseSink& sink
) {
    for (const auto& member : object.Members()) {
        const JsonValue value(member.value);
        if (!value.exists()) continue;
        const Path at{&path, member.key};
        const Member* const known = table.Find(member.key);
        if (known == nullptr) {
            if (table.rest_ignored_because.empty())
                sink.Problem("partly_understood", at.Text() + " is not known");
        } else if (known->inside != nullptr) {
            CheckValue(value, *known->inside, at, sink);
        }
    }
}

void CheckValue(
    const JsonValue& value, const MemberTable& table, const Path& path, ParseSink& sink
) {
    if (value.IsObject()) return CheckObject(value, table, path, sink);
    for (const auto item : value.Items()) CheckValue(JsonValue(item), table, path, sink);
}

}  // namespace

const Member* MemberTable::Find(std::string_view name) const {
    const auto at =
        std::lower_bound(members.begin(), members.end(), name, [](const Member& a, auto wanted) {
            return a.name < wanted;
        });
    return at != members.end() && at->name == name ? &*at : nullptr;
}

void CheckMembers(
    const JsonValue& object, const MemberTable& table, std::string_view where, ParseSink& sink
) {
    CheckObject(object, table, Path{nullptr, where}, sink);
}

}  // namespace unibox::channels
