#include "client/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "client/issue_test.h"
#include "client/temporary_folder_test.h"
#include "est/codec/cms.h"
#include "est/codec/pem.h"
#include "est/crypto/key_file.h"

namespace client {
namespace {

using est::Bytes;
using est::crypto::KeyType;
using est::crypto::PrivateKey;
using testing::ElementsAre;
using testing::HasSubstr;

struct Material {
  TestAuthority root{"CN=root"};
  TestAuthority device{"CN=device 1"};
  Bytes root_certificate = issue_self(root);
  Bytes certificate = issue(device, root, {test_now - test_year, test_now + test_year, false, {}});
  std::vector<Bytes> chain{certificate, root_certificate};
};
const Material& material() {
  static const Material made;
  return made;
}

std::string text_of(const Bytes& octets) { return est::to_string(octets); }

// Answers with `passphrase`; counts how often it was asked, and for what.
struct Asker {
  std::string passphrase;
  std::vector<std::string> asked = {};
  AskPassphrase ask() {
    return [this](std::string_view what) {
      asked.emplace_back(what);
      return est::Result<Secret>(Secret(passphrase));
    };
  }
};

// --- Reading

TEST(ReadKey, EveryForm) {
  const TemporaryFolder folder;
  const PrivateKey& key = material().device.key;
  Asker asker{"correct horse"};
  const Secret passphrase(asker.passphrase);
  for (const std::string& content :
       {key.to_pem(), text_of(key.to_pkcs8()), key_pem(key, passphrase).value(), text_of(pkcs12(key, material().chain, passphrase).value()),
        certificates_pem(material().chain) + key.to_pem()}) {
    const auto read = read_key(folder.write("key", content), asker.ask());
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(read->public_key_info(), key.public_key_info());
  }
  EXPECT_THAT(asker.asked, ElementsAre("the passphrase of " + folder.path("key"), "the passphrase of " + folder.path("key")));
}

TEST(ReadKey, ErrorsNameFileAndCure) {
  const TemporaryFolder folder;
  const auto error = [&](const std::string& path, const AskPassphrase& ask = {}) {
    const auto read = read_key(path, ask);
    return read ? std::string() : read.error().message;
  };
  EXPECT_THAT(error(folder.path("none")), HasSubstr(folder.path("none")));
  EXPECT_THAT(error(folder.write("empty", "")), HasSubstr("empty is empty"));
  EXPECT_THAT(error(folder.write("garbage", "garbage")), HasSubstr(folder.path("garbage") + ": "));
  EXPECT_THAT(error(folder.write("certificate", certificates_pem(material().chain))), HasSubstr(folder.path("certificate") + ": "));
  const std::string encrypted = folder.write("encrypted", key_pem(material().device.key, Secret("correct horse")).value());
  EXPECT_THAT(error(encrypted), HasSubstr("there is no passphrase; give one"));
  Asker wrong{"battery staple"};
  EXPECT_THAT(error(encrypted, wrong.ask()), HasSubstr("is the passphrase right?"));
  EXPECT_THAT(error(encrypted, wrong.ask()), testing::Not(HasSubstr("staple")));
  EXPECT_EQ(error(encrypted, [](std::string_view) { return est::Result<Secret>(est::Error{"given up"}); }), "given up");
}

TEST(ReadCertificates, EveryForm) {
  const TemporaryFolder folder;
  const Secret passphrase("correct horse");
  Asker asker{"correct horse"};
  const std::vector<Bytes>& chain = material().chain;
  const Bytes message = est::codec::encode_certs_only(chain);
  for (const std::string& content :
       {certificates_pem(chain), "device\n" + certificates_pem({chain[0]}) + "root\r\n" + certificates_pem({chain[1]}), text_of(message),
        est::codec::encode_pem("PKCS7", message), est::codec::encode_pem("CMS", message),
        text_of(pkcs12(material().device.key, chain, passphrase).value()), certificates_pem(chain) + material().device.key.to_pem()}) {
    const auto read = read_certificates(folder.write("chain", content), asker.ask());
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_THAT(*read, testing::UnorderedElementsAreArray(chain));
  }
  EXPECT_THAT(read_certificates(folder.write("one", text_of(chain[0]))).value(), ElementsAre(chain[0]));
}

TEST(ReadCertificates, GarbageIsAnErrorThatNamesTheFile) {
  const TemporaryFolder folder;
  const std::string good = certificates_pem(material().chain);
  for (const std::string& content :
       {std::string("garbage"), material().device.key.to_pem(), good.substr(0, good.size() - 40), good + "-----BEGIN CERTIFICATE-----\n",
        est::codec::encode_pem("CERTIFICATE", Bytes{0x30, 0x03, 1, 2, 3}), text_of(material().certificate) + "x",
        est::codec::encode_pem("PKCS7", Bytes{0x30, 0x00})}) {
    const auto read = read_certificates(folder.write("chain", content));
    ASSERT_FALSE(read.ok()) << content;
    EXPECT_THAT(read.error().message, HasSubstr(folder.path("chain")));
  }
}

TEST(ReadIdentity, TheKeyDecidesWhichCertificateIsFirst) {
  const TemporaryFolder folder;
  const std::string key = folder.write("key", material().device.key.to_pem(), 0600);
  const std::string upside_down = folder.write("chain", certificates_pem({material().root_certificate, material().certificate}));
  const auto identity = read_identity(upside_down, key);
  ASSERT_TRUE(identity.ok()) << identity.error().message;
  EXPECT_EQ(identity->chain, material().chain);
  EXPECT_EQ(identity->key->public_key_info(), material().device.key.public_key_info());
  const std::string other = folder.write("other", PrivateKey::generate(KeyType::ec_p256)->to_pem(), 0600);
  const auto bad = read_identity(upside_down, other);
  ASSERT_FALSE(bad.ok());
  EXPECT_THAT(bad.error().message, testing::AllOf(HasSubstr(upside_down), HasSubstr(other)));
}

TEST(ReadIdentity, OneFileMayHoldAllAndIsAskedForOnce) {
  const TemporaryFolder folder;
  Asker asker{"correct horse"};
  const Secret passphrase(asker.passphrase);
  const std::string pem = folder.write("all.pem", certificates_pem(material().chain) + material().device.key.to_pem(), 0600);
  EXPECT_EQ(read_identity(pem, {}).value().chain, material().chain);
  const std::string p12 = folder.write("all.p12", text_of(pkcs12(material().device.key, material().chain, passphrase).value()));
  const auto identity = read_identity(p12, {}, asker.ask());
  ASSERT_TRUE(identity.ok()) << identity.error().message;
  EXPECT_EQ(identity->chain, material().chain);
  EXPECT_EQ(asker.asked.size(), 1U);
}

// --- Writing

mode_t mode_of(const std::string& path) {
  struct stat facts {};
  return ::lstat(path.c_str(), &facts) == 0 ? facts.st_mode & 07777U : 0;
}

TEST(WriteOutput, KeysAreForTheOwnerOnly) {
  const TemporaryFolder folder;
  const mode_t before = ::umask(0);
  EXPECT_TRUE(write_output(folder.path("key"), "secret", FileKind::secret, Overwrite::refuse).ok());
  EXPECT_TRUE(write_output(folder.path("certificate"), "open", FileKind::open, Overwrite::refuse).ok());
  ::umask(027);
  EXPECT_TRUE(write_output(folder.path("strict"), "open", FileKind::open, Overwrite::refuse).ok());
  ::umask(before);
  EXPECT_EQ(mode_of(folder.path("key")), 0600U);
  EXPECT_EQ(mode_of(folder.path("certificate")), 0644U);
  EXPECT_EQ(mode_of(folder.path("strict")), 0640U);
  EXPECT_EQ(folder.read("key"), "secret");
  EXPECT_THAT(folder.names(), ElementsAre("certificate", "key", "strict"));
}

TEST(WriteOutput, ReplacesOnlyWhenTold) {
  const TemporaryFolder folder;
  const std::string path = folder.write("key", "old", 0644);
  const auto refused = write_output(path, "new", FileKind::secret, Overwrite::refuse);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message, path + " exists; name another file, or allow to overwrite it");
  EXPECT_EQ(folder.read("key"), "old");
  EXPECT_TRUE(write_output(path, "new", FileKind::secret, Overwrite::replace).ok());
  EXPECT_EQ(folder.read("key"), "new");
  EXPECT_EQ(mode_of(path), 0600U);
  EXPECT_THAT(folder.names(), ElementsAre("key"));
}

TEST(WriteOutput, LeavesLinksFoldersAndDevicesAlone) {
  const TemporaryFolder folder;
  folder.write("real", "old");
  std::filesystem::create_symlink(folder.path("real"), folder.path("link"));
  std::filesystem::create_symlink(folder.path("nowhere"), folder.path("dangling"));
  std::filesystem::create_directory(folder.path("folder"));
  ASSERT_EQ(::mkfifo(folder.path("pipe").c_str(), 0600), 0);
  const auto names = folder.names();
  for (const Overwrite overwrite : {Overwrite::refuse, Overwrite::replace}) {
    for (const std::string& path : {folder.path("link"), folder.path("dangling"), folder.path("folder"), folder.path("pipe"),
                                    folder.path("folder/"), folder.path("none/key"), folder.path("real/key"), std::string()}) {
      const auto written = write_output(path, "new", FileKind::secret, overwrite);
      ASSERT_FALSE(written.ok()) << path;
      EXPECT_THAT(written.error().message, HasSubstr(path));
    }
  }
  EXPECT_EQ(folder.read("real"), "old");
  EXPECT_EQ(folder.names(), names);
}

TEST(WriteOutput, AFullDiskLeavesNothingBehind) {
  const TemporaryFolder folder;
  folder.write("key", "old");
  const auto before_signal = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit little{16, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &little), 0);
  const auto written = write_output(folder.path("key"), std::string(1000, 'x'), FileKind::secret, Overwrite::replace);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, before_signal);
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(folder.read("key"), "old");
  EXPECT_THAT(folder.names(), ElementsAre("key"));
}

