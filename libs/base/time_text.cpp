#include "base/time_text.hpp"

#include "base/strings.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <span>

namespace unibox {
namespace {

// Reads a text from left to right; after the first mismatch every further read fails too.
class Reader {
public:
    explicit Reader(std::string_view text) : rest_(text) {}

    int Digits(std::size_t count) {
        if (rest_.size() < count) return Fail();
        int value = 0;
        for (std::size_t i = 0; i < count; ++i) {
            if (rest_[i] < '0' || rest_[i] > '9') return Fail();
            value = value * 10 + (rest_[i] - '0');
        }
        rest_.remove_prefix(count);
        return value;
    }
    bool Take(std::string_view wanted) {
        if (!rest_.starts_with(wanted)) return false;
        rest_.remove_prefix(wanted.size());
        return true;
    }
    void Expect(std::string_view wanted) {
        if (!Take(wanted)) Fail();
    }
    // Digits after a decimal point, one at least, as milliseconds; further ones are passed over.
    int FractionMs() {
        if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') return Fail();
        int value = 0;
        int scale = 100;
        while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
            value += (rest_.front() - '0') * scale;
            scale /= 10;
            rest_.remove_prefix(1);
        }
        return value;
    }
    // The first of `words` that the text goes on with, or -1.
    int OneOf(std::span<const std::string_view> words) {
        for (std::size_t i = 0; i < words.size(); ++i) {
            if (Take(words[i])) return static_cast<int>(i);
        }
        return Fail();
    }
    int Fail() {
        ok_ = false;
        return -1;
    }
    bool ok() const { return ok_; }
    std::string_view rest() const { return rest_; }

private:
    std::string_view rest_;
    bool ok_ = true;
};

struct CivilTime {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, milli = 0;
    int offset_minutes = 0;
};

std::optional<std::int64_t> ToUnixMs(const CivilTime& t) {
    const std::chrono::year_month_day date{
        std::chrono::year(t.year),
        std::chrono::month(static_cast<unsigned>(t.month)),
        std::chrono::day(static_cast<unsigned>(t.day))};
    if (!date.ok() || t.hour > 23 || t.minute > 59 || t.second > 60) return {};
    const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
    const std::int64_t minutes = days * 1440 + t.hour * 60 + t.minute - t.offset_minutes;
    return (minutes * 60 + t.second) * 1000 + t.milli;
}

int ReadOffsetMinutes(Reader& reader, Rfc3339 form) {
    if (reader.Take("Z") || reader.Take("z")) return 0;
    const bool lenient = form == Rfc3339::kLenient;
    if (lenient && (reader.rest().empty() || reader.Take("GMT") || reader.Take("UTC"))) return 0;
    const bool negative = reader.Take("-");
    if (!negative) reader.Expect("+");
    const int hours = reader.Digits(2);
    if (!reader.Take(":") && !lenient) reader.Expect(":");
    const int minutes = reader.Digits(2);
    if (hours > 23 || minutes > 59) return reader.Fail();
    return (negative ? -1 : 1) * (hours * 60 + minutes);
}

std::optional<std::int64_t> Finished(const Reader& reader, const CivilTime& time) {
    if (!reader.ok() || !reader.rest().empty()) return {};
    return ToUnixMs(time);
}

}  // namespace

std::optional<std::int64_t> ParseRfc3339(std::string_view text, Rfc3339 form) {
    const bool lenient = form == Rfc3339::kLenient;
    Reader reader(text);
    CivilTime time;
    time.year = reader.Digits(4);
    reader.Expect("-");
    time.month = reader.Digits(2);
    reader.Expect("-");
    time.day = reader.Digits(2);
    if (!reader.Take("T") && !reader.Take("t")) reader.Expect(lenient ? " " : "T");
    time.hour = reader.Digits(2);
    reader.Expect(":");
    time.minute = reader.Digits(2);
    const bool has_seconds = reader.Take(":");
    if (has_seconds) time.second = reader.Digits(2);
    if (!has_seconds && !lenient) reader.Expect(":");
    if (reader.Take(".") || (lenient && reader.Take(","))) time.milli = reader.FractionMs();
    time.offset_minutes = ReadOffsetMinutes(reader, form);
    return Finished(reader, time);
}

std::optional<std::int64_t> ParseRfc1123(std::string_view text) {
    static constexpr std::array<std::string_view, 12> kMonths = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (const auto comma = text.find(','); comma != text.npos) text.remove_prefix(comma + 1);
    text = TrimSpace(text);
    Reader reader(text);
    CivilTime time;
    const bool one_digit = text.size() > 1 && text[1] == ' ';
    time.day = reader.Digits(one_digit ? 1 : 2);
    reader.Expect(" ");
    time.month = reader.OneOf(kMonths) + 1;
    reader.Expect(" ");
    time.year = reader.Digits(4);
    reader.Expect(" ");
    time.hour = reader.Digits(2);
    reader.Expect(":");
    time.minute = reader.Digits(2);
    if (reader.Take(":")) time.second = reader.Digits(2);
    reader.Take(" ");
    time.offset_minutes = ReadOffsetMinutes(reader, Rfc3339::kLenient);
    return Finished(reader, time);
}

std::string Rfc3339Of(std::int64_t unix_ms) {
    const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(unix_ms)};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    return fmt::format(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()),
        clock.hours().count(),
        clock.minutes().count(),
        clock.seconds().count(),
        clock.subseconds().count()
    );
}

}  // namespace unibox
