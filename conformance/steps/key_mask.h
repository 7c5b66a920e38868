// Keeps generated private keys out of evidence (see redact.h for other secrets): the answer to /serverkeygen is stored with the same
// lengths, framing and ASN.1 structure, and '*' for every octet that may belong to a private key.
#pragma once

#include <string_view>

#include "est/base/bytes.h"

namespace conformance::steps {

// DER of a private key in whichever form (PKCS #8, PKCS #1, SEC 1, key package): the contents of each INTEGER and OCTET STRING of 16 or
// more octets are overwritten; OCTET STRINGs that hold DER are entered. Public keys are BIT STRINGs, or recorded apart. False, and
// everything overwritten, when the input is no well-formed DER.
bool mask_key(est::Bytes& der);

// A whole HTTP answer as read from the connection, interim responses and chunks included. Only answers with status 200 are touched. In
// a multipart body the parts that may hold a key are overwritten: DER as above, in base64 too, so that it decodes to '*' in the same
// places; what cannot be read at all, wholly. A body without parts is overwritten wholly.
void mask_key_answer(est::Bytes& octets);

// Whether an answer speaks of private keys.
[[nodiscard]] bool looks_like_key(std::string_view answer);

}  // namespace conformance::steps
