// What a library writes of its own accord (gRPC, protobuf), as lines of our log: counted, and few.
//
// A stranger can make a library write a line for each request. At most kLibraryLinesMax are written
// in each kLibraryLinesWindow; the first one after that tells how many were left out. Metric:
// unibox_library_log_lines_total{library,level}, of all.
// Thread safety: Write from any thread, also before the first and after the last LibraryLog.
#pragma once

#include "base/clock.hpp"
#include "obs/log.hpp"
#include "obs/metrics.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace unibox::obs {

inline constexpr int kLibraryLinesMax = 5;
inline constexpr Millis kLibraryLinesWindow{10'000};

enum class Library { kGrpc, kProtobuf };

class LibraryLog {
public:
    // Takes this library's lines from now on, from the one that took them before. `metrics` and
    // `clock` must outlive the object.
    LibraryLog(Library library, Metrics& metrics, const Clock& clock = SystemClock());
    // Lines are written uncounted, under no limit, until the next one is made.
    ~LibraryLog();
    LibraryLog(const LibraryLog&) = delete;
    LibraryLog& operator=(const LibraryLog&) = delete;

    // For the function that the library calls for each line. `file`: of the library's source.
    static void Write(
        Library library, Level level, std::string_view file, int line, std::string_view message
    );

private:
    struct Places;
    static Places& ThePlaces();
    // How many lines were left out before this one; negative: this one is left out too.
    std::int64_t Admit(Level level);

    const Library library_;
    const Clock& clock_;
    std::array<Counter*, 4> lines_{};  // By level.
    SteadyTime window_begun_;
    int window_lines_ = 0;
    std::int64_t left_out_ = 0;
};

}  // namespace unibox::obs
