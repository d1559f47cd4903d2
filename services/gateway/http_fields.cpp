#include "gateway/http_fields.hpp"

#include "api_error/api_error.hpp"
#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "crypto/hash.hpp"
#include "gateway/fields.hpp"
#include "unibox/v1/conversation.pb.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace unibox::gateway {
namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

constexpr std::size_t kContentTagBytes = 15;  // 120 bits: 20 characters.

const Field* FieldOf(const pb::Message& message, const char* name, Field::CppType type) {
    const Field* field = message.GetDescriptor()->FindFieldByName(name);
    return field != nullptr && !field->is_repeated() && field->cpp_type() == type ? field : nullptr;
}

// Of a quoted string of RFC 8941 what is in it; of anything else the text itself.
std::optional<std::string> Unquoted(std::string_view text) {
    if (!text.starts_with('"')) return std::string(text);
    std::string value;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '"') {
            return i + 1 == text.size() ? std::optional(value) : std::nullopt;
        }
        const bool is_escape = text[i] == '\\';
        if (is_escape && (++i == text.size() || (text[i] != '"' && text[i] != '\\'))) return {};
        value += text[i];
    }
    return {};
}

std::ptrdiff_t CountOf(const http::Request& request, std::string_view name) {
    return std::count_if(
        request.headers.begin(),
        request.headers.end(),
        [&](const http::HeaderView& header) { return EqualsIgnoreCaseAscii(header.name, name); }
    );
}

Status TakeRequestId(const http::Request& request, pb::Message* message) {
    const Field* field = FieldOf(*message, "request_id", Field::CPPTYPE_STRING);
    if (field == nullptr || !request.Find("idempotency-key")) return {};
    const auto key = Unquoted(*request.Find("idempotency-key"));
    if (!key || key->empty() || CountOf(request, "idempotency-key") > 1) {
        return WrongField("request_id", "one key, plain or in quotes, in Idempotency-Key");
    }
    const pb::Reflection& reflection = *message->GetReflection();
    const std::string said = reflection.GetString(*message, field);
    if (!said.empty() && said != *key) {
        return WrongField("request_id", "the same in the body and in Idempotency-Key");
    }
    reflection.SetString(message, field, *key);
    return {};
}

Status TakeConsistencyToken(const http::Request& request, pb::Message* message) {
    const Field* field = FieldOf(*message, "consistency_token", Field::CPPTYPE_STRING);
    const auto token = request.Find("consistency-token");
    if (field == nullptr || !token) return {};
    if (CountOf(request, "consistency-token") > 1) {
        return WrongField("consistency_token", "one token, in Consistency-Token");
    }
    const pb::Reflection& reflection = *message->GetReflection();
    const std::string said = reflection.GetString(*message, field);
    if (!said.empty() && said != *token) {
        return WrongField("consistency_token", "the same in the query and in Consistency-Token");
    }
    reflection.SetString(message, field, std::string(*token));
    return {};
}

// Compared weakly, as If-None-Match is (RFC 9110, 8.8.3.2).
std::string_view WithoutWeakness(std::string_view entity_tag) {
    if (entity_tag.starts_with("W/")) entity_tag.remove_prefix(2);
    return entity_tag;
}

// A proxy that packs an answer makes its ETag weak, with W/; it names the same version.
std::optional<std::int64_t> VersionOf(std::string_view entity_tag) {
    if (entity_tag == "*") return 0;
    entity_tag = WithoutWeakness(entity_tag);
    const bool is_quoted =
        entity_tag.size() > 2 && entity_tag.front() == '"' && entity_tag.back() == '"';
    if (!is_quoted) return {};
    const auto version = ParseInt64(entity_tag.substr(1, entity_tag.size() - 2));
    return version && *version > 0 ? version : std::nullopt;
}

Status TakeVersion(const http::Request& request, pb::Message* message) {
    const Field* field = FieldOf(*message, "if_version", Field::CPPTYPE_INT64);
    if (field == nullptr || !request.Find("if-match")) return {};
    const auto version = VersionOf(JoinedHeader(request, "if-match"));
    if (!version) return WrongField("if_version", "one version in quotes, or *, in If-Match");
    const pb::Reflection& reflection = *message->GetReflection();
    const std::int64_t said = reflection.GetInt64(*message, field);
    if (said != 0 && said != *version) {
        return WrongField("if_version", "the same in the body and in If-Match");
    }
    reflection.SetInt64(message, field, *version);
    return {};
}

// Of an entity tag in quotes what is in it, weak or not; "" of *.
std::optional<std::string> TagIn(std::string_view entity_tag) {
    if (entity_tag == "*") return "";
    entity_tag = WithoutWeakness(entity_tag);
    const bool is_quoted =
        entity_tag.size() > 2 && entity_tag.front() == '"' && entity_tag.back() == '"';
    if (!is_quoted || entity_tag.find('"', 1) + 1 != entity_tag.size()) return {};
    return std::string(entity_tag.substr(1, entity_tag.size() - 2));
}

