#include "bench/folder.h"

#include <cstdlib>
#include <filesystem>

#include "bench/measure.h"

namespace bench {

Folder::Folder() : path_((std::filesystem::temp_directory_path() / "est-bench-XXXXXX").string()) {
  demand(::mkdtemp(path_.data()) != nullptr, "no folder can be made for the CA");
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace bench
