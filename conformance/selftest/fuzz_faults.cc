#include "conformance/selftest/fuzz_faults.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "conformance/selftest/faults_support.h"
#include "est/pki/request.h"

namespace conformance::selftest {

namespace codec = est::codec;

namespace {

constexpr std::size_t leaked_octets = std::size_t{128} << 10U;
// Growth that ends before the campaign does is none, and a process may not have any number of threads.
constexpr int requests_a_thread = 4, most_threads = 1500;
constexpr int patient_requests = 300;  // before the server begins to be slow
constexpr est::Milliseconds slow_answer{600};

// An enrollment whose body is base64 of something that is no sound request.
bool cannot_be_read(const Scene& scene) {
  if (!is_enroll(scene.request) || scene.request.body.empty()) return false;
  const Bytes der = decoded_body(scene.request.body);
  return !der.empty() && est::has_errors(codec::decode_certification_request(der).findings);
}

// Some of the broken ones: what a parser's forgotten branch would be.
bool has_long_length(const Scene& scene) {
  if (!cannot_be_read(scene)) return false;
  const auto findings = codec::decode_certification_request(decoded_body(scene.request.body)).findings;
  return est::contains(findings, "der.truncated");
}

bool has_bad_proof(const Scene& scene) {
  const auto request = request_in(scene.request);
  if (!is_enroll(scene.request) || !request) return false;
  const auto verified = est::pki::verify_request(*request);
  return !verified || !*verified;
}

bool comes_in_chunks(const Scene& scene) { return scene.request.fields.has("Transfer-Encoding"); }

bool has_blank_inside(const Scene& scene) { return est::as_text(scene.request.body).find_first_of(" \t") != std::string_view::npos; }

bool is_bearer(const Scene& scene) { return scene.request.fields.get("Authorization").value_or("").starts_with("Bearer"); }

using Effect = void (*)();
// Does something when the test holds, and lets the handler answer.
Instead before_answering(Test test, Effect effect) {
  return [test = std::move(test), effect](const Scene& scene) -> std::optional<Response> {
    if (test(scene)) effect();
    return std::nullopt;
  };
}

void crash() { std::abort(); }
// The first one only wounds: what a parser that writes where it must not may look like from outside.
void crash_later() {
  static std::atomic<int> wounds{0};
  if (++wounds > 1) std::abort();
}
void freeze() { std::raise(SIGSTOP); }

void leak_memory() {
  static std::mutex mutex;
  static std::vector<Bytes> hoard;
  const std::lock_guard lock(mutex);
  hoard.emplace_back(leaked_octets, est::Byte{1});
}

void leak_descriptor() { static_cast<void>(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

void leak_thread() {
  static std::atomic<int> count{0};
  const int now = ++count;
  if (now % requests_a_thread == 0 && now / requests_a_thread < most_threads) std::thread([] { ::pause(); }).detach();
}

std::optional<Response> grow_slow(const Scene& scene) {
  static std::atomic<int> count{0};
  if (cannot_be_read(scene)) ++count;
  if (count > patient_requests && is(scene.request, Operation::cacerts)) std::this_thread::sleep_for(slow_answer);
  return std::nullopt;
}

void say_nothing(const Scene& scene, est::net::Reply& reply) {
  if (has_long_length(scene)) reply = {{}, est::net::AfterReply::keep};
}

// An enrollment that went well leads to another certificate.
AfterHook certify_oddly(Test test, std::function<Careless()> how) {
  return [test = std::move(test), how = std::move(how)](const Scene& scene, Response& response) {
    if (is_enroll(scene.request) && response.status == 200 && test(scene)) response = certify_whatever(scene, how());
  };
}

std::vector<FuzzFault> breaking_faults() {
  return {
      {{.id = "FAULT-FUZZ-CRASH", .sentence = "dies of a request that is cut off", .instead = before_answering(has_long_length, crash)},
       "death"},
      {{.id = "FAULT-FUZZ-WOUND",
        .sentence = "dies of the second request that is cut off",
        .instead = before_answering(has_long_length, crash_later)},
       "death"},
      {{.id = "FAULT-FUZZ-FREEZE",
        .sentence = "freezes on a request that is cut off",
        .instead = before_answering(has_long_length, freeze)},
       "death"},
      {{.id = "FAULT-FUZZ-MEMORY", .sentence = "keeps what it could not read", .instead = before_answering(cannot_be_read, leak_memory)},
       "memory"},
      {{.id = "FAULT-FUZZ-FILES",
        .sentence = "leaves a file open for each broken request",
        .instead = before_answering(cannot_be_read, leak_descriptor)},
       "descriptors"},
      {{.id = "FAULT-FUZZ-THREADS",
        .sentence = "leaves a thread behind for every fourth broken request",
        .instead = before_answering(cannot_be_read, leak_thread)},
       "threads"},
      {{.id = "FAULT-FUZZ-SLOW", .sentence = "is slow once it has seen many broken requests", .instead = grow_slow}, "slowness"}};
}

std::vector<FuzzFault> harmless_faults() {
  return {{{.id = "FAULT-FUZZ-HANG", .sentence = "does not answer a request that is cut off", .wire = say_nothing}, "hang", true},
          {{.id = "FAULT-FUZZ-REBORN",
            .sentence = "is started anew after a request that is cut off",
            .dies_of = has_long_length,
            .death = Death::reborn},
           "restart",
           true},
          {{.id = "FAULT-FUZZ-PROOF",
            .sentence = "issues a certificate although the request's signature does not verify",
            .after = grant(has_bad_proof)},
           "certificate-for-bad-proof",
           true},
          {{.id = "FAULT-FUZZ-KEY",
            .sentence = "certifies another key when the request came in chunks",
            .after = certify_oddly(comes_in_chunks, [] { return Careless{.public_key_info = foreign_public_key()}; })},
           "another-key",
           true},
          {{.id = "FAULT-FUZZ-NAME",
            .sentence = "certifies another name when there are blanks in the base64",
            .after = certify_oddly(has_blank_inside, [] { return Careless{.subject = codec::parse_name("CN=somebody else").value()}; })},
           "another-name",
           true},
          {{.id = "FAULT-FUZZ-BEARER",
            .sentence = "lets anybody in who has a Bearer token",
            .after =
                [](const Scene& scene, Response& response) {
                  if (is_enroll(scene.request) && response.status == 401 && is_bearer(scene)) response = certify_whatever(scene);
                }},
           "certificate-without-authorization",
           true},
          {{.id = "FAULT-FUZZ-ECHO",
            .sentence = "answers a chunked request twice",
            .wire =
                [](const Scene& scene, est::net::Reply& reply) {
                  const Bytes once = reply.wire;
                  if (comes_in_chunks(scene)) est::append(reply.wire, once);
                }},
           "too-many-answers",
           true}};
}

}  // namespace

const std::vector<FuzzFault>& fuzz_faults() {
  static const std::vector<FuzzFault> faults = [] {
    std::vector<FuzzFault> all = breaking_faults();
    for (FuzzFault& fault : harmless_faults()) all.push_back(std::move(fault));
    return all;
  }();
  return faults;
}

const FuzzFault* fuzz_fault(std::string_view id) {
  for (const FuzzFault& each : fuzz_faults())
    if (each.fault.id == id) return &each;
  return nullptr;
}

}  // namespace conformance::selftest
