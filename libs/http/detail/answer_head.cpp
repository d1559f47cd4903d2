#include "http/detail/answer_head.hpp"

namespace unibox::http::detail {

void AppendHead(const Response& response, const AnswerHead& head, std::string* out) {
    out->append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
    out->append(ReasonPhrase(response.status)).append("\r\nDate: ").append(head.date);
    if (!response.content_type.empty()) {
        out->append("\r\nContent-Type: ").append(response.content_type);
    }
    for (const Header& header : response.headers) {
        out->append("\r\n").append(header.name).append(": ").append(header.value);
    }
    if (!head.trace_id.empty()) out->append("\r\nTrace-Id: ").append(head.trace_id);
    if (head.body_end == BodyEnd::kAtLength) {
        out->append("\r\nContent-Length: ").append(std::to_string(head.body_bytes));
    } else if (head.body_end == BodyEnd::kAtLastChunk) {
        out->append("\r\nTransfer-Encoding: chunked");
    }
    if (head.body_end == BodyEnd::kSwitched) {
        out->append("\r\nConnection: Upgrade");
    } else if (head.close) {
        out->append("\r\nConnection: close");
    } else if (head.version_1_0) {
        out->append("\r\nConnection: keep-alive");
    }
    out->append("\r\n\r\n");
}

}  // namespace unibox::http::detail
