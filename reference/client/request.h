// The certification request a client sends: the user's wishes, what /csrattrs asks for, and for a renewal what must stay as it is
// (RFC 7030 4.2.1, 4.2.2, 4.5.2; RFC 8951 4; RFC 9908; RFC 7894; RFC 6402 2.8).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/secret.h"
#include "est/base/bytes.h"
#include "est/base/result.h"
#include "est/codec/csrattrs.h"
#include "est/codec/pkcs10.h"
#include "est/codec/x509.h"
#include "est/crypto/key.h"

namespace client {

struct RequestWishes {
  std::optional<est::codec::Name> subject;                 // codec::parse_name
  std::vector<est::codec::GeneralName> subject_alt_names;  // codec::parse_general_name
  std::vector<est::codec::Oid> extended_key_usages;
  std::optional<unsigned> key_usage;  // codec::key_usage
  std::optional<est::crypto::Digest> digest;

  // RFC 7030 3.5: ops::channel_binding_text of the connection the request goes over. It becomes challengePassword, or estIdentityLinking
  // where /csrattrs asks for that (RFC 7894 4).
  std::optional<std::string> linking;
  std::optional<Secret> otp;                   // RFC 7894 3.1
  std::optional<Secret> revocation_challenge;  // RFC 7894 3.2

  std::vector<est::codec::Extension> extensions;  // further ones
  std::vector<est::codec::Attribute> attributes;  // further ones, e.g. protection_attributes of generated_key.h
};

struct RequestInput {
  const RequestWishes& wishes;
  const est::crypto::PrivateKey& key;
  const est::codec::CsrAttrs* asked = nullptr;  // what /csrattrs answered; nothing: not asked, or to be ignored
  // /simplereenroll: subject and subjectAltName are those of this certificate. Wishes for others become a ChangeSubjectName attribute; who
  // wishes for one of the two keeps the other.
  const est::codec::Certificate* renewed = nullptr;
};

struct BuiltRequest {
  est::Bytes der;
  std::vector<std::string> notes;  // sentences: what was asked for and left out, and why
};

// Holds to what /csrattrs asks for as far as it is understood: names, extensions, key, signature, linking. What is not understood is
// ignored, as RFC 7030 4.5.2 demands; the challenges of RFC 7894 are left out when there is no value for them; both are noted.
// Errors: something that is understood cannot be met or contradicts a wish ("The server asks for X; give --..."); wishes that make no
// request. With a template the list beside it is ignored (RFC 9908 4); parts of the wished subject it does not mention are left out and
// noted.
[[nodiscard]] est::Result<BuiltRequest> build_request(const RequestInput& input);

// RFC 7030 4.5.2, RFC 7894 4: does the server ask for the linking of identity and proof of possession?
[[nodiscard]] bool asks_for_linking(const est::codec::CsrAttrs& asked);
// The attribute the binding goes into: estIdentityLinking where that is asked for (RFC 7894 4), else challengePassword.
[[nodiscard]] est::codec::Oid linking_type(const est::codec::CsrAttrs* asked);

// --- Helpers for command lines; errors name the text.
// "serverAuth", "clientAuth" ... or a dotted OID.
[[nodiscard]] est::Result<est::codec::Oid> parse_purpose(std::string_view text);
// "digitalSignature,keyEncipherment"
[[nodiscard]] est::Result<unsigned> parse_key_usage(std::string_view text);
// DER of an Attribute or Extension (a whole TLV).
[[nodiscard]] est::Result<est::codec::Attribute> parse_attribute(est::BytesView der);
[[nodiscard]] est::Result<est::codec::Extension> parse_extension(est::BytesView der);

}  // namespace client
