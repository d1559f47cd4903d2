#include "uniboxctl/retime.hpp"

#include "base/strings.hpp"
#include "base/time_text.hpp"

#include <optional>
#include <vector>

namespace unibox::ctl {
namespace {

enum class Form { kSeconds, kMillis, kRfc3339 };

struct Found {
    std::size_t start = 0;
    std::size_t length = 0;
    Form form = Form::kSeconds;
    std::int64_t unix_ms = 0;
};

std::size_t SkipBlanks(std::string_view text, std::size_t i) {
    while (i < text.size() &&
           (text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r'))
        ++i;
    return i;
}

std::size_t CountDigits(std::string_view text, std::size_t i) {
    const std::size_t start = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i - start;
}

std::optional<Found> ReadRfc3339(std::string_view body, std::size_t start) {
    const std::size_t end = body.find('"', start);
    if (end == std::string_view::npos) return {};
    const auto unix_ms = ParseRfc3339(body.substr(start, end - start), Rfc3339::kStrict);
    if (!unix_ms) return {};
    return Found{start, end - start, Form::kRfc3339, *unix_ms};
}

// The time whose value begins at `i`.
std::optional<Found> ReadTime(std::string_view body, std::size_t i) {
    const bool quoted = i < body.size() && body[i] == '"';
    if (quoted) ++i;
    const std::size_t digits = CountDigits(body, i);
    if (digits == 10 || digits == 13) {
        const std::size_t after = i + digits;
        const char next = after < body.size() ? body[after] : ' ';
        if (quoted ? next != '"' : next == '.') return {};
        const auto value = ParseInt64(body.substr(i, digits)).value_or(0);
        const Form form = digits == 10 ? Form::kSeconds : Form::kMillis;
        return Found{i, digits, form, form == Form::kSeconds ? value * 1000 : value};
    }
    return quoted ? ReadRfc3339(body, i) : std::nullopt;
}

std::vector<Found> FindTimes(
    std::string_view body, std::span<const std::string_view> time_members
) {
    std::vector<Found> times;
    for (std::size_t i = 0; i < body.size(); ++i) {
        if (body[i] != '"') continue;
        for (const std::string_view key : time_members) {
            const std::size_t end = i + 1 + key.size();
            if (body.substr(i + 1, key.size()) != key || end >= body.size() || body[end] != '"') {
                continue;
            }
            std::size_t value = SkipBlanks(body, end + 1);
            if (value >= body.size() || body[value] != ':') continue;
            value = SkipBlanks(body, value + 1);
            if (const auto found = ReadTime(body, value)) times.push_back(*found);
        }
    }
    return times;
}

std::string TextOf(Form form, std::int64_t unix_ms) {
    if (form == Form::kMillis) return std::to_string(unix_ms);
    if (form == Form::kSeconds) return std::to_string(unix_ms / 1000);
    return Rfc3339Of(unix_ms);
}

}  // namespace

std::string RetimeBody(
    std::string_view body, std::span<const std::string_view> time_members, std::int64_t now_ms
) {
    const std::vector<Found> times = FindTimes(body, time_members);
    std::int64_t newest = 0;
    for (const Found& time : times) newest = std::max(newest, time.unix_ms);
    std::string out;
    std::size_t copied = 0;
    for (const Found& time : times) {
        out += body.substr(copied, time.start - copied);
        out += TextOf(time.form, time.unix_ms - newest + now_ms);
        copied = time.start + time.length;
    }
    out += body.substr(copied);
    return out;
}

}  // namespace unibox::ctl
