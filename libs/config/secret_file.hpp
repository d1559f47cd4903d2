// A secret that a file holds: what `…_file` settings name. Thread safety: reads a file; nothing is
// shared.
#pragma once

#include "base/secret.hpp"
#include "base/status.hpp"

#include <filesystem>

namespace unibox::config {

// The content without the line end after it. INVALID_ARGUMENT: cannot be read, empty, or over
// 64 KiB.
Result<Secret> ReadSecretFile(const std::filesystem::path& path);

}  // namespace unibox::config
