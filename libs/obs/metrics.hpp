// Counters, gauges and histograms in Prometheus' model. Names: unibox_<service>_<noun>_<unit>.
// Limits: kSeriesPerMetricMax label sets a name; what would be one more is counted under the label
// values "other". A name used with two kinds aborts (our own mistake). Thread safety: everything
// from any thread. References live as long as their Metrics.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace unibox::obs {

constexpr std::size_t kSeriesPerMetricMax = 1000;

struct Label {
    std::string name;
    std::string value;
};
using Labels = std::vector<Label>;

class Counter {
public:
    explicit Counter(prometheus::Counter& impl) : impl_(impl) {}
    // `by` must not be negative.
    void Add(double by = 1);
    double Get() const;

private:
    prometheus::Counter& impl_;
};

class Gauge {
public:
    explicit Gauge(prometheus::Gauge& impl) : impl_(impl) {}
    void Set(double value);
    void Add(double by);
    double Get() const;

private:
    prometheus::Gauge& impl_;
};

class Histogram {
public:
    explicit Histogram(prometheus::Histogram& impl) : impl_(impl) {}
    void Observe(double value);

private:
    prometheus::Histogram& impl_;
};

// All metrics of a process (or of a test). The same name and labels give the same object.
class Metrics {
public:
    Metrics();
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    Counter& GetCounter(
        const std::string& name, const std::string& help, const Labels& labels = {}
    );
    Gauge& GetGauge(const std::string& name, const std::string& help, const Labels& labels = {});
    // The bounds of a name are those of its first use.
    Histogram& GetHistogram(
        const std::string& name,
        const std::string& help,
        const std::vector<double>& bounds,
        const Labels& labels = {}
    );
    // `refresh` is called before each Render, for gauges that are read from elsewhere. It must not
    // block, and what it refers to must outlive the last Render.
    void OnCollect(std::function<void()> refresh);
    // Prometheus text format 0.0.4.
    std::string Render() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// 0.5 ms to 30 s, for latencies.
std::vector<double> SecondsBuckets();

}  // namespace unibox::obs
