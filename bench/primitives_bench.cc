// The denominators: what the cryptography alone costs, by OpenSSL called as directly as can be.
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>

#include "bench/measure.h"
#include "est/base/bytes.h"
#include "est/crypto/handle.h"

namespace bench {

namespace {

using est::Bytes;
using est::crypto::DigestContextHandle;
using est::crypto::KeyContextHandle;
using est::crypto::KeyHandle;

constexpr std::array<std::uint8_t, 300> message{};  // about a TBSCertificate

KeyHandle new_key(const std::string& kind) {
  if (kind == "X25519" || kind == "ED25519") return KeyHandle(EVP_PKEY_Q_keygen(nullptr, nullptr, kind.c_str()));
  if (kind == "RSA-2048") return KeyHandle(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}));
  return KeyHandle(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", kind.c_str()));
}

// Fetched once: the fetch is a tax of its own.
const EVP_MD* sha256() {
  static const EVP_MD* const digest = EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
  return digest;
}

Bytes signature_by(EVP_PKEY* key) {
  const DigestContextHandle context(EVP_MD_CTX_new());
  Bytes out(512);
  std::size_t size = out.size();
  const bool made = EVP_DigestSignInit(context.get(), nullptr, sha256(), nullptr, key) == 1 &&
                    EVP_DigestSign(context.get(), out.data(), &size, message.data(), message.size()) == 1;
  demand(made, "a primitive signature failed");
  out.resize(size);
  return out;
}

void keygen(benchmark::State& state, const std::string& kind) {
  const Loop loop(state);
  for (auto _ : state) benchmark::DoNotOptimize(new_key(kind).get());
}

void sign(benchmark::State& state, const std::string& kind) {
  const KeyHandle key = new_key(kind);
  const Loop loop(state);
  for (auto _ : state) benchmark::DoNotOptimize(signature_by(key.get()).data());
}

void verify(benchmark::State& state, const std::string& kind) {
  const KeyHandle key = new_key(kind);
  const Bytes signature = signature_by(key.get());
  const Loop loop(state);
  for (auto _ : state) {
    const DigestContextHandle context(EVP_MD_CTX_new());
    const bool good = EVP_DigestVerifyInit(context.get(), nullptr, sha256(), nullptr, key.get()) == 1 &&
                      EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
    demand(good, "a primitive verification failed");
  }
}

void derive(benchmark::State& state, const std::string& kind) {
  const KeyHandle own = new_key(kind), peer = new_key(kind);
  std::array<unsigned char, 128> secret{};
  const Loop loop(state);
  for (auto _ : state) {
    const KeyContextHandle context(EVP_PKEY_CTX_new(own.get(), nullptr));
    std::size_t size = secret.size();
    const bool good = EVP_PKEY_derive_init(context.get()) == 1 && EVP_PKEY_derive_set_peer(context.get(), peer.get()) == 1 &&
                      EVP_PKEY_derive(context.get(), secret.data(), &size) == 1;
    demand(good, "a primitive key agreement failed");
  }
}

void digest(benchmark::State& state) {
  const Bytes data(16384);
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  const Loop loop(state, data.size());
  for (auto _ : state)
    demand(EVP_Digest(data.data(), data.size(), out.data(), nullptr, sha256(), nullptr) == 1, "a primitive digest failed");
}

}  // namespace

void add_primitives() {
  for (const char* kind : {"P-256", "P-384", "RSA-2048", "ED25519"}) {
    if (std::string(kind) != "ED25519") benchmark::RegisterBenchmark(("primitive/sign/" + std::string(kind)).c_str(), sign, kind);
    if (std::string(kind) != "ED25519") benchmark::RegisterBenchmark(("primitive/verify/" + std::string(kind)).c_str(), verify, kind);
    benchmark::RegisterBenchmark(("primitive/keygen/" + std::string(kind)).c_str(), keygen, kind);
  }
  for (const char* kind : {"P-256", "P-384", "X25519"})
    benchmark::RegisterBenchmark(("primitive/derive/" + std::string(kind)).c_str(), derive, kind);
  benchmark::RegisterBenchmark("primitive/keygen/X25519", keygen, "X25519");
  benchmark::RegisterBenchmark("primitive/sha256/16K", digest);
}

}  // namespace bench
