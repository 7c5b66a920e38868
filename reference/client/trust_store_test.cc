#include "client/trust_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/temporary_folder_test.h"
#include "est/codec/pem.h"
#include "est/tls/identities_test.h"

namespace client {
namespace {

using est::tls::AuthorityForTest;
using est::tls::must;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

CaSet set_of(const std::vector<est::Bytes>& certificates) {
  CaSetOptions options;
  options.at = est::system_clock().now();
  return must(sort_ca_certificates(certificates, options));
}

TEST(TrustStore, KeepsWhatItIsGiven) {
  const TemporaryFolder folder;
  const AuthorityForTest root("root");
  const AuthorityForTest intermediate("intermediate", &root);
  const AuthorityForTest other("other");
  TrustStore store = must(TrustStore::open(folder.path("a/store")));
  EXPECT_FALSE(store.complete());
  EXPECT_THAT(folder.names(), IsEmpty());
  Trust configured;
  configured.explicit_anchors = {other.certificate()};
  configured.implicit_anchors = {root.certificate()};
  EXPECT_THAT(store.with(configured).implicit_anchors, ElementsAre(root.certificate()));
  ASSERT_TRUE(store.replace(set_of({root.certificate(), intermediate.certificate()}), {"https://x", Basis::explicit_anchors, 0}).ok());
  for (const TrustStore& each : {store, must(TrustStore::open(folder.path("a/store")))}) {
    EXPECT_TRUE(each.complete());
    const Trust trust = each.with(configured);
    EXPECT_THAT(trust.explicit_anchors, ElementsAre(other.certificate(), root.certificate()));
    EXPECT_THAT(trust.implicit_anchors, IsEmpty());
    EXPECT_THAT(trust.intermediates, ElementsAre(intermediate.certificate()));
    EXPECT_FALSE(trust.indicate);
  }
}

TEST(TrustStore, ReplacesEarlierAnchors) {
  const TemporaryFolder folder;
  const AuthorityForTest first("first");
  const AuthorityForTest second("second");
  TrustStore store = must(TrustStore::open(folder.path()));
  ASSERT_TRUE(store.replace(set_of({first.certificate()}), {"https://x", Basis::implicit_anchors, 0}).ok());
  ASSERT_TRUE(store.replace(set_of({second.certificate()}), {"https://x", Basis::explicit_anchors, 0}).ok());
  const TrustStore again = must(TrustStore::open(folder.path()));
  EXPECT_THAT(again.anchors(), ElementsAre(second.certificate()));
  EXPECT_TRUE(again.with({}).indicate);  // once told, always told (RFC 7030 4.1.3)
}

TEST(TrustStore, RefusesWhatItCannotRead) {
  struct Row {
    std::string name, content;
  };
  for (const Row& row : {Row{"explicit.pem", "garbage"},
                         {"explicit.pem", est::codec::encode_pem("CERTIFICATE", est::as_bytes("no certificate"))},
                         {"intermediates.pem", "garbage"},
                         {"state.json", "{"},
                         {"state.json", "[]"},
                         {"state.json", "{\"format\": 2, \"indicate-trusted-ca\": true}"},
                         {"state.json", "{\"format\": 1}"}}) {
    const TemporaryFolder folder;
    folder.write(row.name, row.content);
    const auto store = TrustStore::open(folder.path());
    ASSERT_FALSE(store.ok()) << row.name << " " << row.content;
    EXPECT_THAT(store.error().message, HasSubstr(row.name));
  }
}

}  // namespace
}  // namespace client
