#include "http/request_head.hpp"

#include "base/strings.hpp"

#include <algorithm>
#include <cstring>

namespace unibox::http {
namespace {

constexpr std::size_t kMethodBytesMax = 32;
constexpr std::size_t kLengthDigitsMax = 18;  // Fits 64 bits.
constexpr std::string_view kBlanks = " \t";

// Characters of tokens: methods and field names (RFC 9110, 5.6.2).
constexpr std::array<bool, 256> TokenTable() {
    std::array<bool, 256> table{};
    for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
    for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
    for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
    for (const char c : std::string_view("!#$%&'*+-.^_`|~")) {
        table[static_cast<unsigned char>(c)] = true;
    }
    return table;
}
constexpr std::array<bool, 256> kToken = TokenTable();

bool IsToken(std::string_view text) {
    if (text.empty()) return false;
    for (const char c : text) {
        if (!kToken[static_cast<unsigned char>(c)]) return false;
    }
    return true;
}

// Visible ASCII without "#": a fragment is never sent.
bool IsTargetText(std::string_view text) {
    for (const char c : text) {
        if (c <= 0x20 || c >= 0x7f || c == '#') return false;
    }
    return true;
}

// No control characters but the tab.
bool IsFieldValue(std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f) return false;
    }
    return true;
}

bool IsHostText(std::string_view text) {
    for (const char c : text) {
        if (c <= 0x20 || c >= 0x7f) return false;
        if (std::string_view("/?#@,\\\"<>{}|^`").find(c) != std::string_view::npos) return false;
    }
    return true;
}

std::string_view TrimBlanks(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// Cuts the first line off `rest`, without its CRLF. The head is known to end in CRLF CRLF.
std::string_view TakeLine(std::string_view* rest) {
    const std::size_t end = rest->find("\r\n");
    const std::string_view line = rest->substr(0, end);
    rest->remove_prefix(end + 2);
    return line;
}

// Calls visit(element) for each element of a comma-separated list.
template <typename Visit>
void ForEachElement(std::string_view list, Visit visit) {
    while (true) {
        const std::size_t comma = list.find(',');
        const std::string_view element = TrimBlanks(list.substr(0, comma));
        if (!element.empty()) visit(element);
        if (comma == std::string_view::npos) return;
        list.remove_prefix(comma + 1);
    }
}

// Cuts "http://authority" off; false if the target does not begin so.
bool TakeAuthority(std::string_view* target) {
    const std::size_t colon = target->find("://");
    if (colon == std::string_view::npos) return false;
    const std::string_view scheme = target->substr(0, colon);
    if (!EqualsIgnoreCaseAscii(scheme, "http") && !EqualsIgnoreCaseAscii(scheme, "https")) {
        return false;
    }
    const std::string_view rest = target->substr(colon + 3);
    const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
    const std::string_view authority = rest.substr(0, end);
    if (authority.empty() || !IsHostText(authority)) return false;
    *target = rest.substr(end);
    return true;
}

// Origin-form, absolute-form (RFC 9112, 3.2.2: a server must take it) or, for OPTIONS, "*".
std::optional<HeadError> ParseTarget(const HeadLimits& limits, Request* request) {
    std::string_view target = request->target;
    if (target.size() > limits.target_bytes_max) return HeadError{414, "the target is too long"};
    if (!IsTargetText(target)) return HeadError{400, "forbidden character in the target"};
    const bool is_asterisk = target == "*" && request->method == "OPTIONS";
    const bool is_origin_form = target.starts_with('/');
    if (!is_asterisk && !is_origin_form && !TakeAuthority(&target)) {
        return HeadError{400, "the target must be an absolute path or an http URL"};
    }
    const std::size_t question = target.find('?');
    request->path = target.substr(0, question);
    if (request->path.empty()) request->path = request->method == "OPTIONS" ? "*" : "/";
    request->query =
        question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
    return std::nullopt;
}

std::optional<HeadError> ParseRequestLine(
    std::string_view line, const HeadLimits& limits, Request* request, Framing* framing
) {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) {
        return HeadError{400, "the request line must be: method target version"};
    }
    request->method = line.substr(0, first);
    request->target = line.substr(first + 1, last - first - 1);
    const std::string_view version = line.substr(last + 1);
    if (!IsToken(request->method) || request->method.size() > kMethodBytesMax) {
        return HeadError{400, "not a method"};
    }
    if (version != "HTTP/1.1" && version != "HTTP/1.0") {
        const bool other_version = version.size() == 8 && version.starts_with("HTTP/") &&
                                   version[6] == '.' && request->method != "PRI";
        return HeadError{other_version ? 505 : 400, "the version must be 1.1 or 1.0"};
    }
    framing->version_1_0 = version == "HTTP/1.0";
    return ParseTarget(limits, request);
}

