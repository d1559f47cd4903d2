// The time partitions (leaves) of the tables, as one lane sees them: which are detached, and what
// becomes of a row that found none. Thread safety: one thread at a time.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "domain/batch_effects.hpp"
#include "message-writer/metrics.hpp"
#include "pg/pool.hpp"
#include "store/schema/periods.hpp"

#include <string_view>

namespace unibox::writer {

// Reason of an error: the message's time is outside of what the tables serve.
inline constexpr std::string_view kTimeNotServed = "TIME_NOT_SERVED";

class Leaves {
public:
    Leaves(pg::Pool& pool, WriterMetrics& metrics, const Clock& clock)
        : pool_(pool), metrics_(metrics), clock_(clock) {}

    // Of the last look; empty before the first.
    const store::LeafSurvey& survey() const { return survey_; }
    Status LookAgain();
    // Looks again while leaves are detached: one that is dropped or renamed is waited for no more.
    void Refresh();
    // After a row of these effects found no leaf: makes what is missing. Returns why it could not
    // be made now (transient: repeat), OUT_OF_RANGE (kTimeNotServed) with a sentence if a message's
    // time is not served, else `missing`: repeat, and if that fails too wait for the leaf.
    Status Make(const domain::Effects& effects, const Status& missing);

private:
    pg::Pool& pool_;
    WriterMetrics& metrics_;
    const Clock& clock_;
    store::LeafSurvey survey_;
    SteadyTime looked_at_{};
};

}  // namespace unibox::writer
