// Secrets and bodies given as files. Thread safety: reads and writes files; nothing is shared.
#pragma once

#include "base/secret.hpp"
#include "base/status.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace unibox::ctl {

inline constexpr std::size_t kSecretBytesMax = 64 * 1024;

// The content without the line end after it. INVALID_ARGUMENT: not readable, empty or too large.
Result<Secret> ReadSecretFile(const std::filesystem::path& path);
// The bytes of a file, or of standard input for "-". INVALID_ARGUMENT: not readable, or over
// `bytes_max`.
Result<std::string> ReadWholeFile(const std::filesystem::path& path, std::size_t bytes_max);
// Makes a file that its owner alone may read. ALREADY_EXISTS; INVALID_ARGUMENT: cannot be made.
Status WriteNewFile(const std::filesystem::path& path, std::string_view bytes);
// Adds to a file that its owner alone may read, made if need be, and waits until the disk has it.
// INVALID_ARGUMENT: cannot be opened, or others may read it.
Status AppendToPrivateFile(const std::filesystem::path& path, std::string_view bytes);

}  // namespace unibox::ctl
