// Whatever AdminService can say, tenants.yaml can say, and the other way round: walks the methods
// and messages of the one and the keys of the other.
#include "unibox/v1/admin_service.pb.h"
#include "uniboxctl/file_rows.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <map>
#include <set>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using ctl::KeysOf;

namespace {

namespace pb = google::protobuf;

// What only answers tell.
const std::set<std::string> kTold = {
    "id", "etag", "create_time", "live_secret_count", "secret_count"};
// Of requests: which object, which page, of which state.
const std::set<std::string> kAboutTheCall = {
    "id", "agent_id", "team_id", "channel_id", "etag", "update_mask", "page_size", "page_token"};

const std::map<std::string, std::string> kSectionOf = {
    {"Tenant", "tenants"},
    {"Channel", "channels"},
    {"ApiKey", "api_keys"},
    {"Agent", "agents"},
    {"Team", "teams"},
    {"Label", "labels"},
    {"AttributeDefinition", "attribute_definitions"},
    {"CannedReply", "canned_replies"},
    {"WebhookEndpoint", "webhook_endpoints"}};

// What begins the name of a method that has no message of its own, and the key that says it.
const std::vector<std::pair<std::string, std::string>> kVerbs = {
    {"Disable", "disabled"},
    {"Enable", "disabled"},
    {"Revoke", "revoked"},
    {"Delete", "deleted"},
    {"Add", "members"},
    {"Remove", "members"},
    {"Rotate", "secret"},
    {"DropOld", "secret"}};  // apply --overlap-hours says when.

// What the file alone can say, and why.
const std::map<std::string, std::string> kOfTheFileAlone = {
    {"tenants.disabled", "the operator's: a tenant that is disabled could not enable itself"},
    {"channels.token", "a webhook URL that is to stay as it was elsewhere; the API derives it"},
    {"api_keys.key", "a key that was made elsewhere; the API makes it and shows it once"},
    {"webhook_endpoints.secret", "the same: the API makes it and shows it once"}};

const pb::ServiceDescriptor& Service() {
    const auto* service =
        v1::GetTenantRequest::descriptor()->file()->FindServiceByName("AdminService");
    REQUIRE(service != nullptr);
    return *service;
}

bool Has(const std::string& section, const std::string& key) {
    const auto& keys = KeysOf(section);
    return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// The resource that a request carries; null if it carries none.
const pb::Descriptor* ResourceIn(const pb::Descriptor& request) {
    for (int i = 0; i < request.field_count(); ++i) {
        const auto* message = request.field(i)->message_type();
        if (message != nullptr && kSectionOf.contains(message->name())) return message;
    }
    return nullptr;
}

// "Channel" of "RotateChannelSecret".
std::string ResourceOf(const std::string& method) {
    std::string longest;
    for (const auto& [message, section] : kSectionOf) {
        const bool named = method.find(message) != std::string::npos;
        if (named && message.size() > longest.size()) longest = message;
    }
    return longest;
}

// Whether a field of a resource that a caller may set is a key of its section.
void CheckField(const std::string& section, const pb::FieldDescriptor& field) {
    if (kTold.contains(field.name())) return;
    std::string key = field.name();
    if (key == "disable_time") key = "disabled";
    if (key == "revoke_time") key = "revoked";
    INFO(section << ": " << field.full_name());
    CHECK(Has(section, key));
}

const pb::MethodDescriptor* Method(const std::string& name) {
    return Service().FindMethodByName(name);
}

// Whether the API can say what the key says.
bool ApiSays(const std::string& message, const std::string& key) {
    const auto* resource =
        pb::DescriptorPool::generated_pool()->FindMessageTypeByName("unibox.v1." + message);
    if (resource->FindFieldByName(key) != nullptr) return true;
    if (key == "disabled") return Method("Disable" + message) && Method("Enable" + message);
    if (key == "revoked") return Method("Revoke" + message) != nullptr;
    if (key == "deleted") return Method("Delete" + message) != nullptr;
    if (key == "members") {
        return Method("Add" + message + "Member") && Method("Remove" + message + "Member");
    }
    const auto* create = Method("Create" + message);
    return create != nullptr && create->input_type()->FindFieldByName(key) != nullptr;
}

}  // namespace

TEST_CASE("tenants.yaml: says all that AdminService says", "[unit][uniboxctl]") {
    for (int i = 0; i < Service().method_count(); ++i) {
        const pb::MethodDescriptor& method = *Service().method(i);
        const std::string& name = method.name();
        INFO(name);
        if (name.starts_with("Get") || name.starts_with("List")) continue;
        const pb::Descriptor& request = *method.input_type();
        const pb::Descriptor* resource = ResourceIn(request);
        const std::string message = resource != nullptr ? resource->name() : ResourceOf(name);
        REQUIRE(kSectionOf.contains(message));
        const std::string section = kSectionOf.at(message);
        for (int f = 0; f < request.field_count(); ++f) {
            const std::string& field = request.field(f)->name();
            if (kAboutTheCall.contains(field) || request.field(f)->message_type() == resource) {
                continue;
            }
            CAPTURE(field);
            CHECK((Has(section, field) || field == "overlap_hours"));
        }
        if (resource != nullptr) {
            for (int f = 0; f < resource->field_count(); ++f) {
                CheckField(section, *resource->field(f));
            }
            continue;
        }
        const auto verb = std::find_if(kVerbs.begin(), kVerbs.end(), [&](const auto& one) {
            return name.starts_with(one.first);
        });
        REQUIRE(verb != kVerbs.end());
        CHECK(Has(section, verb->second));
    }
}

TEST_CASE("tenants.yaml: says nothing that AdminService cannot say", "[unit][uniboxctl]") {
    std::set<std::string> reasons_used;
    for (const auto& [message, section] : kSectionOf) {
        for (const std::string_view key_view : KeysOf(section)) {
            std::string key(key_view);
            const bool is_section =
                section == "tenants" &&
                std::any_of(kSectionOf.begin(), kSectionOf.end(), [&](const auto& other) {
                    return other.second == key;
                });
            if (is_section) continue;  // Looked at by itself.
            if (key.ends_with("_file")) key.resize(key.size() - std::string("_file").size());
            const std::string path = section + "." + key;
            CAPTURE(path);
            const bool is_reasoned = kOfTheFileAlone.contains(path);
            if (is_reasoned) reasons_used.insert(path);
            CHECK(ApiSays(message, key) != is_reasoned);
        }
    }
    CHECK(reasons_used.size() == kOfTheFileAlone.size());
}

TEST_CASE("tenants.yaml: each section is looked at, each field can be read", "[unit][uniboxctl]") {
    std::set<std::string> looked_at = {
        "", "apps"};  // Apps are of the installation, not of a tenant.
    for (const auto& [message, section] : kSectionOf) looked_at.insert(section);
    for (const auto& section : ctl::FileSections())
        CHECK(looked_at.contains(std::string(section.name)));
    CHECK(looked_at.size() == ctl::FileSections().size());
    ctl::ForEachRowKind(
        ctl::OfEachRow<ctl::RowEntries>(),
        []<class Message>(const ctl::RowEntries<Message>&) {
            for (const std::string_view field : store::Resource<Message>::kSettable) {
                Message copy;
                ctl::CopyField(Message(), field, &copy);
                CHECK_FALSE(std::holds_alternative<bool>(ctl::CellOf(copy, field)));
            }
        }
    );
}
