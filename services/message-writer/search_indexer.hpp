// Keeps what search finds up with what was written: one writer at a time, on a thread and a
// connection of its own, in small transactions with pauses between them. What it does not get to
// waits (store/writer/search_index.hpp). Thread safety: Start and Stop once each.
#pragma once

#include "async/periodic.hpp"
#include "message-writer/config.hpp"
#include "message-writer/metrics.hpp"
#include "obs/outage_log.hpp"
#include "pg/pool.hpp"
#include "store/writer/search_index.hpp"

#include <memory>
#include <semaphore>

namespace unibox::writer {

class SearchIndexer {
public:
    // All must outlive the object.
    static Result<std::unique_ptr<SearchIndexer>> Create(
        const Config& config, pg::Pool& pool, WriterMetrics& metrics, const Clock& clock
    );
    ~SearchIndexer();
    SearchIndexer(const SearchIndexer&) = delete;
    SearchIndexer& operator=(const SearchIndexer&) = delete;

    // Switched off, it only tells how much waits.
    void Start();
    void Stop();

private:
    SearchIndexer(
        const Config& config,
        pg::Pool& pool,
        WriterMetrics& metrics,
        const Clock& clock,
        std::unique_ptr<pg::Session> session
    );
    void Round();
    // One transaction; false if nothing is left to do, or another writer does it, or it failed.
    bool Step();
    // Waits for its share of the time that the step took; false if it shall stop.
    bool Rest(Millis took);
    void TellLag();

    const SearchIndexSettings& settings_;
    pg::Pool& pool_;
    WriterMetrics& metrics_;
    const Clock& clock_;
    obs::OutageLog outage_;
    const std::unique_ptr<pg::Session> session_;
    SteadyTime next_told_{};
    std::binary_semaphore stopping_{0};
    std::unique_ptr<async::Periodic> rounds_;
};

}  // namespace unibox::writer
