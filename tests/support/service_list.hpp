// The services of scripts/services.txt. Thread safety: values.
#pragma once

#include <string>
#include <vector>

namespace unibox::test {

struct ServiceEntry {
    std::string name;
    std::string short_name;              // UNIBOX_<SHORT>_URL, upper-case there
    std::string role;                    // in PostgreSQL
    std::vector<std::string> listeners;  // "http", "grpc"
    std::vector<std::string> needs;      // "seal_key" and others

    bool Listens(const std::string& protocol) const;
    bool Needs(const std::string& what) const;
};

// In the order of their start.
const std::vector<ServiceEntry>& ServiceList();
// Aborts for a name that is not there.
const ServiceEntry& ServiceNamed(const std::string& name);

}  // namespace unibox::test
