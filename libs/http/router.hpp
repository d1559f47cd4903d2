// Which handler a request goes to: method and path pattern.
//
// A pattern is a path whose segments are literals, "{name}" (one segment, not empty) or, as the
// last one, "{name=**}" (the rest, may be empty). A segment may go on after its parameter:
// "{id}:close". Literals win over parameters, parameters over the rest. HEAD goes to the GET route.
// Thread safety: Router is immutable after its creation.
#pragma once

#include "base/status.hpp"
#include "http/message.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace unibox::http {

// Parameters of the path, percent-decoded.
class PathParams {
public:
    // The value of `{name}`; empty if the pattern has no such parameter.
    std::string_view Get(std::string_view name) const;
    void Add(std::string_view name, std::string value) {
        values_.emplace_back(name, std::move(value));
    }

private:
    std::vector<std::pair<std::string_view, std::string>> values_;  // Names live in the Router.
};

// To be called exactly once, from any thread. If every copy dies uncalled the client gets a 500;
// a second call is ignored.
using Respond = std::function<void(Response)>;

struct Route {
    std::string method;              // "POST"
    std::string pattern;             // "/v1/hooks/{provider}/{token}"
    std::size_t body_bytes_max = 0;  // A longer body is refused with 413; 0: no body allowed.
    // Runs on a net thread: must not block. Route and Router outlive every call.
    std::function<void(std::shared_ptr<Request>, PathParams, Respond)> handler;
};

class Router {
public:
    struct Match {
        std::size_t route_index = 0;
        PathParams params;
    };
    struct Mismatch {
        int status = 404;   // 404, 405, or 400 for a broken escape in a parameter.
        std::string allow;  // 405: value of the Allow field.
    };

    // INVALID_ARGUMENT for a pattern that cannot be understood or is there twice.
    static Result<Router> Create(std::vector<Route> routes);

    // `path` as sent.
    std::optional<Match> Find(std::string_view method, std::string_view path, Mismatch* mismatch)
        const;
    const std::vector<Route>& routes() const { return routes_; }
    // Every method that some route takes, as value of the Allow field.
    const std::string& allow_of_all() const { return allow_of_all_; }

private:
    struct Segment {
        std::string literal;  // The whole segment, or what follows the parameter.
        std::string param;    // Empty: a literal.
        bool rest = false;
    };
    struct Compiled {
        std::vector<Segment> segments;
        std::size_t route_index = 0;
    };

    static Result<std::vector<Segment>> Compile(std::string_view pattern);
    static bool MoreSpecific(const Compiled& a, const Compiled& b);
    static bool Matches(
        const Compiled& compiled,
        const std::vector<std::string_view>& path,
        std::vector<std::pair<std::string_view, std::string_view>>* raw
    );

    std::vector<Route> routes_;
    std::string allow_of_all_;
    std::vector<Compiled> compiled_;  // Most specific first.
};

}  // namespace unibox::http
