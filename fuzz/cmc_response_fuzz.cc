// PKIResponse: an accepted one without contents re-encodes to the same octets; the readers of its controls never fail otherwise than by a
// finding.
#include "est/codec/cmc.h"
#include "est/codec/cmc_controls.h"
#include "fuzz/target.h"

FUZZ_TARGET(cmc_response) {
  namespace codec = est::codec;
  const auto message = codec::decode_pki_response(input);
  if (!message.value) return;
  for (const codec::Control& control : message.value->controls) {
    const auto status = codec::read_status_info(control);
    fuzz::require(status.value || est::has_errors(status.findings), "no value has a reason");
    if (status.value) (void)codec::status_name(status.value->status);
    if (status.value && status.value->fail_info) (void)codec::fail_info_name(*status.value->fail_info);
    (void)codec::read_octets(control);
    (void)codec::read_control_processed(control);
    if (const auto anchors = codec::read_trusted_anchors(control); anchors.accepted() && anchors.value->sequence_number.size() == 1)
      fuzz::require(codec::encode_trusted_anchors(static_cast<std::int8_t>(anchors.value->sequence_number.front()), *anchors.value) ==
                        control.values.front(),
                    "hashes of trust anchors re-encode to the same");
  }
  if (!message.accepted() || !message.value->contents.empty() || !message.value->others.empty()) return;
  fuzz::require(est::equal(codec::encode_pki_response(message.value->controls), input),
                "an accepted response re-encodes to the same octets");
}
