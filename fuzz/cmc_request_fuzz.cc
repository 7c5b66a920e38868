// PKIData: what an accepted message holds, encoded again, gives the same octets where our builder can say all of it; the readers of
// controls agree with their builders; each request reads as it does by itself.
#include "est/codec/cmc.h"
#include "est/codec/cmc_controls.h"
#include "fuzz/target.h"

namespace {

namespace codec = est::codec;

void read_controls(const std::vector<codec::Control>& controls) {
  for (const codec::Control& control : controls) {
    (void)codec::control_name(control.type);
    (void)codec::read_control_processed(control);
    (void)codec::read_text(control);
    (void)codec::read_integer(control);
    if (const auto octets = codec::read_octets(control); octets.accepted())
      fuzz::require(codec::make_octets_control(control.id, control.type, *octets.value).values == control.values,
                    "octets re-encode to the same");
    if (const auto witness = codec::read_ra_pop_witness(control); witness.accepted())
      fuzz::require(codec::encode_ra_pop_witness(*witness.value) == control.values.front(), "an LRA witness re-encodes to the same");
    for (const est::Bytes& value : control.values)
      if (const auto witness = codec::read_witness_v2(value); witness.accepted())
        fuzz::require(codec::encode_witness_v2(*witness.value) == value, "a witness re-encodes to the same");
  }
}

void check_request(const codec::TaggedRequest& request) {
  if (!request.pkcs10) return;
  const auto alone = codec::decode_certification_request(request.pkcs10->der);
  // Inside, the tag is that of the CHOICE; the parts are the same.
  fuzz::require(!alone.value || alone.value->info == request.pkcs10->info, "a request is the same inside and alone");
}

}  // namespace

FUZZ_TARGET(cmc_request) {
  const auto message = codec::decode_pki_data(input);
  if (!message.value) return;
  read_controls(message.value->controls);
  for (const codec::TaggedRequest& each : message.value->requests) check_request(each);
  if (!message.accepted() || !message.value->contents.empty() || !message.value->others.empty()) return;
  const est::Bytes again = codec::encode_pki_data(message.value->controls, message.value->request_sequence);
  fuzz::require(est::equal(again, input), "an accepted message re-encodes to the same octets");
}
