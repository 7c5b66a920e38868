#include "conformance/bundle/bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509.h>

#include "conformance/engine/json.h"
#include "conformance/report/manifest.h"
#include "est/crypto/chain.h"

namespace conformance::bundle {
namespace {

using est::crypto::KeyType;
using est::crypto::PrivateKey;
using ::testing::AllOf;
using ::testing::HasSubstr;

est::Bytes certificate_for(const PrivateKey& key) {
  const est::crypto::X509Handle certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 9);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8, est::as_bytes("Ada").data(), 3, -1, 0);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
  X509_set_pubkey(certificate.get(), key.handle());
  X509_sign(certificate.get(), key.handle(), EVP_sha256());
  return est::crypto::to_der(*certificate);
}

std::string results_text() {
  report::Results results;
  results.target = {{"name", "Product"}};
  return engine::print_json(report::to_json(results)) + "\n";
}

class Bundle : public ::testing::Test {
 protected:
  const PrivateKey key_ = *PrivateKey::generate(KeyType::ec_p256);
  const est::Bytes certificate_ = certificate_for(key_);
  const Files folder_{{"results.json", results_text()}, {"evidence/EST-X-1/evidence.json", "{}"}, {"report.html", "<p>"}};
};

// A tar file with one entry that no bundle has.
std::string odd_archive(const char* path, unsigned type, const char* link) {
  std::string octets(65536, '\0');
  std::size_t used = 0;
  archive* writer = archive_write_new();
  archive_write_set_format_pax(writer);
  archive_write_open_memory(writer, octets.data(), octets.size(), &used);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_pathname(entry, path);
  archive_entry_set_filetype(entry, type);
  archive_entry_set_perm(entry, 0644);
  if (link != nullptr) archive_entry_set_symlink(entry, link);
  archive_write_header(writer, entry);
  archive_entry_free(entry);
  archive_write_close(writer);
  archive_write_free(writer);
  octets.resize(used);
  return octets;
}

TEST(Archive, GivesBackWhatWasPacked) {
  const Files files{{"a/b.json", "one"}, {"a/empty", ""}, {"c", std::string(70000, 'x')}};
  const auto packed = pack(files);
  ASSERT_TRUE(packed.ok()) << packed.error().message;
  EXPECT_EQ(*packed, *pack(files));
  const auto unpacked = unpack(*packed);
  ASSERT_TRUE(unpacked.ok()) << unpacked.error().message;
  EXPECT_EQ(*unpacked, files);
}

TEST(Archive, TakesOrdinaryFilesBelowOnly) {
  for (const char* path : {"../x", "/etc/x", "a/../../x", "a//b", "./x", "a\\b", "a b", ".."}) {
    EXPECT_FALSE(pack({{path, ""}}).ok()) << path;
    EXPECT_FALSE(unpack(odd_archive(path, AE_IFREG, nullptr)).ok()) << path;
  }
  EXPECT_THAT(unpack(odd_archive("link", AE_IFLNK, "/etc/passwd")).error().message, HasSubstr("link is no ordinary file"));
  EXPECT_FALSE(unpack(odd_archive("folder", AE_IFDIR, nullptr)).ok());
  EXPECT_FALSE(unpack("no archive").ok());
  EXPECT_FALSE(unpack(pack({{"a", "b"}})->substr(0, 600)).ok());
}

TEST_F(Bundle, OpensAsItWasMade) {
  const auto made = make(folder_, key_, {certificate_});
  ASSERT_TRUE(made.ok()) << made.error().message;
  const auto opened = open(*made);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_EQ(opened->folder, folder_);
  EXPECT_EQ(opened->statement["target"]["name"], "Product");
  EXPECT_TRUE(verify_signer(opened->signer, {certificate_}).ok());
  const PrivateKey other = *PrivateKey::generate(KeyType::ec_p256);
  EXPECT_FALSE(verify_signer(opened->signer, {certificate_for(other)}).ok());
}

// In headers, contents, padding, manifest, signature and behind the end.
TEST_F(Bundle, EveryOctetCounts) {
  const std::string made = *make(folder_, key_, {certificate_});
  for (std::size_t at = 0; at < made.size(); ++at) {
    std::string changed = made;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const auto opened = open(changed);
    ASSERT_FALSE(opened.ok()) << at;
  }
  EXPECT_FALSE(open(made + '\0').ok());
}

TEST_F(Bundle, NamesTheFileThatWasChanged) {
  Files files = *unpack(*make(folder_, key_, {certificate_}));
  for (const auto& [path, content] : Files(files)) {
    Files changed = files;
    changed[path] += " ";
    EXPECT_THAT(open(*pack(changed)).error().message, HasSubstr(path));
    changed.erase(path);
    EXPECT_THAT(open(*pack(changed)).error().message, AllOf(HasSubstr(path), HasSubstr("missing"))) << path;
  }
  files["results/more"] = "";
  EXPECT_THAT(open(*pack(files)).error().message, HasSubstr("results/more was added"));
}

// Whoever writes manifest and digests anew has no signature that fits.
TEST_F(Bundle, NeedsTheSignature) {
  Files files = *unpack(*make(folder_, key_, {certificate_}));
  files["results/report.html"] = "<p>better";
  Files listed = files;
  listed.erase("manifest.p7s");
  files["manifest.json"] = report::to_text(report::manifest_of(listed));
  EXPECT_THAT(open(*pack(files)).error().message, HasSubstr("manifest.p7s is not the signature over manifest.json"));
}

}  // namespace
}  // namespace conformance::bundle
