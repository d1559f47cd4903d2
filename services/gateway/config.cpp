#include "gateway/config.hpp"

#include "config/field_table.hpp"
#include "pg/connection_string.hpp"

namespace unibox::gateway {

namespace {

// With each replica's probe, and the primary's.
std::int64_t ReadFiles(const pg::ReadSettings& reads) {
    const auto replicas = static_cast<std::int64_t>(reads.Urls().size());
    return replicas == 0 ? 0 : replicas * (reads.connection_count_max + 1) + 1;
}

}  // namespace

void ApiKeySettings::Describe(config::FieldTable& table) {
    table.Section("api_keys", "The cache of API keys.")
        .Add(
            "known_ms_max",
            &known_ms_max,
            "How long a key that was found is believed; without NATS, which tells of changes at "
            "once, a "
            "revoked key may work that long.",
            config::InRange(0, 30'000)
        )
        .Add(
            "unknown_ms_max",
            &unknown_ms_max,
            "How long a key that was not found is refused without asking again.",
            config::InRange(0, 5'000)
        )
        .Add(
            "known_count_max",
            &known_count_max,
            "Keys that are kept.",
            config::InRange(1, 10'000'000)
        )
        .Add(
            "unknown_count_max",
            &unknown_count_max,
            "Unknown keys that are kept.",
            config::InRange(1, 10'000'000)
        )
        .Add(
            "lookup_thread_count",
            &lookup_thread_count,
            "Keys that are looked up at once, of those that are new here; as many again of those "
            "that were found before.",
            config::InRange(1, 100)
        )
        .Add(
            "lookup_queue_count_max",
            &lookup_queue_count_max,
            "Keys that wait to be looked up; more are refused with 429.",
            config::InRange(1, 100'000)
        )
        .Add(
            "failed_per_s",
            &failed_per_s,
            "Keys of one client network (/24, /64) that are looked up and lead nowhere; more are "
            "refused with 429. 0 = no limit: behind a proxy, whose address all clients share.",
            config::InRange(0, 1'000'000)
        )
        .Add(
            "failed_burst",
            &failed_burst,
            "How many of them at once.",
            config::InRange(1, 1'000'000)
        )
        .Add(
            "failed_network_count_max",
            &failed_network_count_max,
            "Client networks that are remembered for it; the one seen longest ago is forgotten.",
            config::InRange(1, 10'000'000)
        );
}

void AgentTokenSettings::Describe(config::FieldTable& table) {
    auto section = table.Section("agent_tokens", "JWTs of agents; issuers are in the database.");
    section
        .Add(
            "clock_skew_ms_max",
            &clock_skew_ms_max,
            "How far the clock of an issuer may be from ours: expired and not yet valid tokens are "
            "taken for so long.",
            config::InRange(0, 60'000)
        )
        .Add(
            "lifetime_ms_max",
            &lifetime_ms_max,
            "How long a token may be valid, from iat to exp; others are refused.",
            config::InRange(60'000, 366LL * 24 * 3600 * 1000)
        )
        .Add(
            "verify_thread_count",
            &verify_thread_count,
            "Signatures that are checked at once.",
            config::InRange(1, 100)
        )
        .Add(
            "verify_queue_count_max",
            &verify_queue_count_max,
            "Tokens that wait for it; more are refused with 429.",
            config::InRange(1, 100'000)
        )
        .Add(
            "verified_count_max",
            &verified_count_max,
            "Tokens that were found to be signed and are not checked again; 300 bytes each.",
            config::InRange(1, 10'000'000)
        );
    DescribeKeys(section);
}

void AgentTokenSettings::DescribeKeys(config::SectionFields& section) {
    section
        .Add(
            "jwks_refresh_interval_ms",
            &jwks_refresh_interval_ms,
            "How old the keys of an issuer get before they are fetched anew, behind the answers.",
            config::InRange(1'000, 24LL * 3600 * 1000)
        )
        .Add(
            "jwks_unknown_key_interval_ms",
            &jwks_unknown_key_interval_ms,
            "How often the keys of an issuer are fetched, at most, because a token names a key "
            "that "
            "is not among them.",
            config::InRange(100, 600'000)
        )
        .Add(
            "jwks_stale_ms_max",
            &jwks_stale_ms_max,
            "How old the keys of an issuer that does not answer may get.",
            config::InRange(0, 30LL * 24 * 3600 * 1000)
        )
        .Add(
            "jwks_timeout_ms",
            &jwks_timeout_ms,
            "After it a fetch is given up.",
            config::InRange(100, 60'000)
        )
        .Add(
            "jwks_thread_count",
            &jwks_thread_count,
            "Issuers that are asked at once.",
            config::InRange(1, 100)
        )
        .Add(
            "jwks_url_count_max",
            &jwks_url_count_max,
            "Issuers whose keys are kept; the one used longest ago is forgotten.",
            config::InRange(1, 1'000'000)
        )
        .Add(
            "jwks_private_addresses_allowed",
            &jwks_private_addresses_allowed,
            "Whether keys may be fetched from this host and private networks, and from any port: "
            "whoever registers an issuer can then make the gateway call there."
        )
        .Add(
            "jwks_plaintext_allowed",
            &jwks_plaintext_allowed,
            "Whether keys may be fetched over http: whoever is on the way can then be any agent."
        )
        .Add(
            "tls_ca_file",
            &tls_ca_file,
            "PEM authorities that issuers' certificates are verified with; empty: the system's.",
            config::ReadableFileOrEmpty()
        );
}

void WorkSettings::Describe(config::FieldTable& table) {
    table.Section("work", "The threads that do the work of both listeners.")
        .Add(
            "thread_count",
            &thread_count,
            "Requests that read worked on at once.",
            config::InRange(1, 1'000)
        )
        .Add(
            "backlog_thread_count",
            &backlog_thread_count,
            "So many of the threads, at most, for tenants with more than one request, in turn; the "
            "others are for the first request of a tenant. About as many as processors: more serve "
            "the noisy faster and the quiet later.",
            config::InRange(1, 1'000)
        )
        .Add(
            "queue_count_max",
            &queue_count_max,
            "Requests that wait for a thread; one more refuses, with 429, the latest of the tenant "
            "with the most waiting.",
            config::InRange(1, 100'000)
        )
        .Add(
            "tenant_queue_percent",
            &tenant_queue_percent,
            "So much of the queue is filled by one tenant at most, then it gets 429.",
            config::InRange(1, 100)
        )
        .Add(
            "change_thread_count",
            &change_thread_count,
            "Requests that change something worked on at once: they wait for message-writer, on "
            "threads of their own with a queue of their own, so that reading goes on when it is "
            "slow.",
            config::InRange(1, 1'000)
        )
        .Add(
            "change_backlog_thread_count",
            &change_backlog_thread_count,
            "As backlog_thread_count, of those threads: they wait more than they work.",
            config::InRange(1, 1'000)
        );
}

void LimitSettings::Describe(config::FieldTable& table) {
    static constexpr std::array<std::string_view, domain::kLimitPolicyCount> kWhose = {
        "of one API key",
        "of one agent",
        "of one tenant",
        "of one tenant that read",
        "of one tenant that change something",
        "of one tenant that search",
        "of one tenant that administer"};
    counting.Describe(table);
    auto section = table.Section("limits");
    const auto add = [&section](const std::string& name, domain::Rate& rate, std::string whose) {
        section
            .Add(
                name + "_per_s",
                &rate.per_s,
                "Calls " + whose + ", in a second; more are refused with 429. 0 = no limit.",
                config::InRange(0, domain::kRatePerSMax)
            )
            .Add(
                name + "_burst",
                &rate.burst,
                "How many of them at once.",
                config::InRange(1, domain::kRateBurstMax)
            );
    };
    section.Add(
        "local_count_max",
        &counting.local_count_max,
        "Limits that are counted here while Redis is away; the one used longest ago is forgotten.",
        config::InRange(1, 10'000'000)
    );
    for (std::size_t i = 0; i < rates.size(); ++i) {
        add(std::string(domain::kLimitPolicyNames[i]), rates[i], std::string(kWhose[i]));
    }
    add("anonymous",
        anonymous,
        "without a valid credential from one client network (/24, /64; no limit behind a proxy, "
        "whose address all clients share)");
}

void SearchSettings::Describe(config::FieldTable& table) {
    table.Section("search", "Searches, which have threads and connections of their own.")
        .Add(
            "connection_count_max",
            &connection_count_max,
            "Connections to PostgreSQL for them: so many it works on at once.",
            config::InRange(1, 100)
        )
        .Add(
            "thread_count",
            &thread_count,
            "Searches worked on at once, of all tenants in turn; about one for each connection.",
            config::InRange(1, 100)
        )
        .Add(
            "queue_count_max",
            &queue_count_max,
            "Searches that wait for a thread; more are refused with 429, as of work.",
            config::InRange(1, 100'000)
        )
        .Add(
            "time_ms_max",
            &time_ms_max,
            "About so long is looked for messages; then the page has what was found, and says that "
            "it is partial.",
            config::InRange(1, 60'000)
        )
        .Add(
            "statement_timeout_ms",
            &statement_timeout_ms,
            "After it a search is given up: even one week has too much of what is looked for.",
            config::InRange(10, 600'000)
        );
}

void WriterSettings::Describe(config::FieldTable& table) {
    client.Describe(table, "writer", "message-writer, which writes what clients ask for");
    table.Section("writer").Add(
        "deadline_ms_max",
        &deadline_ms_max,
        "A call to it with all its attempts, where the client's deadline is not shorter; then "
        "DEADLINE_EXCEEDED, and it may have been done.",
        config::InRange(10, 60'000)
    );
}

void ConsoleSettings::Describe(config::FieldTable& table) {
    table.Section("console", "Administration by API (AdminService).")
        .AddUrl(
            "url",
            &url,
            "The database as role ub_console, otherwise as [postgres] says; empty: AdminService "
            "answers FAILED_PRECONDITION.",
            pg::MaskConnectionString,
            {"postgresql://… or keyword=value …, or nothing",
             [](const config::Value& value) {
                 const auto& text = std::get<std::string>(value);
                 return text.empty() || pg::IsConnectionString(text);
             }}
        )
        .Add(
            "connection_count_max",
            &connection_count_max,
            "Connections at most, opened when they are needed.",
            config::InRange(1, 100)
        )
        .Add(
            "thread_count",
            &thread_count,
            "Requests of administration worked on at once.",
            config::InRange(1, 100)
        )
        .Add(
            "queue_count_max",
            &queue_count_max,
            "Requests that wait for a thread; one more refuses, with 429, the latest of the tenant "
            "with the most waiting.",
            config::InRange(1, 10'000)
        );
}

Config::Config() {
    // Not webhook-ingest's, so that both start on one machine as they are.
    http.listen = "127.0.0.1:8081";
    grpc.listen = "127.0.0.1:9091";
    // A message with all that may come with it has under 300 KiB.
    grpc.receive_bytes_max = 512 << 10;
    postgres.connection_count_max = 8;
    postgres.statement_timeout_ms = 5'000;
}

void Config::Describe(config::FieldTable& table) {
    http.Describe(table);
    grpc.Describe(table);
    postgres.Describe(table);
    reads.Describe(table);
    nats.Describe(table);
    redis.Describe(table);
    limits.Describe(table);
    api_keys.Describe(table);
    agent_tokens.Describe(table);
    table.Section("secrets", "Secrets of issuers of tokens.")
        .AddSecretPath(
            "key_file",
            &secrets_key_file,
            "File with the key that seals secrets at rest; empty: tokens of HS256 are refused.",
            config::ReadableFileOrEmpty()
        );
    work.Describe(table);
    search.Describe(table);
    writer.Describe(table);
    console.Describe(table);
}

std::vector<runtime::FileUse> Config::FileUses() const {
    return {
        {"http.connection_count_max", http.connection_count_max},
        {"grpc.connection_count_max (3 each)",
         grpc.connection_count_max * rpc::kFilesPerConnection},
        {"postgres.connection_count_max", postgres.connection_count_max},
        {"postgres.read_connection_count_max (each replica)", ReadFiles(reads)},
        {"search.connection_count_max", search.connection_count_max},
        {"console.connection_count_max", console.connection_count_max}};
}

}  // namespace unibox::gateway
