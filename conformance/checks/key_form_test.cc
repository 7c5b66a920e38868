#include <gtest/gtest.h>

#include "conformance/checks/samples_test.h"
#include "est/codec/oid.h"

namespace conformance::checks {
namespace {

using namespace samples;
namespace der = est::codec::der;
namespace oids = est::codec::oids;

// What an enrollment came to whose certificate holds this key.
Verdict verdict_on(const Bytes& parameters, est::Byte form) {
  Bytes point = Pki::get().device_key.public_key_info();
  point.erase(point.begin(), point.end() - 65);
  point.front() = form;
  const Bytes spki = der::sequence({der::sequence({der::oid(oids::ec_public_key), parameters}), der::bit_string(point)});
  auto made = enrolled(Pki::get().certify({}, Pki::get().root_key, spki));
  made.artefacts["spki"] = spki;
  return judge("key-form", {}, made).worst;
}

TEST(KeyForm, NamedCurveAndAnAllowedPoint) {
  const Bytes named = der::oid(oids::prime256v1);
  EXPECT_EQ(judge("key-form", {}, enrolled(Pki::get().device())).worst, Verdict::pass);
  EXPECT_EQ(verdict_on(named, 0x04), Verdict::pass);
  EXPECT_EQ(verdict_on(named, 0x06), Verdict::fail);
  EXPECT_EQ(verdict_on(der::sequence({der::integer(1)}), 0x04), Verdict::fail);
  EXPECT_EQ(verdict_on({}, 0x04), Verdict::fail);
  EXPECT_EQ(judge("key-form", {}, answered(400)).worst, Verdict::pass);
  EXPECT_EQ(judge("key-form", {}, failed("read", "timeout")).worst, Verdict::fail);
}

TEST(KeyForm, TheKeyIsTheOneThatSigned) {
  const auto& pki = Pki::get();
  auto made = enrolled(pki.device());
  made.artefacts["csr"] = pki.request();
  EXPECT_EQ(judge("key-form", {}, made).worst, Verdict::pass);
  made = enrolled(pki.certify({}, pki.root_key, pki.other_key.public_key_info()));
  made.artefacts["csr"] = pki.request();
  EXPECT_EQ(judge("key-form", {}, made).worst, Verdict::fail);
}

}  // namespace
}  // namespace conformance::checks
