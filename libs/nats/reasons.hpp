// The reasons of this library's errors on which callers decide: Status::reason() is one of these.
// Others are for people, and stand where they are made. Thread safety: constants.
#pragma once

#include <string_view>

namespace unibox::nats {

// Publishing.
inline constexpr std::string_view kNoStream = "NO_STREAM";      // none takes it, or none leads
inline constexpr std::string_view kStreamFull = "STREAM_FULL";  // it discards what is new
inline constexpr std::string_view kStreamSealed = "STREAM_SEALED";
inline constexpr std::string_view kWrongStream = "WRONG_STREAM";  // another one takes the subject
inline constexpr std::string_view kTooLarge = "TOO_LARGE";        // can never be stored
inline constexpr std::string_view kNoAck = "NO_ACK";              // sent; may be stored

// Reading.
inline constexpr std::string_view kGap = "GAP";
inline constexpr std::string_view kStreamRecreated = "STREAM_RECREATED";

// Administration.
inline constexpr std::string_view kNoResponders = "NO_RESPONDERS";  // JetStream does not answer
inline constexpr std::string_view kFewerReplicas = "FEWER_REPLICAS";
inline constexpr std::string_view kPartitionCountUnknown = "PARTITION_COUNT_UNKNOWN";

}  // namespace unibox::nats
