#include "support/temp_dir.hpp"

#include "base/assert.hpp"

#include <stdlib.h>

#include <string>

namespace unibox::test {

TempDir::TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "unibox-test-XXXXXX").string();
    UNIBOX_ASSERT(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
}

TempDir::~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace unibox::test
