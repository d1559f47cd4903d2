// Structured log: one JSON object a line on stderr, for example
//   {"time":"2026-11-22T18:01:16.123Z","level":"info","service":"gateway","message":"ready"}
// Text values longer than kTextValueBytesMax are cut, bytes that are no UTF-8 become U+FFFD. Do not
// log secrets. Thread safety: every function from any thread; ConfigureLog before threads start.
#pragma once

#include "base/status.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace unibox::obs {

constexpr std::size_t kTextValueBytesMax = 4096;

enum class Level { kDebug, kInfo, kWarn, kError };

// "debug", "info", "warn", "error".
std::string_view LevelName(Level level);
std::optional<Level> ParseLevel(std::string_view name);

// Names the process in each line and sets the lowest level that is written. Until it is called:
// "unibox", kInfo.
void ConfigureLog(std::string service, Level level);

using Value = std::variant<std::string, std::int64_t, double, bool>;

// One key and value of a line: {"partition", 3}, {"error", status}, {"owner", name}.
struct Field {
    template <typename T>
    Field(std::string_view name, const T& content) : key(name), value(ToValue(content)) {}

    std::string_view key;
    Value value;

private:
    template <typename T>
    static Value ToValue(const T& content) {
        if constexpr (std::same_as<T, bool>) {
            return content;
        } else if constexpr (std::integral<T> || std::is_enum_v<T>) {
            return static_cast<std::int64_t>(content);
        } else if constexpr (std::floating_point<T>) {
            return static_cast<double>(content);
        } else if constexpr (std::same_as<T, Status>) {
            return content.ToString();
        } else {
            return std::string(std::string_view(content));
        }
    }
};

void Log(Level level, std::string_view message, std::initializer_list<Field> fields = {});

// Gives every line that this thread writes within the scope the trace id of a W3C traceparent.
// Scopes nest; an invalid traceparent adds nothing.
class LogContext {
public:
    explicit LogContext(std::string_view traceparent);
    ~LogContext();
    LogContext(const LogContext&) = delete;
    LogContext& operator=(const LogContext&) = delete;

private:
    std::string before_;
};

// For tests: while it lives, lines (without the newline) go to `sink` instead of stderr. One at a
// time.
class LogCaptureForTest {
public:
    explicit LogCaptureForTest(std::function<void(std::string_view line)> sink);
    ~LogCaptureForTest();
    LogCaptureForTest(const LogCaptureForTest&) = delete;
    LogCaptureForTest& operator=(const LogCaptureForTest&) = delete;
};

}  // namespace unibox::obs
