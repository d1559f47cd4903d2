// uniboxctl dead-letters: events that could not be written, and their return into the log.
#include "base/encoding.hpp"
#include "store/admin/objects.hpp"
#include "unibox/event/v1/inbound.pb.h"
#include "uniboxctl/audited.hpp"
#include "uniboxctl/context.hpp"
#include "uniboxctl/log_publisher.hpp"
#include "uniboxctl/options.hpp"
#include "uniboxctl/verbs.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <limits>
#include <optional>

namespace unibox::ctl {
namespace {

constexpr std::int32_t kPageSize = 500;

struct Options {
    std::int64_t id = 0;
    bool all = false;
    bool with_replayed = false;
    std::int64_t count_max = 100;
};

Status List(Context& context, const Options& options) {
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context.Database());
    UNIBOX_ASSIGN_OR_RETURN(
        const auto letters,
        store::ListDeadLetters(
            *pool, 0, static_cast<std::int32_t>(options.count_max), options.with_replayed
        )
    );
    Table table(
        {"id", "created", "generation", "partition", "stream_seq", "sqlstate", "error", "replayed"}
    );
    for (const store::DeadLetter& letter : letters) {
        table.Add(
            {letter.id,
             TimeText(letter.created_at_ms),
             std::int64_t{letter.generation},
             std::int64_t{letter.partition},
             letter.stream_seq,
             letter.sqlstate,
             letter.error,
             TimeText(letter.replayed_at_ms.value_or(0))}
        );
    }
    context.Print(Answer().Add("dead_letters", std::move(table)));
    return {};
}

Status Show(Context& context, const Options& options) {
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context.Database());
    UNIBOX_ASSIGN_OR_RETURN(const auto letter, store::GetDeadLetter(*pool, options.id));
    event::v1::InboundEvent event;
    const bool readable = event.ParseFromString(letter.event);
    context.Print(Answer()
                      .Add("id", letter.id)
                      .Add("created", TimeText(letter.created_at_ms))
                      .Add("stream_seq", letter.stream_seq)
                      .Add("sqlstate", letter.sqlstate)
                      .Add("error", letter.error)
                      .Add("replayed", TimeText(letter.replayed_at_ms.value_or(0)))
                      .Add("event", readable ? event.DebugString() : HexEncode(letter.event)));
    return {};
}

// The stored event, if it is one that has a place in the log: what nobody can read is a dead letter
// too.
std::optional<event::v1::InboundEvent> EventOf(const store::DeadLetter& letter) {
    event::v1::InboundEvent event;
    if (!event.ParseFromString(letter.event) || event.tenant_id() <= 0) return std::nullopt;
    if (!Uuid::FromBytes(event.channel_id()).ok()) return std::nullopt;
    return event;
}

// Puts letters back and keeps account of it.
class Replayer {
public:
    Replayer(pg::Pool& pool, LogPublisher& log) : pool_(pool), log_(log) {}

    // Not Ok only for what would meet the next letter too.
    Status Replay(const store::DeadLetter& letter);
    std::int64_t stored() const { return stored_; }
    std::int64_t kept() const { return kept_; }
    Table TakeTable() { return std::move(table_); }

private:
    void Keep(const store::DeadLetter& letter, std::string why);

    pg::Pool& pool_;
    LogPublisher& log_;
    std::int64_t stored_ = 0;
    std::int64_t kept_ = 0;
    Table table_{{"id", "stream", "sequence", "note"}};
};

// It stays where it is, and keeps no other from going back.
void Replayer::Keep(const store::DeadLetter& letter, std::string why) {
    ++kept_;
    table_.Add({letter.id, std::string(), std::int64_t{0}, std::move(why)});
}

Status Replayer::Replay(const store::DeadLetter& letter) {
    const auto event = EventOf(letter);
    if (!event) {
        Keep(letter, "is no event");
        return {};
    }
    const std::string msg_id = fmt::format("dead-letter-{}-{}", letter.id, NowMs());
    const auto ack = log_.Publish(*event, msg_id);
    if (ack.status().code() == Code::kInvalidArgument) {
        Keep(letter, ack.status().message());
        return {};
    }
    UNIBOX_RETURN_IF_ERROR(ack.status());
    UNIBOX_RETURN_IF_ERROR(store::MarkDeadLetterReplayed(pool_, letter.id));
    ++stored_;
    table_.Add(
        {letter.id, ack->stream, static_cast<std::int64_t>(ack->sequence), std::string("stored")}
    );
    return {};
}

Status ReplayAll(pg::Pool& pool, Replayer& replayer, std::int64_t count_max) {
    std::int64_t after = 0;
    while (replayer.stored() < count_max) {
        UNIBOX_ASSIGN_OR_RETURN(
            const auto letters, store::ListDeadLetters(pool, after, kPageSize, false)
        );
        if (letters.empty()) break;
        for (const store::DeadLetter& letter : letters) {
            if (replayer.stored() >= count_max) break;
            after = letter.id;
            UNIBOX_RETURN_IF_ERROR(replayer.Replay(letter));
        }
    }
    return {};
}

Status Replay(Context& context, const Options& options) {
    if (options.all == (options.id != 0)) return InvalidArgument("give --id ID or --all");
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context.Database());
    UNIBOX_ASSIGN_OR_RETURN(const auto log, LogPublisher::Create(context));
    Replayer replayer(*pool, *log);
    std::optional<store::DeadLetter> letter;
    if (!options.all) {
        UNIBOX_ASSIGN_OR_RETURN(letter, store::GetDeadLetter(*pool, options.id));
    }
    // What went back without being marked as replayed would be told nowhere else.
    store::AuditEntry entry;
    entry.kind = "dead_letters";
    entry.object = options.all ? "all" : std::to_string(options.id);
    const Status done = Audited(context, entry, [&](store::AuditEntry& told) {
        Status replayed =
            letter ? replayer.Replay(*letter) : ReplayAll(*pool, replayer, options.count_max);
        told.new_json =
            fmt::format(R"({{"stored":{},"kept":{}}})", replayer.stored(), replayer.kept());
        return replayed;
    });
    context.Print(Answer().Add("replayed", replayer.TakeTable()));
    UNIBOX_RETURN_IF_ERROR(done);
    if (replayer.kept() == 0) return {};
    return FailedPrecondition(
        fmt::format("{} dead letters could not be replayed and stay", replayer.kept())
    );
}

}  // namespace

void AddDeadLetters(CLI::App& app, Action& action) {
    auto* verb = app.add_subcommand("dead-letters", "Events that could not be written");
    verb->require_subcommand(1);
    verb->footer(
        "A replay ends with 1 when a letter could not go back; the others went.\n"
        "Example: uniboxctl dead-letters replay --all (docs/runbooks/dead-letters.md)"
    );
    const auto options = std::make_shared<Options>();
    auto* list = verb->add_subcommand("list", "The oldest first");
    list->add_flag("--with-replayed", options->with_replayed, "Also those that went back");
    auto* show = verb->add_subcommand("show", "One, with its event");
    show->add_option("id", options->id, "Its id")->required()->check(WholeNumber(1));
    auto* replay = verb->add_subcommand("replay", "Puts them back into the log");
    replay->add_option("--id", options->id, "This one")->check(WholeNumber(1));
    replay->add_flag("--all", options->all, "All that did not go back yet");
    for (auto* sub : {list, replay}) {
        sub->add_option("--limit", options->count_max, "At most so many")
            ->check(WholeNumber(1, 100'000))
            ->capture_default_str();
    }
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
