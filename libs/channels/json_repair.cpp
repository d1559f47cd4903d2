#include "base/utf8.hpp"
#include "channels/json.hpp"

#include <cstdint>

namespace unibox::channels {
namespace {

constexpr std::size_t kPlainDigitsMax = 18;  // Always fits 64 bits.
constexpr std::string_view kReplacementEscape = "\\ufffd";

bool IsNumberCharacter(char c) {
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

class Repairer {
public:
    Repairer(std::string_view body, std::string_view utf8_replacement, JsonRepairs& repairs)
        : rest_(body), utf8_replacement_(utf8_replacement), repairs_(repairs) {
        out_.reserve(body.size() + 64);
    }

    std::string Run() {
        while (!rest_.empty()) Step();
        return std::move(out_);
    }

private:
    void Step() {
        const char c = rest_.front();
        if (c == '"') return String();
        if (c == '-' || (c >= '0' && c <= '9')) return Number();
        if (c == '{' || c == '[') {
            if (depth_ == kJsonDepthMax) return PassOver();
            ++depth_;
        }
        if ((c == '}' || c == ']') && depth_ > 0) --depth_;
        Copy(1);
    }

    void Copy(std::size_t count) {
        out_ += rest_.substr(0, count);
        rest_.remove_prefix(std::min(count, rest_.size()));
    }
    void Replace(std::size_t count, std::string_view replacement) {
        out_ += replacement;
        rest_.remove_prefix(std::min(count, rest_.size()));
    }

    void Number() {
        std::size_t size = 1;
        while (size < rest_.size() && IsNumberCharacter(rest_[size])) ++size;
        if (size <= kPlainDigitsMax &&
            rest_.substr(0, size).find_first_of("eE") == std::string_view::npos) {
            return Copy(size);
        }
        repairs_.number = true;
        out_ += '"';
        Copy(size);
        out_ += '"';
    }

    void String() {
        Copy(1);
        while (!rest_.empty()) {
            const auto c = static_cast<unsigned char>(rest_.front());
            if (c == '"') return Copy(1);
            if (c == '\\') {
                Escape();
            } else if (c < 0x20) {
                ControlCharacter(c);
            } else if (const std::size_t length = Utf8SequenceLength(rest_)) {
                Copy(length);
            } else {
                repairs_.utf8 = true;
                Replace(1, utf8_replacement_);
            }
        }
    }

    void ControlCharacter(unsigned char c) {
        static constexpr std::string_view kDigits = "0123456789abcdef";
        repairs_.syntax = true;
        const char escape[] = {'\\', 'u', '0', '0', kDigits[c >> 4], kDigits[c & 15]};
        Replace(1, {escape, sizeof escape});
    }

    // The code unit of \uXXXX at an offset, or -1.
    std::int32_t CodeUnitAt(std::size_t offset) const {
        if (rest_.size() < offset + 6 || rest_[offset] != '\\' || rest_[offset + 1] != 'u')
            return -1;
        std::int32_t unit = 0;
        for (std::size_t i = offset + 2; i < offset + 6; ++i) {
            const char c = rest_[i];
            const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
            if (!((lower >= '0' && lower <= '9') || (lower >= 'a' && lower <= 'f'))) return -1;
            unit = unit * 16 + (lower <= '9' ? lower - '0' : lower - 'a' + 10);
        }
        return unit;
    }

    void Escape() {
        static constexpr std::string_view kSimple = "\"\\/bfnrt";
        if (rest_.size() > 1 && kSimple.find(rest_[1]) != std::string_view::npos) return Copy(2);
        const std::int32_t unit = CodeUnitAt(0);
        if (unit < 0) {
            repairs_.syntax = true;
            return Replace(2, kReplacementEscape);
        }
        if (unit < 0xD800 || unit > 0xDFFF) return Copy(6);
        const std::int32_t second = CodeUnitAt(6);
        if (unit < 0xDC00 && second >= 0xDC00 && second <= 0xDFFF) return Copy(12);
        repairs_.surrogate = true;
        Replace(6, kReplacementEscape);
    }

    // Replaces the array or object at the front by null, however deep it is.
    void PassOver() {
        repairs_.depth = true;
        std::size_t depth = 0;
        bool in_string = false;
        std::size_t i = 0;
        for (; i < rest_.size(); ++i) {
            const char c = rest_[i];
            if (in_string) {
                if (c == '\\') ++i;
                if (c == '"') in_string = false;
                continue;
            }
            if (c == '"') in_string = true;
            if (c == '{' || c == '[') ++depth;
            if ((c == '}' || c == ']') && --depth == 0) break;
        }
        Replace(i + 1, "null");
    }

    std::string_view rest_;
    std::string_view utf8_replacement_;
    JsonRepairs& repairs_;
    std::string out_;
    std::size_t depth_ = 0;
};

}  // namespace

std::string RepairJson(
    std::string_view body, std::string_view utf8_replacement, JsonRepairs& repairs
) {
    return Repairer(body, utf8_replacement, repairs).Run();
}

}  // namespace unibox::channels
