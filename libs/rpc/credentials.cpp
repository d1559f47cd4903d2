#include "rpc/credentials.hpp"

#include "obs/log.hpp"

namespace unibox::rpc {
namespace {

net::TlsSettings TlsOf(const Settings& settings) {
    return {settings.tls_cert_file, settings.tls_key_file, settings.tls_client_ca_file, "h2"};
}

void OnCertificate(const Status& change, obs::Metrics& metrics) {
    metrics
        .GetCounter(
            "unibox_rpc_certificates_total",
            "Changed certificates, by whether they are in use.",
            {{"result", change.ok() ? "used" : "refused"}}
        )
        .Add();
    if (change.ok()) {
        return obs::Log(obs::Level::kInfo, "a new certificate is in use", {{"listener", "grpc"}});
    }
    obs::Log(
        obs::Level::kError,
        "the new certificate cannot be used, the one before stays",
        {{"listener", "grpc"}, {"field", change.field()}, {"error", change}}
    );
}

}  // namespace

Status Credentials::Check(const Settings& settings) {
    if (!settings.has_tls()) return {};
    return net::TlsContext::Create(TlsOf(settings)).status();
}

Result<std::unique_ptr<Credentials>> Credentials::Create(
    const Settings& settings, obs::Metrics& metrics
) {
    std::unique_ptr<net::TlsFiles> tls;
    if (settings.has_tls()) {
        UNIBOX_ASSIGN_OR_RETURN(
            tls,
            net::TlsFiles::Open(
                TlsOf(settings),
                [&metrics](const Status& change) { OnCertificate(change, metrics); }
            )
        );
    }
    return std::unique_ptr<Credentials>(new Credentials(std::move(tls)));
}

std::unique_ptr<net::Transport> Credentials::TransportOf(int socket, SteadyTime now) const {
    return tls_ ? net::TlsTransport(socket, tls_->Current(now)) : net::PlainTransport(socket);
}

}  // namespace unibox::rpc
