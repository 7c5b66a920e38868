// Runs targets over their corpora: the driver for compilers without libFuzzer, and for ctest. Says nothing when all is well.
//   fuzz-replay FUZZ_FOLDER NAME...   corpus/NAME and regress/NAME
//   fuzz-replay FUZZ_FOLDER           no target without corpus, no corpus without target, none too big
//   fuzz-replay --runs N FUZZ_FOLDER NAME...   N inputs made of each corpus, always the same ones; the input a target dies of stays behind
//                                              in fuzz-died-NAME
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "est/base/file.h"
#include "fuzz/blind.h"
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

est::Result<std::vector<est::Bytes>> inputs_in(const fs::path& folder) {
  std::vector<est::Bytes> inputs;
  for (const fs::path& file : files_in(folder)) {
    const est::Result<std::string> content = est::read_file(file.string());
    if (!content) return content.error();
    inputs.push_back(est::to_bytes(*content));
  }
  return inputs;
}

void run_blindly(const fuzz::Target& target, const std::vector<est::Bytes>& seeds, std::size_t runs) {
  const std::string last = "fuzz-died-" + std::string(target.name);
  conformance::mutator::Random random(1);
  for (std::size_t i = 0; i < runs; ++i) {
    const est::Bytes input = fuzz::blind_input(seeds, random);
    std::ofstream(last, std::ios::binary) << est::as_text(input);
    target.run(input);
  }
  fs::remove(last);
}

// `runs` 0: the files as they are.
int replay(const fs::path& root, const std::string& name, std::size_t runs) {
  const fuzz::Target* target = find(name);
  if (target == nullptr) return complain(name + ": no such target");
  const auto corpus = inputs_in(root / "corpus" / name), regress = inputs_in(root / "regress" / name);
  for (const auto* each : {&corpus, &regress})
    if (!*each) return complain(each->error().message);
  if (corpus->empty()) return complain(name + ": no corpus; a target without seeds tests nothing");
  if (runs > 0) {
    run_blindly(*target, *corpus, runs);
    return 0;
  }
  for (const auto* each : {&corpus, &regress})
    for (const est::Bytes& input : **each) target->run(input);
  return 0;
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
  std::vector<std::string> words(arguments + 1, arguments + count);
  std::size_t runs = 0;
  if (words.size() > 2 && words[0] == "--runs") {
    runs = std::strtoul(words[1].c_str(), nullptr, 10);
    words.erase(words.begin(), words.begin() + 2);
    if (runs == 0) words.clear();
  }
  if (words.empty()) {
    std::fprintf(stderr, "usage: %s [--runs N] FUZZ_FOLDER [TARGET...]\n", arguments[0]);
    return 4;
  }
  const fs::path root(words[0]);
  int code = words.size() == 1 ? check_folders(root) : 0;
  for (std::size_t i = 1; i < words.size(); ++i) code = std::max(code, replay(root, words[i], runs));
  return code;
}
