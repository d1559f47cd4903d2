// Nothing that an authentic webhook holds may vanish: every member of the providers' documented
// objects (tests/data/webhooks/members.jsonl) changes what comes out, or is listed in the adapter's
// table as ignored with a reason, or has the raw body kept. And the tables are honest: what they
// call read is read, what they call ignored changes nothing.
#include "channels/members.hpp"

#include "channels/meta/members.hpp"
#include "channels/telegram/members.hpp"
#include "channels/twilio/members.hpp"
#include "fixtures.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <map>
#include <set>

namespace unibox::channels::test {
namespace {

using Json = nlohmann::json;

struct Root {
    const MemberTable* table;
    std::string at;  // Where in a body it begins.
};

const std::map<std::string, Root>& Roots() {
    static const std::map<std::string, Root> roots = {
        {"telegram", {&TelegramUpdateTable(), ""}},
        {"meta", {&MetaBodyTable(), ""}},
        {"messenger", {&MessengerItemTable(), "/entry/0/messaging/0"}},
        {"whatsapp", {&WhatsAppValueTable(), "/entry/0/changes/0/value"}},
        {"twilio", {&TwilioParameterTable(), ""}},
    };
    return roots;
}

std::string WithoutNumber(std::string name) {
    while (!name.empty() && name.back() >= '0' && name.back() <= '9') name.pop_back();
    return name;
}

struct Found {
    const MemberTable* table = nullptr;  // Whose member it is; nullptr: taken as a whole above.
    const Member* member = nullptr;
    std::string_view ignored_because;
};

Found FindMember(const Root& root, const std::string& object_at, const std::string& name) {
    Found found{root.table, nullptr, {}};
    std::string path = object_at.substr(root.at.size()) + "/" + name;
    while (!path.empty() && found.table != nullptr) {
        const std::size_t end = path.find('/', 1);
        const std::string step = path.substr(1, end == path.npos ? end : end - 1);
        path.erase(0, end == path.npos ? path.size() : end);
        if (step.find_first_not_of("0123456789") == step.npos) continue;  // An index.
        found.member = found.table->Find(step);
        if (found.member == nullptr) {
            found.ignored_because = found.table->rest_ignored_because;
            return found;
        }
        found.ignored_because = found.member->ignored_because;
        if (!found.ignored_because.empty() || path.empty()) return found;
        found.table = found.member->inside;
    }
    return found;
}

struct Outcome {
    std::vector<std::string> events;
    std::size_t problem_count = 0;
    std::string problems;
};

Outcome OutcomeOf(const std::string& provider, const Json& body) {
    std::string form;
    if (provider == "twilio") {
        for (const auto& [name, value] : body.items())
            form += "&" + name + "=" + Escaped(value.get<std::string>());
    }
    OwnedRequest request;
    request.headers["webhook-id"] = "msg_1";
    request.body = form.empty() ? body.dump() : form.substr(1);
    if (!form.empty()) request.content_type = "application/x-www-form-urlencoded";
    const auto parsed = AdapterOf(provider).parse(request.View());
    Outcome outcome;
    if (!parsed.ok()) {  // Refused as a whole, and kept.
        outcome.problem_count = 1;
        outcome.problems = parsed.status().message();
        return outcome;
    }
    for (const ProviderEvent& event : parsed->events) {
        outcome.events.push_back(
            event.route_key + "|" + event.account_key + "|" + event.account_number + "|" +
            event.key_class + "|" + event.discriminator + "|" + event.event.DebugString()
        );
    }
    for (const Problem& problem : parsed->problems)
        outcome.problems += problem.reason + " " + problem.detail + "; ";
    outcome.problem_count = parsed->problems.size();
    return outcome;
}

using Shown = std::set<std::pair<const MemberTable*, std::string>>;

// One member: what a body with it becomes, and without.
void CheckMember(const Json& row, const std::string& name, const Json& value, Shown* shown) {
    const std::string provider = row["provider"];
    const Json::json_pointer at(row["at"].get<std::string>());
    Json with = row["base"];
    with[at][name] = value;
    Json without = with;
    without[at].erase(name);
    const Outcome full = OutcomeOf(provider, with);
    const Outcome less = OutcomeOf(provider, without);
    CAPTURE(with.dump(), full.problems);
    const bool used = full.events != less.events;
    const bool kept = full.problem_count > 0;
    if (provider == "standard") {
        CHECK(used);
        return;
    }
    const Root& root = Roots().at(row["table"]);
    const std::string at_text = row["at"];
    const Found found =
        FindMember(root, at_text, provider == "twilio" ? WithoutNumber(name) : name);
    const bool ignored = !found.ignored_because.empty();
    CHECK((used || ignored || kept));
    CHECK_FALSE((used && ignored));
    if (ignored) CHECK(full.problem_count <= less.problem_count);
    if ((used || kept) && found.table != nullptr && found.member != nullptr)
        shown->insert({found.table, std::string(found.member->name)});
}

void CollectRead(const MemberTable& table, std::set<const MemberTable*>* seen, Shown* read) {
    if (!seen->insert(&table).second) return;
    for (const Member& member : table.members) {
        if (!member.ignored_because.empty()) continue;
        if (member.inside == nullptr) read->insert({&table, std::string(member.name)});
        if (member.inside != nullptr) CollectRead(*member.inside, seen, read);
    }
}

TEST_CASE(
    "members: every documented one is used, ignored for a reason, or kept", "[unit][channels]"
) {
    Shown shown;
    std::size_t count = 0;
    for (const std::string& line : ReadLines("members.jsonl")) {
        const Json row = Json::parse(line);
        for (const auto& [name, value] : row["members"].items()) {
            CAPTURE(row["object"].get<std::string>(), row["at"].get<std::string>(), name);
            CheckMember(row, name, value, &shown);
            ++count;
        }
    }
    CHECK(count > 700);
    std::set<const MemberTable*> seen;
    Shown read;
    for (const auto& [name, root] : Roots()) CollectRead(*root.table, &seen, &read);
    for (const auto& member : read) {
        CAPTURE(member.second);
        CHECK(shown.contains(member));
    }
}

TEST_CASE("members: the tables are sorted, without repeats, and find", "[unit][channels]") {
    for (const auto& [name, root] : Roots()) {
        CAPTURE(name);
        std::string_view before;
        for (const Member& member : root.table->members) {
            CHECK(before < member.name);
            CHECK(root.table->Find(member.name) == &member);
            before = member.name;
        }
        CHECK(root.table->Find("hologram") == nullptr);
    }
}

TEST_CASE("members: what is not known is told by its path, once", "[unit][channels]") {
    const Parsed parsed = ParseBody(
        "telegram",
        R"({"update_id":1,"message":{"message_id":1,"date":1,"chat":{"id":1,"aura":1},"text":"x",)"
        R"("photo":[{"file_id":"a","aura":1},{"file_id":"b","aura":2}],"null_is_nothing":null}})"
    );
    REQUIRE(parsed.problems.size() == 2);
    CHECK(parsed.problems[0].detail == "update.message.chat.aura is not known");
    CHECK(parsed.problems[1].detail == "update.message.photo.aura is not known");
    CHECK(parsed.problems[1].reason == "partly_understood");
}

}  // namespace
}  // namespace unibox::channels::test
