// uniboxctl streams: the declared streams, made or brought up to date, and what they hold.
#include "nats/streams.hpp"

#include "uniboxctl/context.hpp"
#include "uniboxctl/verbs.hpp"

#include <CLI/CLI.hpp>

namespace unibox::ctl {
namespace {

// A webhook body is at most 4 MiB; its raw copy and the event must pass.
constexpr std::int64_t kPayloadBytesMin = 8 * 1024 * 1024;

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

Status Ensure(Context& context, const nats::StreamOptions& options) {
    UNIBOX_ASSIGN_OR_RETURN(nats::Connection * connection, context.Nats());
    nats::Streams streams(*connection);
    UNIBOX_RETURN_IF_ERROR(streams.CheckServer(kPayloadBytesMin));
    for (const nats::StreamSpec& spec : nats::UniboxStreams(options)) {
        Status ensured = streams.Ensure(spec);
        UNIBOX_RETURN_IF_ERROR(std::move(ensured).WithContext(spec.name));
    }
    return Print(context, streams);
}

void AddEnsure(CLI::App& streams, Action& action) {
    auto* verb =
        streams.add_subcommand("ensure", "Makes the streams, or brings their limits up to date");
    const auto options = std::make_shared<nats::StreamOptions>();
    verb->add_option("--partitions", options->partition_count, "Partitions of the ingest log")
        ->check(CLI::Range(1, 100))
        ->capture_default_str();
    verb->add_option("--generation", options->generation, "Generation of the partitions")
        ->check(CLI::Range(1, 9999))
        ->capture_default_str();
    verb->add_option("--replicas", options->replicas, "Copies of each stream: 3 in production")
        ->check(CLI::Range(1, 5))
        ->capture_default_str();
    const auto bytes = CLI::Range(std::int64_t{1} << 20, std::int64_t{1} << 50);
    verb->add_option("--in-bytes-max", options->in_bytes_max, "Bytes of each partition at most")
        ->check(bytes)
        ->capture_default_str();
    verb->add_option("--ev-bytes-max", options->ev_bytes_max, "Bytes of the feed at most")
        ->check(bytes)
        ->capture_default_str();
    verb->add_option("--raw-bytes-max", options->raw_bytes_max, "Bytes of UB_RAW at most")
        ->check(bytes)
        ->capture_default_str();
    verb->add_option("--dlq-bytes-max", options->dlq_bytes_max, "Bytes of UB_DLQ at most")
        ->check(bytes)
        ->capture_default_str();
    verb->add_option(
            "--dedup-window-ms", options->dedup_window_ms, "How long a Nats-Msg-Id is known"
    )
        ->check(CLI::Range(100, 600'000))
        ->capture_default_str();
    verb->footer("Example: uniboxctl streams ensure --partitions 32 --replicas 3");
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
