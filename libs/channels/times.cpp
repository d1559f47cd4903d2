#include "channels/times.hpp"

#include "base/strings.hpp"

#include <array>
#include <chrono>
#include <cmath>
#include <optional>

namespace unibox::channels {
namespace {

constexpr std::int64_t kSecondsBelow = 100'000'000'000;
constexpr std::int64_t kMillisBelow = kSecondsBelow * 1000;
constexpr std::int64_t kMicrosBelow = kMillisBelow * 1000;

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
    // Digits after a decimal point as milliseconds; further digits are passed over.
    int FractionMs() {
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
    bool ok() const { return ok_; }
    std::string_view rest() const { return rest_; }

private:
    int Fail() {
        ok_ = false;
        return -1;
    }
    std::string_view rest_;
    bool ok_ = true;
};

struct CivilTime {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, milli = 0;
    int offset_minutes = 0;
};

std::int64_t ToUnixMs(const CivilTime& t) {
    const std::chrono::year_month_day date{
        std::chrono::year(t.year),
        std::chrono::month(static_cast<unsigned>(t.month)),
        std::chrono::day(static_cast<unsigned>(t.day))};
    if (!date.ok() || t.hour > 23 || t.minute > 59 || t.second > 60) return 0;
    const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
    const std::int64_t minutes = days * 1440 + t.hour * 60 + t.minute - t.offset_minutes;
    const std::int64_t unix_ms = (minutes * 60 + t.second) * 1000 + t.milli;
    return unix_ms > 0 ? unix_ms : 0;
}

// "Z", "GMT", "+01:00", "+0100" or nothing.
int ReadOffsetMinutes(Reader& reader) {
    if (reader.rest().empty() || reader.Take("Z") || reader.Take("z") || reader.Take("GMT") ||
        reader.Take("UTC")) {
        return 0;
    }
    const bool negative = reader.Take("-");
    if (!negative) reader.Expect("+");
    const int hours = reader.Digits(2);
    reader.Take(":");
    const int minutes = reader.Digits(2);
    return (negative ? -1 : 1) * (hours * 60 + minutes);
}

std::int64_t Rfc1123Ms(std::string_view text) {
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
    time.offset_minutes = ReadOffsetMinutes(reader);
    return reader.ok() && reader.rest().empty() ? ToUnixMs(time) : 0;
}

}  // namespace

std::int64_t UnixTimeMs(std::int64_t number) {
    if (number <= 0) return 0;
    if (number < kSecondsBelow) return number * 1000;
    if (number < kMillisBelow) return number;
    if (number < kMicrosBelow) return number / 1000;
    return number / 1'000'000;
}

std::int64_t UnixTimeMs(double number) {
    if (!(number > 0) || number >= 9e18) return 0;
    if (number < static_cast<double>(kSecondsBelow)) return std::llround(number * 1000);
    return UnixTimeMs(static_cast<std::int64_t>(number));
}

std::int64_t Rfc3339Ms(std::string_view text) {
    Reader reader(text);
    CivilTime time;
    time.year = reader.Digits(4);
    reader.Expect("-");
    time.month = reader.Digits(2);
    reader.Expect("-");
    time.day = reader.Digits(2);
    if (!reader.Take("T") && !reader.Take("t")) reader.Expect(" ");
    time.hour = reader.Digits(2);
    reader.Expect(":");
    time.minute = reader.Digits(2);
    if (reader.Take(":")) time.second = reader.Digits(2);
    if (reader.Take(".") || reader.Take(",")) time.milli = reader.FractionMs();
    time.offset_minutes = ReadOffsetMinutes(reader);
    return reader.ok() && reader.rest().empty() ? ToUnixMs(time) : 0;
}

std::int64_t TextTimeMs(std::string_view text) {
    text = TrimSpace(text);
    if (const auto number = ParseInt64(text)) return UnixTimeMs(*number);
    const auto point = text.find('.');
    if (point != text.npos && ParseInt64(text.substr(0, point))) {
        Reader fraction(text.substr(point + 1));
        const int milli = fraction.FractionMs();
        const std::int64_t whole_ms = UnixTimeMs(*ParseInt64(text.substr(0, point)));
        return fraction.rest().empty() && whole_ms > 0 ? whole_ms + milli : 0;
    }
    if (const std::int64_t unix_ms = Rfc3339Ms(text); unix_ms != 0) return unix_ms;
    return Rfc1123Ms(text);
}

}  // namespace unibox::channels
