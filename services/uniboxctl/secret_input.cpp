#include "uniboxctl/secret_input.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <sys/stat.h>

#include <fstream>
#include <iostream>

namespace unibox::ctl {
namespace {

// All of it, and onto the disk.
Status WriteAndClose(int file, const std::filesystem::path& path, std::string_view bytes) {
    bool ok = true;
    while (ok && !bytes.empty()) {
        const auto written = write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        ok = written > 0;
        if (ok) bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    ok = ok && fsync(file) == 0;
    if (close(file) != 0 || !ok) return Internal("cannot write " + path.string());
    return {};
}

}  // namespace

Result<std::string> ReadWholeFile(const std::filesystem::path& path, std::size_t bytes_max) {
    std::ifstream file;
    const bool from_input = path == "-";
    if (!from_input) {
        std::error_code ignored;
        if (std::filesystem::is_directory(path, ignored)) {
            return InvalidArgument(path.string() + " is a folder");
        }
        file.open(path, std::ios::binary);
        if (!file) return InvalidArgument("cannot read " + path.string());
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

Status WriteNewFile(const std::filesystem::path& path, std::string_view bytes) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) {
        const bool exists = errno == EEXIST;
        return {
            exists ? Code::kAlreadyExists : Code::kInvalidArgument,
            (exists ? "there is a file " : "cannot make ") + path.string()};
    }
    return WriteAndClose(file, path, bytes);
}

Status AppendToPrivateFile(const std::filesystem::path& path, std::string_view bytes) {
    const int file =
        open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0) return InvalidArgument("cannot open " + path.string());
    struct stat info {};
    if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode) || (info.st_mode & 077U) != 0) {
        close(file);
        return InvalidArgument(path.string() + " must be a file of mode 0600");
    }
    return WriteAndClose(file, path, bytes);
}

Result<Secret> ReadSecretFile(const std::filesystem::path& path) {
    UNIBOX_ASSIGN_OR_RETURN(std::string text, ReadWholeFile(path, kSecretBytesMax));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    if (text.empty()) return InvalidArgument(path.string() + " is empty");
    return Secret(std::move(text));
}

}  // namespace unibox::ctl
