// The words of server scripts.
#include "conformance/peer/script.h"

namespace conformance::peer {

const Words& encodings() {
  static const Words words{
      {"one-line", "base64 on one line (RFC 4648 3.1)"},
      {"folded", "base64 in lines of 64 characters, ended by CR LF"},
      {"folded-lf", "base64 in lines of 64 characters, ended by LF"},
      {"spaced", "base64 with spaces, tabs and empty lines in it (RFC 8951 3.1)"},
      {"final-newline", "base64 on one line, with CR LF behind it"},
      {"pem", "base64 in PEM armour"},
      {"raw", "the DER octets as they are"},
      {"url-alphabet", "base64url"},
      {"unpadded", "base64 without its padding, one octet made to need it"},
      {"truncated", "the first half of the base64"},
      {"garbage", "characters that are no base64"},
      {"broken-der", "base64 of DER whose outer length is too large"},
      {"empty", "nothing"},
      {"deep-nesting", "base64 of 20000 SEQUENCEs one in the other"},
      {"huge-length", "base64 of a SEQUENCE said to have 2^63 octets"},
      {"megabytes", "20 MiB of base64"},
  };
  return words;
}

const Words& framings() {
  static const Words words{
      {"length", "Content-Length"},
      {"chunked", "chunks of 100 octets"},
      {"chunked-extensions", "chunks with extensions and a trailer field"},
      {"interim", "Content-Length, with a 103 before the answer"},
      {"until-close", "no length; the end of the connection ends the body"},
      {"long-length", "Content-Length is 10 octets more than what comes before the connection is closed"},
      {"short-length", "Content-Length is 10 octets less than what comes"},
      {"two-lengths", "two Content-Length fields that differ"},
      {"wrong-chunks", "the size of the first chunk is no number"},
      {"cut-chunks", "the last chunk is missing and the connection is closed"},
  };
  return words;
}

const Words& endings() {
  static const Words words{
      {"keep", "the connection stays open if the client wants it"},
      {"close", "the connection is closed properly"},
      {"cut", "TCP is closed after `after` octets of the answer, without close_notify"},
      {"reset", "TCP is reset after `after` octets of the answer"},
  };
  return words;
}

const Words& redirections() {
  static const Words words{
      {"same", "to the label `redirected` of this server"},
      {"relative", "the same, as a reference without scheme and authority"},
      {"other", "to the server described by `other`"},
      {"http", "to this server's address, by plain HTTP"},
      {"loop", "to the very same address"},
      {"nowhere", "to a port where nobody listens"},
  };
  return words;
}

const Words& enrollment_contents() {
  static const Words words{
      {"with-issuer", "the certificate and that of its issuer"},  {"with-chain", "the certificate, its issuer and the root"},
      {"with-stranger", "the certificate and an unrelated root"}, {"none", "no certificate at all"},
      {"issuer-alone", "the issuer's certificate only"},          {"bare", "the certificate itself instead of a certs-only message"},
  };
  return words;
}

const Words& full_responses() {
  static const Words words{
      {"full", "a Full PKI Response with status success, signed by the issuing CA: legal"},
      {"full-two-statuses", "two status controls for the one request, both success: legal"},
      {"full-unreferenced", "a message in cmsSequence and another in otherMsgSequence that no control refers to: legal"},
      {"full-older-status", "CMC Status Info instead of the extended one: legal"},
      {"full-failed", "status failed with failInfo badRequest, the certificate beside it all the same"},
      {"full-second-failed", "two status controls for the one request, the second one failed"},
      {"full-pending", "status pending"},
      {"full-confirm", "status confirmRequired"},
      {"full-other-nonce", "the recipient nonce is not the nonce of the request"},
      {"full-other-transaction", "another transaction identifier"},
      {"full-unsigned", "without signature"},
      {"full-bad-signature", "the signature does not verify"},
      {"full-wrong-digest", "the signature covers another message digest"},
      {"full-stranger", "signed by a CA nobody knows"},
      {"full-leaf", "signed by an end entity of the issuing CA"},
      {"full-published", "signed by a CA nobody knows, whose Publish Trust Anchors control names itself"},
  };
  return words;
}

const Words& keygen_contents() {
  static const Words words{
      {"certificate-first", "the part with the certificate comes first: legal"},
      {"transfer-encoding", "each part has Content-Transfer-Encoding: base64: legal"},
      {"folded-parts", "the base64 of both parts is folded: legal"},
      {"preamble", "text before the first and behind the last part, a quoted boundary: legal"},
      {"long-boundary", "a boundary of 70 characters, blanks behind the delimiters: legal"},
      {"enveloped", "the key in EnvelopedData for the key the request names: legal where it was asked for"},
      {"enveloped-for-another", "the key in EnvelopedData for another key"},
      {"enveloped-unknown-kind", "the key in EnvelopedData whose only recipient is of a kind nobody knows"},
      {"other-private-key", "the key delivered is not that of the certificate"},
      {"no-key", "the part with the key is missing"},
      {"no-certificate", "the part with the certificate is missing"},
      {"certs-only", "no multipart, only the certificate"},
  };
  return words;
}

const Words& operations() {
  static const Words words{
      {"cacerts", ""},
      {"csrattrs", ""},
      {"simpleenroll", ""},
      {"simplereenroll", ""},
      {"serverkeygen", ""},
      {"fullcmc", ""},
      {"other", "whatever else is asked for"},
  };
  return words;
}

}  // namespace conformance::peer
