#include "store/writer/detail/batch_arrays.hpp"

namespace unibox::store::detail {

std::string TextArrayLiteral(const std::vector<std::string>& values) {
    std::string literal = "{";
    for (const std::string& value : values) {
        if (literal.size() > 1) literal += ',';
        literal += '"';
        for (const char c : value) {
            if (c == '"' || c == '\\') literal += '\\';
            literal += c;
        }
        literal += '"';
    }
    return literal + "}";
}

}  // namespace unibox::store::detail
