#include "mutations.hpp"

#include <nlohmann/json.hpp>

#include <vector>

namespace unibox::channels::test {
namespace {

const std::vector<std::string> kInserts = {
    "\\ud83d",
    "\\u0000",
    "\xff",
    "\xed\xa0\x80",
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    "null",
    "1e999",
    "-",
    "%",
    "123456789012345678901234567890",
    ",",
    ":",
    "&",
    "=",
    "true",
    "{\"a\":[",
    std::string(200, '['),
    "\n"};

// Of every type, and words that mean something to one adapter or another.
const std::vector<nlohmann::json> kOddValues = {
    nullptr,
    true,
    0,
    -1,
    7,
    1.5,
    4'102'444'800'000,
    9'223'372'036'854'775'807,
    "",
    " ",
    "x",
    std::string("a\0b", 3),
    std::string(513, 'x'),
    "sent",
    "failed",
    "read",
    "react",
    "unreact",
    "reaction",
    "system",
    "payment",
    "outbound",
    nlohmann::json::array(),
    nlohmann::json::array({nullptr, 7, "x"}),
    nlohmann::json::object(),
    {{"type", "hologram"}}};

using Pointer = nlohmann::json::json_pointer;

// Every place of the document but the root, parents first.
void AddPlaces(const nlohmann::json& value, const Pointer& at, std::vector<Pointer>& places) {
    const auto add = [&](const nlohmann::json& inner, const Pointer& place) {
        places.push_back(place);
        AddPlaces(inner, place, places);
    };
    if (value.is_object()) {
        for (const auto& [name, member] : value.items()) add(member, at / name);
    } else if (value.is_array()) {
        for (std::size_t i = 0; i < value.size(); ++i) add(value[i], at / i);
    }
}

std::string Text(const nlohmann::json& document) {
    return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::size_t Pick(Random& random, std::size_t below) {
    return random() % std::max<std::size_t>(below, 1);
}

std::string Mutated(std::string body, Random& random) {
    const std::size_t count = 1 + Pick(random, 4);
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at = Pick(random, body.size());
        switch (Pick(random, 5)) {
            case 0:
                body.insert(at, kInserts[Pick(random, kInserts.size())]);
                break;
            case 1:
                body.erase(at, 1 + Pick(random, 8));
                break;
            case 2:
                if (!body.empty()) body[at] = static_cast<char>(random());
                break;
            case 3:
                body.insert(at, body.substr(Pick(random, body.size()), Pick(random, 60)));
                break;
            default:
                if (Pick(random, 8) == 0) body.resize(at);
                break;
        }
    }
    return body;
}

void ForEachChange(const std::string& json, const std::function<void(std::string body)>& visit) {
    const auto document = nlohmann::json::parse(json);
    std::vector<Pointer> places;
    AddPlaces(document, Pointer(), places);
    for (const Pointer& place : places) {
        auto changed = document;
        for (const auto& value : kOddValues) {
            changed[place] = value;
            visit(Text(changed));
        }
        changed = document;
        auto& parent = changed[place.parent_pointer()];
        if (parent.is_object()) parent.erase(place.back());
        if (parent.is_array()) parent.erase(parent.begin());
        visit(Text(changed));
    }
}

}  // namespace unibox::channels::test
