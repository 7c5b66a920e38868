// A folder of its own below the system's, removed with its owner. In memory where that can be had: nothing in it must survive, and a disk
// makes every issuance wait for it.
#pragma once

#include <string>
#include <string_view>

namespace conformance::selftest {

class ScratchFolder {
 public:
  ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder();
  [[nodiscard]] bool made() const { return !path_.empty(); }
  // In a folder inside, which does not exist yet.
  [[nodiscard]] std::string file(std::string_view name) const;

 private:
  std::string path_;
};

}  // namespace conformance::selftest
