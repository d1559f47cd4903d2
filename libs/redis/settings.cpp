#include "redis/settings.hpp"

#include "config/field_table.hpp"
#include "config/mask.hpp"
#include "redis/detail/endpoints.hpp"

namespace unibox::redis {
namespace {

using config::InRange;
using config::NotEmpty;

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kBytesMax = 512 << 20;  // Redis' own limit of a value.

}  // namespace

void Settings::Describe(config::FieldTable& table) {
    auto section = table.Section("redis", "Connection to Redis.");
    section
        .Add(
            "mode",
            &mode,
            "What `url` leads to: one server, sentinels, nodes of a cluster.",
            config::OneOf({"single", "sentinel", "cluster"})
        )
        .AddUrl(
            "url",
            &url,
            "redis://[user:password@]host:port[/database], rediss:// with TLS; several sentinels "
            "or nodes separated by commas.",
            config::MaskServers,
            NotEmpty()
        )
        .Add("name", &name, "Name of the connections in CLIENT LIST.", NotEmpty())
        .Add("user", &user, "User of the ACL, with password_file; empty: the default user.")
        .AddSecretPath(
            "password_file",
            &password_file,
            "File with the password; read again at each connect.",
            config::ReadableFileOrEmpty()
        )
        .Add("sentinel_master", &sentinel_master, "What the sentinels call the master.", NotEmpty())
        .Add("sentinel_user", &sentinel_user, "User at the sentinels, with sentinel_password_file.")
        .AddSecretPath(
            "sentinel_password_file",
            &sentinel_password_file,
            "File with the password of the sentinels; read again at each connect.",
            config::ReadableFileOrEmpty()
        );
    DescribeTls(section);
    DescribeTimes(section);
    DescribeLimits(section);
    section.AddRule([this] { return Check(); });
}

void Settings::DescribeTls(config::SectionFields& section) {
    section.Add("tls", &tls, "Require TLS (also on for rediss:// URLs and with files).")
        .Add("tls_ca_file", &tls_ca_file, "Authorities to trust; empty: those of the system.")
        .Add("tls_cert_file", &tls_cert_file, "Client certificate, with tls_key_file.")
        .Add("tls_key_file", &tls_key_file, "Key of the client certificate.")
        .Add(
            "tls_server_name",
            &tls_server_name,
            "The name in the servers' certificates; empty: the host that is connected to."
        );
}

void Settings::DescribeTimes(config::SectionFields& section) {
    section
        .Add(
            "connect_timeout_ms",
            &connect_timeout_ms,
            "Limit of one connect, TLS and login included.",
            InRange(10, kMinuteMs)
        )
        .Add(
            "answer_timeout_ms",
            &answer_timeout_ms,
            "Commands are under way and nothing comes for so long: the connection is given up.",
            InRange(10, kMinuteMs)
        )
        .Add(
            "ping_interval_ms",
            &ping_interval_ms,
            "An idle connection is asked so often whether it is alive.",
            InRange(10, 60 * kMinuteMs)
        )
        .Add(
            "reconnect_first_ms",
            &reconnect_first_ms,
            "Pause before the next attempt to connect; it doubles with each.",
            InRange(1, kMinuteMs)
        )
        .Add("reconnect_ms_max", &reconnect_ms_max, "Longest such pause.", InRange(1, kMinuteMs))
        .Add(
            "topology_interval_ms",
            &topology_interval_ms,
            "How often sentinels are asked for the master, or a cluster for its nodes.",
            InRange(50, 60 * kMinuteMs)
        );
}

void Settings::DescribeLimits(config::SectionFields& section) {
    section
        .Add("connection_count", &connection_count, "Connections to each server.", InRange(1, 64))
        .Add(
            "command_count_max",
            &command_count_max,
            "Commands under way; more are refused at once.",
            InRange(1, 1'000'000)
        )
        .Add(
            "command_bytes_max",
            &command_bytes_max,
            "Bytes of the commands under way; more are refused at once.",
            InRange(1024, kBytesMax)
        )
        .Add(
            "reply_bytes_max",
            &reply_bytes_max,
            "Largest reply; a larger one ends its connection.",
            InRange(1024, kBytesMax)
        );
}

Mode Settings::ParsedMode() const {
    if (mode == "sentinel") return Mode::kSentinel;
    return mode == "cluster" ? Mode::kCluster : Mode::kSingle;
}

bool Settings::UsesTls() const {
    if (tls || !tls_ca_file.empty() || !tls_cert_file.empty()) return true;
    const auto endpoints = detail::ParseUrl(url);
    return endpoints.ok() && endpoints->tls;
}

Status Settings::Check() const {
    if (mode != "single" && mode != "sentinel" && mode != "cluster") {
        return InvalidArgument("mode is one of single, sentinel, cluster").WithField("mode");
    }
    UNIBOX_ASSIGN_OR_RETURN(const detail::Endpoints endpoints, detail::ParseUrl(url));
    if (ParsedMode() == Mode::kSingle && endpoints.addresses.size() > 1) {
        return InvalidArgument("mode single has one server").WithField("url");
    }
    if (ParsedMode() == Mode::kCluster && endpoints.database != 0) {
        return InvalidArgument("a cluster has database 0 alone").WithField("url");
    }
    if (reconnect_first_ms > reconnect_ms_max) {
        return InvalidArgument("must not be more than reconnect_ms_max")
            .WithField("reconnect_first_ms");
    }
    if (!user.empty() && password_file.empty()) {
        return InvalidArgument("user needs password_file").WithField("password_file");
    }
    if (!sentinel_user.empty() && sentinel_password_file.empty()) {
        return InvalidArgument("sentinel_user needs sentinel_password_file")
            .WithField("sentinel_password_file");
    }
    return {};
}

}  // namespace unibox::redis
