// multipart/mixed: the first line of the input is the Content-Type, the rest the body. Accepted parts, written with the same boundary, are
// read again as the same; the frame of a /serverkeygen answer never disagrees with the parts.
#include "est/base/text.h"
#include "est/codec/generated_key.h"
#include "fuzz/planted.h"
#include "fuzz/target.h"

namespace {

namespace codec = est::codec;

bool same_part(const codec::Part& left, const codec::Part& right) { return left.headers == right.headers && left.body == right.body; }

void require_parts_survive(const std::vector<codec::Part>& parts, const std::string& boundary) {
  const auto again = codec::decode_multipart(codec::encode_multipart(parts, boundary), boundary);
  fuzz::require(again.accepted() && again.value->size() == parts.size(), "no part is lost");
  for (std::size_t i = 0; i < parts.size(); ++i) fuzz::require(same_part(parts[i], (*again.value)[i]), "parts survive");
}

}  // namespace

FUZZ_TARGET(multipart) {
  const std::string_view text = est::as_text(input);
  const std::size_t end = std::min(text.find('\n'), text.size());
  const est::BytesView body = input.subspan(std::min(end + 1, input.size()));
  const std::string_view content_type = est::trim(text.substr(0, end));
  const auto type = codec::decode_media_type(content_type);
  const auto answer = codec::decode_generated_key_answer(content_type, body);
  if (!type.value || !type.value->parameter("boundary")) return;
  const std::string boundary = *type.value->parameter("boundary");
  const auto parts = fuzz::parts_of(body, boundary);
  if (!parts.accepted()) return;
  require_parts_survive(*parts.value, boundary);
  if (!answer.value) return;
  fuzz::require(answer.value->parts.size() == parts.value->size(), "the answer has the parts of the body");
  if (answer.accepted())
    fuzz::require(answer.value->key && answer.value->certificates && *answer.value->key != *answer.value->certificates,
                  "a key and a certificate");
}
