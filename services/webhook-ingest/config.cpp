#include "webhook-ingest/config.hpp"

namespace unibox::ingest {
namespace {

constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
constexpr std::int64_t kBodyBytesMax = 64 << 20;
constexpr std::int64_t kCountMax = 100'000'000;

config::Check BaseUrl() {
    return {"http(s)://…, no final slash", [](const config::Value& value) {
                const auto& url = std::get<std::string>(value);
                const bool known = url.starts_with("http://") || url.starts_with("https://");
                return known && !url.ends_with('/');
            }};
}

void DescribeBodies(BodyLimits& bodies, config::FieldTable& table) {
    auto section = table.Section("ingest");
    for (std::size_t i = 0; i < bodies.bytes_max.size(); ++i) {
        const std::string url_name(domain::kWebhookSources[i]->url_name);
        section.Add(
            url_name + "_body_bytes_max",
            &bodies.bytes_max[i],
            "Largest body of a webhook to /v1/hooks/" + url_name + "; more is answered 413.",
            config::InRange(1024, kBodyBytesMax)
        );
    }
}

}  // namespace

Config::Config() {
    http.listen = "127.0.0.1:8080";
    http.net_thread_count = 2;
    // Twilio may call by GET: 1,600 characters of three bytes each, percent-encoded.
    http.target_bytes_max = 16 << 10;
    http.head_bytes_max = 24 << 10;
    grpc.listen = "127.0.0.1:9090";
    // A text of 64 KiB and 64 attachments with the longest of URLs; more than that no event may be.
    grpc.receive_bytes_max = 512 << 10;
    // A look-up fails well before the webhook that waits for it must be answered.
    postgres.connect_timeout_ms = 1'000;
    postgres.acquire_timeout_ms = 1'000;
    postgres.statement_timeout_ms = 1'000;
    postgres.io_timeout_ms = 1'200;
}

void Config::Describe(config::FieldTable& table) {
    http.Describe(table);
    grpc.Describe(table);
    postgres.Describe(table);
    nats.Describe(table);
    redis.Describe(table);
    limits.Describe(table);
    table.Section("secrets", "Secrets of channels and provider apps.")
        .AddSecretPath(
            "key_file",
            &secrets_key_file,
            "File with the key that seals secrets at rest.",
            config::ReadableFile()
        );
    DescribeIngest(table);
    work.Describe(table);
    DescribePublisher(table);
    DescribeLookups(table);
}

void Config::DescribeIngest(config::FieldTable& table) {
    table.Section("ingest", "Receiving webhooks.")
        .Add(
            "public_base_url",
            &intake.public_base_url,
            "URL under which providers reach this service, with its path prefix and without a "
            "final slash; Twilio signs it. A channel may have its own.",
            BaseUrl()
        )
        .Add(
            "deadline_ms",
            &intake.deadline_ms,
            "From the request to the last acknowledgement; then 503. Whatever else it waits for, a "
            "webhook is answered 503 at the latest 500 ms after that, or after "
            "http.handler_timeout_ms, if that is less.",
            config::InRange(50, 60'000)
        )
        .Add("retry_after_s", &intake.retry_after_s, "Told with 503.", config::InRange(1, 3'600))
        .Add(
            "inline_bytes_max",
            &intake.inline_bytes_max,
            "Larger bodies are verified and parsed in the body threads.",
            config::InRange(0, kBodyBytesMax)
        )
        .Add(
            "duplicate_window_ms",
            &duplicate_window_ms,
            "An event that was stored so short ago is not published again.",
            config::InRange(0, kDayMs)
        )
        .Add(
            "duplicate_window_count_max",
            &duplicate_window_count_max,
            "Events remembered for it, 100 bytes each; the oldest go first.",
            config::InRange(0, kCountMax)
        )
        .Add(
            "rate_tenant_count_max",
            &limits.local_count_max,
            "Tenants whose rate is counted here while Redis is away; the one used longest ago is "
            "forgotten.",
            config::InRange(1, kCountMax)
        );
    DescribeBodies(bodies, table);
}

void WorkSettings::Describe(config::FieldTable& table) {
    table.Section("work", "The threads that do what a webhook waits for.")
        .Add(
            "lookup_thread_count",
            &lookup_thread_count,
            "Threads for look-ups; a half for what was found before, a half for the rest.",
            config::InRange(1, 256)
        )
        .Add(
            "body_thread_count",
            &body_thread_count,
            "Threads for large bodies.",
            config::InRange(1, 256)
        )
        .Add(
            "queue_count_max",
            &queue_count_max,
            "Work that may wait for each kind of thread; more is answered 503.",
            config::InRange(1, 1'000'000)
        );
}

void Config::DescribePublisher(config::FieldTable& table) {
    table.Section("publisher", "Publishing events to the log.")
        .Add(
            "window_count_max",
            &publisher.window_count_max,
            "Messages that may wait for their acknowledgement; above it 503 at once.",
            config::InRange(16, nats::kPublishWindowCountMax)
        )
        .Add(
            "window_bytes_max",
            &publisher.window_bytes_max,
            "Bytes of them.",
            config::InRange(1 << 20, 1LL << 34)
        )
        .Add(
            "log_refresh_interval_ms",
            &log_refresh_interval_ms,
            "How often the streams of the ingest log are looked up.",
            config::InRange(100, 3'600'000)
        )
        .Add(
            "payload_bytes_max",
            &payload_bytes_max,
            "Message size that the NATS server must accept; checked at the start.",
            config::InRange(1024, 64 << 20)
        );
}

void Config::DescribeLookups(config::FieldTable& table) {
    table.Section("lookups", "Caches of channels, provider apps and API keys.")
        .Add(
            "refresh_ms",
            &lookups.refresh_ms,
            "Age at which a known entry is loaded again, behind the answer.",
            config::InRange(100, kDayMs)
        )
        .Add(
            "known_ms_max",
            &lookups.known_ms_max,
            "Age at which the answer waits for the new load (unless PostgreSQL is away).",
            config::InRange(100, kDayMs)
        )
        .Add(
            "stale_ms_max",
            &lookups.stale_ms_max,
            "Age up to which a known entry is served while PostgreSQL is away.",
            config::InRange(1'000, 30 * kDayMs)
        )
        .Add(
            "unknown_ms_max",
            &lookups.unknown_ms_max,
            "How long an unknown token or route is remembered.",
            config::InRange(0, kDayMs)
        )
        .Add(
            "retry_ms",
            &lookups.retry_ms,
            "While PostgreSQL is away: from a failed look-up to the next one. Until then unknown "
            "keys are answered 503 at once.",
            config::InRange(10, 60'000)
        )
        .Add(
            "known_count_max",
            &lookups.known_count_max,
            "Known entries of each cache.",
            config::InRange(1, kCountMax)
        )
        .Add(
            "unknown_count_max",
            &lookups.unknown_count_max,
            "Unknown keys remembered.",
            config::InRange(1, kCountMax)
        )
        .Add(
            "failed_per_s",
            &lookups.failed_per_s,
            "Tokens and API keys that nobody has, from one client network (IPv4 /24, IPv6 /64), "
            "that "
            "are looked up; above it 503 without a look-up. 0 = no limit, for a listener behind a "
            "proxy.",
            config::InRange(0, kCountMax)
        )
        .Add(
            "failed_burst",
            &lookups.failed_burst,
            "As many of them may come at once.",
            config::InRange(1, kCountMax)
        )
        .Add(
            "failed_network_count_max",
            &lookups.failed_network_count_max,
            "Client networks remembered for it.",
            config::InRange(1, kCountMax)
        );
}

std::vector<runtime::FileUse> Config::FileUses() const {
    return {
        {"http.connection_count_max", http.connection_count_max},
        {"grpc.connection_count_max (3 each)",
         grpc.connection_count_max * rpc::kFilesPerConnection},
        {"postgres.connection_count_max", postgres.connection_count_max}};
}

}  // namespace unibox::ingest
