#include "uniboxctl/secret_input.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iostream>

namespace unibox::ctl {

Result<std::string> ReadWholeFile(const std::filesystem::path& path, std::size_t bytes_max) {
    std::ifstream file;
    const bool from_input = path == "-";
    if (!from_input) {
        std::error_code ignored;
        if (std::filesystem::is_directory(path, ignored)) {
            return InvalidArgument(path.string() + " is a folder");
        }
        file.open(path, std::ios::binary);
        if (!file) return NotFound("cannot read " + path.string());
    }
    std::istream& input = from_input ? std::cin : file;
    std::string text(bytes_max + 1, '\0');
    input.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(input.gcount()));
    if (text.size() > bytes_max) {
        return InvalidArgument(fmt::format("{} has more than {} bytes", path.string(), bytes_max));
    }
    return text;
}

Result<Secret> ReadSecretFile(const std::filesystem::path& path) {
    UNIBOX_ASSIGN_OR_RETURN(std::string text, ReadWholeFile(path, kSecretBytesMax));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    if (text.empty()) return InvalidArgument(path.string() + " is empty");
    return Secret(std::move(text));
}

}  // namespace unibox::ctl
