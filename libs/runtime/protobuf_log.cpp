#include "runtime/protobuf_log.hpp"

#include <google/protobuf/stubs/logging.h>

namespace unibox::runtime {
namespace {

// What protobuf calls an error is a message that somebody else has sent.
obs::Level LevelOf(google::protobuf::LogLevel level) {
    switch (level) {
        case google::protobuf::LOGLEVEL_INFO:
            return obs::Level::kInfo;
        case google::protobuf::LOGLEVEL_FATAL:
            return obs::Level::kError;
        default:
            return obs::Level::kWarn;
    }
}

void Write(
    google::protobuf::LogLevel level, const char* file, int line, const std::string& message
) {
    obs::LibraryLog::Write(obs::Library::kProtobuf, LevelOf(level), file, line, message);
}

}  // namespace

ProtobufLog::ProtobufLog(obs::Metrics& metrics) : log_(obs::Library::kProtobuf, metrics) {
    google::protobuf::SetLogHandler(&Write);
}

}  // namespace unibox::runtime
