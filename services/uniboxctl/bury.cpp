#include "uniboxctl/bury.hpp"

#include "domain/inbound_event.hpp"
#include "nats/log_reader.hpp"
#include "nats/streams.hpp"
#include "store/admin/partition_repairs.hpp"
#include "subjects/subjects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace unibox::ctl {
namespace {

constexpr Millis kReadWait{30'000};
constexpr std::size_t kReadBytesMax = 16 * 1024 * 1024;
constexpr std::size_t kExamplesMax = 5;
constexpr std::size_t kReasonsMax = 20;

struct Range {
    std::int64_t first_seq = 0;
    std::int64_t last_seq = 0;
    std::int64_t size() const { return last_seq - first_seq + 1; }
};

// What lies in a range, as message-writer will see it.
class RangeCount {
public:
    void Add(const nats::LogMessage& message);
    std::int64_t undecodable() const { return undecodable_; }
    // One row for each reason, in the order in which they are met; sequences are those of the first
    // and the last event that has it.
    Table ReasonTable() const;
    Table TakeExamples() { return std::move(examples_); }

private:
    struct Reason {
        std::string text{};
        std::int64_t count = 0;
        Range range{};
    };
    Reason& ReasonOf(const std::string& text);

    event::v1::InboundEvent event_;
    std::int64_t undecodable_ = 0;
    std::vector<Reason> reasons_;
    Reason others_{.text = "(other reasons)"};
    Table examples_{{"sequence", "stored", "bytes", "reason"}};
};

void RangeCount::Add(const nats::LogMessage& message) {
    const Status readable = domain::ReadInboundEvent(message.payload, &event_);
    if (readable.ok()) return;
    ++undecodable_;
    const auto sequence = static_cast<std::int64_t>(message.sequence);
    const std::string text = readable.ToString();
    Reason& reason = ReasonOf(text);
    if (reason.count++ == 0) reason.range.first_seq = sequence;
    reason.range.last_seq = sequence;
    if (examples_.size() >= kExamplesMax) return;
    examples_.Add(
        {sequence,
         TimeText(message.stored_unix_ms),
         static_cast<std::int64_t>(message.payload.size()),
         text}
    );
}

RangeCount::Reason& RangeCount::ReasonOf(const std::string& text) {
    const auto is_it = [&](const Reason& reason) { return reason.text == text; };
    const auto known = std::find_if(reasons_.begin(), reasons_.end(), is_it);
    if (known != reasons_.end()) return *known;
    if (reasons_.size() < kReasonsMax) return reasons_.emplace_back(Reason{.text = text});
    return others_;
}

Table RangeCount::ReasonTable() const {
    Table table({"reason", "events", "first_seq", "last_seq"});
    const auto add = [&table](const Reason& reason) {
        table.Add({reason.text, reason.count, reason.range.first_seq, reason.range.last_seq});
    };
    std::for_each(reasons_.begin(), reasons_.end(), add);
    if (others_.count > 0) add(others_);
    return table;
}

Result<Range> RangeOf(
    const store::PartitionState& state, const nats::StreamInfo& info, std::int64_t to_seq
) {
    if (info.created_unix_ms != state.stream_created_ms) {
        return FailedPrecondition(
            "the stream was made anew since the partition stopped: `partitions reset` begins with "
            "the new one"
        );
    }
    const auto stream_last = static_cast<std::int64_t>(info.last_seq);
    if (stream_last <= state.last_seq) {
        return FailedPrecondition(
            fmt::format("{} is written, and nothing is stored behind it", state.last_seq)
        );
    }
    const Range range{state.last_seq + 1, to_seq < 0 ? stream_last : to_seq};
    if (range.size() <= 0 || range.last_seq > stream_last) {
        return InvalidArgument(fmt::format(
                                   "not written yet are {} to {}: a burial ends among them",
                                   range.first_seq,
                                   stream_last
                               ))
            .WithField("to");
    }
    const auto stored_first = static_cast<std::int64_t>(info.first_seq);
    if (stored_first > range.first_seq) {
        return FailedPrecondition(fmt::format(
            "{} to {} are not in the stream any more: `partitions skip` first "
            "(docs/runbooks/gap.md)",
            range.first_seq,
            stored_first - 1
        ));
    }
    return range;
}

Result<RangeCount> Count(
    Context& context,
    const store::PartitionState& state,
    const nats::StreamInfo& info,
    const Range& range
) {
    nats::LogReaderSettings settings;
    settings.expected_created_unix_us = info.created_unix_us;
    settings.expected_last = state.mark;
    UNIBOX_ASSIGN_OR_RETURN(nats::Connection * connection, context.Nats());
    UNIBOX_ASSIGN_OR_RETURN(
        const auto reader,
        nats::LogReader::Open(
            *connection,
            info.name,
            static_cast<std::uint64_t>(range.first_seq),
            settings,
            context.metrics()
        )
    );
    RangeCount count;
    std::int64_t next = range.first_seq;
    while (next <= range.last_seq) {
        const auto left = static_cast<std::size_t>(range.last_seq - next + 1);
        UNIBOX_ASSIGN_OR_RETURN(const auto messages, reader->Fetch(left, kReadBytesMax, kReadWait));
        if (messages.empty()) {
            return DeadlineExceeded(fmt::format("{} stopped to answer at {}", info.name, next));
        }
        for (const nats::LogMessage& message : messages) count.Add(message);
        next += static_cast<std::int64_t>(messages.size());
        context.Progress(
            "events read",
            static_cast<std::size_t>(next - range.first_seq),
            static_cast<std::size_t>(range.size())
        );
    }
    return count;
}

Status CheckBuriesAny(const Range& range, const RangeCount& count) {
    if (count.undecodable() > 0) return {};
    return FailedPrecondition(fmt::format(
        "all events from {} to {} can be read, there is nothing to bury: `partitions resume` goes "
        "on with them. If message-writer cannot read them, it is older than this program",
        range.first_seq,
        range.last_seq
    ));
}

}  // namespace

Status ResumeBurying(
    Context& context, const store::PartitionState& state, const BuryOptions& options
) {
    std::string by;
    if (!options.dry_run) {
        UNIBOX_ASSIGN_OR_RETURN(by, context.By());
        if (options.reason.empty()) {
            return InvalidArgument("say why: --reason TEXT, or --dry-run").WithField("reason");
        }
    }
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context.Database());
    UNIBOX_ASSIGN_OR_RETURN(nats::Connection * connection, context.Nats());
    const std::string stream = subjects::InStream(state.id.generation, state.id.partition);
    UNIBOX_ASSIGN_OR_RETURN(const auto info, nats::Streams(*connection).Info(stream));
    UNIBOX_ASSIGN_OR_RETURN(const Range range, RangeOf(state, info, options.to_seq));
    UNIBOX_ASSIGN_OR_RETURN(RangeCount count, Count(context, state, info, range));
    if (!options.dry_run) {
        UNIBOX_RETURN_IF_ERROR(CheckBuriesAny(range, count));
        UNIBOX_RETURN_IF_ERROR(store::ResumeBurying(
            *pool,
            {state.id,
             state.stream_created_ms,
             range.first_seq,
             range.last_seq,
             count.undecodable(),
             by,
             options.reason}
        ));
    }
    Answer answer;
    answer.Add("generation", std::int64_t{state.id.generation})
        .Add("partition", std::int64_t{state.id.partition})
        .Add("was_stopped_for", state.stopped_reason)
        .Add("first_seq", range.first_seq)
        .Add("buried_to", range.last_seq)
        .Add("to_write", range.size() - count.undecodable())
        .Add("to_dead_letter", count.undecodable())
        .Add("dry_run", options.dry_run)
        .Add("reasons", count.ReasonTable())
        .Add("examples", count.TakeExamples());
    context.Print(answer);
    return {};
}

}  // namespace unibox::ctl
