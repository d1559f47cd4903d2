#include "redis/gcra.hpp"

#include "redis/reasons.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace unibox::redis {
namespace {

constexpr double kRateMax = 1'000'000;
constexpr double kFillSecondsMax = 30.0 * 86'400;
constexpr double kMicrosPerSecond = 1e6;
constexpr std::size_t kFieldsPerBucket = 4;

Status Wrong(std::string_view field, std::string_view rule) {
    return InvalidArgument(std::string(field) + " " + std::string(rule)).WithField(field);
}

Status Check(const Bucket& bucket) {
    if (bucket.key.empty()) return Wrong("key", "must not be empty");
    if (!(bucket.rate_per_s > 0 && bucket.rate_per_s <= kRateMax)) {
        return Wrong("rate_per_s", "must be over 0 and at most 1000000");
    }
    if (bucket.burst < 1) return Wrong("burst", "must be 1 or more");
    if (static_cast<double>(bucket.burst) / bucket.rate_per_s > kFillSecondsMax) {
        return Wrong("burst", "must fill in 30 days");
    }
    if (bucket.cost < 0 || bucket.cost > bucket.burst) return Wrong("cost", "must be 0 to burst");
    return {};
}

Result<Command> CommandFor(const std::vector<Bucket>& buckets) {
    if (buckets.empty() || buckets.size() > kBucketsMax) {
        return Wrong("buckets", "must be 1 to 16");
    }
    Command command(TakeScript());
    for (const Bucket& bucket : buckets) {
        UNIBOX_RETURN_IF_ERROR(Check(bucket));
        command.Key(bucket.key);
    }
    for (const Bucket& bucket : buckets) {
        command.Arg(fmt::format("{:.6f}", kMicrosPerSecond / bucket.rate_per_s));
        command.Arg(bucket.burst).Arg(bucket.cost);
    }
    return command;
}

Result<BucketState> StateFrom(std::span<const Reply> fields) {
    UNIBOX_ASSIGN_OR_RETURN(const std::int64_t allowed, fields[0].Integer());
    UNIBOX_ASSIGN_OR_RETURN(const std::int64_t remaining, fields[1].Integer());
    UNIBOX_ASSIGN_OR_RETURN(const std::int64_t retry_after, fields[2].Integer());
    UNIBOX_ASSIGN_OR_RETURN(const std::int64_t reset_after, fields[3].Integer());
    return BucketState{allowed == 1, remaining, Micros(retry_after), Micros(reset_after)};
}

Result<Decision> DecisionFrom(const Reply& reply, std::size_t bucket_count) {
    UNIBOX_ASSIGN_OR_RETURN(const auto fields, reply.Items());
    if (fields.size() != 1 + kFieldsPerBucket * bucket_count) {
        return Internal("redis answered for another number of buckets")
            .WithReason(kUnexpectedReply);
    }
    UNIBOX_ASSIGN_OR_RETURN(const std::int64_t allowed, fields[0].Integer());
    Decision decision;
    decision.allowed = allowed == 1;
    for (std::size_t i = 0; i < bucket_count; ++i) {
        UNIBOX_ASSIGN_OR_RETURN(
            const BucketState state,
            StateFrom(fields.subspan(1 + kFieldsPerBucket * i, kFieldsPerBucket))
        );
        decision.retry_after = std::max(decision.retry_after, state.retry_after);
        decision.buckets.push_back(state);
    }
    return decision;
}

}  // namespace

// KEYS: the buckets. ARGV, for each: T in µs, burst, cost. Answers 1 or 0, then for each bucket:
// allowed, remaining, retry after, reset after (µs).
// Times count from 2026, so that a double holds a hundredth of a microsecond; half a microsecond is
// given for what the decimals cut off. A time beyond a whole burst is of another clock, or of other
// limits: it is mended also where the request is refused, or nothing would ever be allowed.
const Script& TakeScript() {
    static const Script script(R"lua(
local time = redis.call('TIME')
local now = (time[1] - 1767225600) * 1000000 + time[2]
local function keep(key, arrival)
    local left_ms = math.max(math.ceil((arrival - now) / 1000), 1)
    redis.call('SET', key, string.format('%.3f', arrival), 'PX', string.format('%d', left_ms))
end
local all, states, result = 1, {}, {0}
for i, key in ipairs(KEYS) do
    local step = tonumber(ARGV[i * 3 - 2])
    local depth = step * tonumber(ARGV[i * 3 - 1])
    local charge = step * tonumber(ARGV[i * 3])
    local arrival = math.max(tonumber(redis.call('GET', key)) or now, now)
    if arrival > now + depth + 1 then
        arrival = now + depth
        keep(key, arrival)
    end
    local late = arrival + charge - depth - now
    if late > 0.5 then all = 0 end
    states[i] = {arrival, charge, depth, step, late}
end
result[1] = all
for i, key in ipairs(KEYS) do
    local arrival, charge, depth, step, late = unpack(states[i])
    if all == 1 and charge > 0 then
        arrival = arrival + charge
        keep(key, arrival)
    end
    local fits = late <= 0.5
    local remaining = math.floor((depth - (arrival - now) + 0.5) / step)
    result[#result + 1] = fits and 1 or 0
    result[#result + 1] = math.max(remaining, 0)
    result[#result + 1] = fits and 0 or math.ceil(late)
    result[#result + 1] = math.max(math.ceil(arrival - now), 0)
end
return result
)lua");
    return script;
}

Status Gcra::Take(const std::vector<Bucket>& buckets, Millis timeout, Done done) {
    UNIBOX_ASSIGN_OR_RETURN(Command command, CommandFor(buckets));
    const std::size_t count = buckets.size();
    return client_
        .Send(std::move(command), timeout, [count, done = std::move(done)](Result<Reply> reply) {
            done(reply.ok() ? DecisionFrom(*reply, count) : reply.status());
        });
}

Result<Decision> Gcra::Take(const std::vector<Bucket>& buckets, Millis timeout) {
    UNIBOX_ASSIGN_OR_RETURN(Command command, CommandFor(buckets));
    UNIBOX_ASSIGN_OR_RETURN(const Reply reply, client_.Call(std::move(command), timeout));
    return DecisionFrom(reply, buckets.size());
}

}  // namespace unibox::redis
