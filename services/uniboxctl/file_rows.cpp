#include "uniboxctl/file_rows.hpp"

#include "base/assert.hpp"
#include "base/strings.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/reflection.h>

#include <algorithm>

namespace unibox::ctl {
namespace {

namespace pb = google::protobuf;

const pb::FieldDescriptor& FieldNamed(const pb::Message& message, std::string_view field) {
    const auto* found = message.GetDescriptor()->FindFieldByName(std::string(field));
    UNIBOX_ASSERT(found != nullptr);
    return *found;
}

// AGENT_ROLE_ADMIN of AgentRole: "admin".
std::string WordOf(const pb::EnumValueDescriptor& value) {
    const std::string unspecified = value.type()->FindValueByNumber(0)->name();
    const std::size_t prefix = unspecified.rfind('_') + 1;
    return ToLowerAscii(value.name().substr(prefix));
}

template <class Message>
FileSection SectionOf() {
    using Resource = store::Resource<Message>;
    FileSection section{Resource::kSection, {Resource::kName}};
    section.keys.insert(section.keys.end(), Resource::kSettable.begin(), Resource::kSettable.end());
    if (kHasMembers<Message>) section.keys.emplace_back("members");
    if (kHasSecret<Message>) section.keys.insert(section.keys.end(), {"secret", "secret_file"});
    if (store::CanBeDisabled<typename Resource::Spec>) section.keys.emplace_back("disabled");
    if (Resource::kDeletable) section.keys.emplace_back("deleted");
    return section;
}

template <class Message>
using SectionFor = std::type_identity<Message>;

std::vector<FileSection> MakeSections() {
    std::vector<FileSection> sections = {
        {"", {"apps", "tenants"}},
        {"apps",
         {"name", "provider", "secret", "secret_file", "verify_token", "verify_token_file"}},
        {"tenants",
         {"name",
          "display_name",
          "ingest_rate_per_s",
          "ingest_burst",
          "api_limits",
          "plan",
          "retention_days",
          "disabled",
          "channels",
          "api_keys"}},
        {"channels",
         {"name",
          "display_name",
          "provider",
          "route",
          "app",
          "secret",
          "secret_file",
          "token",
          "token_file",
          "public_base_url",
          "reopen_window_s",
          "members",
          "disabled"}},
        {"api_keys", {"name", "scopes", "key", "key_file", "revoked"}}};
    constexpr std::size_t kOfTenants = 2;
    ForEachRowKind(OfEachRow<SectionFor>(), [&]<class Message>(std::type_identity<Message>) {
        sections[kOfTenants].keys.emplace_back(store::Resource<Message>::kSection);
        sections.push_back(SectionOf<Message>());
    });
    return sections;
}

}  // namespace

const std::vector<FileSection>& FileSections() {
    static const std::vector<FileSection> kSections = MakeSections();
    return kSections;
}

const Keys& KeysOf(std::string_view section) {
    const auto& all = FileSections();
    const auto found = std::find_if(all.begin(), all.end(), [&](const FileSection& one) {
        return one.name == section;
    });
    UNIBOX_ASSERT(found != all.end());
    return found->keys;
}

Cell CellOf(const pb::Message& message, std::string_view name) {
    const pb::FieldDescriptor& field = FieldNamed(message, name);
    const pb::Reflection& reflection = *message.GetReflection();
    if (field.is_repeated()) {
        UNIBOX_ASSERT(field.cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING);
        const auto& texts = reflection.GetRepeatedFieldRef<std::string>(message, &field);
        return std::vector<std::string>(texts.begin(), texts.end());
    }
    if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_ENUM) {
        const int number = reflection.GetEnumValue(message, &field);
        const auto words = WordsOf(message, name);
        const auto word = words.find(number);
        return word == words.end() ? std::string() : word->second;
    }
    UNIBOX_ASSERT(field.cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING);
    return reflection.GetString(message, &field);
}

std::map<int, std::string> WordsOf(const pb::Message& message, std::string_view name) {
    const pb::EnumDescriptor* type = FieldNamed(message, name).enum_type();
    std::map<int, std::string> words;
    for (int i = 0; type != nullptr && i < type->value_count(); ++i) {
        if (type->value(i)->number() != 0) {
            words.emplace(type->value(i)->number(), WordOf(*type->value(i)));
        }
    }
    return words;
}

void CopyField(const pb::Message& from, std::string_view name, pb::Message* to) {
    const pb::FieldDescriptor& field = FieldNamed(from, name);
    const pb::Reflection& reflection = *from.GetReflection();
    if (field.is_repeated()) {
        const auto texts = reflection.GetRepeatedFieldRef<std::string>(from, &field);
        reflection.GetMutableRepeatedFieldRef<std::string>(to, &field).CopyFrom(texts);
    } else if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_ENUM) {
        reflection.SetEnumValue(to, &field, reflection.GetEnumValue(from, &field));
    } else {
        reflection.SetString(to, &field, reflection.GetString(from, &field));
    }
}

}  // namespace unibox::ctl
