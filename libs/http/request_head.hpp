// The strict reading of an HTTP/1.1 request head: what is ambiguous is refused, not repaired, so
// that no proxy in front of us can understand a request in another way (request smuggling).
//
// Refused beyond the plain syntax: bare LF or CR, folded fields, blanks before a colon, more than
// one Content-Length, Host or Transfer-Encoding, both Content-Length and Transfer-Encoding, a
// Transfer-Encoding other than exactly "chunked", a missing Host (1.1), versions other than 1.0 and
// 1.1. The authority of an absolute-form target is checked and not used, as Host is.
// Thread safety: pure functions.
#pragma once

#include "http/message.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace unibox::http {

struct HeadLimits {
    std::size_t head_bytes_max = 8 << 10;  // With the final empty line.
    std::size_t header_count_max = 64;
    std::size_t target_bytes_max = 2 << 10;
};

// What the head says about the rest of the message and of the connection.
struct Framing {
    bool chunked = false;
    bool has_length = false;
    std::uint64_t content_length = 0;
    bool version_1_0 = false;
    bool keep_alive = true;
    bool expects_continue = false;
    bool content_encoded = false;  // A Content-Encoding other than identity.
};

// Why a head is refused: the answer's status; the connection is closed after it.
struct HeadError {
    int status = 400;
    std::string_view detail;
};

// Number of bytes of the head at the start of `data`, its final empty line included; 0 if it is
// not complete yet. Sets `error` as soon as the bytes cannot become an acceptable head: too long
// (414, 431), a bare LF, no request line.
std::size_t FindHeadEnd(std::string_view data, const HeadLimits& limits, HeadError* error);

// Parses request->head (set by the caller to the bytes that FindHeadEnd measured) and sets the
// request's views and `framing`. Nothing = accepted.
std::optional<HeadError> ParseHead(const HeadLimits& limits, Request* request, Framing* framing);

}  // namespace unibox::http
