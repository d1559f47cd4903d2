#include "obs/log.hpp"

#include "base/mutex.hpp"
#include "base/time_text.hpp"
#include "obs/json.hpp"
#include "obs/trace_id.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/base_sink-inl.h>  // For a mutex that the library was not built with.
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <memory>

namespace unibox::obs {
namespace {

constexpr std::array<std::string_view, 4> kLevelNames = {"debug", "info", "warn", "error"};
constexpr std::array<spdlog::level::level_enum, 4> kSpdlogLevels = {
    spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err};

// Hands each line to a function: the sink of LogCaptureForTest.
class FunctionSink final : public spdlog::sinks::base_sink<Mutex> {
public:
    explicit FunctionSink(std::function<void(std::string_view)> to) : to_(std::move(to)) {}

protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        to_(std::string_view(message.payload.data(), message.payload.size()));
    }
    void flush_() override {}

private:
    std::function<void(std::string_view)> to_;
};

struct State {
    std::shared_ptr<const std::string> service = std::make_shared<std::string>("unibox");
    std::atomic<Level> level{Level::kInfo};
    std::shared_ptr<spdlog::logger> logger =
        Make(std::make_shared<spdlog::sinks::stderr_sink_mt>());

    static std::shared_ptr<spdlog::logger> Make(spdlog::sink_ptr sink) {
        auto made = std::make_shared<spdlog::logger>("unibox", std::move(sink));
        made->set_pattern("%v");
        made->set_level(spdlog::level::debug);
        made->flush_on(spdlog::level::debug);
        return made;
    }
};

State& TheState() {
    static State& state = *new State;  // Never destroyed: threads may log while statics die.
    return state;
}

std::string& TraceId() {
    thread_local std::string trace_id;
    return trace_id;
}

void AppendValue(std::string& line, const Value& value) {
    if (const auto* text = std::get_if<std::string>(&value)) {
        AppendJsonString(line, std::string_view(*text).substr(0, kTextValueBytesMax));
    } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
        fmt::format_to(std::back_inserter(line), "{}", *number);
    } else if (const auto* flag = std::get_if<bool>(&value)) {
        line += *flag ? "true" : "false";
    } else if (const double real = std::get<double>(value); std::isfinite(real)) {
        fmt::format_to(std::back_inserter(line), "{}", real);
    } else {
        line += "null";  // JSON has no infinities.
    }
}

void AppendText(std::string& line, std::string_view key, std::string_view text) {
    line += line.empty() ? '{' : ',';
    AppendJsonString(line, key);
    line += ':';
    AppendJsonString(line, text.substr(0, kTextValueBytesMax));
}

}  // namespace

std::string_view LevelName(Level level) {
    return kLevelNames[static_cast<std::size_t>(level)];
}

std::optional<Level> ParseLevel(std::string_view name) {
    for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
        if (kLevelNames[i] == name) return static_cast<Level>(i);
    }
    return {};
}

void ConfigureLog(std::string service, Level level) {
    TheState().service = std::make_shared<std::string>(std::move(service));
    TheState().level = level;
}

void Log(Level level, std::string_view message, std::initializer_list<Field> fields) {
    State& state = TheState();
    if (level < state.level.load(std::memory_order_relaxed)) return;
    const auto now = std::chrono::system_clock::now();
    const auto ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
    std::string line;
    line.reserve(256);
    AppendText(line, "time", Rfc3339Of(ms));
    AppendText(line, "level", LevelName(level));
    AppendText(line, "service", *state.service);
    AppendText(line, "message", message);
    for (const Field& field : fields) {
        line += ',';
        AppendJsonString(line, field.key);
        line += ':';
        AppendValue(line, field.value);
    }
    if (!TraceId().empty()) AppendText(line, "trace_id", TraceId());
    line += '}';
    state.logger->log(
        kSpdlogLevels[static_cast<std::size_t>(level)],
        spdlog::string_view_t(line.data(), line.size())
    );
}

LogContext::LogContext(std::string_view traceparent) : before_(TraceId()) {
    if (auto id = TraceIdOf(traceparent); !id.empty()) TraceId() = std::move(id);
}

LogContext::~LogContext() {
    TraceId() = std::move(before_);
}

LogCaptureForTest::LogCaptureForTest(std::function<void(std::string_view)> sink) {
    TheState().logger->sinks() = {std::make_shared<FunctionSink>(std::move(sink))};
    TheState().logger->set_pattern("%v");
}

LogCaptureForTest::~LogCaptureForTest() {
    TheState().logger->sinks() = {std::make_shared<spdlog::sinks::stderr_sink_mt>()};
    TheState().logger->set_pattern("%v");
}

}  // namespace unibox::obs
