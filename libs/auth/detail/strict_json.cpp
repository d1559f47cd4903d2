#include "auth/detail/strict_json.hpp"

#include <nlohmann/json.hpp>

#include <set>
#include <vector>

namespace unibox::auth::detail {
namespace {

using nlohmann::json;

// Looks at a text without building anything of it: gives up at the first fault, so that depth costs
// nothing. One set of names for each object that is open.
class Inspector : public nlohmann::json_sax<json> {
public:
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override { return Open(); }
    bool key(string_t& name) override { return open_.back().insert(name).second; }
    bool end_object() override { return Close(); }
    bool start_array(std::size_t) override { return Open(); }
    bool end_array() override { return Close(); }
    bool parse_error(std::size_t, const std::string&, const json::exception&) override {
        return false;
    }

private:
    bool Open() {
        open_.emplace_back();
        return open_.size() <= kJsonDepthMax;
    }
    bool Close() {
        open_.pop_back();
        return true;
    }

    std::vector<std::set<std::string>> open_;
};

}  // namespace

std::optional<json> ParseStrictObject(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) return {};
    Inspector inspector;
    if (!json::sax_parse(text, &inspector)) return {};
    auto object = json::parse(text, nullptr, false);
    if (!object.is_object()) return {};
    return object;
}

std::optional<std::string> TextMember(const json& object, const char* name, bool* is_wrong) {
    const auto member = object.find(name);
    if (member == object.end()) return {};
    if (const auto* text = member->get_ptr<const std::string*>()) return *text;
    *is_wrong = true;
    return {};
}

}  // namespace unibox::auth::detail
