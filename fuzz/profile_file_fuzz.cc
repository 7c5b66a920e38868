// Target profiles, in a folder with the files they may name (ca.pem, ca.key, password.txt): a complaint names the file; the public form of
// what loads can be read again and holds none of its secrets.
#include <unistd.h>

#include <filesystem>

#include "conformance/engine/json.h"
#include "conformance/target/profile.h"
#include "est/base/file.h"
#include "est/codec/pem.h"
#include "est/pki/issue.h"
#include "fuzz/target.h"

namespace {

namespace fs = std::filesystem;

class ProfileFolder {
 public:
  ProfileFolder()
      : path_((fs::is_directory("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path()) /
              ("estspec-fuzz-profile-" + std::to_string(::getpid()))) {
    fs::create_directories(path_);
    const auto key = est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256).value();
    est::pki::CertificateSpec spec;
    spec.serial = est::pki::random_serial();
    spec.subject = est::codec::parse_name("CN=ca").value();
    spec.public_key_info = key.public_key_info();
    spec.validity = {1'000'000'000, 4'000'000'000};
    write("ca.pem", est::codec::encode_pem("CERTIFICATE", est::pki::issue_self_signed(spec, key).value()));
    write("ca.key", key.to_pem());
    write("password.txt", "hard to: guess \xC3\xBC\n");
  }
  ~ProfileFolder() {
    std::error_code none;
    fs::remove_all(path_, none);
  }
  ProfileFolder(const ProfileFolder&) = delete;
  ProfileFolder& operator=(const ProfileFolder&) = delete;
  [[nodiscard]] std::string profile() const { return (path_ / "profile.yaml").string(); }

 private:
  void write(const char* name, const std::string& content) const {
    fuzz::require(est::write_file((path_ / name).string(), content).ok(), "a folder for profiles can be made");
  }

  fs::path path_;
};

}  // namespace

FUZZ_TARGET(profile_file) {
  namespace engine = conformance::engine;
  static const ProfileFolder folder;
  const std::string_view text = est::as_text(input);
  // The machine's other files are none of an input's business.
  if (text.find("..") != std::string_view::npos || text.find(": /") != std::string_view::npos) return;
  const auto profile = conformance::target::parse_profile(text, folder.profile());
  if (!profile) return fuzz::require(profile.error().message.starts_with(folder.profile()), "a complaint names the file");
  const std::string shown = engine::print_json(profile->public_json());
  fuzz::require(engine::parse_json(shown).ok(), "the public form parses");
  for (const std::string& secret : profile->secrets())
    fuzz::require(secret.size() < 8 || shown.find(secret) == std::string::npos || text.find(secret) != std::string_view::npos,
                  "and holds no secret");
}
