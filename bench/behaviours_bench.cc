// What other EST software has that could cost something, and that no other file here measures: revocation lists, chains, passwords, keys
// made for clients, CA certificates in number, full tables, many names, the log, the timers, reloading, draining.
#include <array>
#include <fstream>

#include "bench/folder.h"
#include "bench/material.h"
#include "bench/measure.h"
#include "bench/peer.h"
#include "ca/authority.h"
#include "ca/database.h"
#include "est/base/file.h"
#include "est/base/timers.h"
#include "est/codec/pem.h"
#include "est/crypto/chain.h"
#include "est/http/answer.h"
#include "est/net/client.h"
#include "est/ops/message.h"
#include "est/pki/request.h"
#include "server/authenticator.h"

namespace bench {

namespace {

using est::Bytes;
namespace codec = est::codec;

// --- Revocation lists and chains

est::pki::CrlSpec crl_spec(std::size_t entries) {
  est::pki::CrlSpec spec;
  spec.this_update = est::system_clock().now() - 60;
  spec.next_update = spec.this_update + 86400;
  for (std::size_t i = 0; i < entries; ++i) spec.revoked.push_back({est::pki::random_serial(), spec.this_update});
  return spec;
}

Bytes crl_of(std::size_t entries) { return must(est::pki::issue_crl(crl_spec(entries), authority().issuer())); }

void issue_crl(benchmark::State& state, std::size_t entries) {
  const est::pki::CrlSpec spec = crl_spec(entries);
  std::size_t octets = 0;
  {
    const Loop loop(state);
    for (auto _ : state) octets = must(est::pki::issue_crl(spec, authority().issuer())).size();
  }
  state.counters["octets"] = static_cast<double>(octets);
}

void verify_with_crl(benchmark::State& state, std::size_t entries) {
  const std::vector<Bytes> crls{crl_of(entries)};
  est::crypto::ChainOptions options;
  options.check_crl = true;
  const Loop loop(state, crls.front().size());
  for (auto _ : state)
    demand(must(est::crypto::verify_chain(device_certificate(), {}, {authority().root()}, crls, options)).valid, "the path is not valid");
}

// A leaf and so many CA certificates between it and the root.
std::vector<Bytes> chain_of(std::size_t depth) {
  std::vector<est::pki::Draft> drafts;
  std::vector<Bytes> chain;
  drafts.reserve(depth + 1);
  for (std::size_t i = 0; i <= depth; ++i) {
    const est::pki::Issuer issuer = i == 0 ? authority().issuer() : est::pki::Issuer{drafts[i - 1].spec.subject, &drafts[i - 1].key, {}};
    drafts.push_back(must(est::pki::draft("CN=depth " + std::to_string(i), a_day(), {codec::make_basic_constraints(i < depth)})));
    chain.insert(chain.begin(), must(est::pki::issue_certificate(drafts[i].spec, issuer)));
  }
  return chain;
}

void verify_depth(benchmark::State& state, std::size_t depth) {
  const std::vector<Bytes> chain = chain_of(depth);
  const std::vector<Bytes> between(chain.begin() + 1, chain.end());
  const Loop loop(state);
  for (auto _ : state)
    demand(must(est::crypto::verify_chain(chain.front(), between, {authority().root()}, {}, {})).valid, "the path is not valid");
}

// --- Who is asking

void authenticate(benchmark::State& state, server::Authentication kind) {
  server::Trust trust;
  trust.passwords["estuser"] = "a password of some length";
  trust.explicit_anchors = {authority().root()};
  const server::TrustStore store(trust);
  const server::Authenticator authenticator({}, store, est::system_clock());
  server::LabelPolicy policy;
  policy.authentication = kind;
  est::tls::Facts facts;
  if (kind == server::Authentication::certificate) facts.peer_chain = {device_certificate()};
  auto request = est::ops::enroll_request(est::ops::Operation::simpleenroll, {}, "127.0.0.1", csr());
  if (kind == server::Authentication::basic)
    request.fields.set("Authorization", est::http::basic_authorization({"estuser", trust.passwords["estuser"]}));
  const auto ask = [&] {
    demand(std::holds_alternative<server::Principal>(authenticator.authenticate(request, facts, policy)), "the client is refused");
  };
  ask();
  const Loop loop(state);
  for (auto _ : state) ask();
}

// --- Answers

void make_key(benchmark::State& state, est::crypto::KeyType type) {
  const Loop loop(state);
  for (auto _ : state) demand(!must(est::crypto::PrivateKey::generate(type)).to_pkcs8().empty(), "no key");
}

void answer_cacerts(benchmark::State& state, std::size_t certificates) {
  const std::vector<Bytes> all(certificates, authority().root());
  const Loop loop(state, est::http::encode(est::ops::cacerts_response(all)).size());
  for (auto _ : state) benchmark::DoNotOptimize(est::http::encode(est::ops::cacerts_response(all)));
}

void answer_csrattrs(benchmark::State& state) {
  const auto attributes = codec::decode_csrattrs(csrattrs());
  const Loop loop(state);
  for (auto _ : state) benchmark::DoNotOptimize(est::http::encode(est::ops::csrattrs_response(*attributes.value)));
}

// --- Full tables

class FullAuthority {
 public:
  FullAuthority() : request_(codec::decode_certification_request(csr())) {
    ask.request = &*request_.value;
    ask.requester = {"basic:bench"};
  }

