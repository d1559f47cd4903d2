// What a command made different, field by field, as the audit tells it and the feed names it.
// Private to this library. Thread safety: one thread at a time.
#pragma once

#include "base/ids.hpp"
#include "unibox/v1/audit.pb.h"
#include "unibox/v1/common.pb.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::decide {

// A value as the audit has it; what is not there is empty.
std::string AuditText(const std::optional<std::int64_t>& unix_ms);
std::string AuditText(v1::Priority priority);
std::string AuditText(v1::ConversationStatus status);
std::string AuditText(bool value);
template <typename Id>
std::string AuditText(const std::optional<UuidId<Id>>& id) {
    return id ? id->ToString() : std::string();
}

class AuditedChanges {
public:
    template <typename Value>
    void Add(std::string_view field, const Value& before, const Value& after) {
        if (before != after) AddTexts(std::string(field), AuditText(before), AuditText(after));
    }
    // That it is another one now, but neither what it was nor what it is.
    template <typename Value>
    void AddUntold(std::string_view field, const Value& before, const Value& after) {
        if (before != after) AddTexts(std::string(field), "", "");
    }
    void AddTexts(std::string field, std::string before, std::string after);
    using Attributes = std::map<std::string, std::string>;
    void AddAttributes(const Attributes& before, const Attributes& after);
    void AddUntoldAttributes(const Attributes& before, const Attributes& after);
    void AddLabels(const std::vector<std::string>& before, const std::vector<std::string>& after);
    v1::AuditChanges Take() && { return std::move(changes_); }

private:
    v1::AuditChanges changes_;
};

// Their fields as unibox.v1 has them, each once.
std::vector<std::string> FieldsOf(const v1::AuditChanges& changes);

}  // namespace unibox::decide
