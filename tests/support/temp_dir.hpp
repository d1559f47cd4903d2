// A folder that is removed with all its content when the object dies.
// Thread safety: one owner.
#pragma once

#include <filesystem>
#include <string_view>

namespace unibox::test {

class TempDir {
public:
    TempDir();
    ~TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

}  // namespace unibox::test
