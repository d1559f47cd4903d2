// Why a webhook is kept whole in UB_RAW: the stable words of RawWebhook.reason and of the label
// `reason` of unibox_ingest_kept_raw_total. This list is the only one; a word that does not stand
// in it does not compile where a reason is wanted. Each word has a replay test that walks the list.
// Thread safety: constants.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace unibox::channels {

inline constexpr std::array<std::string_view, 9> kRawReasons = {
    // Of the whole body.
    "unparseable",
    // Of a part of it, as the adapter found it.
    "unknown_event",
    "partly_understood",
    "missing_field",
    "wrong_type",
    "too_deep",
    // Of an event that has no place.
    "unknown_route",  // No channel has it; also a notice about an account that nobody knows yet.
    "other_app",      // Its channel belongs to another app than those that signed.
    "too_large",      // For a message of the log.
};

// One word of the list, given as a literal.
class RawReason {
public:
    template <std::size_t kSize>
    // NOLINTNEXTLINE(google-explicit-constructor): a literal is a reason, or an error.
    consteval RawReason(const char (&word)[kSize]) : word_(word, kSize - 1) {
        for (const std::string_view known : kRawReasons) {
            if (known == word_) return;
        }
        ThisWordIsNotInTheList();
    }

    constexpr std::string_view word() const { return word_; }

private:
    static void ThisWordIsNotInTheList();  // Never defined: cannot be called while compiling.

    std::string_view word_;
};

}  // namespace unibox::channels