// Fields that decide the framing, collected while the head is read.
struct FramingFields {
    int host_count = 0;
    int length_count = 0;
    int encoding_count = 0;
    std::string_view host;
    int upgrade_count = 0;
    std::string_view transfer_encoding;
    std::string_view upgrade;
    bool close = false;
    bool keep_alive = false;
    bool names_upgrade = false;  // In Connection.
};

std::optional<HeadError> ParseLength(std::string_view value, Framing* framing) {
    if (value.empty() || value.size() > kLengthDigitsMax) {
        return HeadError{400, "Content-Length is not a number"};
    }
    std::uint64_t length = 0;
    for (const char c : value) {
        if (c < '0' || c > '9') return HeadError{400, "Content-Length is not a number"};
        length = length * 10 + static_cast<std::uint64_t>(c - '0');
    }
    framing->has_length = true;
    framing->content_length = length;
    return std::nullopt;
}

// Looks at one field; only names of the lengths that matter are compared.
std::optional<HeadError> NoteField(
    const HeaderView& field, FramingFields* fields, Framing* framing
) {
    const auto is = [&field](std::string_view name) {
        return EqualsIgnoreCaseAscii(field.name, name);
    };
    switch (field.name.size()) {
        case 4:
            if (is("host")) {
                ++fields->host_count;
                fields->host = field.value;
            }
            break;
        case 6:
            if (is("expect")) {
                if (!EqualsIgnoreCaseAscii(field.value, "100-continue")) {
                    return HeadError{417, "only 100-continue can be expected"};
                }
                framing->expects_continue = true;
            }
            break;
        case 7:
            if (is("upgrade")) {
                ++fields->upgrade_count;
                fields->upgrade = field.value;
            }
            break;
        case 10:
            if (is("connection")) {
                ForEachElement(field.value, [fields](std::string_view option) {
                    if (EqualsIgnoreCaseAscii(option, "close")) fields->close = true;
                    if (EqualsIgnoreCaseAscii(option, "keep-alive")) fields->keep_alive = true;
                    if (EqualsIgnoreCaseAscii(option, "upgrade")) fields->names_upgrade = true;
                });
            }
            break;
        case 14:
            if (is("content-length")) {
                ++fields->length_count;
                return ParseLength(field.value, framing);
            }
            break;
        case 16:
            if (is("content-encoding")) {
                framing->content_encoded |=
                    !field.value.empty() && !EqualsIgnoreCaseAscii(field.value, "identity");
            }
            break;
        case 17:
            if (is("transfer-encoding")) {
                ++fields->encoding_count;
                fields->transfer_encoding = field.value;
            }
            break;
        default:
            break;
    }
    return std::nullopt;
}

