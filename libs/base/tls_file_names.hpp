// Where a party to TLS has its PEM files: what settings name and what libraries load.
// Thread safety: values.
#pragma once

#include <string>

namespace unibox {

struct TlsFileNames {
    std::string cert;       // Certificate chain; empty: no TLS.
    std::string key;        // Of the certificate.
    std::string client_ca;  // Authorities of the clients' certificates; empty: none is asked for.

    bool given() const { return !cert.empty(); }
};

}  // namespace unibox
