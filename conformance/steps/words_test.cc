#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <thread>

#include "conformance/steps/encoding.h"
#include "conformance/steps/parameters.h"
#include "conformance/steps/redact.h"
#include "conformance/steps/run_state.h"
#include "conformance/steps/server_driver.h"
#include "est/base/text.h"
#include "est/codec/base64.h"

namespace conformance::steps {
namespace {

using engine::Json;
using est::as_bytes;
using est::as_text;

TEST(Parameters, TakeWhatIsThere) {
  const Json json{{"t", "x"},      {"n", 5},     {"version", 1.2},        {"b", true},
                  {"l", {"a", 1}}, {"one", "a"}, {"m", {{"k", nullptr}}}, {"null", nullptr}};
  const Parameters parameters(json);
  EXPECT_EQ(parameters.text("t"), "x");
  EXPECT_EQ(parameters.text("version"), "1.2");
  EXPECT_EQ(parameters.text("absent", "otherwise"), "otherwise");
  EXPECT_EQ(parameters.number("n", 0), 5);
  EXPECT_EQ(parameters.number("t", 7), 7);
  EXPECT_TRUE(parameters.flag("b", false));
  EXPECT_EQ(parameters.texts("l"), (std::vector<std::string>{"a", "1"}));
  EXPECT_EQ(parameters.texts("one"), std::vector<std::string>{"a"});
  EXPECT_FALSE(parameters.texts("m"));
  EXPECT_NE(parameters.map("m"), nullptr);
  EXPECT_FALSE(parameters.has("null"));
}

TEST(Parameters, Hexadecimal) {
  EXPECT_EQ(octets_of_hex("00 fF\n7a"), (est::Bytes{0x00, 0xff, 0x7a}));
  EXPECT_EQ(octets_of_hex(""), est::Bytes{});
  EXPECT_FALSE(octets_of_hex("0"));
  EXPECT_FALSE(octets_of_hex("0x"));
}

TEST(Redactor, OverwritesInPlace) {
  target::Profile profile;
  profile.password = target::Password{"user", "hunter22"};
  const Redactor redactor(profile);
  const std::string token = est::codec::encode_base64(as_bytes("user:hunter22"));
  EXPECT_EQ(redactor.cleaned("a hunter22 b " + token), "a ******** b " + std::string(token.size(), '*'));
  est::Bytes octets =
      est::to_bytes("authorization:\tBASIC  " + token + "\r\nX: hunter22hunter22\r\nAuthorization: Digest response=\"0\"\r\n");
  redactor.overwrite(octets);
  EXPECT_EQ(as_text(octets), "authorization:\tBASIC  " + std::string(token.size(), '*') +
                                 "\r\nX: ****************\r\nAuthorization: Digest response=\"0\"\r\n");
}

TEST(Redactor, ShortPasswordsDoNotHitInnocentOctets) {
  target::Profile profile;
  profile.password = target::Password{"u", "1"};
  const Redactor redactor(profile);
  EXPECT_EQ(redactor.cleaned("HTTP/1.1 201"), "HTTP/1.1 201");
  est::Bytes octets = est::to_bytes("Authorization: Basic dTox");
  redactor.overwrite(octets);
  EXPECT_EQ(as_text(octets), "Authorization: Basic ****");
  est::Bytes cut = est::to_bytes("Authorization: Bas");
  redactor.overwrite(cut);
  EXPECT_EQ(as_text(cut), "Authorization: Bas");
}

struct Written {
  const char* encoding;
  bool lenient_reads;  // a tolerant receiver gets the DER back
  const char* finding;
};

TEST(Encoding, EachFormIsWhatItSays) {
  est::Bytes der(301, 0x3e);  // 301 octets: padding is due, and '+' occurs
  der.front() = 0xfb;
  const std::vector<Written> forms{{"folded-64", true, "base64.white-space"},
                                   {"one-line", true, ""},
                                   {"folded-76-crlf", true, "base64.white-space"},
                                   {"trailing-newline", true, "base64.white-space"},
                                   {"spaces", true, "base64.white-space"},
                                   {"pem", false, "base64.pem-armour"},
                                   {"der", false, ""},
                                   {"not-base64", false, "base64.alphabet"},
                                   {"url-alphabet", false, "base64.url-alphabet"},
                                   {"twice", false, ""},
                                   {"empty", false, "base64.empty"},
                                   {"missing-padding", false, "base64.padding"},
                                   {"utf-16", false, "base64.alphabet"},
                                   {"nul-inside", false, "base64.alphabet"},
                                   {"byte-order-mark", false, "base64.alphabet"},
                                   {"after-padding", false, ""},
                                   {"padding-only", false, ""},
                                   {"unused-bits", false, "base64.trailing-bits"},
                                   {"carriage-returns", true, "base64.white-space"},
                                   {"blank-10-megabytes", true, "base64.white-space"},
                                   {"base64-8-megabytes", false, ""}};
  EXPECT_EQ(forms.size(), encodings().size());
  for (const auto& form : forms) {
    const auto body = encode_body(form.encoding, der);
    ASSERT_TRUE(body) << form.encoding;
    const auto decoded = est::codec::decode_base64(as_text(*body), est::codec::Base64Mode::lenient);
    EXPECT_EQ(decoded.accepted() && *decoded.value == der, form.lenient_reads) << form.encoding;
    EXPECT_TRUE(*form.finding == '\0' || est::contains(decoded.findings, form.finding))
        << form.encoding << ": " << est::describe_first(decoded.findings);
  }
  EXPECT_EQ(*encode_body("der", der), der);
}

TEST(Encoding, SaysWhenADefectCannotShow) {
  EXPECT_FALSE(encode_body("missing-padding", est::Bytes(3, 0)));
  EXPECT_FALSE(encode_body("url-alphabet", est::Bytes(3, 0)));
}

TEST(RunState, NumbersAreUnique) {
  RunState one({}), two({});
  const auto a = one.next_number();
  EXPECT_NE(a, one.next_number());
  EXPECT_NE(est::split(a, '-').front(), est::split(two.next_number(), '-').front());
  EXPECT_EQ(with_number("{n}-x-{n}{", "7"), "7-x-7{");
}

TEST(RunState, ServesSeveralThreads) {
  target::Limits limits;
  limits.requests_per_second = 2000;
  RunState run(limits);
  std::mutex mutex;
  std::set<std::string> numbers;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 20; ++turn) {
        run.wait_for_turn();
        EXPECT_TRUE(run.budget().take(1));
        const std::lock_guard lock(mutex);
        numbers.insert(run.next_number());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(numbers.size(), 80U);
}

TEST(Verbs, AreDeclaredOnceWithTheirParameters) {
  engine::Vocabulary vocabulary;
  add_server_verbs(vocabulary);
  EXPECT_EQ(vocabulary.verbs().size(), 19U);
  for (const auto& verb : vocabulary.verbs()) {
    std::set<std::string> names;
    EXPECT_FALSE(verb.meaning.empty());
    for (const auto& parameter : verb.parameters) {
      EXPECT_TRUE(names.insert(parameter.name).second) << verb.name << "." << parameter.name;
      EXPECT_FALSE(parameter.meaning.empty()) << verb.name << "." << parameter.name;
      EXPECT_TRUE(parameter.type != engine::ParameterType::choice || !parameter.choices.empty()) << parameter.name;
    }
  }
  EXPECT_TRUE(vocabulary.has_claim("simpleenroll"));
}

}  // namespace
}  // namespace conformance::steps
