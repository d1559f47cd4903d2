// uniboxctl streams: the declared streams, made or brought up to date, and what they hold.
#include "nats/streams.hpp"

#include "nats/generations.hpp"
#include "nats/reasons.hpp"
#include "store/admin/log_generations.hpp"
#include "store/streams/generations.hpp"
#include "subjects/subjects.hpp"
#include "uniboxctl/audited.hpp"
#include "uniboxctl/context.hpp"
#include "uniboxctl/options.hpp"
#include "uniboxctl/verbs.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>
#include <optional>

namespace unibox::ctl {
namespace {

// A webhook body is at most 4 MiB; its raw copy and the event must pass.
constexpr std::int64_t kPayloadBytesMin = 8 * 1024 * 1024;
constexpr Millis kListWait{6'000};  // A cluster answers after 4 s for a stream without a leader.

// What the command line says; absent: as it is.
struct EnsureOptions {
    std::optional<int> partitions;
    std::optional<int> generation;
    std::optional<std::int64_t> replicas;
    std::optional<std::int64_t> in_bytes_max;
    std::optional<std::int64_t> ev_bytes_max;
    std::optional<std::int64_t> raw_bytes_max;
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
    set(options.dedup_window_ms, declared.dedup_window_ms);
}

// The partition of a conversation depends on their count, and a conversation must keep to one.
Status OtherCount(const nats::Generation& present, int wanted, int newest) {
    return FailedPrecondition(fmt::format(
        "generation {0} has {1} partitions; {2} would put conversations into other ones, out of "
        "order. Another count is a new generation: `streams ensure --generation {3} --partitions "
        "{2}`, then `streams seal --generation {0}`",
        present.number,
        present.partition_count,
        wanted,
        newest + 1
    ));
}

// Streams of long ago do not tell their count. They are whole then, or the operator says it.
Result<int> CountOf(const nats::GenerationFacts& facts, const EnsureOptions& options) {
    auto count = nats::CountOf(facts);
    if (count.status().reason() != nats::kPartitionCountUnknown) return count;
    const int seen = *facts.partitions.rbegin() + 1;
    if (options.partitions && *options.partitions >= seen) return *options.partitions;
    if (!options.partitions && nats::MissingPartitions(facts, seen).empty()) return seen;
    return FailedPrecondition(fmt::format(
        "generation {} lacks streams, and nobody tells how many partitions it has: give "
        "--partitions",
        facts.number
    ));
}

Status CheckMayBeEnsured(const nats::GenerationFacts& facts, int newest) {
    if (facts.sealed) {
        return FailedPrecondition(
            fmt::format("generation {}: it is sealed and takes no more events", facts.number)
        );
    }
    if (!facts.partitions.empty() || facts.number == newest) return {};
    return FailedPrecondition(
        fmt::format("there is a generation {}: nothing would be written to an older one", newest)
    );
}

// A new generation is as large and as safe as the newest one, but for what the options say.
void InheritLimits(
    const std::vector<nats::StreamInfo>& infos, int newest, nats::StreamOptions& declared
) {
    for (const nats::StreamInfo& info : infos) {
        const auto id = subjects::ParseInStream(info.name);
        if (!id || id->generation != newest) continue;
        declared.replicas = nats::Limit::Default(info.replicas);
        declared.in_bytes_max = nats::Limit::Default(info.bytes_max);
        declared.in_age_max_ms = nats::Limit::Default(info.age_max_ms);
        declared.dedup_window_ms = nats::Limit::Default(info.dedup_window_ms);
    }
}

// Generation and count: those that exist, unless a new generation is asked for.
Status ChooseGeneration(
    const EnsureOptions& options,
    const std::vector<nats::StreamInfo>& infos,
    const std::vector<nats::GenerationFacts>& present,
    nats::StreamOptions& declared
) {
    const int newest = present.empty() ? 0 : present.back().number;
    declared.generation = options.generation.value_or(std::max(newest, 1));
    const auto found = std::find_if(present.begin(), present.end(), [&](const auto& generation) {
        return generation.number == declared.generation;
    });
    if (found != present.end()) {
        UNIBOX_RETURN_IF_ERROR(CheckMayBeEnsured(*found, newest));
        UNIBOX_ASSIGN_OR_RETURN(const int count, CountOf(*found, options));
        declared.partition_count = count;
        InheritLimits(infos, declared.generation, declared);
        const int wanted = options.partitions.value_or(count);
        return wanted == count ? Status() : OtherCount({found->number, count}, wanted, newest);
    }
    if (declared.generation < newest) {
        return CheckMayBeEnsured({declared.generation, {}, {}, false}, newest);
    }
    if (!present.empty()) {
        UNIBOX_ASSIGN_OR_RETURN(const int count, CountOf(present.back(), options));
        declared.partition_count = count;
        InheritLimits(infos, newest, declared);
    }
    if (options.partitions) declared.partition_count = *options.partitions;
    return {};
}

// Before the streams are made: whoever reads the count must find one, and only one.
Status Record(pg::Pool& database, const nats::StreamOptions& declared) {
    const nats::Generation wanted{declared.generation, declared.partition_count};
    UNIBOX_ASSIGN_OR_RETURN(const int count, store::RecordLogGeneration(database, wanted));
    if (count == wanted.partition_count) return {};
    return OtherCount({wanted.number, count}, wanted.partition_count, wanted.number);
}

// Of a partition of the ingest log: whether events go to it.
std::string StateOf(const nats::StreamInfo& info, const Result<nats::Generation>& written) {
    const auto id = subjects::ParseInStream(info.name);
    if (!id) return "";
    if (info.sealed) return "sealed";
    return written.ok() && written->number == id->generation ? "written" : "waits";
}

void AddAbsent(Table& table, const std::string& stream, const char* state) {
    const std::int64_t none = 0;
    table.Add({stream, none, none, none, 0.0, 0.0, none, std::string(state), std::string()});
}

// By what the streams tell: it must show them while the database is away too.
Status Print(Context& context, nats::Streams& streams) {
    UNIBOX_ASSIGN_OR_RETURN(const nats::StreamList list, streams.Look("UB_", kListWait));
    const auto facts = nats::FactsOf(list.streams, {});
    const auto written = nats::WrittenGeneration(facts);
    Table table(
        {"stream",
         "messages",
         "first_seq",
         "last_seq",
         "mebibytes",
         "mebibytes_max",
         "replicas",
         "state",
         "created"}
    );
    for (const nats::StreamInfo& info : list.streams) {
        table.Add(
            {info.name,
             static_cast<std::int64_t>(info.messages),
             static_cast<std::int64_t>(info.first_seq),
             static_cast<std::int64_t>(info.last_seq),
             static_cast<double>(info.bytes) / (1 << 20),
             info.bytes_max < 0 ? -1.0 : static_cast<double>(info.bytes_max) / (1 << 20),
             std::int64_t{info.replicas},
             StateOf(info, written),
             TimeText(info.created_unix_ms)}
        );
    }
    for (const std::string& name : list.silent) AddAbsent(table, name, "silent");
    for (const nats::GenerationFacts& generation : facts) {
        const auto count = nats::CountOf(generation);
        if (!count.ok()) context.Note(count.status().message());
        if (!count.ok() || generation.sealed) continue;
        for (const int partition : nats::MissingPartitions(generation, *count)) {
            const std::string name = subjects::InStream(generation.number, partition);
            const auto& silent = list.silent;
            if (std::find(silent.begin(), silent.end(), name) != silent.end()) continue;
            AddAbsent(table, name, "missing");
        }
    }
    context.Print(Answer().Add("streams", std::move(table)));
    return {};
}

// What can be configured of each of our streams, for the audit.
Result<nlohmann::json> ConfigsOf(nats::Streams& streams) {
    UNIBOX_ASSIGN_OR_RETURN(const nats::StreamList list, streams.Look("UB_", kListWait));
    nlohmann::json configs = nlohmann::json::object();
    for (const nats::StreamInfo& info : list.streams) {
        configs[info.name] = {
            {"bytes_max", info.bytes_max},
            {"age_max_ms", info.age_max_ms},
            {"dedup_window_ms", info.dedup_window_ms},
            {"replicas", info.replicas},
            {"sealed", info.sealed}};
    }
    return configs;
}

// What is lost of it costs a while: the services look by themselves too.
void TellStreamsChanged(nats::Connection& connection) {
    static_cast<void>(connection.Publish(subjects::kStreamsChanged, ""));
}

// Changes streams of a generation, and tells in the audit which of them changed how.
Status ChangeStreams(
    Context& context, nats::Streams& streams, int generation, const std::function<Status()>& change
) {
    UNIBOX_ASSIGN_OR_RETURN(const nlohmann::json before, ConfigsOf(streams));
    store::AuditEntry entry;
    entry.kind = "streams";
    entry.object = fmt::format("generation {}", generation);
    return Audited(context, entry, [&](store::AuditEntry& told) {
        Status changed = change();
        const auto after = ConfigsOf(streams);
        if (!after.ok()) return changed.ok() ? after.status() : changed;
        nlohmann::json old_configs = nlohmann::json::object();
        nlohmann::json new_configs = nlohmann::json::object();
        for (const auto& [name, config] : after->items()) {
            const auto was = before.find(name);
            if (was != before.end() && *was == config) continue;
            if (was != before.end()) old_configs[name] = *was;
            new_configs[name] = config;
        }
        told.old_json = old_configs.dump();
        told.new_json = new_configs.dump();
        return changed;
    });
}

Status List(Context& context) {
    UNIBOX_ASSIGN_OR_RETURN(nats::Connection * connection, context.Nats());
    nats::Streams streams(*connection);
    return Print(context, streams);
}

Status EnsureAll(nats::Streams& streams, const nats::StreamOptions& declared, bool may_shrink) {
    const auto replicas = may_shrink ? nats::Replicas::kMayShrink : nats::Replicas::kKeep;
    for (const nats::StreamSpec& spec : nats::UniboxStreams(declared)) {
        Status ensured = streams.Ensure(spec, replicas);
        if (ensured.reason() == nats::kFewerReplicas) {
            ensured = std::move(ensured).WithContext("--force does it");
        }
        UNIBOX_RETURN_IF_ERROR(ensured);
    }
    return {};
}

Status Ensure(Context& context, const EnsureOptions& options) {
    UNIBOX_ASSIGN_OR_RETURN(nats::Connection * connection, context.Nats());
    nats::Streams streams(*connection);
    UNIBOX_RETURN_IF_ERROR(streams.CheckServer(kPayloadBytesMin));
    UNIBOX_ASSIGN_OR_RETURN(const auto infos, streams.List(subjects::kInStreamPrefix));
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * database, context.Database());
    UNIBOX_ASSIGN_OR_RETURN(const auto recorded, store::ListLogGenerations(*database));
    nats::StreamOptions declared;
    UNIBOX_RETURN_IF_ERROR(
        ChooseGeneration(options, infos, nats::FactsOf(infos, recorded), declared)
    );
    SetLimits(options, declared);
    UNIBOX_RETURN_IF_ERROR(Record(*database, declared));
    UNIBOX_RETURN_IF_ERROR(ChangeStreams(context, streams, declared.generation, [&] {
        return EnsureAll(streams, declared, options.force);
    }));
    TellStreamsChanged(*connection);
    return Print(context, streams);
}

// Otherwise webhooks would be refused from now on.
Status CheckAnotherTakesOver(std::vector<nats::GenerationFacts> facts, int generation) {
    const auto sealed = std::find_if(facts.begin(), facts.end(), [&](const auto& one) {
        return one.number == generation && !one.partitions.empty();
    });
    if (sealed == facts.end())
        return NotFound(fmt::format("there is no generation {}", generation));
    sealed->sealed = true;
    const int newest = facts.back().number;
    const auto next = nats::WrittenGeneration(facts);
    if (next.status().reason() == nats::kNoStream) {
        return FailedPrecondition(fmt::format(
            "no other generation could take the events: first `streams ensure --generation {} "
            "--partitions N`",
            newest + 1
        ));
    }
    UNIBOX_RETURN_IF_ERROR(next.status());
    const auto taking = std::find_if(facts.begin(), facts.end(), [&](const auto& one) {
        return one.number == next->number;
    });
    if (nats::MissingPartitions(*taking, next->partition_count).empty()) return {};
    return FailedPrecondition(fmt::format(
        "generation {0} lacks streams: first `streams ensure --generation {0}`", next->number
    ));
}

Status Seal(Context& context, int generation) {
    UNIBOX_ASSIGN_OR_RETURN(nats::Connection * connection, context.Nats());
    nats::Streams streams(*connection);
    UNIBOX_ASSIGN_OR_RETURN(const auto infos, streams.List(subjects::kInStreamPrefix));
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * database, context.Database());
    UNIBOX_ASSIGN_OR_RETURN(const auto recorded, store::ListLogGenerations(*database));
    UNIBOX_RETURN_IF_ERROR(CheckAnotherTakesOver(nats::FactsOf(infos, recorded), generation));
    const auto seal_all = [&]() -> Status {
        for (const nats::StreamInfo& info : infos) {
            const auto id = subjects::ParseInStream(info.name);
            if (id && id->generation == generation) UNIBOX_RETURN_IF_ERROR(streams.Seal(info.name));
        }
        return {};
    };
    UNIBOX_RETURN_IF_ERROR(ChangeStreams(context, streams, generation, seal_all));
    TellStreamsChanged(*connection);
    return Print(context, streams);
}

void AddSeal(CLI::App& streams, Action& action) {
    auto* verb = streams.add_subcommand("seal", "Ends a generation: the next one takes the events");
    const auto generation = std::make_shared<int>(0);
    verb->add_option("--generation", *generation, "Generation that takes no more events")
        ->required()
        ->check(WholeNumber(1, subjects::kGenerationMax));
    verb->footer(
        "How the count of partitions is changed, with webhooks coming in all the time:\n"
        "  uniboxctl streams ensure --generation 2 --partitions 32\n"
        "  uniboxctl streams seal --generation 1\n"
        "message-writer writes generation 1 to its end (`partitions list`), then generation 2, so "
        "no\n"
        "conversation gets out of order. What is sent at the very moment is answered 503 and sent "
        "again\n"
        "by its provider. It cannot be undone; repeating it does no harm."
    );
    verb->callback([generation, &action] {
        action = [generation](Context& context) { return Seal(context, *generation); };
    });
}

void AddEnsure(CLI::App& streams, Action& action) {
    auto* verb =
        streams.add_subcommand("ensure", "Makes the streams, or brings their limits up to date");
    const auto options = std::make_shared<EnsureOptions>();
    verb->add_option("--partitions", options->partitions, "Partitions of a new generation (8)")
        ->check(WholeNumber(1, 100));
    verb->add_option("--generation", options->generation, "Generation of the partitions (newest)")
        ->check(WholeNumber(1, subjects::kGenerationMax));
    verb->add_option("--replicas", options->replicas, "Copies of each stream (1): 3 in production")
        ->check(WholeNumber(1, 5));
    const auto bytes = WholeNumber(std::int64_t{1} << 20, std::int64_t{1} << 50);
    verb->add_option("--in-bytes-max", options->in_bytes_max, "Bytes of each partition (1 GiB)")
        ->check(bytes);
    verb->add_option("--ev-bytes-max", options->ev_bytes_max, "Bytes of the feed (4 GiB)")
        ->check(bytes);
    verb->add_option("--raw-bytes-max", options->raw_bytes_max, "Bytes of UB_RAW (1 GiB)")
        ->check(bytes);
    verb->add_option(
            "--dedup-window-ms",
            options->dedup_window_ms,
            "How long a Nats-Msg-Id is known (120000)"
    )
        ->check(WholeNumber(100, 600'000));
    verb->add_flag("--force", options->force, "Fewer replicas");
    verb->footer(
        "What is left out stays as it is; a new stream gets the value in brackets. Limits below "
        "what\n"
        "a stream holds are refused, and so is another count of partitions: that is a new "
        "generation,\n"
        "as large and safe as the one before it, which takes the events once that is sealed.\n"
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
    AddSeal(*verb, action);
}

}  // namespace unibox::ctl
