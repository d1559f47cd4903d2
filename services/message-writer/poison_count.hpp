// Counts the events of a partition that cannot be written, to tell a bad event from a systematic
// fault. Thread safety: a value.
#pragma once

#include <cstdint>
#include <optional>
#include <set>

namespace unibox::writer {

class PoisonCount {
public:
    // So many sequences, ending with the one that is looked at, are counted together.
    static constexpr std::int64_t kWindow = 1'000;

    // False if it is counted already. In any order: what the database refuses is found after what
    // cannot be read, and may lie before it.
    bool Add(std::int64_t sequence) { return sequences_.insert(sequence).second; }
    // The first sequence that is one more than `most` within a window; nothing while none is.
    std::optional<std::int64_t> FirstBeyond(std::int64_t most) const;
    // Everything up to here is written: forgets what no later window holds.
    void Written(std::int64_t last_seq);

private:
    std::set<std::int64_t> sequences_;
};

}  // namespace unibox::writer
