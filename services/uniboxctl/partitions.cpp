// uniboxctl partitions: who writes which partition of the log, how late, and an operator's word on
// a gap.
#include "nats/streams.hpp"
#include "store/admin/log_losses.hpp"
#include "store/admin/partition_repairs.hpp"
#include "store/schema/periods.hpp"
#include "store/streams/partition_states.hpp"
#include "subjects/subjects.hpp"
#include "uniboxctl/bury.hpp"
#include "uniboxctl/context.hpp"
#include "uniboxctl/options.hpp"
#include "uniboxctl/verbs.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace unibox::ctl {
namespace {

struct PartitionOptions {
    int generation = 1;
    int partition = 0;
    std::int64_t skip_to = -1;
    bool force = false;
    bool bury = false;
    BuryOptions burial;
};

struct Lag {
    std::int64_t messages = 0;
    double seconds = 0;
    std::string note;
};

// How far the committed sequence is behind the stream, and how old the oldest unwritten message is.
Lag LagOf(nats::Streams& streams, const store::PartitionState& state) {
    const std::string stream = subjects::InStream(state.id.generation, state.id.partition);
    const auto info = streams.Info(stream);
    if (!info.ok()) return {0, 0, info.status().message()};
    const auto last = static_cast<std::int64_t>(info->last_seq);
    const auto first = static_cast<std::int64_t>(info->first_seq);
    if (last <= state.last_seq) return {};
    Lag lag{last - state.last_seq, 0, ""};
    if (first > state.last_seq + 1) {
        lag.note = fmt::format("{} expired unread", first - state.last_seq - 1);
    }
    const auto oldest = std::max(first, state.last_seq + 1);
    const auto message = streams.Get(stream, static_cast<std::uint64_t>(oldest));
    if (message.ok()) {
        lag.seconds = static_cast<double>(NowMs() - message->stored_unix_ms) / 1000.0;
    }
    return lag;
}

Status List(Context& context) {
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context.Database());
    UNIBOX_ASSIGN_OR_RETURN(nats::Connection * connection, context.Nats());
    nats::Streams streams(*connection);
    UNIBOX_ASSIGN_OR_RETURN(const auto states, store::ListPartitions(*pool));
    Table table(
        {"generation",
         "partition",
         "owner",
         "epoch",
         "last_seq",
         "lag_messages",
         "lag_s",
         "committed",
         "state"}
    );
    for (const store::PartitionState& state : states) {
        const Lag lag = LagOf(streams, state);
        std::string note =
            state.stopped_reason.empty() ? lag.note : "STOPPED: " + state.stopped_reason;
        if (note.empty()) note = state.lease_live ? "owned" : "free";
        table.Add(
            {std::int64_t{state.id.generation},
             std::int64_t{state.id.partition},
             state.owner.value_or(""),
             state.epoch,
             state.last_seq,
             lag.messages,
             lag.seconds,
             TimeText(state.committed_at_ms),
             note}
        );
    }
    UNIBOX_ASSIGN_OR_RETURN(const auto leaves, store::SurveyLeaves(*pool));
    Answer answer;
    answer.Add("partitions", std::move(table));
    if (!leaves.detached.empty()) answer.Add("detached_leaves", leaves.detached.Names());
    context.Print(answer);
    return {};
}

Status ListBreaks(Context& context, std::int64_t count_max) {
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context.Database());
    UNIBOX_ASSIGN_OR_RETURN(
        const auto breaks, store::ListLogBreaks(*pool, static_cast<std::int32_t>(count_max))
    );
    Table table(
        {"found",
         "generation",
         "partition",
         "common_seq",
         "committed_seq",
         "committed_stored",
         "stream_last_seq",
         "stream_created",
         "unwritten",
         "found_by"}
    );
    for (const store::LogBreak& one : breaks) {
        table.Add(
            {TimeText(one.found_at_ms),
             std::int64_t{one.id.generation},
             std::int64_t{one.id.partition},
             one.common_seq,
             one.committed_seq,
             TimeText(one.committed_stored_at_ms.value_or(0)),
             one.stream_last_seq,
             TimeText(one.stream_created_ms),
             one.unwritten_count,
             one.found_by}
        );
    }
    context.Print(Answer().Add("breaks", std::move(table)));
    return {};
}

Status ListGaps(Context& context, std::int64_t count_max) {
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context.Database());
    UNIBOX_ASSIGN_OR_RETURN(
        const auto gaps, store::ListLogGaps(*pool, static_cast<std::int32_t>(count_max))
    );
    Table table(
        {"acknowledged", "generation", "partition", "first_seq", "last_seq", "acknowledged_by"}
    );
    for (const store::LogGap& gap : gaps) {
        table.Add(
            {TimeText(gap.created_at_ms),
             std::int64_t{gap.id.generation},
             std::int64_t{gap.id.partition},
             gap.first_seq,
             gap.last_seq,
             gap.acknowledged_by}
        );
    }
    context.Print(Answer().Add("gaps", std::move(table)));
    return {};
}

