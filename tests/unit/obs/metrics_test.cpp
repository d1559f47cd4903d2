#include "obs/metrics.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <thread>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)

TEST_CASE("Metrics: the same name and labels give the same object", "[unit][obs]") {
    obs::Metrics metrics;
    auto& one = metrics.GetCounter("unibox_test_total", "help", {{"a", "1"}, {"b", "2"}});
    auto& same = metrics.GetCounter("unibox_test_total", "help", {{"b", "2"}, {"a", "1"}});
    auto& other = metrics.GetCounter("unibox_test_total", "help", {{"a", "2"}, {"b", "2"}});
    one.Add(2);
    same.Add();
    CHECK(one.Get() == 3);
    CHECK(other.Get() == 0);
}

TEST_CASE("Metrics: renders counters, gauges and histograms in Prometheus' format", "[unit][obs]") {
    obs::Metrics metrics;
    metrics.GetCounter("unibox_test_total", "Things done", {{"kind", "a"}}).Add(2);
    auto& gauge = metrics.GetGauge("unibox_test_depth", "Depth");
    metrics.GetHistogram("unibox_test_seconds", "Time", {0.1, 1}).Observe(0.5);
    metrics.OnCollect([&] { gauge.Set(7); });
    const std::string text = metrics.Render();
    CHECK(
        text.find("# HELP unibox_test_total Things done\n# TYPE unibox_test_total counter\n") !=
        std::string::npos
    );
    CHECK(text.find("unibox_test_total{kind=\"a\"} 2\n") != std::string::npos);
    CHECK(text.find("unibox_test_depth 7\n") != std::string::npos);
    CHECK(text.find("unibox_test_seconds_bucket{le=\"0.1\"} 0\n") != std::string::npos);
    CHECK(text.find("unibox_test_seconds_bucket{le=\"1\"} 1\n") != std::string::npos);
    CHECK(text.find("unibox_test_seconds_count 1\n") != std::string::npos);
}

TEST_CASE("Metrics: label sets over the limit share one series", "[unit][obs]") {
    obs::Metrics metrics;
    for (std::size_t i = 0; i < obs::kSeriesPerMetricMax + 10; ++i) {
        metrics.GetCounter("unibox_test_total", "help", {{"tenant", std::to_string(i)}}).Add();
    }
    CHECK(metrics.GetCounter("unibox_test_total", "help", {{"tenant", "other"}}).Get() == 10);
    CHECK(metrics.GetCounter("unibox_test_total", "help", {{"tenant", "5"}}).Get() == 1);
}

TEST_CASE("Metrics: many threads count without loss", "[unit][obs]") {
    obs::Metrics metrics;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int n = 0; n < 1000; ++n) metrics.GetCounter("unibox_test_total", "help").Add();
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(metrics.GetCounter("unibox_test_total", "help").Get() == 4000);
}
