#include "config/secret_file.hpp"

#include <cstddef>
#include <fstream>
#include <string>
#include <utility>

namespace unibox::config {
namespace {

constexpr std::size_t kSecretFileBytesMax = 64 * 1024;

}  // namespace

Result<Secret> ReadSecretFile(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    if (!stream) return InvalidArgument("cannot read " + path.string());
    std::string content(kSecretFileBytesMax + 1, '\0');
    stream.read(content.data(), static_cast<std::streamsize>(content.size()));
    content.resize(static_cast<std::size_t>(stream.gcount()));
    if (stream.bad()) return InvalidArgument("cannot read " + path.string());
    if (content.size() > kSecretFileBytesMax) {
        return InvalidArgument(path.string() + " is over 64 KiB");
    }
    while (!content.empty() && (content.back() == '\n' || content.back() == '\r')) {
        content.pop_back();
    }
    if (content.empty()) return InvalidArgument(path.string() + " is empty");
    return Secret(std::move(content));
}

}  // namespace unibox::config
