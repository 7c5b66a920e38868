// Runs targets over their corpora: the driver for compilers without libFuzzer, and for ctest. Says nothing when all is well.
//   fuzz-replay FUZZ_FOLDER NAME...   corpus/NAME and regress/NAME
//   fuzz-replay FUZZ_FOLDER           no target without corpus, no corpus without target, none too big
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>

#include "est/base/file.h"
#include "fuzz/target.h"

namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_files = 300;
constexpr std::uintmax_t most_octets = 512U << 10U;

int complain(const std::string& sentence) {
  std::fprintf(stderr, "%s\n", sentence.c_str());
  return 1;
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none))
    if (entry.is_regular_file() && entry.path().extension() != ".md") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

const fuzz::Target* find(const std::string& name) {
  const auto& all = fuzz::targets();
  const auto found = std::find_if(all.begin(), all.end(), [&](const fuzz::Target& each) { return each.name == name; });
  return found == all.end() ? nullptr : &*found;
}

int replay_folder(const fuzz::Target& target, const fs::path& folder) {
  for (const fs::path& file : files_in(folder)) {
    const est::Result<std::string> content = est::read_file(file.string());
    if (!content) return complain(content.error().message);
    const est::Bytes input = est::to_bytes(*content);
    target.run(input);
  }
  return 0;
}

int replay(const fs::path& root, const std::string& name) {
  const fuzz::Target* target = find(name);
  if (target == nullptr) return complain(name + ": no such target");
  if (files_in(root / "corpus" / name).empty()) return complain(name + ": no corpus; a target without seeds tests nothing");
  if (const int code = replay_folder(*target, root / "corpus" / name); code != 0) return code;
  return replay_folder(*target, root / "regress" / name);
}

int check_size(const fs::path& folder) {
  const std::vector<fs::path> files = files_in(folder);
  std::uintmax_t octets = 0;
  for (const fs::path& file : files) octets += fs::file_size(file);
  if (files.size() <= most_files && octets <= most_octets) return 0;
  return complain(folder.string() + ": " + std::to_string(files.size()) + " files, " + std::to_string(octets) +
                  " octets; at most 300 and 524288 (see fuzz/campaign, which minimises)");
}

int check_folders(const fs::path& root) {
  int code = 0;
  for (const fuzz::Target& target : fuzz::targets())
    if (files_in(root / "corpus" / target.name).empty()) code = complain(std::string(target.name) + ": no corpus");
  for (const char* kind : {"corpus", "regress"})
    for (const auto& entry : fs::directory_iterator(root / kind)) {
      if (!entry.is_directory()) continue;
      if (find(entry.path().filename().string()) == nullptr) code = complain(entry.path().string() + ": belongs to no target");
      code = std::max(code, check_size(entry.path()));
    }
  return code;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::fprintf(stderr, "usage: %s FUZZ_FOLDER [TARGET...]\n", arguments[0]);
    return 4;
  }
  const fs::path root(arguments[1]);
  int code = count == 2 ? check_folders(root) : 0;
  for (int i = 2; i < count; ++i) code = std::max(code, replay(root, arguments[i]));
  return code;
}
