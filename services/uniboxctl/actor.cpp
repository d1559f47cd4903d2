#include "uniboxctl/actor.hpp"

#include "base/clock.hpp"
#include "base/ids.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <fstream>

namespace unibox::ctl {
namespace {

// Who logged in, which sudo and su do not change; the process's own user where nobody did.
uid_t LoginUser() {
    constexpr uid_t kNobodyLoggedIn = static_cast<uid_t>(-1);
    uid_t user = kNobodyLoggedIn;
    std::ifstream("/proc/self/loginuid") >> user;
    return user == kNobodyLoggedIn ? ::getuid() : user;
}

std::string UserName() {
    const uid_t user = LoginUser();
    std::array<char, 4096> memory{};
    passwd entry{};
    passwd* found = nullptr;
    const int failed = ::getpwuid_r(user, &entry, memory.data(), memory.size(), &found);
    if (failed == 0 && found != nullptr) return entry.pw_name;
    return "uid " + std::to_string(user);  // As in a container.
}

std::string HostName() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
    return name.data();
}

}  // namespace

std::string UserAndHost() {
    return UserName() + "@" + HostName();
}

pg::Actor ActorOf(const std::string& by, std::string verb) {
    const Uuid request_id = NewUuidV7(SystemClock().UnixMillis());
    return {by.empty() ? UserAndHost() : by, std::move(verb), request_id.ToString()};
}

}  // namespace unibox::ctl
