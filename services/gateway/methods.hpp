// Every method of the gateway: the rows from which its transports, its permissions and its metrics
// follow. docs/CONTRIBUTING.md, "A method of the gateway".
// Thread safety: a pure function.
#pragma once

#include "gateway/admin/admin.hpp"
#include "gateway/commands.hpp"
#include "gateway/inbox.hpp"
#include "gateway/method.hpp"
#include "gateway/search.hpp"
#include "gateway/stats.hpp"
#include "gateway/views.hpp"

#include <vector>

namespace unibox::gateway {

// What does the work; must outlive the rows.
struct UseCases {
    const Inbox& inbox;
    const Commands& commands;
    const Admin& admin;
    const Search& search;
    const Stats& stats;
    const Views& views;
};

std::vector<Method> MethodsOf(const UseCases& use_cases);

}  // namespace unibox::gateway