TEST(StagedFiles, NothingIsThereBeforeTheCommit) {
  const TemporaryFolder folder;
  folder.write("certificate", "old");
  {
    StagedFiles files(Overwrite::replace);
    ASSERT_TRUE(files.stage(folder.path("key"), "new key", FileKind::secret).ok());
    ASSERT_TRUE(files.stage(folder.path("certificate"), "new", FileKind::open).ok());
    EXPECT_FALSE(files.stage(folder.path("key"), "twice", FileKind::secret).ok());
    EXPECT_FALSE(std::filesystem::exists(folder.path("key")));
    EXPECT_EQ(folder.read("certificate"), "old");
    for (const std::string& name : folder.names())
      if (name.starts_with(".key.new")) {
        EXPECT_EQ(mode_of(folder.path(name)), 0600U);
      }
  }
  EXPECT_THAT(folder.names(), ElementsAre("certificate"));
}

TEST(StagedFiles, AllOrNone) {
  const TemporaryFolder folder;
  folder.write("old key", "old");
  {
    StagedFiles files(Overwrite::replace);
    ASSERT_TRUE(files.stage(folder.path("old key"), "new", FileKind::secret).ok());
    ASSERT_TRUE(files.stage(folder.path("new key"), "new", FileKind::secret).ok());
    ASSERT_TRUE(files.stage(folder.path("certificate"), "new", FileKind::open).ok());
    std::filesystem::create_directory(folder.path("certificate"));  // somebody gets in between
    EXPECT_FALSE(files.commit().ok());
  }
  EXPECT_EQ(folder.read("old key"), "old");
  EXPECT_THAT(folder.names(), ElementsAre("certificate", "old key"));
}

