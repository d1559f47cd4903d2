#include "bench/commands/plain_replies.hpp"

#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "bench/common/cpu_seconds.hpp"
#include "bench/common/medians.hpp"
#include "bench/common/must.hpp"
#include "support/process.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>

namespace unibox::bench {
namespace {

// A program knows which conversation it is about; pgbench finds it by a number.
constexpr const char* kPrepare =
    "CREATE TABLE bench_conversations AS SELECT row_number() OVER ()::int AS n, tenant_id, "
    "conversation_id FROM conversations; "
    "ALTER TABLE bench_conversations ADD PRIMARY KEY (n); "
    "ANALYZE bench_conversations; "
    "GRANT SELECT ON bench_conversations TO ub_writer";

// The outbox's rows are of a shard that no writer owns: they stay, as if somebody else relayed
// them. A counters row is locked before anything else of its conversation, as message-writer does.
constexpr const char* kScript = R"sql(
\set n random(1, :conversations)
BEGIN;
SELECT k.tenant_id AS tenant, k.conversation_id AS conversation, v.channel_id AS channel,
    v.status, v.last_customer_at, v.can_reply_until, v.thread_key, h.settings, c.display_name
FROM bench_conversations b
    JOIN conversation_counters k
        ON k.tenant_id = b.tenant_id AND k.conversation_id = b.conversation_id
    JOIN conversations v ON v.tenant_id = k.tenant_id AND v.conversation_id = k.conversation_id
        AND v.closed_at = k.closed_at
    JOIN channels h ON h.tenant_id = v.tenant_id AND h.channel_id = v.channel_id
    JOIN contacts c ON c.tenant_id = v.tenant_id AND c.contact_id = v.contact_id
WHERE b.n = :n
FOR NO KEY UPDATE OF k \gset
UPDATE conversation_counters SET last_seq = last_seq + 1, version = version + 1,
    outbound_count = outbound_count + 1, last_message_at = greatest(last_message_at, now()),
    rate_minute = extract(epoch FROM now())::int / 60, rate_count = rate_count + 1
WHERE tenant_id = :tenant AND conversation_id = :conversation
RETURNING last_seq AS seq, version \gset
UPDATE conversations SET message_count = :seq, version = :version, preview = :text,
    preview_direction = 2, last_activity_at = now(), last_agent_at = now(), waiting_since = NULL
WHERE tenant_id = :tenant AND conversation_id = :conversation AND closed_at = 'infinity';
INSERT INTO messages (tenant_id, conversation_id, seq, created_at, message_id, channel_id,
    direction, kind, body, delivery_state, received_at, version, author_kind, author_id,
    author_name)
VALUES (:tenant, :conversation, :seq, now(), gen_random_uuid(), :channel, 2, 1, :text, 5, now(),
    :version, 2, gen_random_uuid(), 'bench');
INSERT INTO command_audit (tenant_id, at, command_id, conversation_id, actor_kind, actor_id,
    actor_name, action, changes)
VALUES (:tenant, now(), gen_random_uuid(), :conversation, 2, gen_random_uuid(), 'bench', 'append',
    :changes);
INSERT INTO outbox (shard, target, batch) VALUES (-1000, 1, :feed::bytea), (-1000, 2, :job::bytea);
INSERT INTO request_keys (tenant, scope, key, digest, answer)
VALUES (:tenant, 'key:' || gen_random_uuid(), 'call:' || gen_random_uuid(), :digest, :answer);
COMMIT;
)sql";

double CpuOfReapedChildren() {
    rusage usage{};
    getrusage(RUSAGE_CHILDREN, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The number behind `label` in what pgbench printed.
double NumberBehind(const std::string& output, const std::string& label) {
    const auto at = output.find(label);
    if (at == output.npos) Fail("pgbench does not tell \"" + label + "\":\n" + output);
    return std::stod(output.substr(at + label.size()));
}

// Milliseconds of each transaction, sorted; the logs are removed. A line is: client, number,
// microseconds, …
std::vector<double> TakeLatencies(const std::filesystem::path& folder) {
    std::vector<double> latencies_ms;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (!entry.path().filename().string().starts_with("pgbench_log")) continue;
        std::ifstream log(entry.path());
        for (std::string line; std::getline(log, line);) {
            std::istringstream fields(line);
            double client = 0, number = 0, microseconds = 0;
            if (fields >> client >> number >> microseconds) {
                latencies_ms.push_back(microseconds / 1'000);
            }
        }
        std::filesystem::remove(entry.path());
    }
    std::sort(latencies_ms.begin(), latencies_ms.end());
    return latencies_ms;
}

}  // namespace

PlainReplies::PlainReplies(
    test::PgServer& server,
    const std::string& database_name,
    std::size_t conversation_count,
    const ReplyBytes& bytes,
    const std::string& text
)
    : server_(server), database_name_(database_name) {
    server_.Run(database_name_, kPrepare);
    std::ofstream(dir_ / "reply.sql") << kScript;
    variables_ = {"text=" + text, "conversations=" + std::to_string(conversation_count)};
    const auto add = [this](const std::string& name, const std::string& value) {
        variables_.push_back(name + "=\\x" + HexEncode(value));
    };
    add("feed", bytes.feed);
    add("job", bytes.job);
    add("digest", bytes.digest);
    add("answer", bytes.answer);
    add("changes", bytes.changes);
}

std::vector<std::string> PlainReplies::Arguments(int client_count, int run_s) const {
    std::vector<std::string> arguments = {
        "--no-vacuum",
        "--protocol=prepared",
        "--log",
        "--file=" + (dir_ / "reply.sql").string(),
        "--client=" + std::to_string(client_count),
        "--jobs=2",
        "--time=" + std::to_string(run_s),
        "--host=127.0.0.1",
        "--port=" + std::to_string(server_.port()),
        "--username=ub_writer"};
    for (const std::string& variable : variables_) arguments.push_back("--define=" + variable);
    arguments.push_back(database_name_);
    return arguments;
}

PlainRun PlainReplies::Run(int client_count, int run_s) {
    const auto program = test::FindProgram("pgbench");
    if (program.empty()) Fail("pgbench is not installed (apt-get install postgresql-15)");
    const double pgbench_before = CpuOfReapedChildren();
    const double postgres_before = CpuSecondsOfTree(server_.pid());
    test::Process pgbench(program, {Arguments(client_count, run_s), {}, dir_.path()});
    const auto exit_code = pgbench.WaitForExit(std::chrono::seconds(run_s + 60));
    const std::string output = pgbench.output();
    if (exit_code != 0) Fail("pgbench failed:\n" + output);
    PlainRun run;
    run.reply_count = static_cast<std::int64_t>(
        NumberBehind(output, "number of transactions actually processed: ")
    );
    if (NumberBehind(output, "number of failed transactions: ") > 0) Fail(output);
    run.replies_per_s = NumberBehind(output, "tps = ");
    run.pgbench_cpu_s = CpuOfReapedChildren() - pgbench_before;
    run.postgres_cpu_s = CpuSecondsOfTree(server_.pid()) - postgres_before;
    const auto latencies_ms = TakeLatencies(dir_.path());
    if (latencies_ms.empty()) Fail("pgbench wrote no log");
    run.p50_ms = Percentile(latencies_ms, 50);
    run.p99_ms = Percentile(latencies_ms, 99);
    return run;
}

}  // namespace unibox::bench
