// Secrets and bodies given as files. Thread safety: reads files; nothing is shared.
#pragma once

#include "base/secret.hpp"
#include "base/status.hpp"

#include <cstddef>
#include <filesystem>
#include <string>

namespace unibox::ctl {

inline constexpr std::size_t kSecretBytesMax = 64 * 1024;

// The content without the line end after it. NOT_FOUND, INVALID_ARGUMENT (empty, or too large).
Result<Secret> ReadSecretFile(const std::filesystem::path& path);
// The bytes of a file, or of standard input for "-". NOT_FOUND, INVALID_ARGUMENT (over
// `bytes_max`).
Result<std::string> ReadWholeFile(const std::filesystem::path& path, std::size_t bytes_max);

}  // namespace unibox::ctl
