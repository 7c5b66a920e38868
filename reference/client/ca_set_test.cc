#include "client/ca_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/issue_test.h"
#include "est/crypto/chain.h"

namespace client {
namespace {

using est::Bytes;
using est::crypto::KeyType;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using List = std::vector<Bytes>;

const CaSetOptions test_options{test_now, false};

CaSet sorted(const List& certificates, const CaSetOptions& options = test_options) {
  auto set = sort_ca_certificates(certificates, options);
  EXPECT_TRUE(set.ok()) << set.error().message;
  return set ? *std::move(set) : CaSet{};
}

std::string refused(const List& certificates, const CaSetOptions& options = test_options) {
  const auto set = sort_ca_certificates(certificates, options);
  return set ? "accepted" : set.error().message;
}

struct Hierarchy {
  TestAuthority root{"CN=root,O=Acme"};
  TestAuthority middle{"CN=middle,O=Acme"};
  TestAuthority issuing{"CN=issuing,O=Acme"};
  Bytes root_certificate = issue_self(root);
  Bytes middle_certificate = issue(middle, root);
  Bytes issuing_certificate = issue(issuing, middle);
};
const Hierarchy& hierarchy() {
  static const Hierarchy made;
  return made;
}

TestCertificate lasting(est::UnixTime from, est::UnixTime until) { return {test_now + from, test_now + until, true, {}}; }

TEST(CaSet, ARootAlone) {
  const CaSet set = sorted({hierarchy().root_certificate});
  EXPECT_THAT(set.anchors(), ElementsAre(hierarchy().root_certificate));
  EXPECT_THAT(set.intermediates(), IsEmpty());
  EXPECT_THAT(set.notes, IsEmpty());
}

TEST(CaSet, TheOrderOfTheAnswerDoesNotMatter) {
  const Hierarchy& h = hierarchy();
  List certificates{h.root_certificate, h.middle_certificate, h.issuing_certificate};
  std::sort(certificates.begin(), certificates.end());
  do {
    const CaSet set = sorted(certificates);
    EXPECT_THAT(set.anchors(), ElementsAre(h.root_certificate));
    EXPECT_THAT(set.intermediates(), UnorderedElementsAre(h.middle_certificate, h.issuing_certificate));
    EXPECT_THAT(set.notes, IsEmpty());
  } while (std::next_permutation(certificates.begin(), certificates.end()));
}

TEST(CaSet, DuplicatesAreLeftOutAndNoted) {
  const CaSet set = sorted({hierarchy().root_certificate, hierarchy().root_certificate});
  EXPECT_EQ(set.certificates.size(), 1U);
  EXPECT_EQ(set.notes.size(), 1U);
}

TEST(CaSet, WhatIsNoSetOfCaCertificates) {
  const Hierarchy& h = hierarchy();
  EXPECT_THAT(refused({}), HasSubstr("no certificate"));
  EXPECT_THAT(refused({h.root_certificate, Bytes{}}), HasSubstr("certificate 2"));
  EXPECT_THAT(refused({est::to_bytes("garbage")}), HasSubstr("certificate 1"));
  Bytes cut = h.root_certificate;
  cut.pop_back();
  EXPECT_THAT(refused({cut}), HasSubstr("certificate 1"));
  EXPECT_THAT(refused(List(101, h.root_certificate)), HasSubstr("101"));
  EXPECT_THAT(refused({h.middle_certificate, h.issuing_certificate}), HasSubstr("no self-signed certificate"));
  const TestAuthority device("CN=device");
  const Bytes end_entity = issue(device, h.root, {test_now - 1, test_now + 1, false, {}});
  EXPECT_THAT(refused({h.root_certificate, end_entity}), HasSubstr("'CN=device' of the /cacerts answer is no CA's"));
  const Bytes no_ca = issue_self(device, {test_now - 1, test_now + 1, false, {}});
  EXPECT_THAT(refused({no_ca}), HasSubstr("is no CA's"));
}

TEST(CaSet, AForgedSelfSignatureMakesNoRoot) {
  Bytes forged = hierarchy().root_certificate;
  forged.back() ^= 1U;
  EXPECT_THAT(refused({forged}), HasSubstr("no self-signed certificate"));
  const CaSet set = sorted({forged, hierarchy().root_certificate});
  EXPECT_THAT(set.anchors(), ElementsAre(hierarchy().root_certificate));
  EXPECT_THAT(set.intermediates(), IsEmpty());
}

TEST(CaSet, ABrokenChainIsRefused) {
  const Hierarchy& h = hierarchy();
  EXPECT_THAT(refused({h.root_certificate, h.issuing_certificate}), HasSubstr("'CN=issuing,O=Acme' of the /cacerts answer does not lead"));
  const TestAuthority impostor(h.middle, KeyType::ec_p256);
  EXPECT_THAT(refused({h.root_certificate, h.middle_certificate, issue(h.issuing, impostor)}), HasSubstr("does not lead"));
}

TEST(CaSet, TheCurrentRootMustBeInTime) {
  const TestAuthority root("CN=root");
  EXPECT_THAT(refused({issue_self(root, lasting(-20, -10))}), HasSubstr("has expired on 2027-01-15T07:59:50Z"));
  EXPECT_THAT(refused({issue_self(root, lasting(10, 20))}), HasSubstr("is not valid before 2027-01-15T08:00:10Z"));
}

TEST(CaSet, ExpiredIntermediatesAreNotUsed) {
  const Hierarchy& h = hierarchy();
  const Bytes expired = issue(h.middle, h.root, lasting(-20, -10));
  CaSet set = sorted({h.root_certificate, expired});
  EXPECT_THAT(set.intermediates(), IsEmpty());
  EXPECT_THAT(set.notes, ElementsAre(HasSubstr("'CN=middle,O=Acme' of the /cacerts answer is not used: it has expired")));
  set = sorted({h.root_certificate, expired, h.issuing_certificate});
  EXPECT_THAT(set.intermediates(), IsEmpty());
  EXPECT_EQ(set.notes.size(), 2U);
  set = sorted({h.root_certificate, issue(h.middle, h.root, lasting(10, 20))});
  EXPECT_THAT(set.notes, ElementsAre(HasSubstr("not valid yet")));
}

TEST(CaSet, HostileNamesAreSaidPrintably) {
  TestAuthority odd("CN=x");
  odd.name.rdns.clear();
  odd.name = est::codec::parse_name("CN=a\\0D\\0A\\1B[2J").value();
  const std::string why = refused({issue_self(odd, {test_now - 1, test_now + 1, false, {}})});
  EXPECT_EQ(why.find_first_of("\r\n\x1b"), std::string::npos) << why;
}

// --- Rollover

struct Rollover {
  TestAuthority old_root{"CN=root,O=Acme"};
  TestAuthority new_root{old_root, KeyType::ec_p384};
  Bytes old_with_old = issue_self(old_root, lasting(-test_year, 1000));
  Bytes new_with_new = issue_self(new_root, lasting(-10, test_year));
  Bytes old_with_new = issue(old_root, new_root, lasting(-10, 1000));
  Bytes new_with_old = issue(new_root, old_root, lasting(-10, 1000));
  TestAuthority below_old{"CN=below old"};
  Bytes under_old = issue(below_old, old_root);
};
const Rollover& rollover() {
  static const Rollover made;
  return made;
}

std::vector<CaRole> roles(const CaSet& set) {
  std::vector<CaRole> found;
  for (const CaCertificate& each : set.certificates) found.push_back(each.role);
  return found;
}

TEST(CaSet, TheThreeOfARolloverAreRecognised) {
  const Rollover& r = rollover();
  const CaSet set = sorted({r.old_with_old, r.new_with_old, r.under_old, r.old_with_new, r.new_with_new});
  EXPECT_THAT(roles(set),
              ElementsAre(CaRole::old_with_old, CaRole::new_with_old, CaRole::intermediate, CaRole::old_with_new, CaRole::current_root));
  EXPECT_THAT(set.notes, IsEmpty());
  EXPECT_THAT(set.anchors(), ElementsAre(r.new_with_new, r.old_with_old));
  EXPECT_THAT(set.intermediates(), UnorderedElementsAre(r.new_with_old, r.under_old, r.old_with_new));
  // Clients on either side of the rollover get on with it.
  for (const Bytes& anchor : {r.old_with_old, r.new_with_new})
    for (const TestAuthority* issuer : {&r.old_root, &r.new_root}) {
      const Bytes device = issue(TestAuthority("CN=device"), *issuer);
      const auto result = est::crypto::verify_chain(device, set.intermediates(), {anchor}, {}, {est::crypto::Purpose::any, test_now});
      EXPECT_TRUE(result && result->valid);
    }
}

TEST(CaSet, AnEarlierRootNeedsTheCurrentOnesWord) {
  const Rollover& r = rollover();
  const CaSet set = sorted({r.old_with_old, r.new_with_new, r.under_old});
  EXPECT_THAT(set.anchors(), ElementsAre(r.new_with_new));
  EXPECT_THAT(set.intermediates(), IsEmpty());
  EXPECT_THAT(set.notes,
              UnorderedElementsAre(HasSubstr("does not certify it by an OldWithNew"), HasSubstr("leads to a root that is not trusted")));
}

TEST(CaSet, AnExpiredOldWithNewVouchesForNobody) {
  const Rollover& r = rollover();
  const CaSet set = sorted({r.old_with_old, r.new_with_new, issue(r.old_root, r.new_root, lasting(-20, -10))});
  EXPECT_THAT(set.anchors(), ElementsAre(r.new_with_new));
}

TEST(CaSet, AnExpiredEarlierRootIsNoAnchor) {
  const Rollover& r = rollover();
  const CaSet set = sorted({issue_self(r.old_root, lasting(-20, -10)), r.old_with_new, r.new_with_new, r.under_old});
  EXPECT_THAT(set.anchors(), ElementsAre(r.new_with_new));
  EXPECT_THAT(set.intermediates(), UnorderedElementsAre(r.old_with_new, r.under_old));
}

TEST(CaSet, NewWithOldIsHeldAgainstTheEarlierKey) {
  const Rollover& r = rollover();
  const TestAuthority impostor(r.old_root, KeyType::ec_p256);
  const Bytes forged = issue(r.new_root, impostor);
  EXPECT_THAT(refused({r.old_with_old, r.old_with_new, r.new_with_new, forged}), HasSubstr("signed by no earlier root"));
  const CaSet set = sorted({r.new_with_new, r.new_with_old});
  EXPECT_THAT(set.intermediates(), IsEmpty());
  EXPECT_THAT(set.notes, ElementsAre(HasSubstr("not in the answer")));
}

TEST(CaSet, AnOldWithNewOfAStrangerIsABrokenChain) {
  const Rollover& r = rollover();
  const TestAuthority impostor(r.old_root, KeyType::ec_p256);
  EXPECT_THAT(refused({r.new_with_new, issue(r.old_root, impostor)}), HasSubstr("does not lead to a root"));
}

// --- Several roots

TEST(CaSet, OtherRootsAreAnchorsOnlyWhenTold) {
  const Hierarchy& h = hierarchy();
  const TestAuthority other("CN=other root");
  const Bytes other_root = issue_self(other, lasting(-10, 1000));
  const Bytes under_other = issue(TestAuthority("CN=under other"), other);
  const List certificates{h.root_certificate, other_root, under_other, h.middle_certificate};
  const CaSet one = sorted(certificates);
  EXPECT_THAT(one.anchors(), ElementsAre(h.root_certificate));
  EXPECT_THAT(one.intermediates(), ElementsAre(h.middle_certificate));
  EXPECT_EQ(one.notes.size(), 2U);
  const CaSet all = sorted(certificates, {test_now, true});
  EXPECT_THAT(all.anchors(), ElementsAre(h.root_certificate, other_root));
  EXPECT_THAT(all.intermediates(), ElementsAre(under_other, h.middle_certificate));
  EXPECT_THAT(all.notes, IsEmpty());
}

TEST(CaSet, CrossCertificatesInALoopEnd) {
  const TestAuthority a("CN=a");
  const TestAuthority b("CN=b");
  EXPECT_THAT(refused({hierarchy().root_certificate, issue(a, b), issue(b, a)}), HasSubstr("does not lead"));
}

}  // namespace
}  // namespace client
