// Issuing a certificate: by OpenSSL alone as its manual would have it, by est/pki, and by the CA with its database.
#include <openssl/x509.h>

#include "bench/folder.h"
#include "bench/material.h"
#include "bench/measure.h"
#include "ca/authority.h"
#include "est/crypto/chain.h"
#include "est/pki/request.h"

namespace bench {

namespace {

using est::Bytes;
namespace codec = est::codec;

// Parse, verify, fill in, sign, encode.
std::size_t issue_by_openssl(X509* root, EVP_PKEY* key) {
  const unsigned char* at = csr().data();
  const std::unique_ptr<X509_REQ, est::crypto::Deleter<X509_REQ_free>> request(d2i_X509_REQ(nullptr, &at, static_cast<long>(csr().size())));
  EVP_PKEY* own = request ? X509_REQ_get0_pubkey(request.get()) : nullptr;
  if (own == nullptr || X509_REQ_verify(request.get(), own) != 1) return 0;
  const est::crypto::X509Handle made(X509_new());
  const bool filled = X509_set_version(made.get(), X509_VERSION_3) == 1 &&
                      ASN1_INTEGER_set_uint64(X509_get_serialNumber(made.get()), 0x1234567890abcdefULL) == 1 &&
                      X509_set_subject_name(made.get(), X509_REQ_get_subject_name(request.get())) == 1 &&
                      X509_set_issuer_name(made.get(), X509_get_subject_name(root)) == 1 && X509_set_pubkey(made.get(), own) == 1 &&
                      X509_gmtime_adj(X509_getm_notBefore(made.get()), 0) != nullptr &&
                      X509_gmtime_adj(X509_getm_notAfter(made.get()), 86400) != nullptr && X509_sign(made.get(), key, EVP_sha256()) > 0;
  return filled ? est::crypto::to_der(*made).size() : 0;
}

void by_openssl(benchmark::State& state) {
  const auto root = must(est::crypto::parse_certificate(authority().root()));
  EVP_PKEY* key = authority().issuer().key->handle();
  const Loop loop(state);
  for (auto _ : state) demand(issue_by_openssl(root.get(), key) > 0, "OpenSSL issues nothing");
}

void by_pki(benchmark::State& state) {
  const est::pki::Issuer issuer = authority().issuer();
  const Loop loop(state);
  for (auto _ : state) {
    const auto request = codec::decode_certification_request(csr());
    demand(request.accepted() && must(est::pki::verify_request(*request.value)), "the request does not verify");
    est::pki::CertificateSpec spec;
    spec.serial = est::pki::random_serial();
    spec.subject = request.value->subject;
    spec.public_key_info = request.value->key.der;
    spec.validity = a_day();
    demand(!must(est::pki::issue_certificate(spec, issuer)).empty(), "nothing was issued");
  }
}

// Without the request's signature, which the server verifies before it asks the CA. One thread: a transaction a certificate.
void by_authority(benchmark::State& state) {
  const Folder folder;
  const auto ca = must(ca::Authority::create({folder.path() + "/ca", nullptr}, {}));
  const auto request = codec::decode_certification_request(csr());
  ca::IssueRequest ask;
  ask.request = &*request.value;
  ask.requester = {"basic:bench"};
  const Loop loop(state);
  for (auto _ : state) demand(std::holds_alternative<ca::Issued>(must(ca->issue(ask))), "the CA refuses");
}

}  // namespace

void add_issuing() {
  benchmark::RegisterBenchmark("issue/openssl", by_openssl);
  benchmark::RegisterBenchmark("issue/pki", by_pki);
  benchmark::RegisterBenchmark("issue/authority", by_authority);
}

}  // namespace bench
