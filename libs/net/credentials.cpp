#include "net/credentials.hpp"

#include <utility>

namespace unibox::net {

Status Credentials::Check(const TlsSettings& settings) {
    return settings.files.given() ? TlsContext::Create(settings).status() : Status();
}

Result<std::unique_ptr<Credentials>> Credentials::Create(
    TlsSettings settings, TlsFiles::OnChange on_change
) {
    std::unique_ptr<TlsFiles> tls;
    if (settings.files.given()) {
        UNIBOX_ASSIGN_OR_RETURN(tls, TlsFiles::Open(std::move(settings), std::move(on_change)));
    }
    return std::unique_ptr<Credentials>(new Credentials(std::move(tls)));
}

std::unique_ptr<Transport> Credentials::TransportOf(int socket, SteadyTime now) const {
    return tls_ ? TlsTransport(socket, tls_->Current(now)) : PlainTransport(socket);
}

}  // namespace unibox::net
