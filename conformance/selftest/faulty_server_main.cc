// The misbehaving peer as a process of its own, for faults that end, freeze or exhaust it:
//   estspec-faulty-server FAULT DIR HOST:PORT READY
// DIR is made by `est-server init` when it is not there. FAULT "none" misbehaves in no way. READY gets the URL and "pid N" when it serves.
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <iostream>
#include <memory>

#include "conformance/selftest/fuzz_faults.h"
#include "conformance/selftest/misbehave.h"
#include "est/base/file.h"
#include "server/init.h"
#include "server/instance.h"

namespace {

using conformance::selftest::Fault;

int fail(const std::string& what) {
  std::cerr << "estspec-faulty-server: " << what << "\n";
  return 4;
}

server::Instance::Wrap wrapped(const Fault& fault) {
  return [&fault](est::net::Application& inner, ca::Authority& authority) -> std::unique_ptr<est::net::Application> {
    return std::make_unique<conformance::selftest::MisbehavingApplication>(inner, authority, fault,
                                                                           std::make_shared<std::atomic<bool>>(false));
  };
}

int serve(const Fault& fault, const std::string& folder, const std::string& listen, const std::string& ready) {
  if (!std::filesystem::exists(folder)) {
    if (auto made = server::initialise({.directory = folder}); !made) return fail(made.error().message);
  }
  auto config = server::load_config(folder + "/est-server.yaml");
  if (!config) return fail(config.error().message);
  const auto endpoint = est::net::parse_endpoint(listen);
  if (!endpoint) return fail(endpoint.error().message);
  config->listen = {*endpoint};
  config->listen_late.clear();
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  auto instance = server::Instance::make(*config, est::Log::nowhere(), wrapped(fault));
  if (!instance) return fail(instance.error().message);
  if (auto started = (*instance)->start(); !started) return fail(started.error().message);
  const std::string text = server::urls(**instance).front() + "\npid " + std::to_string(::getpid()) + "\n";
  if (auto written = est::write_file(ready, text); !written) return fail(written.error().message);
  int number = 0;
  sigwait(&ends, &number);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return fail("usage: estspec-faulty-server FAULT DIR HOST:PORT READY");
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  const auto* fault = conformance::selftest::fuzz_fault(argv[1]);
  if (fault == nullptr && std::string(argv[1]) != "none") return fail(std::string("no fault is called ") + argv[1]);
  static const Fault nothing{};
  return serve(fault == nullptr ? nothing : fault->fault, argv[2], argv[3], argv[4]);
}
