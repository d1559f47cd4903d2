#include "config/listener.hpp"

#include "base/strings.hpp"

#include <arpa/inet.h>

#include <string>

namespace unibox::config {
namespace {

Status CheckTls(const Listener& listener) {
    if (listener.tls.given()) return {};
    if (!listener.tls.client_ca.empty()) {
        return InvalidArgument("client certificates need TLS: give tls_cert_file and tls_key_file")
            .WithField("tls_client_ca_file");
    }
    if (IsLoopback(listener.listen) || listener.plaintext_allowed) return {};
    return InvalidArgument(
               "other machines can reach " + listener.listen +
               ", where API keys would pass in the clear: give tls_cert_file and tls_key_file, or "
               "set plaintext_allowed where a proxy or a mesh encrypts"
    )
        .WithField("listen");
}

}  // namespace

bool IsLoopback(std::string_view host_port) {
    const std::string_view host = host_port.substr(0, host_port.rfind(':'));
    if (host == "[::1]" || EqualsIgnoreCaseAscii(host, "localhost")) return true;
    // An address, not a name that begins like one.
    in_addr address{};
    const bool is_address = inet_pton(AF_INET, std::string(host).c_str(), &address) == 1;
    return is_address && ntohl(address.s_addr) >> 24 == 127;
}

void Listener::Describe(SectionFields& section, std::string_view protocol) {
    const std::string name(protocol);
    section
        .Add(
            "listen",
            &listen,
            "Address of the " + name + " listener; port 0 = any free one.",
            HostPort()
        )
        .Add(
            "tls_cert_file",
            &tls.cert,
            "PEM certificate chain, read again when it has changed; empty = no TLS."
        )
        .Add("tls_key_file", &tls.key, "PEM key of the certificate.")
        .Add(
            "tls_client_ca_file",
            &tls.client_ca,
            "PEM authorities; if given, clients must show a certificate signed by one of them."
        )
        .Add(
            "plaintext_allowed",
            &plaintext_allowed,
            "Listen without TLS also where other machines can reach: behind a proxy or a mesh that "
            "encrypts."
        )
        .AddRule([this] { return CheckTls(*this); });
}

}  // namespace unibox::config
