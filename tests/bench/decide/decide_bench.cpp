// What Plan and Decide cost for each event of a batch of 1,000: the part of the writer's time that
// is not PostgreSQL's. Manual time: copying the state that each round consumes is not counted.
#include "support/channel_event.hpp"
#include "support/memory_inbox.hpp"

#include <time.h>

#include <benchmark/benchmark.h>

namespace unibox::test {
namespace {

constexpr int kBatchSize = 1000;

// Messages of 1 KB in 500 threads; every tenth event is a receipt for an echo of the batch before.
std::vector<event::v1::InboundEvent> Events(int round) {
    const Channel channel;
    std::vector<event::v1::InboundEvent> events;
    for (int i = 0; i < kBatchSize; ++i) {
        const std::string thread = "4915112345" + std::to_string(i % 500);
        const std::string id = "wamid." + std::to_string(round) + "." + std::to_string(i);
        if (i % 10 == 0) {
            const std::string target =
                "wamid." + std::to_string(round - 1) + "." + std::to_string(i + 1);
            events.push_back(ChannelEvent::Receipt(channel, target, v1::DELIVERY_STATE_READ));
            continue;
        }
        auto message =
            i % 10 == 1 ? ChannelEvent::Echo(channel, id) : ChannelEvent::Message(channel, id);
        events.push_back(message.Thread(thread).Name("Ada Lovelace").Text(std::string(1000, 'x')));
    }
    return events;
}

void TimePerEvent(benchmark::State& state, double seconds_sum) {
    state.SetItemsProcessed(state.iterations() * kBatchSize);
    state.counters["us_per_event"] =
        seconds_sum * 1e6 / (static_cast<double>(state.iterations()) * kBatchSize);
}

// Processor time of this thread, so that a busy machine does not count.
double CpuSeconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

template <typename Work>
double SecondsOf(const Work& work) {
    const double start = CpuSeconds();
    work();
    return CpuSeconds() - start;
}

void BM_Plan(benchmark::State& state) {
    const auto batch = ToBatch(Events(1));
    double seconds_sum = 0;
    for (auto _ : state) {
        const double seconds = SecondsOf([&] { benchmark::DoNotOptimize(decide::Plan(batch)); });
        state.SetIterationTime(seconds);
        seconds_sum += seconds;
    }
    TimePerEvent(state, seconds_sum);
}

// Argument 0: every thread is new; 1: every thread has a conversation.
void BM_Decide(benchmark::State& state) {
    MemoryInbox inbox;
    if (state.range(0) == 1) inbox.Commit(Events(1));
    const auto batch = ToBatch(Events(2));
    const domain::BatchState start = inbox.Read(decide::Plan(batch));
    double seconds_sum = 0;
    for (auto _ : state) {
        domain::BatchState copy = start;
        std::optional<domain::Effects> effects;
        const double seconds = SecondsOf([&] { effects = decide::Decide(batch, std::move(copy)); });
        benchmark::DoNotOptimize(effects);
        state.SetIterationTime(seconds);
        seconds_sum += seconds;
    }
    TimePerEvent(state, seconds_sum);
}

BENCHMARK(BM_Plan)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Decide)->Arg(0)->Arg(1)->UseManualTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace unibox::test
