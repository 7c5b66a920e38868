#include "client/secret.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <future>
#include <type_traits>

#include "client/temporary_folder_test.h"

namespace client {
namespace {

using namespace std::chrono_literals;

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) { out << value; };
static_assert(!Streamable<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);

TEST(Secret, WipesWhereItCameFrom) {
  std::string text = "correct horse battery staple";
  const char* memory = text.data();
  const std::size_t size = text.size();
  const Secret secret = Secret::take(std::move(text));
  EXPECT_EQ(secret.reveal(), "correct horse battery staple");
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(std::string(memory, size), std::string(size, '\0'));
}

TEST(Secret, AssignmentKeepsValuesApart) {
  Secret one("one");
  Secret two("two");
  two = one;
  EXPECT_EQ(two.reveal(), "one");
  one = Secret("three");
  EXPECT_EQ(one.reveal(), "three");
  EXPECT_EQ(two.reveal(), "one");
  const Secret& same = two;
  two = same;
  EXPECT_EQ(two.reveal(), "one");
}

TEST(SecretSource, WhereASecretMayComeFrom) {
  const TemporaryFolder folder;
  const std::string path = folder.write("password", "from a file\n", 0600);
  ASSERT_EQ(::setenv("EST_CLIENT_TEST_SECRET", "from the environment", 1), 0);
  std::vector<std::string> warnings;
  const auto read = [&](const std::string& text) {
    const auto source = SecretSource::parse(text);
    if (!source) return "error: " + source.error().message;
    const auto secret = source->read("the password", warnings);
    return secret ? std::string(secret->reveal()) : "error: " + secret.error().message;
  };
  EXPECT_EQ(read("env:EST_CLIENT_TEST_SECRET"), "from the environment");
  EXPECT_EQ(read("file:" + path), "from a file");
  EXPECT_TRUE(warnings.empty());
  EXPECT_EQ(read("swordfish"), "swordfish");
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_THAT(warnings.front(), testing::Not(testing::HasSubstr("swordfish")));
  ::unsetenv("EST_CLIENT_TEST_SECRET");
  EXPECT_EQ(read("env:EST_CLIENT_TEST_SECRET"), "error: the environment variable EST_CLIENT_TEST_SECRET is not set");
  EXPECT_THAT(read("env:"), testing::StartsWith("error: "));
  EXPECT_THAT(read(""), testing::StartsWith("error: "));
  EXPECT_THAT(read("file:" + folder.path("none")), testing::HasSubstr(folder.path("none")));
}

TEST(SecretSource, ACallbackIsToldWhatIsWanted) {
  std::vector<std::string> warnings;
  const auto source = SecretSource::callback([](std::string_view what) { return est::Result<Secret>(Secret("for " + std::string(what))); });
  const auto secret = source.read("the PIN", warnings);
  ASSERT_TRUE(secret.ok());
  EXPECT_EQ(secret->reveal(), "for the PIN");
  EXPECT_FALSE(SecretSource::callback({}).read("the PIN", warnings).ok());
}

TEST(SecretFromFile, CutsOneLineEndAndNoMore) {
  const TemporaryFolder folder;
  std::vector<std::string> warnings;
  const auto read = [&](const std::string& content) {
    const auto secret = secret_from_file(folder.write("secret", content, 0600), warnings);
    return secret ? std::string(secret->reveal()) : "error";
  };
  EXPECT_EQ(read("word"), "word");
  EXPECT_EQ(read("word\n"), "word");
  EXPECT_EQ(read("word\r\n"), "word");
  EXPECT_EQ(read(" word \n\n"), " word \n");
  EXPECT_EQ(read(""), "error");
  EXPECT_EQ(read("\n"), "error");
  EXPECT_EQ(read(std::string(1 << 20, 'x')), "error");
  EXPECT_TRUE(warnings.empty());
}

TEST(SecretFromFile, WarnsWhenOthersMayReadIt) {
  const TemporaryFolder folder;
  for (const mode_t mode : {0640U, 0604U, 0644U}) {
    std::vector<std::string> warnings;
    const std::string path = folder.write("secret", "word", mode);
    ASSERT_TRUE(secret_from_file(path, warnings).ok());
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_THAT(warnings.front(), testing::HasSubstr(path));
  }
}

// Both ends of a terminal.
class Terminal {
 public:
  Terminal() : master_(::posix_openpt(O_RDWR | O_NOCTTY)) {
    if (master_ < 0 || ::grantpt(master_) != 0 || ::unlockpt(master_) != 0) return;
    name_ = ::ptsname(master_);
    slave_ = ::open(name_.c_str(), O_RDWR | O_NOCTTY);
  }
  ~Terminal() {
    if (slave_ >= 0) ::close(slave_);
    if (master_ >= 0) ::close(master_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool echoes() const {
    termios now{};
    return ::tcgetattr(slave_, &now) == 0 && (now.c_lflag & ECHO) != 0;
  }
  void type(std::string_view text) const { ASSERT_EQ(::write(master_, text.data(), text.size()), static_cast<ssize_t>(text.size())); }
  // Everything shown up to and including `end`.
  [[nodiscard]] std::string shown_until(std::string_view end) const {
    std::string text;
    char letter = 0;
    while (!text.ends_with(end) && ::read(master_, &letter, 1) == 1) text.push_back(letter);
    return text;
  }

 private:
  int master_;
  int slave_ = -1;
  std::string name_;
};

est::Result<Secret> ask_and_type(const Terminal& terminal, std::string_view typed) {
  auto answer = std::async(std::launch::async, [&] { return secret_from_terminal("the password", 60s, terminal.name()); });
  EXPECT_EQ(terminal.shown_until(": "), "Enter the password: ");
  terminal.type(typed);
  return answer.get();
}

TEST(SecretFromTerminal, IsNotShown) {
  const Terminal terminal;
  ASSERT_TRUE(terminal.echoes());
  const auto secret = ask_and_type(terminal, "swordfish\n");
  ASSERT_TRUE(secret.ok()) << secret.error().message;
  EXPECT_EQ(secret->reveal(), "swordfish");
  EXPECT_EQ(terminal.shown_until("\n"), "\r\n");
  EXPECT_TRUE(terminal.echoes());
}

TEST(SecretFromTerminal, CanBeGivenUp) {
  const Terminal terminal;
  const auto secret = ask_and_type(terminal, "swo\x03");
  ASSERT_FALSE(secret.ok());
  EXPECT_THAT(secret.error().message, testing::HasSubstr("Ctrl-C"));
  EXPECT_TRUE(terminal.echoes());
  EXPECT_FALSE(ask_and_type(terminal, "\n").ok());
}

TEST(SecretFromTerminal, DoesNotWaitForever) {
  const Terminal terminal;
  EXPECT_FALSE(secret_from_terminal("the password", 1ms, terminal.name()).ok());
  EXPECT_TRUE(terminal.echoes());
}

TEST(SecretFromTerminal, SaysWhatElseToDoWithoutOne) {
  const TemporaryFolder folder;
  for (const std::string& device : {folder.path("none"), folder.write("file", "x", 0600)}) {
    const auto secret = secret_from_terminal("the password", 60s, device);
    ASSERT_FALSE(secret.ok());
    EXPECT_THAT(secret.error().message, testing::HasSubstr("env:NAME"));
  }
}

}  // namespace
}  // namespace client
