// What a failed transaction of the writer says, and so what may be done about it: the one place
// that reads SQLSTATEs for that. Thread safety: a pure function.
#pragma once

#include "base/status.hpp"

namespace unibox::store {

enum class Failure {
    kPassing,      // "not now": the same may go through when it is repeated
    kConflict,     // it met what another transaction has written: repeat, a few times
    kTimeout,      // it took too long: half of it may not
    kTooMuch,      // more than one transaction can send: parts of it may go through
    kPoison,       // some of its data can never be written
    kMissingLeaf,  // a row found no time partition
    kFenced,       // partitions are another writer's by now: LostShards tells which
    kStaleLeaves,  // take another LeafSurvey, and repeat
};

// `error` must not be ok.
Failure ClassifyFailure(const Status& error);

}  // namespace unibox::store
