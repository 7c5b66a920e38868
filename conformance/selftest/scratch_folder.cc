#include "conformance/selftest/scratch_folder.h"

#include <cstdlib>
#include <filesystem>

namespace conformance::selftest {

namespace fs = std::filesystem;

ScratchFolder::ScratchFolder() {
  for (const fs::path& parent : {fs::path("/dev/shm"), fs::temp_directory_path()}) {
    std::string pattern = (parent / "estspec-selftest-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) continue;
    path_ = pattern;
    return;
  }
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

std::string ScratchFolder::file(std::string_view name) const { return (fs::path(path_) / "est" / name).string(); }

}  // namespace conformance::selftest
