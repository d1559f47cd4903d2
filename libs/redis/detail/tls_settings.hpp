// What of the settings TLS is made from. Thread safety: pure function.
#pragma once

#include "net/tls_client.hpp"
#include "redis/settings.hpp"

namespace unibox::redis::detail {

inline net::TlsClientSettings TlsSettingsOf(const Settings& settings) {
    return {settings.tls_ca_file, settings.tls_cert_file, settings.tls_key_file};
}

}  // namespace unibox::redis::detail
