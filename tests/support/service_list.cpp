#include "support/service_list.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace unibox::test {
namespace {

bool Has(const std::vector<std::string>& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

// "http,grpc"; "-" is none.
std::vector<std::string> WordsOf(const std::string& text) {
    std::vector<std::string> words;
    std::istringstream stream(text == "-" ? "" : text);
    for (std::string word; std::getline(stream, word, ',');) words.push_back(word);
    return words;
}

std::vector<ServiceEntry> ReadServices() {
    std::vector<ServiceEntry> services;
    std::ifstream file(UNIBOX_SOURCE_DIR "/scripts/services.txt");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with('#')) continue;
        ServiceEntry service;
        std::string listeners, needs;
        std::istringstream(line) >> service.name >> service.short_name >> service.role >>
            listeners >> needs;
        service.listeners = WordsOf(listeners);
        service.needs = WordsOf(needs);
        services.push_back(std::move(service));
    }
    UNIBOX_ASSERT(!services.empty());
    return services;
}

}  // namespace

bool ServiceEntry::Listens(const std::string& protocol) const {
    return Has(listeners, protocol);
}

bool ServiceEntry::Needs(const std::string& what) const {
    return Has(needs, what);
}

const std::vector<ServiceEntry>& ServiceList() {
    static const std::vector<ServiceEntry> services = ReadServices();
    return services;
}

const ServiceEntry& ServiceNamed(const std::string& name) {
    const auto& services = ServiceList();
    const auto found = std::find_if(services.begin(), services.end(), [&](const auto& service) {
        return service.name == name;
    });
    UNIBOX_ASSERT(found != services.end());
    return *found;
}

}  // namespace unibox::test
