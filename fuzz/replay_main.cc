// Runs one fuzz target over every file of a folder: the driver for compilers without libFuzzer and for ctest.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", arguments[0]);
    return 4;
  }
  std::error_code error;
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(arguments[1], error)) files.push_back(entry.path().string());
  if (error || files.empty()) {
    std::fprintf(stderr, "%s: no corpus; a target without seeds tests nothing\n", arguments[1]);
    return 4;
  }
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) {
    const est::Result<std::string> content = est::read_file(file);
    if (!content) {
      std::fprintf(stderr, "%s\n", content.error().message.c_str());
      return 4;
    }
    const est::BytesView bytes = est::as_bytes(content.value());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
  return 0;
}
