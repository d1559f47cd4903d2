#include "gateway/method_table.hpp"

#include "auth/scopes.hpp"
#include "base/assert.hpp"

#include <algorithm>

namespace unibox::gateway {
namespace {

Status CheckRow(const Method& method) {
    const auto* descriptor = method.descriptor();
    if (descriptor == nullptr) return Internal(method.name + " is a method of no proto");
    if (descriptor->client_streaming() || descriptor->server_streaming()) {
        return Internal(method.name + " is not unary");
    }
    const bool fits = method.new_request()->GetDescriptor() == descriptor->input_type() &&
                      method.new_response()->GetDescriptor() == descriptor->output_type();
    if (!fits) return Internal("the use case of " + method.name + " takes other messages");
    const auto* key = descriptor->input_type()->FindFieldByName("request_id");
    if ((key != nullptr) != (method.repetition == Repetition::kOnceByRequestId)) {
        return Internal(method.name + " and its row disagree about request_id");
    }
    if (!auth::IsScope(method.scope)) {
        return Internal(method.name + " asks for a scope that does not exist");
    }
    return {};
}

Status CheckService(
    const google::protobuf::ServiceDescriptor& service, const std::vector<Method>& methods
) {
    for (int i = 0; i < service.method_count(); ++i) {
        const std::string& name = service.method(i)->full_name();
        const auto rows = std::count_if(methods.begin(), methods.end(), [&](const Method& method) {
            return method.name == name;
        });
        if (rows != 1) return Internal(name + " has " + std::to_string(rows) + " rows, not one");
    }
    return {};
}

}  // namespace

Result<MethodTable> MethodTable::Create(std::vector<Method> methods) {
    MethodTable table;
    for (const Method& method : methods) {
        UNIBOX_RETURN_IF_ERROR(CheckRow(method));
        const auto* service = method.descriptor()->service();
        auto& known = table.services_;
        if (std::find(known.begin(), known.end(), service) != known.end()) continue;
        UNIBOX_RETURN_IF_ERROR(CheckService(*service, methods));
        known.push_back(service);
    }
    table.methods_ = std::move(methods);
    return table;
}

const Method& MethodTable::Of(const google::protobuf::MethodDescriptor& descriptor) const {
    const auto row = std::find_if(methods_.begin(), methods_.end(), [&](const Method& method) {
        return method.name == descriptor.full_name();
    });
    UNIBOX_ASSERT(row != methods_.end());
    return *row;
}

}  // namespace unibox::gateway
