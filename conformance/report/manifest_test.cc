#include "conformance/report/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "est/base/file.h"

namespace conformance::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

FolderContent whole() {
  FolderContent content{{"results.json", "{}"}, {"evidence/EST-X-1/transcript.txt", "text"}, {"certificates.csv", "serial"}};
  content[std::string(manifest_name)] = to_text(manifest_of(content));
  return content;
}

TEST(ManifestFile, FitsWhatItWasMadeOf) { EXPECT_THAT(manifest_problems(whole()), IsEmpty()); }

// Every file, the manifest too, octet by octet.
TEST(ManifestFile, TellsTheFileThatWasChanged) {
  for (const auto& [path, content] : whole()) {
    for (std::size_t at = 0; at < content.size(); ++at) {
      FolderContent changed = whole();
      changed[path][at] = static_cast<char>(changed[path][at] ^ 1);
      const auto problems = manifest_problems(changed);
      ASSERT_FALSE(problems.empty()) << path << " " << at;
      if (path != manifest_name) {
        EXPECT_THAT(problems, ElementsAre(HasSubstr(path + " was changed")));
      }
    }
  }
}

TEST(ManifestFile, TellsWhatIsMissingAndWhatWasAdded) {
  FolderContent content = whole();
  content.erase("certificates.csv");
  content["more"] = "";
  EXPECT_THAT(manifest_problems(content), ElementsAre(HasSubstr("certificates.csv is missing"), HasSubstr("more was added")));
  content.erase(std::string(manifest_name));
  EXPECT_THAT(manifest_problems(content), ElementsAre(HasSubstr("manifest.json is missing")));
}

TEST(ManifestFile, DoesNotFollowLinks) {
  namespace fs = std::filesystem;
  const std::string folder = ::testing::TempDir() + "estspec_manifest_test";
  fs::remove_all(folder);
  fs::create_directories(folder + "/evidence");
  ASSERT_TRUE(est::write_file(folder + "/evidence/a", "text").ok());
  EXPECT_EQ(read_folder(folder)->at("evidence/a"), "text");
  fs::create_symlink("/etc/passwd", folder + "/evidence/b");
  EXPECT_THAT(read_folder(folder).error().message, HasSubstr("evidence/b is no ordinary file"));
  fs::remove_all(folder);
  EXPECT_FALSE(read_folder(folder).ok());
}

}  // namespace
}  // namespace conformance::report
