#include "rpc/detail/client_channel.hpp"

#include "base/strings.hpp"
#include "config/listener.hpp"
#include "net/credentials.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace unibox::rpc::detail {
namespace {

constexpr unsigned kCertificateLookS = 5;
constexpr std::int64_t kPortMax = 65'535;

std::vector<std::string> Servers(const std::string& target) {
    std::vector<std::string> servers;
    std::size_t begin = 0;
    while (begin <= target.size()) {
        const std::size_t comma = std::min(target.find(',', begin), target.size());
        servers.push_back(target.substr(begin, comma - begin));
        begin = comma + 1;
    }
    return servers;
}

std::string HostOf(const std::string& host_port) {
    return host_port.substr(0, host_port.rfind(':'));
}

bool IsHostPort(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos || colon == 0) return false;
    if (text.find_first_of(" /") != std::string::npos) return false;
    const auto port = ParseInt64(text.substr(colon + 1));
    return port && *port >= 1 && *port <= kPortMax;
}

bool IsIpv4(const std::string& host) {
    in_addr address{};
    return inet_pton(AF_INET, host.c_str(), &address) == 1;
}

Status CheckAuthorities(const std::string& file) {
    std::ifstream in(file);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (text.find("-----BEGIN CERTIFICATE-----") != std::string::npos) return {};
    return InvalidArgument(file + " cannot be read, or holds no PEM certificate")
        .WithField("tls_ca_file");
}

std::shared_ptr<grpc::ChannelCredentials> CredentialsOf(const ClientSettings& settings) {
    if (settings.tls_ca_file.empty()) return grpc::InsecureChannelCredentials();
    using grpc::experimental::FileWatcherCertificateProvider;
    grpc::experimental::TlsChannelCredentialsOptions options;
    options.set_certificate_provider(std::make_shared<FileWatcherCertificateProvider>(
        settings.tls_key_file, settings.tls_cert_file, settings.tls_ca_file, kCertificateLookS
    ));
    options.watch_root_certs();
    if (!settings.tls_cert_file.empty()) options.watch_identity_key_cert_pairs();
    return grpc::experimental::TlsCredentials(options);
}

std::string Seconds(std::int64_t ms) {
    return fmt::format("{}.{:03d}s", ms / 1'000, ms % 1'000);
}

// No "timeout": gRPC 1.51 counts it from a start that lies up to two seconds back, so that short
// ones are over before the call begins. Each call has a deadline of its own.
std::string MethodConfig(const ClientSettings& settings, const ClientMethod& method) {
    const std::string retry = fmt::format(
        R"(,"retryPolicy":{{"maxAttempts":{},"initialBackoff":"{}","maxBackoff":"{}",)"
        R"("backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE"]}})",
        settings.attempt_count_max,
        Seconds(settings.retry_first_ms),
        Seconds(settings.retry_ms_max)
    );
    return fmt::format(
        R"({{"name":[{{"service":"{}","method":"{}"}}]{}}})",
        method.descriptor->service()->full_name(),
        method.descriptor->name(),
        method.is_idempotent ? retry : ""
    );
}

}  // namespace

Result<std::string> TargetUri(const std::string& target) {
    const auto servers = Servers(target);
    const Status wrong =
        InvalidArgument("\"" + target + "\" is neither host:port nor a list of IPv4 addresses")
            .WithField("target");
    if (!std::all_of(servers.begin(), servers.end(), IsHostPort)) return wrong;
    const auto is_address = [](const std::string& server) { return IsIpv4(HostOf(server)); };
    if (std::all_of(servers.begin(), servers.end(), is_address)) return "ipv4:" + target;
    if (servers.size() > 1) return wrong;
    return "dns:///" + target;
}

Status CheckClient(const ClientSettings& settings) {
    UNIBOX_RETURN_IF_ERROR(TargetUri(settings.target).status());
    const bool has_key = !settings.tls_key_file.empty();
    if (has_key == settings.tls_cert_file.empty()) {
        return InvalidArgument("tls_cert_file and tls_key_file belong together")
            .WithField("tls_cert_file");
    }
    if (settings.tls_ca_file.empty()) {
        if (has_key) {
            return InvalidArgument("without tls_ca_file there is no TLS to use tls_cert_file in")
                .WithField("tls_ca_file");
        }
        const auto servers = Servers(settings.target);
        const bool is_near = std::all_of(servers.begin(), servers.end(), config::IsLoopback);
        if (is_near || settings.plaintext_allowed) return {};
        return InvalidArgument(
                   "what tenants wrote would pass in the clear to " + settings.target +
                   ": give tls_ca_file, or set plaintext_allowed where a mesh encrypts"
        )
            .WithField("target");
    }
    UNIBOX_RETURN_IF_ERROR(CheckAuthorities(settings.tls_ca_file));
    if (!has_key) return {};
    return net::Credentials::Check(
        {{settings.tls_cert_file, settings.tls_key_file, /*client_ca=*/""}, kAlpn}
    );
}

std::string ServiceConfigOf(
    const ClientSettings& settings, const std::vector<ClientMethod>& methods
) {
    std::string method_configs;
    for (const ClientMethod& method : methods) {
        method_configs += method_configs.empty() ? "" : ",";
        method_configs += MethodConfig(settings, method);
    }
    return R"({"loadBalancingConfig":[{"round_robin":{}}],)"
           R"("retryThrottling":{"maxTokens":100,"tokenRatio":0.1},"methodConfig":[)" +
           method_configs + "]}";
}

std::shared_ptr<grpc::Channel> NewChannel(
    const ClientSettings& settings, const std::vector<ClientMethod>& methods
) {
    grpc::ChannelArguments arguments;
    arguments.SetServiceConfigJSON(ServiceConfigOf(settings, methods));
    // The config is ours; one that a DNS server might give is nobody's.
    arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, settings.retry_first_ms);
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, settings.connect_timeout_ms);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, settings.reconnect_ms_max);
    arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, settings.reconnect_ms_max);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, settings.keepalive_interval_ms);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, settings.keepalive_timeout_ms);
    // A request that no buffer holds cannot be sent again.
    arguments.SetInt(GRPC_ARG_PER_RPC_RETRY_BUFFER_SIZE, settings.send_bytes_max);
    arguments.SetMaxReceiveMessageSize(settings.receive_bytes_max);
    arguments.SetMaxSendMessageSize(settings.send_bytes_max);
    if (!settings.tls_server_name.empty()) {
        arguments.SetSslTargetNameOverride(settings.tls_server_name);
    }
    return grpc::CreateCustomChannel(
        TargetUri(settings.target).value(), CredentialsOf(settings), arguments
    );
}

}  // namespace unibox::rpc::detail
