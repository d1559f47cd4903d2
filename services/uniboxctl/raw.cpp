// uniboxctl raw: authentic webhooks that were not understood, or that no tenant had a route for.
#include "base/encoding.hpp"
#include "channels/adapter.hpp"
#include "channels/complete.hpp"
#include "nats/log_reader.hpp"
#include "nats/streams.hpp"
#include "subjects/subjects.hpp"
#include "unibox/event/v1/feed.pb.h"
#include "uniboxctl/audited.hpp"
#include "uniboxctl/context.hpp"
#include "uniboxctl/log_publisher.hpp"
#include "uniboxctl/options.hpp"
#include "uniboxctl/raw_channels.hpp"
#include "uniboxctl/secret_input.hpp"
#include "uniboxctl/verbs.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace unibox::ctl {
namespace {

constexpr Millis kReadWait{1000};
constexpr std::size_t kReadBytesMax = 16 * 1024 * 1024;
// How far apart, in sequences, the parts of one webhook are looked for.
constexpr std::int64_t kPartDistanceMax = 256;

// message-writer recognises an event that it has written for 14 days; a day is left for the log.
constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
constexpr std::int64_t kReplayAgeMsMax = 13 * kDayMs;

struct Options {
    std::int64_t sequence = 0;
    std::string body_file;
    std::string app;
    AccountRoutesGiven given;
    bool force = false;
    std::int64_t from = 0;
    std::int64_t count_max = 50;
};

struct Stored {
    nats::LogMessage message;
    event::v1::RawWebhook webhook;
};

Result<Stored> ReadOne(nats::Streams& streams, std::int64_t sequence) {
    Stored stored;
    UNIBOX_ASSIGN_OR_RETURN(
        stored.message, streams.Get(subjects::kRawStream, static_cast<std::uint64_t>(sequence))
    );
    if (!stored.webhook.ParseFromString(stored.message.payload)) {
        return Status(Code::kDataLoss, fmt::format("message {} is no raw webhook", sequence));
    }
    return stored;
}

// The whole webhook that the message at `sequence` is, or is a part of. Parts are published
// together, so the others lie near.
Result<Stored> Read(nats::Streams& streams, std::int64_t sequence) {
    UNIBOX_ASSIGN_OR_RETURN(Stored stored, ReadOne(streams, sequence));
    const int part_count = stored.webhook.part_count();
    if (part_count <= 1) return stored;
    std::map<int, std::string> parts;
    const std::int64_t first = std::max<std::int64_t>(1, sequence - kPartDistanceMax);
    for (std::int64_t at = first; at <= sequence + kPartDistanceMax; ++at) {
        auto other = ReadOne(streams, at);
        const Code code = other.status().code();
        if (code == Code::kNotFound || code == Code::kDataLoss) continue;  // Expired, or foreign.
        UNIBOX_RETURN_IF_ERROR(other.status());
        if (other->webhook.id() != stored.webhook.id()) continue;
        parts[other->webhook.part()] = other->webhook.body();
        if (parts.size() == static_cast<std::size_t>(part_count)) break;
    }
    if (parts.size() != static_cast<std::size_t>(part_count)) {
        return Status(
            Code::kDataLoss, fmt::format("{} of {} parts are there", parts.size(), part_count)
        );
    }
    std::string body;
    for (const auto& [part, piece] : parts) body += piece;
    stored.webhook.set_body(std::move(body));
    return stored;
}

std::string_view MethodOf(const event::v1::RawWebhook& webhook) {
    if (!webhook.method().empty()) return webhook.method();
    // Kept before methods were.
    return webhook.body().empty() && !webhook.query().empty() ? "GET" : "POST";
}

void AddRow(Table& table, const nats::LogMessage& message) {
    event::v1::RawWebhook webhook;
    if (!webhook.ParseFromString(message.payload)) webhook.set_reason("unreadable");
    table.Add(
        {static_cast<std::int64_t>(message.sequence),
         TimeText(message.stored_unix_ms),
         webhook.provider(),
         std::string(MethodOf(webhook)),
         webhook.reason(),
         webhook.part_count() > 1
             ? fmt::format("part {}/{}: ", webhook.part() + 1, webhook.part_count()) +
                   webhook.detail()
             : webhook.detail(),
         static_cast<std::int64_t>(webhook.body().size())}
    );
}

// The newest ones, or those from a sequence on.
Status List(Context& context, const Options& options) {
    UNIBOX_ASSIGN_OR_RETURN(nats::Connection * connection, context.Nats());
    nats::Streams streams(*connection);
    UNIBOX_ASSIGN_OR_RETURN(const auto info, streams.Info(subjects::kRawStream));
    Table table({"sequence", "received", "provider", "method", "reason", "detail", "bytes"});
    const auto last = static_cast<std::int64_t>(info.last_seq);
    std::int64_t next = options.from > 0 ? options.from : last - options.count_max + 1;
    next = std::max({next, static_cast<std::int64_t>(info.first_seq), std::int64_t{1}});
    const std::int64_t end = std::min(last, next + options.count_max - 1);
    if (next <= end) {
        UNIBOX_ASSIGN_OR_RETURN(
            auto reader,
            nats::LogReader::Open(
                *connection,
                subjects::kRawStream,
                static_cast<std::uint64_t>(next),
                {},
                context.metrics()
            )
        );
        while (next <= end) {
            UNIBOX_ASSIGN_OR_RETURN(
                const auto messages,
                reader->Fetch(static_cast<std::size_t>(end - next + 1), kReadBytesMax, kReadWait)
            );
            if (messages.empty()) break;
            for (const nats::LogMessage& message : messages) AddRow(table, message);
            next += static_cast<std::int64_t>(messages.size());
        }
    }
    context.Print(Answer().Add("raw_webhooks", std::move(table)));
    return {};
}

Status Show(Context& context, const Options& options) {
    UNIBOX_ASSIGN_OR_RETURN(nats::Connection * connection, context.Nats());
    nats::Streams streams(*connection);
    UNIBOX_ASSIGN_OR_RETURN(const Stored stored, Read(streams, options.sequence));
    const event::v1::RawWebhook& webhook = stored.webhook;
    const auto text_of = [](const std::string& id_bytes) {
        const auto id = Uuid::FromBytes(id_bytes);
        return id.ok() ? id->ToString() : std::string();
    };
    if (!options.body_file.empty()) {
        UNIBOX_RETURN_IF_ERROR(WriteNewFile(options.body_file, webhook.body()));
    }
    std::string app_ids;
    for (const std::string& app_id : webhook.app_ids()) {
        app_ids += (app_ids.empty() ? "" : ", ") + text_of(app_id);
    }
    Answer answer;
    answer.Add("sequence", options.sequence)
        .Add("received", TimeText(webhook.receive_time_ms()))
        .Add("provider", webhook.provider())
        .Add("method", std::string(MethodOf(webhook)))
        .Add("path", webhook.path())
        .Add("query", webhook.query())
        .Add("reason", webhook.reason())
        .Add("detail", webhook.detail())
        .Add("channel_id", text_of(webhook.channel_id()))
        .Add("app_ids", app_ids)
        .Add("content_type", webhook.content_type())
        .Add("parts", std::max<std::int64_t>(1, webhook.part_count()))
        .Add("body_bytes", static_cast<std::int64_t>(webhook.body().size()));
    if (!webhook.webhook_id().empty()) {
        answer.AddBytes("webhook_id", webhook.webhook_id());
    }
    if (options.body_file.empty()) {
        answer.AddBytes("body", webhook.body());
    } else {
        answer.Add("body_file", options.body_file);
    }
    context.Print(answer);
    return {};
}

Status CheckAge(const Stored& stored) {
    const std::int64_t named_ms = stored.webhook.receive_time_ms();
    const std::int64_t received_ms = named_ms > 0 ? named_ms : stored.message.stored_unix_ms;
    const std::int64_t age_ms = NowMs() - received_ms;
    if (age_ms <= kReplayAgeMsMax) return {};
    return FailedPrecondition(fmt::format(
        "the webhook is {} days old, and a written event is recognised for 14 days: what was "
        "stored "
        "of it in the first place would be written twice. --force replays it all the same",
        age_ms / kDayMs
    ));
}

Result<channels::Parsed> ParseAgain(const event::v1::RawWebhook& webhook) {
    const channels::Adapter* adapter = channels::FindAdapter(webhook.provider());
    if (adapter == nullptr) return NotFound("unknown provider " + webhook.provider());
    const auto header = [&webhook](std::string_view name) -> std::optional<std::string_view> {
        if (name != channels::kStandardWebhookIdHeader) return std::nullopt;
        return webhook.webhook_id();
    };
    return adapter->parse(
        {MethodOf(webhook),
         webhook.path(),
         webhook.query(),
         webhook.body(),
         header,
         webhook.content_type()}
    );
}

// What became of a webhook's events.
struct Replayed {
    Table table{{"event_key", "stream", "sequence", "note"}};
    std::map<std::int64_t, std::int64_t> stored;  // By tenant.
    std::int64_t left = 0;