std::optional<HeadError> ParseFields(
    std::string_view rest,
    const HeadLimits& limits,
    Request* request,
    FramingFields* fields,
    Framing* framing
) {
    request->headers.clear();
    request->headers.reserve(16);
    while (true) {
        const std::string_view line = TakeLine(&rest);
        if (line.empty()) break;
        if (kBlanks.find(line.front()) != std::string_view::npos) {
            return HeadError{400, "folded fields are refused"};
        }
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || !IsToken(line.substr(0, colon))) {
            return HeadError{400, "not a field name"};
        }
        const HeaderView field{line.substr(0, colon), TrimBlanks(line.substr(colon + 1))};
        if (!IsFieldValue(field.value)) return HeadError{400, "control character in a field"};
        if (request->headers.size() == limits.header_count_max) {
            return HeadError{431, "too many fields"};
        }
        request->headers.push_back(field);
        if (const auto error = NoteField(field, fields, framing)) return error;
    }
    if (!rest.empty()) return HeadError{400, "bytes after the head"};
    return std::nullopt;
}

}  // namespace

std::size_t FindHeadEnd(std::string_view data, const HeadLimits& limits, HeadError* error) {
    *error = {0, {}};
    std::size_t line_begin = 0;
    while (true) {
        const std::size_t lf = data.find('\n', line_begin);
        if (lf == std::string_view::npos) break;
        if (lf == 0 || data[lf - 1] != '\r') {
            *error = {400, "a line must end in CR LF"};
            return 0;
        }
        if (lf - 1 == line_begin) {
            if (line_begin == 0) *error = {400, "no request line"};
            if (lf + 1 > limits.head_bytes_max) *error = {431, "the head is too long"};
            return error->status == 0 ? lf + 1 : 0;
        }
        line_begin = lf + 1;
    }
    // The request line is method, target and version; no more than that is waited for.
    if (line_begin == 0 && data.size() > limits.target_bytes_max + kMethodBytesMax + 16) {
        *error = {414, "the target is too long"};
    } else if (data.size() >= limits.head_bytes_max) {
        *error = {431, "the head is too long"};
    }
    return 0;
}

std::optional<HeadError> ParseHead(const HeadLimits& limits, Request* request, Framing* framing) {
    *framing = {};
    std::string_view rest = request->head;
    if (std::memchr(rest.data(), '\0', rest.size()) != nullptr) {
        return HeadError{400, "NUL in the head"};
    }
    const std::string_view line = TakeLine(&rest);
    if (const auto error = ParseRequestLine(line, limits, request, framing)) return error;
    FramingFields fields;
    const bool version_1_1 = !framing->version_1_0;
    if (const auto error = ParseFields(rest, limits, request, &fields, framing)) return error;
    if (fields.host_count > 1 || (fields.host_count == 0 && version_1_1)) {
        return HeadError{400, "exactly one Host is needed"};
    }
    if (!IsHostText(fields.host)) return HeadError{400, "not a Host"};
    if (fields.length_count > 1) return HeadError{400, "more than one Content-Length"};
    if (fields.encoding_count > 1) return HeadError{400, "more than one Transfer-Encoding"};
    if (fields.encoding_count == 1) {
        if (fields.length_count == 1) {
            return HeadError{400, "both Content-Length and Transfer-Encoding"};
        }
        if (!version_1_1) return HeadError{400, "Transfer-Encoding in HTTP/1.0"};
        if (!EqualsIgnoreCaseAscii(fields.transfer_encoding, "chunked")) {
            return HeadError{400, "Transfer-Encoding must be exactly chunked"};
        }
        framing->chunked = true;
    }
    const bool has_body = framing->chunked || framing->content_length > 0;
    const bool may_upgrade = version_1_1 && request->method == "GET" && !has_body &&
                             fields.names_upgrade && fields.upgrade_count == 1;
    request->upgrade = may_upgrade ? fields.upgrade : std::string_view();
    framing->keep_alive = version_1_1 ? !fields.close : fields.keep_alive && !fields.close;
    framing->expects_continue = framing->expects_continue && version_1_1;
    return std::nullopt;
}

}  // namespace unibox::http
