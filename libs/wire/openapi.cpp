#include "wire/openapi.hpp"

#include "wire/detail/openapi_schemas.hpp"
#include "wire/json_transcoder.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace unibox::wire {
namespace {

namespace pb = google::protobuf;
using detail::Json;
using detail::Schemas;

constexpr const char* kJsonType = "application/json";
constexpr const char* kProblemType = "application/problem+json";

std::string LowerFirst(std::string name) {
    if (!name.empty()) name[0] = static_cast<char>(std::tolower(name[0]));
    return name;
}

// A variable of the path: "conversationId" of conversation_id, and "id" of channel.id, as paths
// that differ in nothing but their variables' names are one.
std::string VariableOf(const std::string& field) {
    return JsonName(std::string_view(field).substr(field.rfind('.') + 1));
}

// "/v1/conversations/{conversation_id}:close" with the names as JSON has them.
std::string PathOf(const HttpBinding& binding) {
    std::string path = binding.pattern;
    for (const std::string& field : binding.path_fields) {
        const std::string variable = "{" + field + "}";
        path.replace(path.find(variable), variable.size(), "{" + VariableOf(field) + "}");
    }
    return path;
}

// "channel.id"; bindings have fields that are there.
const pb::FieldDescriptor& FieldAt(const pb::Descriptor& message, const std::string& path) {
    const auto dot = path.find('.');
    const pb::FieldDescriptor& field = *message.FindFieldByName(path.substr(0, dot));
    if (dot == std::string::npos) return field;
    return FieldAt(*field.message_type(), path.substr(dot + 1));
}

class Document {
public:
    Document(const ProtoComments& comments, const OpenApiInfo& info)
        : comments_(comments), info_(info), schemas_(comments) {}

    void Add(const HttpBinding& binding) {
        Json operation;
        operation["operationId"] = OperationId(*binding.method);
        operation["tags"] = Json::array({binding.method->service()->name()});
        operation["description"] = comments_.Of(binding.method->full_name());
        operation["parameters"] = Parameters(binding);
        if (!binding.body.empty()) operation["requestBody"] = Body(binding);
        operation["responses"] = {
            {"200",
             {{"description", comments_.Of(binding.method->output_type()->full_name())},
              {"content",
               {{kJsonType, {{"schema", schemas_.Answer(*binding.method->output_type())}}}}}}},
            {"default", {{"$ref", "#/components/responses/Problem"}}}};
        std::string verb = binding.verb;
        std::transform(verb.begin(), verb.end(), verb.begin(), [](unsigned char c) {
            return static_cast<char>(std::tolower(c));
        });
        paths_[PathOf(binding)][verb] = std::move(operation);
    }

    std::string Write(Json problem) {
        Json document;
        document["openapi"] = "3.1.0";
        document["info"] = {
            {"title", info_.title}, {"version", info_.version}, {"description", info_.description}};
        document["servers"] = Json::array({{{"url", "/"}}});
        document["security"] = Json::array({{{"bearer", Json::array()}}});
        document["paths"] = std::move(paths_);
        Json schemas = schemas_.TakeAll();
        schemas["Problem"] = std::move(problem);
        document["components"] = {
            {"securitySchemes",
             {{"bearer",
               {{"type", "http"},
                {"scheme", "bearer"},
                {"description", "An API key (ubk_…) or the token of an agent (JWT)."}}}}},
            {"responses",
             {{"Problem",
               {{"description", "Why not."},
                {"content",
                 {{kProblemType, {{"schema", {{"$ref", "#/components/schemas/Problem"}}}}}}}}}}},
            {"schemas", std::move(schemas)}};
        return document.dump();
    }

private:
    // A method with several routes has an operation for each.
    std::string OperationId(const pb::MethodDescriptor& method) {
        const std::string name = LowerFirst(method.name());
        for (int n = 1;; ++n) {
            std::string id = n == 1 ? name : name + std::to_string(n);
            if (operations_.insert(id).second) return id;
        }
    }

    Json Parameters(const HttpBinding& binding) {
        Json parameters = Json::array();
        const pb::Descriptor& request = *binding.method->input_type();
        for (const std::string& name : binding.path_fields) {
            parameters.push_back(Parameter(VariableOf(name), FieldAt(request, name), "path"));
        }
        if (binding.body != "*") AddQuery(request, "", binding, &parameters);
        for (const HeaderField& header : info_.headers) {
            if (request.FindFieldByName(header.field) == nullptr) continue;
            parameters.push_back(
                {{"name", header.header},
                 {"in", "header"},
                 {"required", false},
                 {"description", header.description},
                 {"schema", {{"type", "string"}}}}
            );
        }
        return parameters;
    }

    void AddQuery(
        const pb::Descriptor& message,
        const std::string& prefix,
        const HttpBinding& binding,
        Json* parameters
    ) {
        for (int i = 0; i < message.field_count(); ++i) {
            const pb::FieldDescriptor& field = *message.field(i);
            const std::string path = prefix + field.name();
            const auto& bound = binding.path_fields;
            if (path == binding.body || std::count(bound.begin(), bound.end(), path) > 0) continue;
            if (!Schemas::IsPlain(field)) {
                AddQuery(*field.message_type(), path + ".", binding, parameters);
                continue;
            }
            parameters->push_back(Parameter(JsonName(path), field, "query"));
        }
    }

    Json Parameter(const std::string& name, const pb::FieldDescriptor& field, const char* in) {
        return {
            {"name", name},
            {"in", in},
            {"required", std::string_view(in) == "path"},
            {"description", comments_.Of(field.full_name())},
            {"schema", schemas_.Bare(field)}};
    }

    Json Body(const HttpBinding& binding) {
        const pb::Descriptor& request = *binding.method->input_type();
        const bool is_whole = binding.body == "*";
        Json schema = is_whole ? schemas_.Asked(request, binding.path_fields)
                               : schemas_.Input(*FieldAt(request, binding.body).message_type());
        return {{"required", true}, {"content", {{kJsonType, {{"schema", std::move(schema)}}}}}};
    }

    const ProtoComments& comments_;
    const OpenApiInfo& info_;
    Schemas schemas_;
    std::set<std::string> operations_;
    Json paths_ = Json::object();
};

}  // namespace

Result<std::string> OpenApi(
    std::span<const pb::ServiceDescriptor* const> services,
    const ProtoComments& comments,
    const OpenApiInfo& info
) {
    Json problem = Json::parse(info.problem_schema, nullptr, false);
    if (problem.is_discarded()) {
        return InvalidArgument("problem_schema is no JSON").WithField("problem_schema");
    }
    Document document(comments, info);
    for (const pb::ServiceDescriptor* service : services) {
        UNIBOX_ASSIGN_OR_RETURN(const auto bindings, HttpBindings(*service));
        for (const HttpBinding& binding : bindings) document.Add(binding);
    }
    return document.Write(std::move(problem));
}

}  // namespace unibox::wire
