#include "conformance/vectors/vector.h"

#include <gmock/gmock.h>

#include "est/crypto/digest.h"

namespace conformance::vectors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string one_vector =
    R"({"id": "base64-one", "result": "valid", "comment": "c", "clause": "RFC 4648 4", "findings": [], "tool": "t", "input": "TUFBPQ=="})";

std::string set_of(const std::string& list) {
  return R"({"version": 1, "type": "base64", "title": "t", "accepting": "a", "clauses": ["c"], "vectors": [)" + list + "]}";
}

std::string index_of(const std::string& text, const std::string& retired = "") {
  const std::string digest = est::hex(est::crypto::digest(est::crypto::Digest::sha256, est::as_bytes(text)));
  return R"({"version": 1, "files": [{"file": "base64.json", "type": "base64", "sha256": ")" + digest +
         R"(", "valid": 1, "acceptable": 0, "invalid": 0}], "retired": [)" + retired + "]}";
}

struct Read {
  std::optional<std::vector<Vector>> vectors;
  std::vector<std::string> problems;
};

Read read(const std::string& index, const std::string& set) {
  Read all;
  all.vectors = read_vectors({{"some/index.json", index}, {"some/base64.json", set}, {"some/schema.json", "{}"}}, all.problems);
  return all;
}

TEST(Vectors, AreWhatTheFileSays) {
  const auto all = read(index_of(set_of(one_vector)), set_of(one_vector));
  ASSERT_TRUE(all.vectors) << all.problems.front();
  ASSERT_EQ(all.vectors->size(), 1U);
  const Vector& vector = all.vectors->front();
  EXPECT_EQ(vector.id, "base64-one");
  EXPECT_EQ(vector.type, "base64");
  EXPECT_EQ(vector.expected, Expected::valid);
  EXPECT_EQ(est::to_string(vector.input), "MAA=");
}

TEST(Vectors, DriftIsAProblem) {
  const auto changed = read(index_of(set_of(one_vector)), set_of(one_vector) + " ");
  EXPECT_FALSE(changed.vectors);
  EXPECT_THAT(changed.problems, ElementsAre(HasSubstr("not what the index says")));
  const std::string none = set_of("");
  EXPECT_THAT(read(index_of(none), none).problems, ElementsAre(HasSubstr("counts other vectors")));
  EXPECT_THAT(read(index_of(set_of(one_vector), "\"base64-one\""), set_of(one_vector)).problems,
              ElementsAre(HasSubstr("retired and used")));
  EXPECT_THAT(read("{\"files\": []}", "").problems, ElementsAre(HasSubstr("lists no vectors")));
  Read lonely;
  lonely.vectors = read_vectors({{"index.json", index_of(none)}}, lonely.problems);
  EXPECT_THAT(lonely.problems, ElementsAre(HasSubstr("listed and not there")));
}

TEST(Vectors, WhatIsWrongInAVectorIsNamed) {
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"\"valid\"", "\"fine\""}, {"\"TUFBPQ==\"", "\"TUFBPQ\""}, {"\"base64-one\"", "\"\""}, {"[]", "[1]"}, {"\"c\"", "2"}};
  for (const auto& [from, to] : wrong) {
    std::string bad = one_vector;
    bad.replace(bad.find(from), from.size(), to);
    const std::string set = set_of(bad);
    EXPECT_FALSE(read(index_of(set), set).vectors) << bad;
  }
  const std::string twice = set_of(one_vector + "," + one_vector);
  EXPECT_THAT(read(index_of(twice), twice).problems, testing::Contains(HasSubstr("there twice")));
  EXPECT_FALSE(read("{", "").vectors);
  EXPECT_FALSE(read("[]", "").vectors);
}

TEST(Vectors, AFolderWithoutIndexIsNone) {
  std::vector<std::string> problems;
  const auto documents = read_vector_folder("/nonexistent", problems);
  EXPECT_TRUE(documents.empty());
  EXPECT_THAT(problems, ElementsAre(HasSubstr("/nonexistent")));
}

}  // namespace
}  // namespace conformance::vectors
