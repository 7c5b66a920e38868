// Target profiles: a complaint names the file; the public form of what loads holds none of its secrets and can be printed.
#include "conformance/engine/json.h"
#include "conformance/target/profile.h"
#include "fuzz/target.h"

FUZZ_TARGET(profile_file) {
  namespace engine = conformance::engine;
  const std::string_view text = est::as_text(input);
  // Profiles name files; those of the machine that runs this are none of an input's business.
  if (text.find("..") != std::string_view::npos || text.find(": /") != std::string_view::npos) return;
  const auto profile = conformance::target::parse_profile(text, "nowhere/profile.yaml");
  if (!profile) return fuzz::require(profile.error().message.starts_with("nowhere/profile.yaml"), "a complaint names the file");
  const std::string shown = engine::print_json(profile->public_json());
  fuzz::require(engine::parse_json(shown).ok(), "the public form parses");
  for (const std::string& secret : profile->secrets())
    fuzz::require(secret.size() < 8 || shown.find(secret) == std::string::npos || text.find(secret) != text.rfind(secret),
                  "and holds no secret");
}
