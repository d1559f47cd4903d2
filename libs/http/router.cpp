#include "http/router.hpp"

#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "base/utf8.hpp"

#include <algorithm>

namespace unibox::http {
namespace {

// Segments of a path after its leading "/": "/a/b" gives "a", "b".
std::vector<std::string_view> SegmentsOf(std::string_view path) {
    if (!path.empty() && path.front() == '/') path.remove_prefix(1);
    return Split(path, '/');
}

// "GET, HEAD, POST".
std::string AllowOf(std::vector<std::string> methods) {
    std::sort(methods.begin(), methods.end());
    methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
    std::string allow;
    for (const std::string& name : methods) {
        allow += (allow.empty() ? "" : ", ") + name;
        if (name == "GET") allow += ", HEAD";
    }
    return allow;
}

}  // namespace

std::string_view PathParams::Get(std::string_view name) const {
    for (const auto& [key, value] : values_) {
        if (key == name) return value;
    }
    return {};
}

Result<std::vector<Router::Segment>> Router::Compile(std::string_view pattern) {
    if (pattern.empty() || pattern.front() != '/') {
        return InvalidArgument("a route pattern begins with /: " + std::string(pattern));
    }
    std::vector<Segment> segments;
    for (const std::string_view text : SegmentsOf(pattern)) {
        if (!segments.empty() && segments.back().rest) {
            return InvalidArgument("{name=**} must be last: " + std::string(pattern));
        }
        Segment segment;
        if (text.empty() || text.front() != '{') {
            segment.literal = text;
        } else {
            const std::size_t close = text.find('}');
            if (close == std::string_view::npos || close == 1) {
                return InvalidArgument("broken parameter in route: " + std::string(pattern));
            }
            std::string_view name = text.substr(1, close - 1);
            segment.rest = name.ends_with("=**");
            if (segment.rest) name.remove_suffix(3);
            segment.param = name;
            segment.literal = text.substr(close + 1);
        }
        segments.push_back(std::move(segment));
    }
    return segments;
}

// Compares segment by segment: literal before parameter with suffix before parameter before rest.
bool Router::MoreSpecific(const Compiled& a, const Compiled& b) {
    const auto rank = [](const Segment& segment) {
        if (segment.rest) return 3;
        if (segment.param.empty()) return 0;
        return segment.literal.empty() ? 2 : 1;
    };
    const std::size_t count = std::min(a.segments.size(), b.segments.size());
    for (std::size_t i = 0; i < count; ++i) {
        const int rank_a = rank(a.segments[i]);
        const int rank_b = rank(b.segments[i]);
        if (rank_a != rank_b) return rank_a < rank_b;
    }
    return a.segments.size() > b.segments.size();
}

Result<Router> Router::Create(std::vector<Route> routes) {
    Router router;
    router.routes_ = std::move(routes);
    for (std::size_t i = 0; i < router.routes_.size(); ++i) {
        const Route& route = router.routes_[i];
        if (route.method.empty() || !route.handler) {
            return InvalidArgument("a route needs a method and a handler: " + route.pattern);
        }
        for (std::size_t j = 0; j < i; ++j) {
            const Route& other = router.routes_[j];
            if (other.method == route.method && other.pattern == route.pattern) {
                return InvalidArgument("route is there twice: " + route.pattern);
            }
        }
        UNIBOX_ASSIGN_OR_RETURN(auto segments, Compile(route.pattern));
        router.compiled_.push_back({std::move(segments), i});
    }
    std::vector<std::string> methods;
    for (const Route& route : router.routes_) methods.push_back(route.method);
    router.allow_of_all_ = AllowOf(std::move(methods));
    std::stable_sort(router.compiled_.begin(), router.compiled_.end(), MoreSpecific);
    return router;
}

bool Router::Matches(
    const Compiled& compiled,
    const std::vector<std::string_view>& path,
    std::vector<std::pair<std::string_view, std::string_view>>* raw
) {
    raw->clear();
    for (std::size_t i = 0; i < compiled.segments.size(); ++i) {
        const Segment& segment = compiled.segments[i];
        if (segment.rest) {
            // From the first character of this segment to the end of the path.
            const bool empty = i >= path.size();
            const char* begin = empty ? nullptr : path[i].data();
            const char* end = empty ? nullptr : path.back().data() + path.back().size();
            raw->emplace_back(
                segment.param, std::string_view(begin, static_cast<std::size_t>(end - begin))
            );
            return true;
        }
        if (i >= path.size()) return false;
        if (segment.param.empty()) {
            if (path[i] != segment.literal) return false;
            continue;
        }
        if (!path[i].ends_with(segment.literal)) return false;
        const std::string_view value = path[i].substr(0, path[i].size() - segment.literal.size());
        if (value.empty()) return false;
        raw->emplace_back(segment.param, value);
    }
    return path.size() == compiled.segments.size();
}

std::optional<Router::Match> Router::Find(
    std::string_view method, std::string_view path, Mismatch* mismatch
) const {
    *mismatch = {};
    const std::string_view wanted = method == "HEAD" ? "GET" : method;
    const std::vector<std::string_view> segments = SegmentsOf(path);
    std::vector<std::pair<std::string_view, std::string_view>> raw;
    std::vector<std::string> allowed;
    for (const Compiled& compiled : compiled_) {
        if (!Matches(compiled, segments, &raw)) continue;
        const Route& route = routes_[compiled.route_index];
        if (route.method != wanted && route.method != method) {
            allowed.push_back(route.method);
            continue;
        }
        Match match;
        match.route_index = compiled.route_index;
        for (const auto& [name, value] : raw) {
            auto decoded = PercentDecode(value, Plus::kPlus);
            if (!decoded || !IsCleanText(*decoded)) {
                mismatch->status = 400;
                return std::nullopt;
            }
            match.params.Add(name, std::move(*decoded));
        }
        return match;
    }
    if (allowed.empty()) return std::nullopt;
    mismatch->status = 405;
    mismatch->allow = AllowOf(std::move(allowed));
    return std::nullopt;
}

}  // namespace unibox::http
