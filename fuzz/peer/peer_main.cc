// Added to each peer target: takes --plugin FILE, --exec COMMAND and --differences FOLDER out of the arguments before libFuzzer reads them.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "fuzz/peer/peer_target.h"

namespace fuzz::peer {
namespace {

// The value of "--name VALUE", which then is gone; empty where it is not given.
std::string take_option(int& count, char** arguments, const char* name) {
  for (int i = 1; i + 1 < count; ++i) {
    if (std::strcmp(arguments[i], name) != 0) continue;
    std::string value = arguments[i + 1];
    for (int j = i; j + 2 <= count; ++j) arguments[j] = arguments[j + 2];
    count -= 2;
    return value;
  }
  return {};
}

std::unique_ptr<Peer> chosen(const std::string& plugin, const std::string& command) {
  if (plugin.empty() && command.empty()) return linked_in();
  auto peer = plugin.empty() ? start_program(command) : load_plugin(plugin);
  if (peer) return std::move(peer).value();
  std::fprintf(stderr, "%s\n", peer.error().message.c_str());
  std::exit(4);
}

}  // namespace

Comparison& the_comparison(std::unique_ptr<Comparison> replacement) {
  static std::unique_ptr<Comparison> one = std::make_unique<Comparison>(linked_in(), "");
  if (replacement) one = std::move(replacement);
  return *one;
}

}  // namespace fuzz::peer

extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  const std::string plugin = fuzz::peer::take_option(*count, *arguments, "--plugin");
  const std::string command = fuzz::peer::take_option(*count, *arguments, "--exec");
  const std::string differences = fuzz::peer::take_option(*count, *arguments, "--differences");
  fuzz::peer::the_comparison(std::make_unique<fuzz::peer::Comparison>(fuzz::peer::chosen(plugin, command), differences));
  return 0;
}
