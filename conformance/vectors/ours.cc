#include "conformance/vectors/ours.h"

#include <algorithm>
#include <array>

#include "conformance/vectors/readers.h"

namespace conformance::vectors {
namespace {

struct Reader {
  std::string_view type;
  Reading (*read)(const Vector& vector);
};

constexpr std::array all_readers{
    Reader{"pkcs10", readers::pkcs10},
    Reader{"proof", readers::proof},
    Reader{"certs_only", readers::certs_only},
    Reader{"signed_data", readers::signed_data},
    Reader{"enveloped_data", readers::enveloped_data},
    Reader{"scep", readers::scep},
    Reader{"csrattrs", readers::csrattrs},
    Reader{"cmc_request", readers::cmc_request},
    Reader{"cmc_response", readers::cmc_response},
    Reader{"pkcs8", readers::pkcs8},
    Reader{"key_package", readers::key_package},
    Reader{"base64", readers::base64},
    Reader{"pem", readers::pem},
    Reader{"media_type", readers::media_type},
    Reader{"multipart", readers::multipart},
    Reader{"retry_after", readers::retry_after},
    Reader{"challenges", readers::challenges},
    Reader{"credentials", readers::credentials},
    Reader{"digest", readers::digest},
};

}  // namespace

std::optional<Reading> read_with_ours(const Vector& vector) {
  const auto* reader = std::find_if(all_readers.begin(), all_readers.end(), [&](const Reader& one) { return one.type == vector.type; });
  if (reader == all_readers.end()) return std::nullopt;
  return reader->read(vector);
}

}  // namespace conformance::vectors