Result<store::PartitionState> FindPartition(pg::Pool& pool, domain::PartitionId id) {
    UNIBOX_ASSIGN_OR_RETURN(const auto states, store::ListPartitions(pool));
    for (const store::PartitionState& state : states) {
        if (state.id == id) return state;
    }
    return NotFound(fmt::format("there is no partition {} {}", id.generation, id.partition));
}

// The last sequence that is not in the stream any more.
Result<std::int64_t> LastExpired(Context& context, domain::PartitionId id) {
    UNIBOX_ASSIGN_OR_RETURN(nats::Connection * connection, context.Nats());
    nats::Streams streams(*connection);
    const std::string stream = subjects::InStream(id.generation, id.partition);
    UNIBOX_ASSIGN_OR_RETURN(const auto info, streams.Info(stream));
    return std::max<std::int64_t>(0, static_cast<std::int64_t>(info.first_seq) - 1);
}

// Stored events are given up only by force.
Status CheckGivesUpNothingStored(
    Context& context, const store::PartitionState& state, std::int64_t skip_to
) {
    if (skip_to <= state.last_seq) return {};
    UNIBOX_ASSIGN_OR_RETURN(const std::int64_t expired, LastExpired(context, state.id));
    if (skip_to <= expired) return {};
    return FailedPrecondition(fmt::format(
        "{} to {} are stored and not written yet: --force gives them up; `partitions resume` goes "
        "on with them, with --bury also past those that cannot be read",
        std::max(expired, state.last_seq) + 1,
        skip_to
    ));
}

Status Skip(Context& context, const PartitionOptions& options) {
    const domain::PartitionId id{options.generation, options.partition};
    UNIBOX_ASSIGN_OR_RETURN(const std::string by, context.By());
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context.Database());
    UNIBOX_ASSIGN_OR_RETURN(const auto state, FindPartition(*pool, id));
    std::int64_t skip_to = options.skip_to;
    if (skip_to < 0) {  // Everything that the stream does not have any more.
        UNIBOX_ASSIGN_OR_RETURN(skip_to, LastExpired(context, id));
    } else if (!options.force) {
        UNIBOX_RETURN_IF_ERROR(CheckGivesUpNothingStored(context, state, skip_to));
    }
    UNIBOX_ASSIGN_OR_RETURN(const std::int64_t skipped, store::SkipGap(*pool, id, skip_to, by));
    context.Print(Answer()
                      .Add("generation", std::int64_t{id.generation})
                      .Add("partition", std::int64_t{id.partition})
                      .Add("skipped_sequences", skipped)
                      .Add("last_seq", skip_to));
    return {};
}

Status Resume(Context& context, const PartitionOptions& options) {
    const domain::PartitionId id{options.generation, options.partition};
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context.Database());
    UNIBOX_ASSIGN_OR_RETURN(const auto state, FindPartition(*pool, id));
    if (state.stopped_reason.empty()) return FailedPrecondition("the partition is not stopped");
    if (options.bury) return ResumeBurying(context, state, options.burial);
    // A gap of nothing: the sequence stays, the stop is over.
    UNIBOX_RETURN_IF_ERROR(store::SkipGap(*pool, id, state.last_seq, "").status());
    context.Print(Answer()
                      .Add("generation", std::int64_t{id.generation})
                      .Add("partition", std::int64_t{id.partition})
                      .Add("was_stopped_for", state.stopped_reason)
                      .Add("last_seq", state.last_seq));
    return {};
}

// A partition that reads the stream which is there, and is not behind its end, needs no reset.
Status CheckNeedsReset(const store::PartitionState& state, const nats::StreamInfo& info) {
    const bool is_other_stream = state.stream_created_ms != info.created_unix_ms;
    const bool lost_its_tail = static_cast<std::int64_t>(info.last_seq) < state.last_seq;
    if (!state.stopped_reason.empty() || is_other_stream || lost_its_tail) return {};
    return FailedPrecondition(
        "the partition is not stopped, and the stream is the one that it reads: there is nothing "
        "to reset. --force makes it read the whole stream again; what is written is not written "
        "twice"
    );
}

Status Reset(Context& context, const PartitionOptions& options) {
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context.Database());
    UNIBOX_ASSIGN_OR_RETURN(nats::Connection * connection, context.Nats());
    nats::Streams streams(*connection);
    const std::string stream = subjects::InStream(options.generation, options.partition);
    UNIBOX_ASSIGN_OR_RETURN(const auto info, streams.Info(stream));
    const auto first = static_cast<std::int64_t>(info.first_seq);
    const std::int64_t last_seq = std::max<std::int64_t>(0, first - 1);
    const domain::PartitionId id{options.generation, options.partition};
    UNIBOX_ASSIGN_OR_RETURN(const auto state, FindPartition(*pool, id));
    if (!options.force) UNIBOX_RETURN_IF_ERROR(CheckNeedsReset(state, info));
    UNIBOX_RETURN_IF_ERROR(store::ResetPartition(*pool, id, info.created_unix_ms, last_seq));
    context.Print(Answer()
                      .Add("stream", stream)
                      .Add("stream_created", TimeText(info.created_unix_ms))
                      .Add("last_seq", last_seq));
    return {};
}

