#include "obs/library_log.hpp"

#include "base/mutex.hpp"

#include <string>

namespace unibox::obs {
namespace {

constexpr std::array<const char*, 2> kNames = {"grpc", "protobuf"};

std::size_t IndexOf(Library library) {
    return static_cast<std::size_t>(library);
}

}  // namespace

// Libraries know one function for the whole process; these are the objects behind it.
struct LibraryLog::Places {
    Mutex mutex;
    std::array<LibraryLog*, kNames.size()> current UNIBOX_GUARDED_BY(mutex){};
};

LibraryLog::Places& LibraryLog::ThePlaces() {
    static Places places;
    return places;
}

LibraryLog::LibraryLog(Library library, Metrics& metrics, const Clock& clock)
    : library_(library), clock_(clock), window_begun_(clock.Steady()) {
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        lines_[i] = &metrics.GetCounter(
            "unibox_library_log_lines_total",
            "Lines that libraries wrote of their own accord, written or left out.",
            {{"library", kNames[IndexOf(library)]},
             {"level", std::string(LevelName(static_cast<Level>(i)))}}
        );
    }
    Places& places = ThePlaces();
    const MutexLock lock(places.mutex);
    places.current[IndexOf(library)] = this;
}

LibraryLog::~LibraryLog() {
    Places& places = ThePlaces();
    const MutexLock lock(places.mutex);
    LibraryLog*& current = places.current[IndexOf(library_)];
    if (current == this) current = nullptr;
}

std::int64_t LibraryLog::Admit(Level level) {
    lines_[static_cast<std::size_t>(level)]->Add();
    const SteadyTime now = clock_.Steady();
    if (now - window_begun_ >= kLibraryLinesWindow) {
        window_begun_ = now;
        window_lines_ = 0;
    }
    if (++window_lines_ <= kLibraryLinesMax) return std::exchange(left_out_, 0);
    ++left_out_;
    return -1;
}

void LibraryLog::Write(
    Library library, Level level, std::string_view file, int line, std::string_view message
) {
    std::int64_t left_out = 0;
    {
        Places& places = ThePlaces();
        const MutexLock lock(places.mutex);
        LibraryLog* current = places.current[IndexOf(library)];
        if (current != nullptr) left_out = current->Admit(level);
    }
    if (left_out < 0) return;
    const std::string place(file.substr(file.rfind('/') + 1));
    Log(level,
        message,
        {{"library", kNames[IndexOf(library)]},
         {"at", place + ":" + std::to_string(line)},
         {"left_out_before", left_out}});
}

}  // namespace unibox::obs