    void Leave(const std::string& why) {
        ++left;
        table.Add({std::string(), std::string(), std::int64_t{0}, why});
    }
};

// Not Ok only for what would meet the next event too.
Status ReplayEvent(
    pg::Pool& pool,
    LogPublisher& log,
    const event::v1::RawWebhook& webhook,
    channels::ProviderEvent& event,
    Replayed& replayed
) {
    const auto channel = ChannelOf(pool, webhook, event);
    if (channel.status().code() == Code::kNotFound) {
        replayed.Leave(channel.status().message());
        return {};
    }
    UNIBOX_RETURN_IF_ERROR(channel.status());
    const auto complete = channels::Complete(
        std::move(event), channel->tenant, channel->channel, webhook.receive_time_ms(), ""
    );
    const std::string key = HexEncode(complete.event_key());
    const auto ack = log.Publish(complete, fmt::format("raw-{}-{}", key, NowMs()));
    if (ack.status().code() == Code::kInvalidArgument) {
        replayed.Leave(ack.status().message());  // Still too large for a message.
        return {};
    }
    UNIBOX_RETURN_IF_ERROR(ack.status());
    const auto sequence = static_cast<std::int64_t>(ack->sequence);
    replayed.table.Add({key, ack->stream, sequence, std::string("stored")});
    ++replayed.stored[channel->tenant.value];
    return {};
}

// Tells the installation's audit of the whole, and each tenant's of what went into its inbox.
Status ReplayEvents(
    Context& context,
    const Stored& stored,
    const Options& options,
    channels::Parsed& parsed,
    Replayed& replayed
) {
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context.Database());
    UNIBOX_ASSIGN_OR_RETURN(const auto log, LogPublisher::Create(context));
    store::AuditEntry entry;
    entry.kind = "raw_webhook";
    entry.object = std::to_string(options.sequence);
    const auto count_json = [](std::int64_t count) {
        return fmt::format("{{\"stored\":{}}}", count);
    };
    return Audited(context, entry, [&](store::AuditEntry& told) {
        Status status;
        for (channels::ProviderEvent& event : parsed.events) {
            if (!status.ok()) break;
            status = ReplayEvent(*pool, *log, stored.webhook, event, replayed);
        }
        std::int64_t sum = 0;
        for (const auto& [tenant, count] : replayed.stored) {
            sum += count;
            store::AuditEntry of_tenant = entry;
            of_tenant.tenant = TenantId{tenant};
            of_tenant.new_json = count_json(count);
            const Status written = store::WriteAudit(*pool, of_tenant);
            if (status.ok()) status = written;
        }
        told.new_json = count_json(sum);
        return status;
    });
}

