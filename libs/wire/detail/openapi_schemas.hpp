// Messages as JSON Schemas, as protobuf's JSON mapping writes them: what is answered, and what may
// be asked, which differ in what must be there. Thread safety: one thread.
#pragma once

#include "wire/proto_comments.hpp"

#include <google/protobuf/descriptor.h>
#include <nlohmann/json.hpp>

#include <set>
#include <string>
#include <vector>

namespace unibox::wire::detail {

using Json = nlohmann::ordered_json;

class Schemas {
public:
    // `comments` must outlive the object.
    explicit Schemas(const ProtoComments& comments) : comments_(comments) {}

    // One value, or a list of such: what fits into a query parameter.
    static bool IsPlain(const google::protobuf::FieldDescriptor& field);

    // A reference to the schema of an answer: everything that is always written is required.
    Json Answer(const google::protobuf::Descriptor& message);
    // The same of what is sent: nobody has to send all of it.
    Json Input(const google::protobuf::Descriptor& message);
    // The same of a whole request, without the fields that the path has.
    Json Asked(
        const google::protobuf::Descriptor& message, const std::vector<std::string>& path_fields
    );
    // Of a field that IsPlain, without its comment.
    Json Bare(const google::protobuf::FieldDescriptor& field);

    // All that was referred to.
    Json TakeAll() { return std::move(all_); }

private:
    enum class Side { kAnswer, kAsked };

    Json Reference(const google::protobuf::Descriptor& message, Side side);
    Json Reference(const google::protobuf::EnumDescriptor& type);
    Json ObjectOf(
        const google::protobuf::Descriptor& message,
        Side side,
        const std::vector<std::string>& left_out
    );
    Json FieldSchema(const google::protobuf::FieldDescriptor& field, Side side);
    Json ValueSchema(const google::protobuf::FieldDescriptor& field, Side side);

    const ProtoComments& comments_;
    std::set<std::string> begun_;
    Json all_ = Json::object();
};

}  // namespace unibox::wire::detail
