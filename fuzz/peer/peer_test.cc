#include "fuzz/peer/peer.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "est/codec/der.h"
#include "fuzz/peer/compare.h"

namespace fuzz::peer {
namespace {

namespace der = est::codec::der;

std::string program() { return "exec python3 " ESTSPEC_SOURCE_DIR "/fuzz/peer/sample_peer.py"; }
const est::Bytes empty_list = der::sequence({});

TEST(Peer, APluginIsLoadedAndAsked) {
  auto peer = load_plugin(ESTSPEC_SAMPLE_PLUGIN);
  ASSERT_TRUE(peer.ok()) << peer.error().message;
  const auto refused = (*peer)->ask(Kind::csr, empty_list);
  ASSERT_TRUE(refused.ok() && refused->has_value());
  EXPECT_FALSE((*refused)->accepted);
  const auto unknown = (*peer)->ask(Kind::csrattrs, empty_list);
  ASSERT_TRUE(unknown.ok());
  EXPECT_FALSE(unknown->has_value()) << "the plugin has no such function";
}

TEST(Peer, APluginThatIsNoneIsAnError) {
  EXPECT_FALSE(load_plugin("/nowhere.so").ok());
  EXPECT_FALSE(load_plugin("libm.so.6").ok());
}

TEST(Peer, AProgramAnswersManyQuestions) {
  auto peer = start_program(program());
  ASSERT_TRUE(peer.ok());
  const est::Bytes big = der::octet_string(est::Bytes(200000, 7));
  for (int i = 0; i < 3; ++i) {
    const auto good = (*peer)->ask(Kind::csrattrs, empty_list);
    ASSERT_TRUE(good.ok()) << good.error().message;
    EXPECT_TRUE((*good)->accepted);
    EXPECT_EQ((*good)->canonical, empty_list);
    const auto bad = (*peer)->ask(Kind::csr, big);
    ASSERT_TRUE(bad.ok()) << bad.error().message;
    EXPECT_FALSE((*bad)->accepted);
  }
}

TEST(Peer, AProgramThatDiesOrTalksNonsenseOrIsSilentIsAnError) {
  for (const char* command : {"exit 3", "echo hello; cat >/dev/null", "sleep 60"}) {
    auto peer = start_program(command, est::Milliseconds{300});
    ASSERT_TRUE(peer.ok());
    EXPECT_FALSE((*peer)->ask(Kind::csr, empty_list).ok()) << command;
  }
}

// Accepts everything and re-encodes it to a NULL.
class Forgetful final : public Peer {
  est::Result<std::optional<Verdict>> ask(Kind /*kind*/, est::BytesView /*der*/) override {
    return std::optional<Verdict>(Verdict{true, der::null()});
  }
};

TEST(Comparison, HoldsTheReEncodingAgainstDer) {
  Comparison comparison(std::make_unique<Forgetful>(), "");
  EXPECT_FALSE(comparison.look(Kind::csrattrs, empty_list).ok());
  EXPECT_TRUE(comparison.look(Kind::csrattrs, est::Bytes{0x30, 0x81, 0x00}).ok()) << "what is no DER has no one encoding";
}

TEST(Comparison, KeepsOneMessageOfEachDifference) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / ("differences-" + std::to_string(::getpid()));
  Comparison comparison(std::make_unique<Forgetful>(), folder.string());
  for (const est::Bytes& message : {est::Bytes{0x30, 0x81, 0x00}, est::Bytes{0x30, 0x81, 0x00}, est::Bytes{0x05, 0x00}})
    EXPECT_TRUE(comparison.look(Kind::csrattrs, message).ok());
  EXPECT_TRUE(std::filesystem::exists(folder / "a-der.length.non-minimal-accepted"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 2);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace fuzz::peer
