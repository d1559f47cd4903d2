// Names of the streams and subjects on NATS: the one place where they are spelled.
// Limits: generation 1..9999, partition 0..99 (two digits in every name).
// Thread safety: pure functions.
#pragma once

#include "base/ids.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace unibox::subjects {

inline constexpr std::string_view kInStreamPrefix = "UB_IN_";
inline constexpr std::string_view kEvStream = "UB_EV";  // The feed: what became true.
inline constexpr std::string_view kRawStream =
    "UB_RAW";  // Authentic bodies that nobody understood.

inline constexpr std::string_view kEvSubjects = "ub.ev.>";
inline constexpr std::string_view kRawSubjects = "ub.raw.>";

// Core NATS (not stored): tenants, channels, API keys or provider apps were changed: caches must
// ask anew.
inline constexpr std::string_view kChannelsChanged = "ub.ctl.channels";
// Core NATS: streams of the ingest log were made or sealed.
inline constexpr std::string_view kStreamsChanged = "ub.ctl.streams";

inline constexpr int kGenerationMax = 9999;
inline constexpr int kPartitionMax = 99;

// "UB_IN_1_00": the stream of one partition of the ingest log.
std::string InStream(int generation, int partition);
// "ub.in.1.00.42": where an event of the tenant is published.
std::string InSubject(int generation, int partition, TenantId tenant);
// "ub.in.1.00.>": everything that InStream(generation, partition) stores.
std::string InSubjects(int generation, int partition);
// "ub.sealed.UB_IN_1_00": the only subject of a sealed stream (it must have one), where nobody
// publishes.
std::string SealedSubject(std::string_view stream);

// A generation of the ingest log: that many streams, in one of which each conversation lies.
struct Generation {
    int number = 0;
    int partition_count = 0;
    auto operator<=>(const Generation&) const = default;
};

struct InStreamId {
    int generation = 0;
    int partition = 0;
    auto operator<=>(const InStreamId&) const = default;
};
// The inverse of InStream; nothing for any other name.
std::optional<InStreamId> ParseInStream(std::string_view name);

// "ub.ev.42.message": `kind` and `provider` become one token (see SubjectToken).
std::string EvSubject(TenantId tenant, std::string_view kind);
// "ub.out.chat.42": what is to be sent to customers of the tenant; `kind` becomes one token.
std::string OutSubject(std::string_view kind, TenantId tenant);
// "ub.raw.telegram".
std::string RawSubject(std::string_view provider);

// `text` as one subject token: every byte but letters, digits, '-' and '_' becomes '_'; at most
// 64 bytes; "_" if it is empty. So no value from outside can widen a subject.
std::string SubjectToken(std::string_view text);

}  // namespace unibox::subjects
