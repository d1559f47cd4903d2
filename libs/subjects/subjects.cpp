#include "subjects/subjects.hpp"

#include "base/assert.hpp"
#include "base/strings.hpp"

#include <fmt/format.h>

namespace unibox::subjects {
namespace {

constexpr std::size_t kTokenBytesMax = 64;

void CheckRange(int generation, int partition) {
    UNIBOX_ASSERT(generation >= 1 && generation <= kGenerationMax);
    UNIBOX_ASSERT(partition >= 0 && partition <= kPartitionMax);
}

bool IsTokenChar(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

}  // namespace

std::string InStream(int generation, int partition) {
    CheckRange(generation, partition);
    return fmt::format("UB_IN_{}_{:02}", generation, partition);
}

std::string InSubject(int generation, int partition, TenantId tenant) {
    CheckRange(generation, partition);
    return fmt::format("ub.in.{}.{:02}.{}", generation, partition, tenant.value);
}

std::string SealedSubject(std::string_view stream) {
    return fmt::format("ub.sealed.{}", stream);
}

std::string InSubjects(int generation, int partition) {
    CheckRange(generation, partition);
    return fmt::format("ub.in.{}.{:02}.>", generation, partition);
}

std::optional<InStreamId> ParseInStream(std::string_view name) {
    if (!name.starts_with(kInStreamPrefix)) return std::nullopt;
    const auto parts = Split(name.substr(kInStreamPrefix.size()), '_');
    if (parts.size() != 2) return std::nullopt;
    const auto generation = ParseInt64(parts[0]);
    const auto partition = ParseInt64(parts[1]);
    if (!generation || *generation < 1 || *generation > kGenerationMax) return std::nullopt;
    if (!partition || *partition < 0 || *partition > kPartitionMax) return std::nullopt;
    const InStreamId id{static_cast<int>(*generation), static_cast<int>(*partition)};
    // Only the canonical spelling counts: "UB_IN_01_0" is a stream of somebody else.
    if (InStream(id.generation, id.partition) != name) return std::nullopt;
    return id;
}

std::string EvSubject(TenantId tenant, std::string_view kind) {
    return fmt::format("ub.ev.{}.{}", tenant.value, SubjectToken(kind));
}

std::string OutSubject(std::string_view kind, TenantId tenant) {
    return fmt::format("ub.out.{}.{}", SubjectToken(kind), tenant.value);
}

std::string RawSubject(std::string_view provider) {
    return "ub.raw." + SubjectToken(provider);
}

std::string SubjectToken(std::string_view text) {
    if (text.empty()) return "_";
    std::string token(text.substr(0, kTokenBytesMax));
    for (char& c : token) {
        if (!IsTokenChar(c)) c = '_';
    }
    return token;
}

}  // namespace unibox::subjects
