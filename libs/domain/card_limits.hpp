// How much of a person's card is kept and taken. What comes from providers is cut to it, what comes
// through the API is refused beyond it. In bytes of UTF-8 where nothing else is said.
// Thread safety: constants.
#pragma once

#include <cstddef>

namespace unibox::domain {

inline constexpr std::size_t kCardTextBytesMax = 255;
inline constexpr int kCardItemCountMax = 16;  // Of one list: phones, addresses.
inline constexpr std::size_t kVcardBytesMax = 4096;
inline constexpr std::size_t kCardsBytesMax = 128 * 1024;  // All cards of one message together.

}  // namespace unibox::domain
