#include "conformance/checks/samples_test.h"

namespace conformance::checks {
namespace {

using namespace samples;

Bytes number(std::size_t width, std::size_t value) {
  Bytes out;
  for (std::size_t i = width; i > 0; --i) out.push_back(static_cast<est::Byte>(value >> (8 * (i - 1))));
  return out;
}
Bytes sized(std::size_t width, const Bytes& content) {
  Bytes out = number(width, content.size());
  est::append(out, content);
  return out;
}
Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const auto& part : parts) est::append(out, part);
  return out;
}
Bytes message(est::Byte type, const Bytes& body) { return joined({{type}, sized(3, body)}); }
Bytes record(const Bytes& fragment) { return joined({{22, 3, 3}, sized(2, fragment)}); }

// TLS 1.2 with one suite, P-256, one signature algorithm and renegotiation_info.
Bytes offer() {
  const Bytes extensions = joined({{0, 10}, sized(2, sized(2, {0, 23})), {0, 13}, sized(2, sized(2, {4, 3})), {0xff, 1}, {0, 1, 0}});
  return message(1, joined({{3, 3}, Bytes(32, est::Byte{1}), {0}, sized(2, {0xc0, 0x2b}), {1, 0}, sized(2, extensions)}));
}

struct Reply {
  Bytes version{3, 3};
  Bytes suite{0xc0, 0x2b};
  Bytes compression{0};
  Bytes extensions = {0xff, 1, 0, 1, 0};
  Bytes random = Bytes(32, est::Byte{2});
  Bytes more = {};
};

Exchange answered_with(const Reply& reply) {
  Exchange made;
  made.name = "step-1";
  made.artefacts["client-hello"] = offer();
  const Bytes hello = joined({reply.version, reply.random, {0}, reply.suite, reply.compression, sized(2, reply.extensions)});
  made.artefacts["server-flight"] = record(joined({message(2, hello), reply.more}));
  return made;
}

Exchange refused(const std::string& cause, const std::string& alert = {}) {
  auto made = failed("handshake", cause, alert);
  made.artefacts["client-hello"] = offer();
  made.artefacts["server-flight"] = {};
  return made;
}

TEST(ServerHello, ChoosesOnlyWhatWasOffered) {
  EXPECT_EQ(verdict_of("server-hello", answered_with({})), Verdict::pass);
  EXPECT_EQ(verdict_of("server-hello", answered_with({.version = {3, 4}})), Verdict::fail);
  EXPECT_EQ(verdict_of("server-hello", answered_with({.suite = {0, 5}})), Verdict::fail);
  EXPECT_EQ(verdict_of("server-hello", answered_with({.compression = {1}})), Verdict::fail);
  EXPECT_EQ(verdict_of("server-hello", answered_with({.extensions = {0, 16, 0, 0}})), Verdict::fail);
  EXPECT_EQ(verdict_of("server-hello", answered_with({.extensions = {0, 16, 0}})), Verdict::fail) << "cannot be read";
  const auto exchange_of = [](est::Byte group, est::Byte signature) {
    return message(12, joined({{3, 0, group}, sized(1, Bytes(65, est::Byte{4})), {4, signature}, sized(2, Bytes(70, est::Byte{1}))}));
  };
  EXPECT_EQ(verdict_of("server-hello", answered_with({.more = exchange_of(23, 3)})), Verdict::pass);
  EXPECT_EQ(verdict_of("server-hello", answered_with({.more = exchange_of(24, 3)})), Verdict::fail);
  EXPECT_EQ(verdict_of("server-hello", answered_with({.more = exchange_of(23, 1)})), Verdict::fail);
  EXPECT_EQ(verdict_of("server-hello", answered_with({.more = message(13, {0, 0, 0, 0, 0})})), Verdict::fail) << "lists nothing";
}

TEST(ServerHello, MayHaveToHoldMore) {
  EXPECT_EQ(verdict_of("server-hello", answered_with({}), {{"with", "renegotiation-info"}}), Verdict::pass);
  EXPECT_EQ(verdict_of("server-hello", answered_with({.extensions = {}}), {{"with", "renegotiation-info"}}), Verdict::fail);
  EXPECT_EQ(verdict_of("server-hello", answered_with({.extensions = {0xff, 1, 0, 2, 1, 9}}), {{"with", "renegotiation-info"}}),
            Verdict::fail);
  EXPECT_EQ(verdict_of("server-hello", answered_with({}), {{"with", "retry"}}), Verdict::fail);
}

TEST(ServerHello, RefusalsAndSilence) {
  EXPECT_EQ(verdict_of("server-hello", refused("alert", "handshake_failure")), Verdict::fail);
  EXPECT_EQ(verdict_of("server-hello", refused("alert", "handshake_failure"), {{"or-refusal", true}}), Verdict::pass);
  EXPECT_EQ(verdict_of("server-hello", refused("closed"), {{"or-refusal", true}}), Verdict::pass);
  EXPECT_EQ(verdict_of("server-hello", refused("timeout"), {{"or-refusal", true}}), Verdict::fail);
  EXPECT_EQ(verdict_of("hello-refused", refused("alert", "protocol_version")), Verdict::pass);
  EXPECT_EQ(verdict_of("hello-refused", refused("reset")), Verdict::pass);
  EXPECT_EQ(verdict_of("hello-refused", refused("timeout")), Verdict::inconclusive);
  EXPECT_EQ(verdict_of("hello-refused", answered_with({})), Verdict::fail);
}

TEST(DowngradeSentinel, IsTheEndOfTheRandom) {
  Reply reply;
  EXPECT_EQ(verdict_of("downgrade-sentinel", answered_with(reply)), Verdict::fail);
  const Bytes mark{0x44, 0x4F, 0x57, 0x4E, 0x47, 0x52, 0x44, 0x01};
  std::copy(mark.begin(), mark.end(), reply.random.end() - 8);
  EXPECT_EQ(verdict_of("downgrade-sentinel", answered_with(reply)), Verdict::pass);
  EXPECT_EQ(verdict_of("downgrade-sentinel", refused("alert")), Verdict::fail);
}

}  // namespace
}  // namespace conformance::checks
