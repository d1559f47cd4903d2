#include "message-writer/poison_count.hpp"

namespace unibox::writer {

std::optional<std::int64_t> PoisonCount::FirstBeyond(std::int64_t most) const {
    std::int64_t count = 0;
    auto oldest = sequences_.begin();
    for (const std::int64_t sequence : sequences_) {
        ++count;
        for (; sequence - *oldest >= kWindow; ++oldest) --count;
        if (count > most) return sequence;
    }
    return std::nullopt;
}

void PoisonCount::Written(std::int64_t last_seq) {
    // The next window ends with last_seq + 1 or later.
    sequences_.erase(sequences_.begin(), sequences_.upper_bound(last_seq + 1 - kWindow));
}

}  // namespace unibox::writer