  // Copies of what is in a table, made by the database itself.
  void fill(std::size_t rows, const std::string& insert) {
    const auto database = must(ca::Database::open(folder_.path() + "/ca/ca.db"));
    const std::string numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + std::to_string(rows) + ") ";
    if (auto filled = database->execute((numbers + insert).c_str()); !filled) demand(false, filled.error().message);
  }

  ca::IssueRequest ask;
  [[nodiscard]] ca::Authority& operator*() const { return *authority_; }

 private:
  Folder folder_;
  est::Decoded<codec::CertificationRequest> request_;
  std::unique_ptr<ca::Authority> authority_ = must(ca::Authority::create({folder_.path() + "/ca", nullptr}, {}));
};

void poll_pending(benchmark::State& state, std::size_t waiting) {
  FullAuthority full;
  full.ask.manual_approval = true;
  demand(std::holds_alternative<ca::Pending>(must((*full).issue(full.ask))), "the request does not wait");
  full.fill(waiting,
            "INSERT INTO pending (identity, label, subject_der, key, subject, state, asked_at, request) "
            "SELECT identity, label, subject_der, randomblob(91), subject, state, asked_at, request FROM pending, n WHERE id = 1");
  const Loop loop(state);
  for (auto _ : state) demand(std::holds_alternative<ca::Pending>(must((*full).issue(full.ask))), "the request does not wait");
}

void find_serial(benchmark::State& state, std::size_t certificates) {
  FullAuthority full;
  const auto issued = must((*full).issue(full.ask));
  full.fill(certificates,
            "INSERT INTO certificate (serial, issuer, subject, not_after, issued_at, identity, label, der) SELECT randomblob(16), issuer, "
            "subject, "
            "not_after, issued_at, identity, label, substr(der, 1, 16) FROM (SELECT * FROM certificate LIMIT 1), n");
  const Bytes serial = std::get<ca::Issued>(issued).serial;
  const Loop loop(state);
  for (auto _ : state) demand(must((*full).find(serial)).has_value(), "the certificate is not found");
}

// --- The whole server

Bytes named_certificate(const std::string& name, const est::crypto::PrivateKey& key) {
  est::pki::CertificateSpec spec;
  spec.serial = est::pki::random_serial();
  spec.subject = must(codec::parse_name("CN=named"));
  spec.public_key_info = key.public_key_info();
  spec.validity = a_day();
  spec.extensions = {codec::make_subject_alt_name({must(codec::parse_general_name("DNS:" + name))})};
  return must(est::pki::issue_certificate(spec, authority().issuer()));
}

std::string write_named(const Folder& folder, std::size_t number, const est::crypto::PrivateKey& key) {
  const Bytes certificate = named_certificate("name-" + std::to_string(number) + ".example", key);
  std::string path = folder.path() + "/" + std::to_string(number) + ".pem";
  demand(est::write_file(path, codec::encode_pem("CERTIFICATE", certificate)).ok(), "the certificate is not written");
  return path;
}

// A handshake by name, where the certificate is the last of so many.
void connect_by_name(benchmark::State& state, std::size_t names) {
  const Folder folder;
  const auto key = must(est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256));
  const std::string key_path = folder.path() + "/named.key";
  demand(est::write_file(key_path, key.to_pem(), 0600).ok(), "the key is not written");
  const Peer named([&](server::Config& config) {
    config.named_certificates.clear();
    for (std::size_t i = 1; i <= names; ++i) config.named_certificates.push_back({write_named(folder, i, key), key_path});
  });
  est::tls::ClientProfile profile;
  profile.anchors = {authority().root()};
  profile.expected_name = "name-" + std::to_string(names) + ".example";
  const auto context = must(est::tls::ClientContext::make(profile));
  const auto own_before = thread_cpu(), all_before = process_cpu();
  for (auto _ : state) {
    auto opened = est::net::ClientConnection::open(named.address, *context, {});
    if (const auto* failure = std::get_if<est::net::Failure>(&opened)) demand(false, failure->message);
    std::get<est::net::ClientConnection>(opened).close();
  }
  const auto own = thread_cpu() - own_before;
  Sides{own, process_cpu() - all_before - own}.report(state);
}

void reload(benchmark::State& state, std::size_t revoked) {
  const Folder folder;
  const std::string path = folder.path() + "/other.crl";
  if (revoked != 0) demand(est::write_file(path, est::as_text(crl_of(revoked))).ok(), "the CRL is not written");
  const Peer reloaded([&](server::Config& config) {
    if (revoked != 0) config.crls.push_back(path);
  });
  const Loop loop(state);
  for (auto _ : state)
    if (auto done = reloaded.instance().reload(); !done) demand(false, done.error().message);
}

// From being told to stop until it has, with connections that sit there.
void drain(benchmark::State& state, std::size_t idle) {
  est::tls::ClientProfile profile;
  profile.verify = false;
  const auto context = must(est::tls::ClientContext::make(profile));
  for (auto _ : state) {
    const Peer drained;
    std::vector<est::net::ClientConnection> crowd;
    for (std::size_t i = 0; i < idle; ++i) {
      auto opened = est::net::ClientConnection::open(drained.address, *context, {});
      if (const auto* failure = std::get_if<est::net::Failure>(&opened)) demand(false, failure->message);
      crowd.push_back(std::get<est::net::ClientConnection>(std::move(opened)));
    }
    const auto began = std::chrono::steady_clock::now();
    drained.instance().drain();
    state.SetIterationTime(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  }
}

// --- What is told of it

void log_a_request(benchmark::State& state, est::LogLevel least) {
  std::ofstream nowhere("/dev/null");
  const est::Log log([&](std::string_view line) { nowhere << line << '\n'; }, least);
  const Loop loop(state);
  for (auto _ : state)
    log.write(est::LogLevel::info, "request",
              {{"connection", "65537"},
               {"peer", "127.0.0.1:49152"},
               {"tls", "TLS 1.3"},
               {"method", "POST"},
               {"target", "/.well-known/est/simpleenroll"},
               {"status", "200"},
               {"identity", "user:estuser"},
               {"serial", "0123456789abcdef0123456789abcdef"},
               {"cause", ""}});
}

void time_a_phase(benchmark::State& state, bool on) {
  est::Timers timers;
  est::Timers* const used = on ? &timers : nullptr;
  for (auto _ : state) {
    est::Stopwatch watch(used, est::TimedPhase::parse);
    benchmark::DoNotOptimize(watch);
    watch.stop();
  }
}

// Google Benchmark looks for the number of iterations by beginning anew, set-up and all: `times` spares that where much is set up.
template <class Call>
void add_filled(const std::string& name, const std::vector<std::size_t>& sizes, std::size_t times, Call call) {
  for (const std::size_t size : sizes)
    benchmark::RegisterBenchmark((name + std::to_string(size)).c_str(), call, size)->Iterations(static_cast<std::int64_t>(times));
}

template <class Call>
void add_sizes(const std::string& name, const std::vector<std::size_t>& sizes, Call call) {
  for (const std::size_t size : sizes) benchmark::RegisterBenchmark((name + std::to_string(size)).c_str(), call, size);
}

void add_server_behaviours() {
  const std::size_t look_ups = many_or_few(20000, 1), handshakes = many_or_few(200, 1);
  add_filled("pending/poll/", {1, many_or_few(100000, 100)}, look_ups, poll_pending);
  add_filled("lookup/serial/", {1, many_or_few(10000, 100), many_or_few(1000000, 1000)}, look_ups, find_serial);
  add_filled("names/", {1, many_or_few(1000, 10), many_or_few(10000, 20)}, handshakes, connect_by_name);
  add_sizes("reload/crl-", {0, many_or_few(100000, 100)}, reload);
  for (const std::size_t idle : {std::size_t{0}, many_or_few(100, 10)})
    benchmark::RegisterBenchmark(("drain/idle-" + std::to_string(idle)).c_str(), drain, idle)->UseManualTime()->Iterations(1);
}

}  // namespace

void add_behaviours() {
  using server::Authentication;
  add_sizes("crl/issue/", {10, many_or_few(100000, 1000)}, issue_crl);
  add_sizes("crl/verify/", {10, many_or_few(100000, 1000)}, verify_with_crl);
  add_sizes("chain/verify/", {0, 1, 3}, verify_depth);
  benchmark::RegisterBenchmark("auth/none", authenticate, Authentication::none);
  benchmark::RegisterBenchmark("auth/basic", authenticate, Authentication::basic);
  benchmark::RegisterBenchmark("auth/certificate-seen-before", authenticate, Authentication::certificate);
  for (const char* type : {"ec-p256", "ec-p384", "ed25519", "rsa-2048", many_or_few(1, 0) == 1 ? "rsa-3072" : "rsa-2048"})
    benchmark::RegisterBenchmark((std::string("serverkeygen/") + type).c_str(), make_key, *est::crypto::key_type_by_name(type));
  add_sizes("answer/cacerts/", {1, 10, 100}, answer_cacerts);
  benchmark::RegisterBenchmark("answer/csrattrs", answer_csrattrs);
  benchmark::RegisterBenchmark("log/request/off", log_a_request, est::LogLevel::error);
  benchmark::RegisterBenchmark("log/request/on", log_a_request, est::LogLevel::info);
  benchmark::RegisterBenchmark("timers/off", time_a_phase, false);
  benchmark::RegisterBenchmark("timers/on", time_a_phase, true);
  add_server_behaviours();
}

}  // namespace bench
