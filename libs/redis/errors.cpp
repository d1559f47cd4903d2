#include "redis/errors.hpp"

#include <array>
#include <string>

namespace unibox::redis {
namespace {

struct Mapping {
    std::string_view word;
    Code code;
};

// https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors; src/server.c of 7.0.
constexpr std::array kMappings = {
    Mapping{"ERR", Code::kInternal},
    Mapping{"WRONGTYPE", Code::kFailedPrecondition},
    Mapping{"OOM", Code::kResourceExhausted},
    Mapping{"LOADING", Code::kUnavailable},
    Mapping{"MASTERDOWN", Code::kUnavailable},
    Mapping{"READONLY", Code::kUnavailable},  // A replica: the master is elsewhere.
    Mapping{"CLUSTERDOWN", Code::kUnavailable},
    Mapping{"TRYAGAIN", Code::kUnavailable},  // Several keys of a slot that is under way.
    Mapping{"MOVED", Code::kUnavailable},
    Mapping{"ASK", Code::kUnavailable},
    Mapping{"BUSY", Code::kUnavailable},  // A script runs for long.
    Mapping{"NOREPLICAS", Code::kUnavailable},
    Mapping{"MISCONF", Code::kUnavailable},  // Its disk is full: nothing is written.
    Mapping{"NOAUTH", Code::kUnauthenticated},
    Mapping{"WRONGPASS", Code::kUnauthenticated},
    Mapping{"NOPERM", Code::kPermissionDenied},
    Mapping{"NOSCRIPT", Code::kFailedPrecondition},
    Mapping{"NOTBUSY", Code::kFailedPrecondition},
    Mapping{"CROSSSLOT", Code::kInvalidArgument},
    Mapping{"BUSYKEY", Code::kAlreadyExists},
    Mapping{"BUSYGROUP", Code::kAlreadyExists},
    Mapping{"EXECABORT", Code::kAborted},
};

constexpr std::string_view kTooManyClients = "ERR max number of clients reached";

Code CodeOf(std::string_view error, std::string_view word) {
    if (error.starts_with(kTooManyClients)) return Code::kUnavailable;
    for (const Mapping& mapping : kMappings) {
        if (mapping.word == word) return mapping.code;
    }
    return Code::kUnknown;
}

}  // namespace

std::string_view ErrorWord(std::string_view error) {
    return error.substr(0, error.find(' '));
}

Status StatusOfError(std::string_view error) {
    const std::string_view word = ErrorWord(error);
    return Status(CodeOf(error, word), "redis: " + std::string(error)).WithReason(word);
}

}  // namespace unibox::redis
