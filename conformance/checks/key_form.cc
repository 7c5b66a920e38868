// How the key of an issued certificate is written: RFC 5480 2.1.1 and 2.2.
#include "conformance/checks/families.h"
#include "conformance/checks/reading.h"
#include "est/codec/oid.h"
#include "est/codec/pkcs10.h"
#include "est/crypto/key.h"

namespace conformance::checks {

namespace {

// Nothing when the form is one that RFC 5480 allows, or the key is of another kind.
std::string forbidden_form(const est::codec::PublicKeyInfo& key) {
  constexpr est::Byte object_identifier = 0x06;
  if (key.algorithm.algorithm != est::codec::oids::ec_public_key) return {};
  if (key.algorithm.parameters.empty() || key.algorithm.parameters.front() != object_identifier)
    return "The issued certificate holds an EC key that does not name its curve.";
  const est::Byte form = key.key.empty() ? est::Byte{0} : key.key.front();
  const bool allowed = form == 0x02 || form == 0x03 || form == 0x04;
  return allowed ? "" : "The issued certificate holds an EC key in a form other than uncompressed and compressed.";
}

// The request's own signature tells, whatever form its key has; nothing to complain about where no request was recorded.
bool is_another_key(const CheckInput& input, const est::codec::Certificate& certificate) {
  const auto* csr = artefact(input.exchange, "csr");
  const auto request = csr == nullptr ? std::nullopt : est::codec::decode_certification_request(*csr).value;
  if (!request) return false;
  const auto verified = est::crypto::verify(certificate.spki, request->signature_algorithm, request->info, request->signature);
  return !verified.ok() || !*verified;
}

Results key_form(const CheckInput& input) {
  const std::string expected = "no certificate, or one whose key names its curve and is uncompressed or compressed (RFC 5480)";
  if (!answer_of(input.exchange)) return {unanswered(input, expected)};
  const auto issued = issued_by(input.exchange);
  if (!issued) return {result(input, Verdict::pass, describe(input.exchange) + " It holds no certificate.", expected, "policy")};
  const auto key = est::codec::decode_public_key_info(issued->spki);
  if (!key.value) return {result(input, Verdict::fail, "The key of the issued certificate cannot be read.", expected, "policy")};
  std::string flaw = forbidden_form(*key.value);
  if (flaw.empty() && is_another_key(input, *issued))
    flaw = "The issued certificate holds another key than the one that signed the request.";
  return {result(input, flaw.empty() ? Verdict::pass : Verdict::fail,
                 flaw.empty() ? "The key of the issued certificate is written as RFC 5480 allows." : flaw, expected, "policy")};
}

}  // namespace

void add_key_form_checks(engine::Vocabulary& vocabulary) {
  add(vocabulary, {"key-form",
                   "a certificate that was issued, if any, holds the key that signed the request, in a form RFC 5480 allows (2.1.1, 2.2)",
                   {},
                   key_form,
                   {}});
}

}  // namespace conformance::checks
