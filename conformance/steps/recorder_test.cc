#include "conformance/steps/recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace conformance::steps {
namespace {

class RecorderTest : public ::testing::Test {
 protected:
  target::Profile profile_;
  Redactor redactor_{profile_};
  engine::Exchange exchange_;
  Recorder recorder_{exchange_, redactor_, std::chrono::steady_clock::now()};
};

TEST_F(RecorderTest, KeepsBothEndsOfWhatIsHuge) {
  est::Bytes octets(std::size_t{4} << 20U, est::Byte{'x'});
  octets.front() = 'a';
  octets.back() = 'z';
  recorder_.request("POST", "/", octets);
  recorder_.artefact("csr", octets);
  EXPECT_LT(exchange_.request.size(), std::size_t{64} << 10U);
  EXPECT_EQ(exchange_.request.front(), 'a');
  EXPECT_EQ(exchange_.request.back(), 'z');
  EXPECT_EQ(exchange_.artefacts.at("csr"), exchange_.request);
  for (const char* name : {"shortened request", "shortened csr"}) {
    EXPECT_THAT(exchange_.facts.at(name), ::testing::StartsWith("4194304 octets, SHA-256 "));
  }
}

TEST_F(RecorderTest, KeepsTheRestWhole) {
  recorder_.request("POST", "/", est::Bytes(most_kept + 1));
  const est::Bytes usual(most_kept, est::Byte{'x'});
  recorder_.request("POST", "/", usual);
  EXPECT_EQ(exchange_.request, usual);
  EXPECT_TRUE(exchange_.facts.empty());
}

}  // namespace
}  // namespace conformance::steps