Status TakeEtag(const http::Request& request, pb::Message* message) {
    const Field* field = FieldOf(*message, "etag", Field::CPPTYPE_STRING);
    if (field == nullptr || !request.Find("if-match")) return {};
    const auto tag = TagIn(JoinedHeader(request, "if-match"));
    if (!tag) return WrongField("etag", "one entity tag in quotes, or *, in If-Match");
    const pb::Reflection& reflection = *message->GetReflection();
    const std::string said = reflection.GetString(*message, field);
    if (!said.empty() && said != *tag) {
        return WrongField("etag", "the same in the request and in If-Match");
    }
    reflection.SetString(message, field, *tag);
    return {};
}

// The answer itself, or what it holds; null if there is none.
const v1::Conversation* ConversationIn(const pb::Message& message) {
    if (const auto* conversation = dynamic_cast<const v1::Conversation*>(&message)) {
        return conversation;
    }
    const Field* field = FieldOf(message, "conversation", Field::CPPTYPE_MESSAGE);
    if (field == nullptr || !message.GetReflection()->HasField(message, field)) return nullptr;
    return dynamic_cast<const v1::Conversation*>(
        &message.GetReflection()->GetMessage(message, field)
    );
}

// Ours hold neither commas nor quotes, so what is split within another's tag matches none.
bool Names(std::string_view entity_tags, std::string_view wanted) {
    for (const std::string_view one : Split(entity_tags, ',')) {
        const std::string_view tag = TrimSpace(one);
        if (tag == "*" || WithoutWeakness(tag) == WithoutWeakness(wanted)) return true;
    }
    return false;
}

}  // namespace

std::string JoinedHeader(const http::Request& request, std::string_view name) {
    std::string joined;
    for (const http::HeaderView& header : request.headers) {
        if (!EqualsIgnoreCaseAscii(header.name, name)) continue;
        joined += joined.empty() ? "" : ", ";
        joined += header.value;
    }
    return joined;
}

Status CheckContentType(const http::Request& request) {
    if (request.body.empty()) return {};
    const std::string said = ToLowerAscii(JoinedHeader(request, "content-type"));
    const std::size_t end = std::min(said.find(';'), said.size());
    const std::string_view type = TrimSpace(std::string_view(said).substr(0, end));
    const std::string_view parameter = TrimSpace(std::string_view(said).substr(end));
    const std::string_view charset = TrimSpace(parameter.substr(parameter.empty() ? 0 : 1));
    const bool is_utf8 =
        charset.empty() || charset == "charset=utf-8" || charset == "charset=\"utf-8\"";
    if (type == "application/json" && is_utf8) return {};
    return InvalidArgument("the body must be JSON, with Content-Type: application/json")
        .WithReason(api_error::kContentTypeUnsupported)
        .WithField("body");
}

Status TakeHeaders(const http::Request& request, pb::Message* message) {
    UNIBOX_RETURN_IF_ERROR(TakeRequestId(request, message));
    UNIBOX_RETURN_IF_ERROR(TakeConsistencyToken(request, message));
    UNIBOX_RETURN_IF_ERROR(TakeEtag(request, message));
    return TakeVersion(request, message);
}

void TellHeaders(const pb::Message& message, http::Response* response) {
    if (const v1::Conversation* conversation = ConversationIn(message)) {
        response->headers.push_back({"ETag", '"' + std::to_string(conversation->version()) + '"'});
    }
    if (const Field* tag = FieldOf(message, "etag", Field::CPPTYPE_STRING)) {
        const std::string etag = message.GetReflection()->GetString(message, tag);
        if (!etag.empty()) response->headers.push_back({"ETag", '"' + etag + '"'});
    }
    const Field* field = FieldOf(message, "consistency_token", Field::CPPTYPE_STRING);
    if (field == nullptr) return;
    std::string token = message.GetReflection()->GetString(message, field);
    if (!token.empty()) response->headers.push_back({"Consistency-Token", std::move(token)});
}

void AnswerIfNew(const http::Request& request, http::Response* response) {
    if (!response->Find("ETag")) {
        const std::string digest = crypto::Sha256(response->body).substr(0, kContentTagBytes);
        response->headers.push_back({"ETag", "W/\"" + Base64UrlEncode(digest) + '"'});
    }
    const std::string known = JoinedHeader(request, "if-none-match");
    if (known.empty() || !Names(known, *response->Find("ETag"))) return;
    response->status = 304;
    response->content_type.clear();
    response->body.clear();
}

}  // namespace unibox::gateway
