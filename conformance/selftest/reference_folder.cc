#include "conformance/selftest/reference_folder.h"

#include <filesystem>
#include <system_error>

#include "server/init.h"

namespace conformance::selftest {

namespace {

struct Original {
  ScratchFolder folder;
  est::Status made =
      folder.made() ? server::initialise({.directory = folder.file("")}) : est::Error{"cannot make a temporary folder for the self-test"};
};

}  // namespace

est::Status fill_reference_folder(const ScratchFolder& folder) {
  static const Original original;
  if (!original.made) return original.made;
  std::error_code failed;
  std::filesystem::copy(original.folder.file(""), folder.file(""), std::filesystem::copy_options::recursive, failed);
  if (failed) return est::Error{"cannot copy the reference server's folder: " + failed.message()};
  return {};
}

}  // namespace conformance::selftest
