#include "nats/detail/options.hpp"

#include "base/strings.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace unibox::nats::detail {
namespace {

constexpr int kReconnectForEver =
    -1;  // Any limit closes the connection for good when it is reached.
constexpr int kReadBytes = 64 * 1024;  // TLS needs at least 16 KiB.
// How often nats.c tries a mutex before it sleeps. Its own 2,000 burn up to 100 us of a core that
// the holder of the mutex may be waiting for.
constexpr std::int64_t kLockSpins = 50;

// Remembers the first refusal, so that the calls below read as a list.
class Setter {
public:
    void Check(natsStatus status, std::string_view what) {
        if (status_.ok() && status != NATS_OK) {
            const char* detail = nats_GetLastError(nullptr);
            status_ = InvalidArgument(fmt::format(
                "nats: {} is refused: {} {}", what, natsStatus_GetText(status), TextOf(detail)
            ));
        }
    }
    const Status& status() const { return status_; }

private:
    Status status_;
};

void SetServers(natsOptions* options, const Settings& settings, Setter& setter) {
    std::vector<std::string> urls;
    for (const auto part : Split(settings.url, ',')) urls.emplace_back(TrimSpace(part));
    std::vector<const char*> pointers;
    pointers.reserve(urls.size());
    for (const auto& url : urls) pointers.push_back(url.c_str());
    setter.Check(
        natsOptions_SetServers(options, pointers.data(), static_cast<int>(pointers.size())), "url"
    );
}

void SetIdentity(natsOptions* options, const Settings& settings, Setter& setter) {
    setter.Check(natsOptions_SetName(options, settings.name.c_str()), "name");
    if (!settings.creds_file.empty()) {
        setter.Check(
            natsOptions_SetUserCredentialsFromFiles(options, settings.creds_file.c_str(), nullptr),
            "creds_file"
        );
    }
    if (!settings.user.empty()) {
        const std::string password(settings.password.Reveal());
        setter.Check(
            natsOptions_SetUserInfo(options, settings.user.c_str(), password.c_str()), "user"
        );
    }
    if (!settings.token.empty()) {
        const std::string token(settings.token.Reveal());
        setter.Check(natsOptions_SetToken(options, token.c_str()), "token");
    }
}

void SetTls(natsOptions* options, const Settings& settings, Setter& setter) {
    const bool files = !settings.tls_ca_file.empty() || !settings.tls_cert_file.empty();
    if (settings.tls || files) setter.Check(natsOptions_SetSecure(options, true), "tls");
    if (!settings.tls_ca_file.empty()) {
        setter.Check(
            natsOptions_LoadCATrustedCertificates(options, settings.tls_ca_file.c_str()),
            "tls_ca_file"
        );
    }
    if (!settings.tls_cert_file.empty()) {
        setter.Check(
            natsOptions_LoadCertificatesChain(
                options, settings.tls_cert_file.c_str(), settings.tls_key_file.c_str()
            ),
            "tls_cert_file"
        );
    }
}

void SetBehaviour(natsOptions* options, const Settings& settings, Setter& setter) {
    setter.Check(
        natsOptions_SetTimeout(options, settings.connect_timeout_ms), "connect_timeout_ms"
    );
    setter.Check(natsOptions_SetMaxReconnect(options, kReconnectForEver), "reconnects");
    setter.Check(
        natsOptions_SetReconnectWait(options, settings.reconnect_wait_ms), "reconnect_wait_ms"
    );
    setter.Check(
        natsOptions_SetReconnectJitter(
            options, settings.reconnect_wait_ms, settings.reconnect_wait_ms
        ),
        "reconnect_wait_ms"
    );
    // The pings are ours (ConnectionImpl::Ping): nats.c's timer would close the socket under the
    // loop's feet.
    setter.Check(natsOptions_SetPingInterval(options, 0), "ping interval");
    setter.Check(natsOptions_SetFailRequestsOnDisconnect(options, true), "fail requests");
    // Each publish tells the event loop that there is something to write; the loop gathers.
    setter.Check(natsOptions_SetSendAsap(options, true), "send asap");
    setter.Check(natsOptions_UseGlobalMessageDelivery(options, true), "message delivery");
    setter.Check(natsOptions_SetIOBufSize(options, kReadBytes), "read buffer");
    setter.Check(
        natsOptions_SetCustomInboxPrefix(options, settings.inbox_prefix.c_str()), "inbox_prefix"
    );
}

}  // namespace

Result<OptionsPtr> MakeOptions(const Settings& settings) {
    static const natsStatus opened = nats_Open(kLockSpins);  // Once in a process, before all else.
    natsOptions* raw = nullptr;
    const natsStatus created = opened == NATS_OK ? natsOptions_Create(&raw) : opened;
    if (created != NATS_OK) return FromNats(created, "options of NATS");
    OptionsPtr options(raw);
    Setter setter;
    SetServers(raw, settings, setter);
    SetIdentity(raw, settings, setter);
    SetTls(raw, settings, setter);
    SetBehaviour(raw, settings, setter);
    UNIBOX_RETURN_IF_ERROR(setter.status());
    return options;
}

}  // namespace unibox::nats::detail
