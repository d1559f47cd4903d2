// The sections of tenants.yaml whose entries are the resources of store/admin/resources.hpp: what
// AdminService calls a field is its key here, and a word of an enumeration is its last part in
// small letters (AGENT_ROLE_ADMIN: admin). And the keys of all sections.
// Thread safety: values, pure functions.
#pragma once

#include "base/secret.hpp"
#include "store/admin/resources.hpp"
#include "uniboxctl/given.hpp"
#include "uniboxctl/mistakes.hpp"
#include "uniboxctl/table.hpp"

#include <google/protobuf/message.h>

#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

namespace unibox::ctl {

// What every entry has. Its other fields are absent where the file says nothing: then what is
// stored stays, or a new object gets the default.
struct Entry {
    std::string name;
    std::string path;  // "tenants[0].channels[1]"
    int line = 0;
    bool has_mistakes = false;  // Its fields are not to be judged any further.

    std::string FieldOf(std::string_view key) const { return path + "." + std::string(key); }
};

using LinesOfFields = std::map<std::string, int, std::less<>>;

template <class Message>
struct RowEntry : Entry {
    Message given;        // What the file says of it.
    LinesOfFields lines;  // Where: the fields that it says.
    Given<bool> disabled;
    Given<bool> deleted;
    Given<Secret> secret;                     // Of a webhook endpoint.
    Given<std::vector<std::string>> members;  // Of a team: agents by external_id.
};

// One of each kind, in the order in which they are written.
template <template <class Message> class Of>
using OfEachRow = std::tuple<
    Of<v1::Agent>,
    Of<v1::Team>,
    Of<v1::Label>,
    Of<v1::AttributeDefinition>,
    Of<v1::CannedReply>,
    Of<v1::WebhookEndpoint>>;
template <class Message>
using RowEntries = std::vector<RowEntry<Message>>;
template <class Tuple, class Visit>
void ForEachRowKind(Tuple&& rows, const Visit& visit) {
    std::apply([&](auto&... kinds) { (visit(kinds), ...); }, rows);
}

template <class Message>
inline constexpr bool kHasMembers = std::is_same_v<Message, v1::Team>;
template <class Message>
inline constexpr bool kHasSecret = std::is_same_v<Message, v1::WebhookEndpoint>;

// The keys that the entries of a section may have.
using Keys = std::vector<std::string_view>;
struct FileSection {
    std::string_view name;
    Keys keys;
};
// Of the whole file ("" is its top), each once.
const std::vector<FileSection>& FileSections();
const Keys& KeysOf(std::string_view section);

// The value of a field: a text, a word of an enumeration, a list of texts.
Cell CellOf(const google::protobuf::Message& message, std::string_view field);
// "agent", "supervisor", "admin", by their numbers; without what is never stored.
std::map<int, std::string> WordsOf(
    const google::protobuf::Message& message, std::string_view field
);
void CopyField(
    const google::protobuf::Message& from, std::string_view field, google::protobuf::Message* to
);

}  // namespace unibox::ctl
