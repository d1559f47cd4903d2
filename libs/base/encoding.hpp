// Bytes as text and back. Thread safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace unibox {

// 0 to 15, in either case; -1 for what is no hexadecimal digit.
int HexDigitValue(char digit);
std::string HexEncode(std::string_view bytes);                // lower case
std::optional<std::string> HexDecode(std::string_view text);  // either case

// RFC 4648, section 4: padded; when decoding padding may be absent.
std::string Base64Encode(std::string_view bytes);
std::optional<std::string> Base64Decode(std::string_view text);

// RFC 4648, section 5: safe in URLs, without padding. Decoding refuses padding, and bits that no
// encoder sets: what names an object has one form.
std::string Base64UrlEncode(std::string_view bytes);
std::optional<std::string> Base64UrlDecode(std::string_view text);

enum class Plus { kPlus, kSpace };               // what "+" is: kSpace in queries and forms
enum class BrokenEscape { kRefused, kLiteral };  // "%" without two hexadecimal digits
// RFC 3986, section 2.1. Nothing for a broken escape that is refused. The bytes may be any: whether
// they are text is the caller's question (utf8.hpp).
std::optional<std::string> PercentDecode(
    std::string_view text, Plus plus, BrokenEscape broken = BrokenEscape::kRefused
);

}  // namespace unibox
