// The OpenAPI document of the real services: whole, and what the transcoder takes.
#include "wire/openapi.hpp"

#include "support/status_matchers.hpp"
#include "unibox/v1/admin_service.pb.h"
#include "unibox/v1/inbox_service.pb.h"
#include "unibox/v1/search_service.pb.h"
#include "wire/json_transcoder.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using Json = nlohmann::json;

namespace {

wire::ProtoComments Comments() {
    std::ifstream file(UNIBOX_BINARY_DIR "/proto/unibox_commented.binpb", std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    REQUIRE_FALSE(bytes.empty());
    return wire::ProtoComments::Parse(bytes).value();
}

std::vector<const google::protobuf::ServiceDescriptor*> Services() {
    return {
        v1::ListConversationsRequest::descriptor()->file()->service(0),
        v1::SearchMessagesRequest::descriptor()->file()->service(0),
        v1::GetTenantRequest::descriptor()->file()->service(0)};
}

Json Document() {
    const auto document = wire::OpenApi(
        Services(),
        Comments(),
        {"Unibox",
         "v1",
         "An inbox.",
         {{"Idempotency-Key", "request_id", "Once."}},
         R"({"type": "object"})"}
    );
    REQUIRE_OK(document);
    return Json::parse(*document);
}

template <typename Visit>
void ForEach(const Json& node, const Visit& visit) {
    visit(node);
    if (!node.is_structured()) return;
    for (const Json& below : node) ForEach(below, visit);
}

template <typename Visit>
void ForEachOperation(const Json& document, const Visit& visit) {
    for (const auto& [path, verbs] : document["paths"].items()) {
        for (const auto& [verb, operation] : verbs.items()) visit(path, verb, operation);
    }
}

const Json& Named(const Json& parameters, const std::string& name) {
    for (const Json& parameter : parameters) {
        if (parameter["name"] == name) return parameter;
    }
    FAIL("no parameter " << name);
    return parameters;
}

}  // namespace

TEST_CASE("OpenAPI: every reference leads to a schema, and every schema is used", "[unit][wire]") {
    const Json document = Document();
    std::set<std::string> referred;
    ForEach(document, [&](const Json& node) {
        if (!node.is_object() || !node.contains("$ref")) return;
        const std::string to = node["$ref"];
        CAPTURE(to);
        CHECK(document.contains(Json::json_pointer(to.substr(1))));
        referred.insert(to.substr(to.rfind('/') + 1));
    });
    for (const auto& [name, schema] : document["components"]["schemas"].items()) {
        CAPTURE(name);
        CHECK(referred.contains(name));
    }
}

TEST_CASE("OpenAPI: each route is one operation with a name of its own", "[unit][wire]") {
    const Json document = Document();
    std::size_t binding_count = 0;
    for (const auto* service : Services()) {
        const auto bindings = wire::HttpBindings(*service);
        REQUIRE_OK(bindings);
        binding_count += bindings->size();
    }
    std::set<std::string> names;
    std::size_t count = 0;
    ForEachOperation(document, [&](const auto& path, const auto& verb, const Json& operation) {
        CAPTURE(path, verb);
        ++count;
        CHECK(names.insert(operation["operationId"]).second);
        CHECK(operation["description"] != "");
        std::set<std::string> in_path;
        for (const Json& parameter : operation["parameters"]) {
            CHECK(parameter["description"] != "");
            if (parameter["in"] == "path") in_path.insert(parameter["name"]);
        }
        std::set<std::string> variables;
        const std::regex variable("\\{([^}]*)\\}");
        const std::string text = path;
        for (std::sregex_iterator at(text.begin(), text.end(), variable), end; at != end; ++at) {
            variables.insert((*at)[1]);
        }
        CHECK(in_path == variables);
    });
    CHECK(count == binding_count);
}

TEST_CASE("OpenAPI: no two paths differ in their variables' names alone", "[unit][wire]") {
    const Json document = Document();
    std::set<std::string> shapes;
    for (const auto& [path, verbs] : document["paths"].items()) {
        CAPTURE(path);
        CHECK(shapes.insert(std::regex_replace(path, std::regex("\\{[^}]*\\}"), "{}")).second);
    }
}

TEST_CASE("OpenAPI: a change of one thing has it as body, its id in the path", "[unit][wire]") {
    const Json document = Document();
    const Json& update = document["paths"]["/v1/channels/{id}"]["patch"];
    CHECK(Named(update["parameters"], "id")["in"] == "path");
    CHECK(Named(update["parameters"], "updateMask")["schema"]["type"] == "string");
    CHECK(update["parameters"].size() == 3);  // And the etag.
    const Json& body = update["requestBody"]["content"]["application/json"]["schema"];
    CHECK(body["$ref"] == "#/components/schemas/ChannelInput");
    const Json& channel = document["components"]["schemas"]["ChannelInput"];
    CHECK(channel["properties"].contains("displayName"));
    CHECK_FALSE(channel.contains("required"));
}

TEST_CASE("OpenAPI: every field of every schema says what it is", "[unit][wire]") {
    const Json document = Document();
    for (const auto& [name, schema] : document["components"]["schemas"].items()) {
        const Json properties = schema.value("properties", Json::object());
        for (const auto& [field, property] : properties.items()) {
            CAPTURE(name, field);
            CHECK(property.value("description", "") != "");
        }
    }
}

TEST_CASE("OpenAPI: what is asked leaves out, what is answered is whole", "[unit][wire]") {
    const Json document = Document();
    const Json& paths = document["paths"];
    const Json& list = paths["/v1/conversations"]["get"];
    CHECK(Named(list["parameters"], "pageSize")["schema"]["type"] == "integer");
    CHECK_FALSE(list.contains("requestBody"));
    const Json& append = paths["/v1/conversations/{conversationId}/messages"]["post"];
    CHECK(Named(append["parameters"], "Idempotency-Key")["in"] == "header");
    CHECK(Named(append["parameters"], "conversationId")["required"] == true);
    const Json& schemas = document["components"]["schemas"];
    const Json& body = schemas["AppendMessageRequest"];
    CHECK_FALSE(body["properties"].contains("conversationId"));
    CHECK(body["properties"]["ifVersion"]["type"] == "string");  // As 64-bit numbers are written.
    CHECK_FALSE(body.contains("required"));
    CHECK(
        body["properties"]["attachments"]["items"]["$ref"] == "#/components/schemas/AttachmentInput"
    );
    const Json& message = schemas["Message"];
    const std::set<std::string> required = message["required"];
    CHECK(required.contains("text"));
    CHECK_FALSE(required.contains("editTime"));
    CHECK(message["properties"]["editTime"]["format"] == "date-time");
    CHECK(
        schemas["Conversation"]["properties"]["attributes"]["additionalProperties"]["type"] ==
        "string"
    );
    CHECK(schemas["ConversationStatus"]["enum"][1] == "CONVERSATION_STATUS_OPEN");
}

TEST_CASE("OpenAPI: bytes that are no protos are refused", "[unit][wire]") {
    CHECK_THAT(
        wire::ProtoComments::Parse("no protos").status(), test::HasCode(Code::kInvalidArgument)
    );
}
