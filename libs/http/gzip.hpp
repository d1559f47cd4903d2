// Packs the body of an answer for clients that take it (RFC 9110, 8.4): gzip, one way of doing it.
// Runs where it is called, so not on a net thread. Memory: about 300 KiB and the size of the body,
// until it returns. Thread safety: pure functions.
#pragma once

#include "http/message.hpp"

#include <cstddef>
#include <string_view>

namespace unibox::http {

// Smaller bodies stay as they are: a packet holds them anyway.
inline constexpr std::size_t kGzipBytesMin = 1024;

// What the value of Accept-Encoding says of gzip (x-gzip is the same); "" = nothing, so no.
bool AcceptsGzip(std::string_view accept_encoding);

// Packs a body of kGzipBytesMin or more if the client of `request` takes it and it gets smaller. A
// body that could have been packed says so with Vary, packed or not. The ETag of a packed one
// becomes weak (W/): it stands for other bytes now. Answers with a session, a stream, or an
// encoding already stay as they are.
void PackBody(const Request& request, Response* response);

}  // namespace unibox::http
