#include "conformance/campaign/process_watch.h"

#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "est/base/file.h"
#include "est/base/text.h"

namespace conformance::campaign {

namespace {

constexpr std::uint64_t much_memory = std::uint64_t{24} << 20U;
constexpr std::uint64_t many_descriptors = 24, many_threads = 12;
constexpr std::size_t fewest_samples = 8;
constexpr std::size_t file_limit = 4096;

int process_number(const std::string& where) {
  std::string text = where;
  if (const auto file = est::read_file(where, file_limit)) text = est::trim(*file);
  const auto blank = text.find_last_of(" \n");
  const auto number = est::parse_decimal(blank == std::string::npos ? text : text.substr(blank + 1));
  return number && *number > 0 && *number < (std::uint64_t{1} << 30U) ? static_cast<int>(*number) : 0;
}

template <class Get>
std::vector<std::uint64_t> series(const std::vector<Usage>& samples, Get get) {
  std::vector<std::uint64_t> values;
  for (const Usage& sample : samples) values.push_back(get(sample));
  return values;
}

void add_growth(std::vector<Problem>& problems, std::uint64_t grown, const char* kind, const std::string& what) {
  if (grown > 0) problems.push_back({kind, "uses ever more " + what});
}

}  // namespace

std::optional<Usage> usage_of(int process) {
  const std::string folder = "/proc/" + std::to_string(process);
  std::ostringstream text;
  const auto stat = est::read_file(folder + "/stat", file_limit);
  if (!stat) return std::nullopt;
  // Behind the name, which may hold anything, fields are counted from the third (proc(5)).
  std::istringstream fields(stat->substr(std::min(stat->size(), stat->rfind(')') + 1)));
  std::string word;
  Usage usage;
  for (int field = 3; fields >> word && field <= 24; ++field) {
    if (field == 3 && (word == "Z" || word == "X")) return std::nullopt;
    if (field == 20) usage.threads = est::parse_decimal(word).value_or(0);
    if (field == 22) usage.started = est::parse_decimal(word).value_or(0);
    if (field == 24) usage.resident = est::parse_decimal(word).value_or(0) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  }
  std::error_code trouble;
  for (std::filesystem::directory_iterator at(folder + "/fd", trouble), end; !trouble && at != end; at.increment(trouble))
    ++usage.descriptors;
  return usage;
}

std::uint64_t steady_growth(const std::vector<std::uint64_t>& values, std::uint64_t least) {
  if (values.size() < fewest_samples) return 0;
  const std::size_t quarter = values.size() / 4;
  const auto at = [&](std::size_t part) { return values[std::min(part * quarter, values.size() - 1)]; };
  const std::uint64_t first = at(1), last = values.back();
  if (last < first + least) return 0;
  // A cache that fills, or one big request, grows once.
  const std::uint64_t share = (last - first) / 8;
  const bool steady = at(2) > first + share && at(3) > at(2) + share && last > at(3) + share;
  return steady ? last - first : 0;
}

std::optional<Usage> ProcessWatch::look() const { return where_.empty() ? std::nullopt : usage_of(process_number(where_)); }

std::string ProcessWatch::problem() const {
  return !watches() || look()
             ? ""
             : "--pid: '" + est::printable(where_) + "' names no process of this machine; give its number or a file that ends in it";
}

void ProcessWatch::sample() {
  const auto usage = look();
  if (!usage) return;
  if (started_ == 0) started_ = usage->started;
  if (usage->started == started_) samples_.push_back(*usage);
}

bool ProcessWatch::ended() {
  if (!watches()) return false;
  const auto usage = look();
  if (started_ == 0 && usage) started_ = usage->started;
  return !usage || usage->started != started_;
}

std::vector<Problem> ProcessWatch::growth() const {
  std::vector<Problem> problems;
  const auto megabytes = [](std::uint64_t octets) { return std::to_string(octets >> 20U); };
  const auto memory = steady_growth(series(samples_, [](const Usage& each) { return each.resident; }), much_memory);
  const auto files = steady_growth(series(samples_, [](const Usage& each) { return each.descriptors; }), many_descriptors);
  const auto threads = steady_growth(series(samples_, [](const Usage& each) { return each.threads; }), many_threads);
  add_growth(problems, memory, "memory", "memory: " + megabytes(memory) + " MiB more than after a quarter of the campaign");
  add_growth(problems, files, "descriptors", "open files: " + std::to_string(files) + " more than after a quarter of the campaign");
  add_growth(problems, threads, "threads", "threads: " + std::to_string(threads) + " more than after a quarter of the campaign");
  return problems;
}

}  // namespace conformance::campaign
