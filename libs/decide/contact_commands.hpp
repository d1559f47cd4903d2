// Commands about contacts. Private to this library. Thread safety: of the state.
#pragma once

#include "decide/cause.hpp"
#include "decide/plan.hpp"
#include "decide/working_state.hpp"
#include "unibox/v1/audit.pb.h"
#include "unibox/writer/v1/command.pb.h"

namespace unibox::decide {

// What the rules are given. A rule that refuses has changed nothing.
struct ContactContext {
    const Cause& cause;
    const writer::v1::Command& command;
    const domain::ContactKey& key;
    domain::ContactRow& contact;  // was not merged
    WorkingState& state;
};

void AddContactToPlan(const writer::v1::Command& command, domain::BatchPlan* plan);
// Carries out a command that is new, and answers it.
void ApplyToContact(const Cause& cause, const writer::v1::Command& command, WorkingState* state);

// Whether whoever commands sees this contact: by the channel of any of its ids.
bool SeesContact(
    const writer::v1::Command& command,
    const domain::ContactKey& key,
    const domain::ContactRow& contact,
    const WorkingState& state
);
Status NoSuchContact(std::string_view field);
Status ContactIsMerged(const ContactId& contact, const ContactId& survivor);
Status TooManyAttributes(std::size_t count);

// The next version of a contact that commands changed.
void ContactChanged(const ContactContext& context);

// contact_merging.cpp
Result<v1::AuditChanges> MergeContact(const ContactContext& context);

}  // namespace unibox::decide