void AddPartitionOptions(CLI::App& verb, PartitionOptions& options) {
    verb.add_option("--generation", options.generation, "Generation")
        ->check(WholeNumber(1, 9999))
        ->capture_default_str();
    verb.add_option("--partition", options.partition, "Partition")
        ->check(WholeNumber(0, 99))
        ->required();
}

// What is recorded of losses: breaks are found by message-writer, gaps acknowledged by operators.
void AddLosses(CLI::App& partitions, Action& action) {
    const auto count_max = std::make_shared<std::int64_t>(100);
    auto* breaks = partitions.add_subcommand(
        "breaks", "Streams that went on differently from what was read; the newest first"
    );
    breaks->footer(
        "What the columns say, and what may be lost: docs/runbooks/stream-recreated.md\n"
        "Example: uniboxctl partitions breaks --limit 10"
    );
    auto* gaps = partitions.add_subcommand("gaps", "Gaps that were acknowledged; the newest first");
    gaps->footer("Example: uniboxctl partitions gaps (docs/runbooks/gap.md)");
    for (auto* verb : {breaks, gaps}) {
        verb->add_option("--limit", *count_max, "At most so many")
            ->check(WholeNumber(1, 100'000))
            ->capture_default_str();
    }
    breaks->callback([count_max, &action] {
        action = [count_max](Context& context) { return ListBreaks(context, *count_max); };
    });
    gaps->callback([count_max, &action] {
        action = [count_max](Context& context) { return ListGaps(context, *count_max); };
    });
}

void AddSkip(CLI::App& partitions, Action& action) {
    auto* verb = partitions.add_subcommand(
        "skip", "Acknowledges a counted gap: those sequences are never written"
    );
    const auto options = std::make_shared<PartitionOptions>();
    AddPartitionOptions(*verb, *options);
    verb->add_option("--to", options->skip_to, "Last sequence given up (default: all that expired)")
        ->check(WholeNumber(0));
    verb->add_flag("--force", options->force, "Also what is stored and could still be written");
    verb->footer(
        "--by is needed: it stands in the record of the gap.\n"
        "Example: uniboxctl partitions skip --partition 3 --by jane (docs/runbooks/gap.md)"
    );
    verb->callback([options, &action] {
        action = [options](Context& context) { return Skip(context, *options); };
    });
}

void AddResume(CLI::App& partitions, Action& action) {
    auto* verb = partitions.add_subcommand(
        "resume", "A stopped partition goes on where it stood; nothing is skipped"
    );
    const auto options = std::make_shared<PartitionOptions>();
    AddPartitionOptions(*verb, *options);
    auto* bury = verb->add_flag(
        "--bury",
        options->bury,
        "Events that cannot be read go to dead_letter, however many; all others are written"
    );
    BuryOptions& burial = options->burial;
    verb->add_option("--to", burial.to_seq, "Last sequence of the burial (default: the log's end)")
        ->check(WholeNumber(1))
        ->needs(bury);
    verb->add_option("--reason", burial.reason, "Why; recorded with --by, which is needed too")
        ->needs(bury);
    verb->add_flag(
            "--dry-run",
            burial.dry_run,
            "Says what --bury would write and what it would bury, and changes nothing"
    )
        ->needs(bury);
    verb->footer(
        "When the cause is removed; otherwise it stops again. --bury is for events that nobody can "
        "read\n"
        "any more, such as a deployment wrote: see first what it would do, with --dry-run.\n"
        "Example: uniboxctl partitions resume --partition 3 (docs/runbooks/partition-stopped.md)\n"
        "Example: uniboxctl partitions resume --partition 3 --bury --dry-run"
    );
    verb->callback([options, &action] {
        action = [options](Context& context) { return Resume(context, *options); };
    });
}

}  // namespace

void AddPartitions(CLI::App& app, Action& action) {
    auto* verb =
        app.add_subcommand("partitions", "Partitions of the ingest log: owner, epoch, lag");
    verb->require_subcommand(1);
    verb->add_subcommand("list", "Owner, epoch and lag of each")->callback([&action] {
        action = List;
    });
    AddResume(*verb, action);
    AddSkip(*verb, action);
    auto* reset = verb->add_subcommand(
        "reset", "After a stream was made anew: begins at the start of the new one"
    );
    const auto options = std::make_shared<PartitionOptions>();
    AddPartitionOptions(*reset, *options);
    reset->add_flag(
        "--force", options->force, "Also when it is not stopped and reads the stream that is there"
    );
    reset->footer("Example: uniboxctl partitions reset --partition 3");
    reset->callback([options, &action] {
        action = [options](Context& context) { return Reset(context, *options); };
    });
    AddLosses(*verb, action);
}

}  // namespace unibox::ctl
