// uniboxctl streams: the declared streams, made or brought up to date, and what they hold.
#include "nats/streams.hpp"

#include "uniboxctl/context.hpp"
#include "uniboxctl/verbs.hpp"
#include "wire/subjects.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <optional>

namespace unibox::ctl {
namespace {

// A webhook body is at most 4 MiB; its raw copy and the event must pass.
constexpr std::int64_t kPayloadBytesMin = 8 * 1024 * 1024;

// What the command line says; absent: as it is.
struct EnsureOptions {
    std::optional<int> partitions;
    std::optional<int> generation;
    std::optional<std::int64_t> replicas;
    std::optional<std::int64_t> in_bytes_max;
    std::optional<std::int64_t> ev_bytes_max;
    std::optional<std::int64_t> raw_bytes_max;
    std::optional<std::int64_t> dlq_bytes_max;
    std::optional<std::int64_t> dedup_window_ms;
    bool force = false;
};

void SetLimits(const EnsureOptions& options, nats::StreamOptions& declared) {
    const auto set = [](const std::optional<std::int64_t>& given, nats::Limit& limit) {
        if (given) limit = *given;
    };
    set(options.replicas, declared.replicas);
    set(options.in_bytes_max, declared.in_bytes_max);
    set(options.ev_bytes_max, declared.ev_bytes_max);
    set(options.raw_bytes_max, declared.raw_bytes_max);
    set(options.dlq_bytes_max, declared.dlq_bytes_max);
    set(options.dedup_window_ms, declared.dedup_window_ms);
}

// The partition of a conversation depends on their count, and a conversation must keep to one.
Status OtherCount(const nats::Generation& present, int wanted, int newest) {
    return FailedPrecondition(fmt::format(
        "generation {} has {} partitions; {} would put conversations into other ones, out of "
        "order. Another count is a new generation: `streams ensure --generation {} --partitions "
        "{}`",
        present.number,
        present.partition_count,
        wanted,
        newest + 1,
        wanted
    ));
}

Status BesideAnother(int newest, int wanted) {
    if (wanted < newest) {
        return FailedPrecondition(fmt::format(
            "there is a generation {}: nothing would be written to an older one", newest
        ));
    }
    return FailedPrecondition(fmt::format(
        "webhook-ingest goes over to generation {0} at once, and message-writer does not wait "
        "until "
        "generation {1} is written: conversations with unwritten events would get out of order. "
        "Stop webhook-ingest (providers repeat), wait until `partitions list` shows no lag, and "
        "repeat this with --force. Generation {1} stays; there is no command yet that seals it",
        wanted,
        newest
    ));
}

// Generation and count: those that exist, unless a new generation is asked for.
Status ChooseGeneration(
    const EnsureOptions& options,
    const std::vector<nats::Generation>& present,
    nats::StreamOptions& declared
) {
    const int newest = present.empty() ? 0 : present.back().number;
    declared.generation = options.generation.value_or(std::max(newest, 1));
    const auto found = std::find_if(present.begin(), present.end(), [&](const auto& generation) {
        return generation.number == declared.generation;
    });
    if (found != present.end()) {
        declared.partition_count = found->partition_count;
        const int wanted = options.partitions.value_or(found->partition_count);
        return wanted == found->partition_count ? Status() : OtherCount(*found, wanted, newest);
    }
    if (options.partitions) declared.partition_count = *options.partitions;
    if (present.empty()) return {};
    if (!options.partitions) declared.partition_count = present.back().partition_count;
    const bool allowed = options.force && declared.generation > newest;
    return allowed ? Status() : BesideAnother(newest, declared.generation);
}

Status Print(Context& context, nats::Streams& streams) {
    UNIBOX_ASSIGN_OR_RETURN(const auto infos, streams.List("UB_"));
    Table table(
        {"stream",
         "messages",
         "first_seq",
         "last_seq",
         "mebibytes",
         "mebibytes_max",
         "replicas",
         "created"}
    );
    for (const nats::StreamInfo& info : infos) {
        table.Add(
            {info.name,
             static_cast<std::int64_t>(info.messages),
             static_cast<std::int64_t>(info.first_seq),
             static_cast<std::int64_t>(info.last_seq),
             static_cast<double>(info.bytes) / (1 << 20),
             info.bytes_max < 0 ? -1.0 : static_cast<double>(info.bytes_max) / (1 << 20),
             std::int64_t{info.replicas},
             TimeText(info.created_unix_ms)}
        );
    }
    context.Print(Answer().Add("streams", std::move(table)));
    return {};
}

Status List(Context& context) {
    UNIBOX_ASSIGN_OR_RETURN(nats::Connection * connection, context.Nats());
    nats::Streams streams(*connection);
    return Print(context, streams);
}

Status Ensure(Context& context, const EnsureOptions& options) {
    UNIBOX_ASSIGN_OR_RETURN(nats::Connection * connection, context.Nats());
    nats::Streams streams(*connection);
    UNIBOX_RETURN_IF_ERROR(streams.CheckServer(kPayloadBytesMin));
    UNIBOX_ASSIGN_OR_RETURN(const auto infos, streams.List(wire::kInStreamPrefix));
    nats::StreamOptions declared;
    UNIBOX_RETURN_IF_ERROR(ChooseGeneration(options, nats::GenerationsOf(infos), declared));
    SetLimits(options, declared);
    const auto replicas = options.force ? nats::Replicas::kMayShrink : nats::Replicas::kKeep;
    for (const nats::StreamSpec& spec : nats::UniboxStreams(declared)) {
        Status ensured = streams.Ensure(spec, replicas);
        if (ensured.reason() == "fewer_replicas") {
            ensured = std::move(ensured).WithContext("--force does it");
        }
        UNIBOX_RETURN_IF_ERROR(ensured);
    }
    return Print(context, streams);
}

void AddEnsure(CLI::App& streams, Action& action) {
    auto* verb =
        streams.add_subcommand("ensure", "Makes the streams, or brings their limits up to date");
    const auto options = std::make_shared<EnsureOptions>();
    verb->add_option("--partitions", options->partitions, "Partitions of a new generation (8)")
        ->check(CLI::Range(1, 100));
    verb->add_option("--generation", options->generation, "Generation of the partitions (newest)")
        ->check(CLI::Range(1, wire::kGenerationMax));
    verb->add_option("--replicas", options->replicas, "Copies of each stream (1): 3 in production")
        ->check(CLI::Range(1, 5));
    const auto bytes = CLI::Range(std::int64_t{1} << 20, std::int64_t{1} << 50);
    verb->add_option("--in-bytes-max", options->in_bytes_max, "Bytes of each partition (1 GiB)")
        ->check(bytes);
    verb->add_option("--ev-bytes-max", options->ev_bytes_max, "Bytes of the feed (4 GiB)")
        ->check(bytes);
    verb->add_option("--raw-bytes-max", options->raw_bytes_max, "Bytes of UB_RAW (1 GiB)")
        ->check(bytes);
    verb->add_option("--dlq-bytes-max", options->dlq_bytes_max, "Bytes of UB_DLQ (1 GiB)")
        ->check(bytes);
    verb->add_option(
            "--dedup-window-ms",
            options->dedup_window_ms,
            "How long a Nats-Msg-Id is known (120000)"
    )
        ->check(CLI::Range(100, 600'000));
    verb->add_flag("--force", options->force, "Fewer replicas, or a generation beside another");
    verb->footer(
        "What is left out stays as it is; a new stream gets the value in brackets. Limits below "
        "what\n"
        "a stream holds are refused, and so is another count of partitions: that is a new "
        "generation.\n"
        "Example: uniboxctl streams ensure --partitions 32 --replicas 3"
    );
    verb->callback([options, &action] {
        action = [options](Context& context) { return Ensure(context, *options); };
    });
}

}  // namespace

void AddStreams(CLI::App& app, Action& action) {
    auto* verb = app.add_subcommand("streams", "The streams on JetStream");
    verb->require_subcommand(1);
    verb->add_subcommand("list", "What each stream holds")->callback([&action] { action = List; });
    AddEnsure(*verb, action);
}

}  // namespace unibox::ctl
