// The stages of a batch's way into the database, for whoever wants to be there: a test that freezes
// the process at the worst moments. Thread safety: a hook is called on the lanes' threads.
#pragma once

#include <functional>

namespace unibox::writer {

enum class CommitStage {
    kBeforeTransaction,
    kBetweenPipelines,  // the state is read and locked, nothing is written
    kBeforePublish,     // committed; the feed does not know yet
};
// May be empty.
using StageHook = std::function<void(CommitStage)>;

}  // namespace unibox::writer