Status Replay(Context& context, const Options& options) {
    UNIBOX_ASSIGN_OR_RETURN(nats::Connection * connection, context.Nats());
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context.Database());
    nats::Streams streams(*connection);
    UNIBOX_ASSIGN_OR_RETURN(Stored stored, Read(streams, options.sequence));
    if (!options.force) UNIBOX_RETURN_IF_ERROR(CheckAge(stored));
    if (!options.app.empty()) {
        UNIBOX_RETURN_IF_ERROR(SetApp(*pool, options.app, &stored.webhook));
    }
    UNIBOX_ASSIGN_OR_RETURN(auto parsed, ParseAgain(stored.webhook));
    UNIBOX_RETURN_IF_ERROR(ResolveAccounts(stored.webhook, options.given, parsed.events));
    Replayed replayed;
    Status done = ReplayEvents(context, stored, options, parsed, replayed);
    for (const channels::Problem& problem : parsed.problems) {
        replayed.Leave(problem.reason + ": " + problem.detail);
    }
    const std::size_t count = replayed.table.size();
    context.Print(Answer().Add("events", std::move(replayed.table)));
    if (!done.ok() || replayed.left == 0) return done;
    return FailedPrecondition(
        fmt::format("{} of {} parts could not be replayed", replayed.left, count)
    );
}

}  // namespace

void AddRaw(CLI::App& app, Action& action) {
    auto* verb =
        app.add_subcommand("raw", "Authentic webhooks that were not understood or not routed");
    verb->require_subcommand(1);
    const auto options = std::make_shared<Options>();
    auto* list = verb->add_subcommand("list", "The newest ones");
    list->add_option("--from", options->from, "From this sequence on")->check(WholeNumber(1));
    list->add_option("--limit", options->count_max, "At most so many")
        ->check(WholeNumber(1, 10'000))
        ->capture_default_str();
    auto* show = verb->add_subcommand("show", "One, with its body");
    auto* replay = verb->add_subcommand("replay", "Reads it anew and puts its events into the log");
    for (auto* sub : {show, replay}) {
        sub->add_option("sequence", options->sequence, "Its sequence in UB_RAW")
            ->required()
            ->check(WholeNumber(1));
    }
    show->add_option(
        "--body-file", options->body_file, "A new file (mode 0600) for the exact bytes of the body"
    );
    replay->add_flag("--force", options->force, "Also a webhook that is older than 13 days");
    replay->add_option(
        "--app", options->app, "The app that signed it, where the record names none or another one"
    );
    replay
        ->add_option(
            "--route",
            options->given.routes,
            "A notice about a WhatsApp account goes to the channel of this route (repeatable)"
        )
        ->expected(1)
        ->take_all();
    replay->add_option(
        "--account",
        options->given.account,
        "The account of the routes, if it tells of more than one"
    );
    verb->footer(
        "A replay of a webhook of the last 13 days stores nothing twice: its events keep their "
        "keys,\n"
        "and message-writer recognises what it has written for 14 days. It ends with 1 when a part "
        "had\n"
        "no channel or was not understood.\n"
        "Example: uniboxctl raw list --limit 20"
    );
    list->callback([options, &action] {
        action = [options](Context& context) { return List(context, *options); };
    });
    show->callback([options, &action] {
        action = [options](Context& context) { return Show(context, *options); };
    });
    replay->callback([options, &action] {
        action = [options](Context& context) { return Replay(context, *options); };
    });
}

}  // namespace unibox::ctl