TEST(StagedFiles, WhatSomebodyElseWroteMeanwhileIsKept) {
  const TemporaryFolder folder;
  StagedFiles files(Overwrite::refuse);
  ASSERT_TRUE(files.stage(folder.path("key"), "new", FileKind::secret).ok());
  folder.write("key", "of somebody else");
  EXPECT_FALSE(files.commit().ok());
  EXPECT_EQ(folder.read("key"), "of somebody else");
}

TEST(StagedFiles, CommitPutsAllInPlace) {
  const TemporaryFolder folder;
  folder.write("key", "old");
  StagedFiles files(Overwrite::replace);
  ASSERT_TRUE(files.stage(folder.path("key"), "new", FileKind::secret).ok());
  ASSERT_TRUE(files.stage(folder.path("certificate"), "", FileKind::open).ok());
  ASSERT_TRUE(files.commit().ok());
  EXPECT_EQ(folder.read("key"), "new");
  EXPECT_THAT(folder.names(), ElementsAre("certificate", "key"));
}

TEST(Pem, WithAndWithoutPassphrase) {
  EXPECT_THAT(key_pem(material().device.key).value(), HasSubstr("BEGIN PRIVATE KEY"));
  EXPECT_THAT(key_pem(material().device.key, Secret("x")).value(), HasSubstr("BEGIN ENCRYPTED PRIVATE KEY"));
  EXPECT_FALSE(pkcs12(material().device.key, material().chain, {}).ok());
}

}  // namespace
}  // namespace client
