// The codec beside OpenSSL on the same octets: parse, build, and what that takes from the heap.
#include <openssl/cms.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>

#include "bench/material.h"
#include "bench/measure.h"
#include "est/codec/base64.h"
#include "est/codec/cms.h"
#include "est/codec/csrattrs.h"
#include "est/codec/multipart.h"
#include "est/codec/pkcs10.h"
#include "est/crypto/handle.h"

namespace bench {

namespace {

using est::Bytes;
using est::BytesView;
namespace codec = est::codec;

using RequestHandle = std::unique_ptr<X509_REQ, est::crypto::Deleter<X509_REQ_free>>;
using Pkcs7Handle = std::unique_ptr<PKCS7, est::crypto::Deleter<PKCS7_free>>;

template <class Parse>
void parsing(benchmark::State& state, BytesView octets, const Parse& parse) {
  demand(parse(octets), "the octets to be parsed are refused");
  const Loop loop(state, octets.size());
  for (auto _ : state) benchmark::DoNotOptimize(parse(octets));
}

template <class Build>
void building(benchmark::State& state, const Build& build) {
  const std::size_t size = build();
  demand(size > 0, "nothing was built");
  const Loop loop(state, size);
  for (auto _ : state) benchmark::DoNotOptimize(build());
}

template <class Function>
void add(const std::string& name, Function function) {
  benchmark::RegisterBenchmark(name.c_str(), function);
}

// d2i of one kind: whether all was read, and the handle freed.
template <class Handle, auto Read>
bool read_all(BytesView octets) {
  const unsigned char* at = octets.data();
  const Handle handle(Read(nullptr, &at, static_cast<long>(octets.size())));
  return handle != nullptr && at == octets.data() + octets.size();
}

// OpenSSL keeps what it parsed; to make it encode anew, the request is said to have changed.
std::size_t encode_request(X509_REQ* request) {
  i2d_re_X509_REQ_tbs(request, nullptr);
  unsigned char* out = nullptr;
  const int size = i2d_X509_REQ(request, &out);
  OPENSSL_free(out);
  return size > 0 ? static_cast<std::size_t>(size) : 0;
}

RequestHandle parsed_request() {
  const unsigned char* at = csr().data();
  RequestHandle request(d2i_X509_REQ(nullptr, &at, static_cast<long>(csr().size())));
  demand(request != nullptr, "OpenSSL refuses the request");
  return request;
}

void add_request() {
  add("codec/csr-parse/own", [](benchmark::State& state) {
    parsing(state, csr(), [](BytesView octets) { return codec::decode_certification_request(octets).accepted(); });
  });
  add("codec/csr-parse/openssl", [](benchmark::State& state) { parsing(state, csr(), read_all<RequestHandle, d2i_X509_REQ>); });
  add("codec/csr-build/own", [](benchmark::State& state) {
    const auto request = codec::decode_certification_request(csr()).value;
    building(state, [&] {
      const Bytes info = codec::encode_certification_request_info(request->subject, request->key.der, request->attributes);
      return codec::encode_certification_request(info, request->signature_algorithm, request->signature).size();
    });
  });
  add("codec/csr-build/openssl", [](benchmark::State& state) {
    const RequestHandle request = parsed_request();
    building(state, [&] { return encode_request(request.get()); });
  });
}

void add_certs_only(std::size_t count) {
  const std::string number = std::to_string(count);
  add("codec/certs-only-" + number + "-parse/own", [=](benchmark::State& state) {
    parsing(state, certs_only(count), [](BytesView octets) { return codec::decode_certs_only(octets).accepted(); });
  });
  add("codec/certs-only-" + number + "-parse/openssl",
      [=](benchmark::State& state) { parsing(state, certs_only(count), read_all<Pkcs7Handle, d2i_PKCS7>); });
  add("codec/certs-only-" + number + "-build/own", [=](benchmark::State& state) {
    const std::vector<Bytes> certificates(count, device_certificate());
    building(state, [&] { return codec::encode_certs_only(certificates).size(); });
  });
  add("codec/certs-only-" + number + "-build/openssl", [=](benchmark::State& state) {
    const Bytes der = certs_only(count);
    const unsigned char* at = der.data();
    const Pkcs7Handle message(d2i_PKCS7(nullptr, &at, static_cast<long>(der.size())));
    building(state, [&] {
      unsigned char* out = nullptr;
      const int size = i2d_PKCS7(message.get(), &out);
      OPENSSL_free(out);
      return static_cast<std::size_t>(size);
    });
  });
}

// OpenSSL has no type for CsrAttrs; any SEQUENCE of anything is the nearest it has.
struct AnyFree {
  void operator()(ASN1_SEQUENCE_ANY* all) const noexcept { sk_ASN1_TYPE_pop_free(all, ASN1_TYPE_free); }
};
using AnyHandle = std::unique_ptr<ASN1_SEQUENCE_ANY, AnyFree>;

AnyHandle sequence_of_any(BytesView octets) {
  const unsigned char* at = octets.data();
  return AnyHandle(d2i_ASN1_SEQUENCE_ANY(nullptr, &at, static_cast<long>(octets.size())));
}

void add_attributes() {
  add("codec/csrattrs-parse/own", [](benchmark::State& state) {
    parsing(state, csrattrs(), [](BytesView octets) { return codec::decode_csrattrs(octets).accepted(); });
  });
  add("codec/csrattrs-parse/openssl",
      [](benchmark::State& state) { parsing(state, csrattrs(), [](BytesView octets) { return sequence_of_any(octets) != nullptr; }); });
  add("codec/csrattrs-build/own", [](benchmark::State& state) {
    const auto attributes = codec::decode_csrattrs(csrattrs()).value;
    building(state, [&] { return codec::encode(*attributes).size(); });
  });
  add("codec/csrattrs-build/openssl", [](benchmark::State& state) {
    const AnyHandle attributes = sequence_of_any(csrattrs());
    building(state, [&] {
      unsigned char* out = nullptr;
      const int size = i2d_ASN1_SEQUENCE_ANY(attributes.get(), &out);
      OPENSSL_free(out);
      return static_cast<std::size_t>(size);
    });
  });
}

Bytes two_parts() {
  const Bytes armoured = est::to_bytes(codec::encode_base64(certs_only(1)));
  return codec::encode_multipart(
      {{{{"Content-Type", "application/pkcs8"}}, armoured}, {{{"Content-Type", "application/pkcs7-mime"}}, armoured}}, "boundary");
}

void add_text() {
  add("codec/multipart-parse/own", [](benchmark::State& state) {
    parsing(state, two_parts(), [](BytesView octets) { return codec::decode_multipart(octets, "boundary").accepted(); });
  });
  add("codec/multipart-build/own", [](benchmark::State& state) {
    const auto parts = codec::decode_multipart(two_parts(), "boundary").value;
    building(state, [&] { return codec::encode_multipart(*parts, "boundary").size(); });
  });
  add("codec/base64-decode/own", [](benchmark::State& state) {
    const std::string text = codec::encode_base64(certs_only(10), 76, "\r\n");
    parsing(state, est::as_bytes(text),
            [](BytesView octets) { return codec::decode_base64(est::as_text(octets), codec::Base64Mode::lenient).accepted(); });
  });
  add("codec/base64-decode/openssl", [](benchmark::State& state) {
    const std::string text = codec::encode_base64(certs_only(10));
    Bytes out(text.size());
    parsing(state, est::as_bytes(text),
            [&](BytesView octets) { return EVP_DecodeBlock(out.data(), octets.data(), static_cast<int>(octets.size())) > 0; });
  });
  add("codec/base64-encode/own", [](benchmark::State& state) {
    const Bytes der = certs_only(10);
    building(state, [&] { return codec::encode_base64(der).size(); });
  });
  add("codec/base64-encode/openssl", [](benchmark::State& state) {
    const Bytes der = certs_only(10);
    Bytes out(der.size() * 2);
    building(state, [&] { return static_cast<std::size_t>(EVP_EncodeBlock(out.data(), der.data(), static_cast<int>(der.size()))); });
  });
}

}  // namespace

void add_codec() {
  add_request();
  for (const std::size_t count : {std::size_t{1}, std::size_t{10}, std::size_t{100}}) add_certs_only(count);
  add_attributes();
  add_text();
}

}  // namespace bench
