// Digests, message authentication codes and comparison in constant time. Results are raw bytes;
// text forms are in base/strings.hpp and crypto/random.hpp. Thread safety: any thread; nothing is
// shared.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace unibox::crypto {

// 32 bytes.
std::string Sha256(std::string_view data);
// 20 bytes. Names things where a protocol says so (Redis' scripts); protects nothing.
std::string Sha1(std::string_view data);

// 32 and 20 bytes. The keys may have any length, also none: whether an empty key is acceptable is
// the caller's decision.
std::string HmacSha256(std::string_view key, std::string_view data);
std::string HmacSha1(std::string_view key, std::string_view data);
// As if the parts were one text, without joining them.
std::string HmacSha256(std::string_view key, std::initializer_list<std::string_view> parts);
std::string HmacSha1(std::string_view key, std::initializer_list<std::string_view> parts);

// The time depends on the length of `b` alone, never on where the two differ. False for different
// lengths.
bool ConstantTimeEquals(std::string_view a, std::string_view b);

}  // namespace unibox::crypto
