#include "obs/metrics.hpp"

#include "base/assert.hpp"
#include "base/mutex.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <sstream>
#include <utility>

namespace unibox::obs {
namespace {

std::map<std::string, std::string> ToMap(const Labels& labels) {
    std::map<std::string, std::string> map;
    for (const Label& label : labels) map.emplace(label.name, label.value);
    return map;
}

// The families of one kind by name, and of each its series by labels.
template <typename Ours, typename Theirs>
class Kind {
public:
    template <typename Build, typename... Extra>
    Ours& Get(
        const std::string& name, const Labels& labels, const Build& build, const Extra&... extra
    ) {
        auto family = families_.find(name);
        if (family == families_.end()) {
            family = families_.emplace(name, Family{&build(), {}}).first;
        }
        auto& series = family->second.series;
        auto key = ToMap(labels);
        if (const auto found = series.find(key); found != series.end()) return *found->second;
        if (series.size() >= kSeriesPerMetricMax) {
            for (auto& [label, value] : key) value = "other";
            if (const auto found = series.find(key); found != series.end()) return *found->second;
        }
        auto made = std::make_unique<Ours>(family->second.theirs->Add(key, extra...));
        return *series.emplace(std::move(key), std::move(made)).first->second;
    }
    bool Has(const std::string& name) const { return families_.contains(name); }

private:
    struct Family {
        prometheus::Family<Theirs>* theirs;
        std::map<std::map<std::string, std::string>, std::unique_ptr<Ours>> series;
    };
    std::map<std::string, Family> families_;
};

}  // namespace

void Counter::Add(double by) {
    UNIBOX_ASSERT(by >= 0);
    impl_.Increment(by);
}
double Counter::Get() const {
    return impl_.Value();
}
void Gauge::Set(double value) {
    impl_.Set(value);
}
void Gauge::Add(double by) {
    impl_.Increment(by);
}
double Gauge::Get() const {
    return impl_.Value();
}
void Histogram::Observe(double value) {
    impl_.Observe(value);
}

struct Metrics::Impl {
    prometheus::Registry registry;
    Mutex mutex;
    Kind<Counter, prometheus::Counter> counters UNIBOX_GUARDED_BY(mutex);
    Kind<Gauge, prometheus::Gauge> gauges UNIBOX_GUARDED_BY(mutex);
    Kind<Histogram, prometheus::Histogram> histograms UNIBOX_GUARDED_BY(mutex);
    Mutex refresh_mutex;
    std::vector<std::function<void()>> refreshes UNIBOX_GUARDED_BY(refresh_mutex);
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::GetCounter(
    const std::string& name, const std::string& help, const Labels& labels
) {
    const MutexLock lock(impl_->mutex);
    UNIBOX_ASSERT(!impl_->gauges.Has(name) && !impl_->histograms.Has(name));
    return impl_->counters.Get(
        name,
        labels,
        [&]() -> auto& {
            return prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry);
        }
    );
}

Gauge& Metrics::GetGauge(const std::string& name, const std::string& help, const Labels& labels) {
    const MutexLock lock(impl_->mutex);
    UNIBOX_ASSERT(!impl_->counters.Has(name) && !impl_->histograms.Has(name));
    return impl_->gauges.Get(
        name,
        labels,
        [&]() -> auto& {
            return prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry);
        }
    );
}

Histogram& Metrics::GetHistogram(
    const std::string& name,
    const std::string& help,
    const std::vector<double>& bounds,
    const Labels& labels
) {
    const MutexLock lock(impl_->mutex);
    UNIBOX_ASSERT(!impl_->counters.Has(name) && !impl_->gauges.Has(name));
    return impl_->histograms.Get(
        name,
        labels,
        [&]() -> auto& {
            return prometheus::BuildHistogram().Name(name).Help(help).Register(impl_->registry);
        },
        bounds
    );
}

void Metrics::OnCollect(std::function<void()> refresh) {
    const MutexLock lock(impl_->refresh_mutex);
    impl_->refreshes.push_back(std::move(refresh));
}

std::string Metrics::Render() const {
    {
        const MutexLock lock(impl_->refresh_mutex);
        for (const auto& refresh : impl_->refreshes) refresh();
    }
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, impl_->registry.Collect());
    return out.str();
}

std::vector<double> SecondsBuckets() {
    return {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30};
}

}  // namespace unibox::obs
