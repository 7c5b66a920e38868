// est-bench: what cryptography costs, and what is added to it. README.md says how to read the numbers.
#include <openssl/crypto.h>
#include <sys/utsname.h>

#include <algorithm>
#include <fstream>
#include <string_view>

#include "bench/measure.h"

namespace {

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

void add_machine_facts() {
  utsname system{};
  bench::demand(::uname(&system) == 0, "uname fails");
  benchmark::AddCustomContext("processor", processor());
  benchmark::AddCustomContext("kernel", std::string(system.sysname) + " " + system.release + " " + system.machine);
  benchmark::AddCustomContext("openssl", OpenSSL_version(OPENSSL_VERSION));
  benchmark::AddCustomContext("compiler", __VERSION__);
#ifdef NDEBUG
  benchmark::AddCustomContext("estspec", ESTSPEC_VERSION " release");
#else
  benchmark::AddCustomContext("estspec", ESTSPEC_VERSION " debug");
#endif
}

}  // namespace

int main(int argc, char** argv) {
  bench::count_openssl_allocations();
  // Not one of Google Benchmark's, which refuses what it does not know.
  if (argc > 1 && std::string_view(argv[1]) == "--small") {
    bench::be_small();
    std::rotate(argv + 1, argv + 2, argv + argc--);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 4;
  add_machine_facts();
  bench::add_primitives();
  bench::add_codec();
  bench::add_handshakes();
  bench::add_issuing();
  bench::add_enrollments();
  bench::add_clients();
  bench::add_behaviours();
  return benchmark::RunSpecifiedBenchmarks() == 0 ? 4 : 0;
}
