// Decide: what a batch of inputs makes of the inbox. An input is what can be decided: an event of
// the log, or a command of a person or program (domain::Input).
//
// Rules (README.md of this folder, "What Decide decides", tells them one by one):
//   - An event whose key is known changes nothing. Events of one batch see what earlier ones did,
//     so how a stream is cut into batches makes no difference to the result.
//   - One open conversation a thread. A customer's message reopens the closed one within the
//     channel's window, else begins a new one. An echo never reopens: within the window it is
//     appended to the closed conversation, later it begins a new one.
//   - seq and version of a conversation are gap-free; each version is exactly one feed event.
//   - Each command that was taken gets exactly one answer (Effects::answers). One that is refused
//     has done nothing; one whose request key is known gets the first answer, and does nothing.
//   - Edits, deletes, reactions and receipts that come before their message wait for it (parked).
//   - The effects of one transaction are bounded: Decide stops before the input that would be too
//     much, or whose state was too much to be read, and says how many inputs it took
//     (Effects::input_count). The rest is for the next transaction.
//   - What may lie in a detached leaf is neither gone nor new: Decide stops before an input that
//     needs it, and names the leaf (Effects::awaited_leaf).
//
// Pure and deterministic: no clock, no randomness, no I/O; ids derive from those of the inputs. An
// invalid event is left out and counted as ignored; an invalid command is refused.
// Thread safety: pure function, any thread.
#pragma once

#include "domain/batch_effects.hpp"
#include "domain/batch_state.hpp"
#include "domain/inbox_keys.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace unibox::decide {

// `state` must hold what the comments of domain::BatchState promise for Plan(batch).
// Conversations, contacts and threads in the result are in key order, messages too (conversation,
// seq), refs in the order of inputs, each outbox batch in the order in which its events became
// true.
// At least one input is taken, unless the first one awaits a leaf, or its state was not read, which
// the store promises not to happen.
struct DecideLimits {
    // Events of the feed, parked events, send jobs and answers, serialised; the last input taken
    // may go beyond it.
    std::size_t effects_bytes_max = 16 * 1024 * 1024;
    // Of one conversation, whoever writes them. What is beyond is refused if it is a command, else
    // marked and told: two robots that answer each other are stopped, and no customer is lost.
    std::int32_t message_count_per_minute_max = 200;
};
domain::Effects Decide(
    std::span<const domain::BatchItem> batch,
    domain::BatchState state,
    const DecideLimits& limits = {}
);

}  // namespace unibox::decide
