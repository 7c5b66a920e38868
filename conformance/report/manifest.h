// manifest.json: size and SHA-256 of every file of a folder, sorted by path. It is a pure function of the folder, so a changed octet in any
// file, the manifest included, shows. Against somebody who writes the manifest anew only a signature helps: see conformance/bundle.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "est/base/result.h"

namespace conformance::report {

inline constexpr std::string_view manifest_name = "manifest.json";

struct FileDigest {
  std::uint64_t size = 0;
  std::string sha256;  // lower-case hexadecimal
  bool operator==(const FileDigest&) const = default;
};
using Manifest = std::map<std::string, FileDigest, std::less<>>;  // by path, with '/' and relative to the folder

[[nodiscard]] FileDigest digest_of(std::string_view content);
[[nodiscard]] std::string to_text(const Manifest& manifest);
[[nodiscard]] est::Result<Manifest> manifest_from_text(std::string_view text);  // never throws on hostile input

// Content of every file below `folder`, by path. An error for anything that is neither file nor folder, for a file of more
// than 256 MiB and for more than 1 GiB in all.
using FolderContent = std::map<std::string, std::string, std::less<>>;
[[nodiscard]] est::Result<FolderContent> read_folder(const std::string& folder);
// Of all files but the manifest itself.
[[nodiscard]] Manifest manifest_of(const FolderContent& content);

// One sentence for each file that is not what the manifest says, that is missing, or that the manifest does not list. Empty: all is as it
// was written.
[[nodiscard]] std::vector<std::string> manifest_problems(const FolderContent& content);

}  // namespace conformance::report
