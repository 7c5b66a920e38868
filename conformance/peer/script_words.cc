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
  };
  return words;
}

const Words& framings() {
  static const Words words{
      {"length", "Content-Length"},
      {"chunked", "chunks of 100 octets"},
      {"chunked-extensions", "chunks with extensions and a trailer field"},
      {"until-close", "no length; the end of the connection ends the body"},
      {"long-length", "Content-Length is 10 octets more than what comes before the connection is closed"},
      {"short-length", "Content-Length is 10 octets less than what comes"},
      {"two-lengths", "two Content-Length fields that differ"},
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

const Words& keygen_contents() {
  static const Words words{
      {"certificate-first", "the part with the certificate comes first: legal"},
      {"transfer-encoding", "each part has Content-Transfer-Encoding: base64: legal"},
      {"folded-parts", "the base64 of both parts is folded: legal"},
      {"preamble", "text before the first and behind the last part, a quoted boundary: legal"},
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
