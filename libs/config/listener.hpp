// The settings that every listener has, whatever it speaks: address and TLS.
//
// A listener without TLS is for this machine alone: on any other address it must be asked for in
// words (plaintext_allowed), because API keys pass through it. Thread safety: a value.
#pragma once

#include "base/status.hpp"
#include "base/tls_file_names.hpp"
#include "config/field_table.hpp"

#include <string>
#include <string_view>

namespace unibox::config {

struct Listener {
    std::string listen = "127.0.0.1:0";  // host:port; port 0 takes a free one.
    // Read again when they have changed, so that a renewed certificate needs no restart. If client
    // authorities are given, a client must show a certificate that one of them has signed.
    TlsFileNames tls;
    bool plaintext_allowed = false;

    // Adds the fields, and the rule above. Of the listener of a protocol: "HTTP".
    void Describe(SectionFields& section, std::string_view protocol);
};

// Whether only this machine can reach "host:port": 127.0.0.0/8, ::1 or localhost.
bool IsLoopback(std::string_view host_port);

}  // namespace unibox::config
