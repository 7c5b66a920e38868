#include <algorithm>

#include "conformance/steps/client_hello.h"
#include "conformance/steps/corrupt.h"
#include "conformance/steps/encoding.h"
#include "conformance/steps/full_cmc.h"
#include "conformance/steps/hostile_octets.h"
#include "conformance/steps/mint.h"
#include "conformance/steps/server_driver.h"
#include "conformance/steps/wishes.h"
#include "conformance/target/names.h"
#include "est/base/text.h"

namespace conformance::steps {
namespace {

using engine::Parameter;
using engine::ParameterType;
using engine::VerbInfo;
using ParameterList = std::vector<Parameter>;

Parameter text(std::string name, std::string meaning) { return {std::move(name), ParameterType::text, {}, std::move(meaning)}; }
Parameter number(std::string name, std::string meaning) { return {std::move(name), ParameterType::number, {}, std::move(meaning)}; }
Parameter flag(std::string name, std::string meaning) { return {std::move(name), ParameterType::boolean, {}, std::move(meaning)}; }
Parameter list(std::string name, std::string meaning) { return {std::move(name), ParameterType::list, {}, std::move(meaning)}; }
Parameter map(std::string name, std::string meaning) { return {std::move(name), ParameterType::map, {}, std::move(meaning)}; }
Parameter choice(std::string name, std::vector<std::string> choices, std::string meaning) {
  return {std::move(name), ParameterType::choice, std::move(choices), std::move(meaning)};
}
Parameter result(std::string name, std::vector<std::string> other, std::string meaning) {
  return {std::move(name), ParameterType::result, std::move(other), std::move(meaning)};
}

ParameterList together(std::initializer_list<ParameterList> groups) {
  ParameterList all;
  for (const auto& group : groups) all.insert(all.end(), group.begin(), group.end());
  return all;
}

// Identities a scenario may name without an earlier result: the profile's usual ones, and what the suite makes.
std::vector<std::string> identity_names() {
  std::vector<std::string> names{"current", "client", "manufacturer", "other-manufacturer", "ra", "revoked"};
  for (const auto& kind : mint_kinds()) names.push_back(kind.name);
  return names;
}

std::vector<std::string> with(std::string_view first, std::vector<std::string> names) {
  names.emplace(names.begin(), first);
  return names;
}

std::vector<std::string> corruption_names() {
  std::vector<std::string> names;
  for (const auto& corruption : corruptions()) names.push_back(corruption.name);
  return names;
}

ParameterList connection_parameters() {
  return {
      choice("connection", {"new", "keep", "resume"},
             "a new connection (default), the scenario's last one, or a new one that resumes its session"),
      choice("tls", {"1.0", "1.1", "1.2", "1.3", "any"}, "the only TLS version offered; default any: 1.2 and 1.3"),
      text("suites", "OpenSSL cipher list for TLS 1.2 and below; may carry @SECLEVEL=0"),
      flag("verify", "refuse a target whose certificate does not chain to the trust anchor or has another name (default true)"),
      text("sni", "server name to send instead of the target's own"),
      choice("server-name", {"first", "second"}, "which of access.server-names to ask for by SNI and to expect in the certificate"),
      choice("sni-form", {"plain", "mixed-case", "final-dot"}, "how that name is written in SNI"),
      text("groups", "OpenSSL list of key exchange groups; default the library's"),
      flag("post-handshake", "offer post-handshake authentication on TLS 1.3 when there is a certificate (default true)"),
      list("alpn", "protocols to offer by ALPN; default none"),
      number("within", "milliseconds for the whole exchange; default limits.longest-wait"),
      choice("credentials", {"default", "none", "password", "certificate", "both"},
             "what to authenticate with; default: the password if the profile has one, else the certificate 'client'; for reenroll the "
             "current "
             "certificate; when not given: none for request, raw and handshake"),
      result("certificate", with("none", identity_names()),
             "the certificate to present: an earlier result, an identity of the profile, or one the suite makes"),
  };
}

ParameterList label_parameters() {
  return {choice("at", target::feature_names(), "the label where the profile says the target does this"),
          text("label", "a CA label as written in the path; empty: none")};
}

ParameterList authentication_parameters() {
  return {
      choice("scheme", {"auto", "basic", "digest"},
             "auto (default): wait for a 401 and answer its best challenge once; basic: send at once; digest: as auto, but nothing else"),
      choice("user", {"right", "unknown", "empty", "line-break", "colon", "non-ascii"},
             "user name; line-break: with CR LF and a header field in it; colon, non-ascii: the user of access.odd-passwords"),
      choice("password", {"right", "wrong", "empty", "cut"},
             "password; cut: what stands before the first colon of the user's in access.odd-passwords"),
      choice("nonce", {"fresh", "next", "replayed", "foreign", "tampered"},
             "Digest nonce: of a new challenge; the last one with the next count; the last Authorization again; one the target never made; "
             "one character changed"),
      choice("digest-algorithm", {"MD5", "SHA-256", "SHA-512-256", "MD5-sess", "SHA-256-sess", "SHA-512-256-sess"},
             "answer only a challenge with this algorithm"),
      choice("digest-user", {"plain", "hashed"}, "the user's name in a Digest answer, or its hash where the challenge offers userhash"),
      choice("digest-uri", {"right", "other"}, "the uri a Digest answer is computed for"),
      text("authorization", "value of the Authorization field, as it is"),
  };
}

ParameterList split_parameters() {
  return {number("split", "send in pieces with so many milliseconds between them"),
          number("pieces", "how many; default 6, and each octet by itself when there are no more octets than that")};
}

ParameterList message_parameters() {
  return {
      text("path", "the whole request target, instead of /.well-known/est/LABEL/OPERATION"),
      text("method", "instead of the operation's own"),
      map("headers", "field name to value; replaces fields of that name, null takes one away"),
      text("content-type", "Content-Type, or none"),
      text("accept", "Accept; default */*"),
      choice("transfer", {"length", "chunked", "chunked-extensions", "chunked-trailers", "chunked-odd-sizes"},
             "framing of the body; odd sizes have leading zeros and capital digits"),
      flag("expect-continue", "send Expect: 100-continue and wait a moment before the body"),
      flag("withhold", "send all but the last octet, and leave the rest to the verb finish; credentials have to be sent unasked"),
  };
}

ParameterList request_parameters() {
  return {
      choice("key", {"ec-p256", "ec-p384", "ec-p521", "rsa-1024", "rsa-2048", "rsa-3072", "rsa-4096", "ed25519", "other"},
             "a new key of this type; other: the first of csr.key-types that is not the default; default csr.key-type"),
      result("key-of", identity_names(), "use the key of an earlier result or an identity again"),
      text("subject", "RFC 4514, {n} becomes unique; or empty. Default csr.subject, for reenroll the subject of the certificate to renew"),
      result("subject-of", identity_names(),
             "subject and SAN as in the certificate (else the request) of an earlier result, or of an identity"),
      list("san", "DNS:, IP:, email: or URI: names; [] for none. Default csr.san"),
      list("ask", "extensions to ask for beside the SAN: " + est::join(wish_names(), ", ")),
      choice("digest", {"sha-1", "sha-256", "sha-384", "sha-512"}, "of the signature; default by key"),
      choice(
          "pop",
          {"auto", "none", "right", "wrong", "malformed", "empty", "prefix", "longer", "password", "other-session", "stale",
           "first-handshake", "exporter"},
          "challengePassword: the channel binding (tls-unique, on TLS 1.3 the exporter) or something else in its place; auto: right on TLS "
          "1.2, on 1.3 only if tls-exporter-binding is claimed"),
      choice("link-by", {"challenge-password", "identity-linking", "both", "right-and-wrong"},
             "the attribute for what pop says: challengePassword, estIdentityLinking (RFC 7894), both, or both with a wrong value in the "
             "second"),
      map("rename", "ChangeSubjectName: {subject: RFC 4514, san: [names]}, {n} becomes unique"),
      choice("one-time-password", {"right", "again", "wrong", "empty", "long"},
             "otpChallenge (RFC 7894): the profile's next one, the one used last, one nobody gave out, none at all, 256 characters"),
      map("attribute", "further attributes: name or OID to the DER of one value in hexadecimal"),
      result("follow", {}, "make the request as the CSR attributes of this earlier result ask"),
      choice("leave-out", {"subject", "value", "key", "extension", "attribute"}, "of what is followed: one demand that is not met"),
      choice("attributes", {"usual", "none", "unknown", "many"},
             "CSR attributes: none at all (no SAN, no pop), one unknown more, or fifty"),
      choice("corrupt", corruption_names(), "one defect in the request"),
      choice("encoding", encodings(), "how the body is written; default " + std::string(default_encoding)),
      result("resend", {}, "the very request of an earlier result, octet by octet"),
  };
}

ParameterList protection_parameters() {
  return {
      choice("protect", {"none", "symmetric", "key-transport", "key-agreement", "restricted", "unknown-symmetric", "unknown-asymmetric"},
             "the key that is to protect the generated one: of access.serverkeygen, or named by an identifier nobody knows; default none"),
      choice("capabilities", {"usual", "none"}, "SMIMECapabilities: what the suite can decrypt with that key, or left out"),
  };
}

std::vector<std::string> octet_names() {
  std::vector<std::string> names;
  for (const auto& octets : hostile_octets()) names.push_back(octets.name);
  return names;
}

std::string in_words(const std::vector<CmcWord>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : "; ") + word.name + ": " + word.meaning;
  return text;
}

std::vector<std::string> cmc_corruption_names() {
  std::vector<std::string> names{"none"};
  for (const auto& corruption : cmc_corruptions()) names.push_back(corruption.name);
  return names;
}

ParameterList cmc_parameters() {
  return {
      choice("form", {"pkcs10", "crmf"}, "of the certification request; default pkcs10"),
      result("signed-by", with("own-key", identity_names()), "own-key (default): the key to be certified; or a certificate's"),
      list("controls", "beside the request. " + in_words(cmc_controls())),
      choice("order", {"as-listed", "reversed"}, "of the controls, Identification counted with the proof; default as-listed"),
      number("body-part", "bodyPartID of the request; default 1"),
      choice("cmc-corrupt", cmc_corruption_names(), "one defect in the message. " + in_words(cmc_corruptions())),
  };
}

ParameterList octet_parameters() {
  return {
      choice("octets", octet_names(), "hostile octets made by name, after those of send and send-hex"),
      text("send",
           "octets; {host}, {est} (/.well-known/est/LABEL) and {basic} (credentials) are replaced, {times N TEXT} becomes N times TEXT"),
      text("send-hex", "octets in hexadecimal, after those of send"),
      number("repeat", "how often send is sent"),
      number("answers", "HTTP answers to wait for; default 1"),
      number("linger", "milliseconds to look for more, or for the close, after the answers; default 300"),
  };
}

ParameterList http_parameters() {
  return together({connection_parameters(), label_parameters(), authentication_parameters(), message_parameters(), split_parameters()});
}

VerbInfo controlled(std::string name, std::string meaning, ParameterList parameters, std::string check,
                    engine::Json with_parameters = engine::Json::object()) {
  return {.name = std::move(name),
          .meaning = std::move(meaning),
          .parameters = std::move(parameters),
          .success_check = std::move(check),
          .success_parameters = std::move(with_parameters),
          .shorthand = {}};
}

VerbInfo plain_verb(std::string name, std::string meaning, ParameterList parameters, std::string shorthand = {}) {
  return {.name = std::move(name),
          .meaning = std::move(meaning),
          .parameters = std::move(parameters),
          .success_check = {},
          .success_parameters = engine::Json::object(),
          .shorthand = std::move(shorthand)};
}

ParameterList request_verb_parameters() {
  ParameterList own{text("operation", "operation name under /.well-known/est, known or not"), text("body", "octets of the body"),
                    text("body-hex", "octets of the body, in hexadecimal")};
  return together({http_parameters(), own});
}

ParameterList plain_parameters() {
  return together({octet_parameters(),
                   split_parameters(),
                   label_parameters(),
                   {number("within", "milliseconds for the whole exchange; default 5000")}});
}

void add_http_verbs(engine::Vocabulary& vocabulary) {
  const auto enrollment = together({http_parameters(), request_parameters()});
  vocabulary.add(controlled("cacerts", "GET /cacerts (RFC 7030 4.1)", http_parameters(), "status", {{"is", 200}}));
  vocabulary.add(controlled("csrattrs", "GET /csrattrs (RFC 7030 4.5)", http_parameters(), "status", {{"any-of", {200, 204, 404}}}));
  vocabulary.add(controlled("enroll", "POST /simpleenroll (RFC 7030 4.2.1)", enrollment, "certificate-issued"));
  vocabulary.add(controlled("reenroll", "POST /simplereenroll (RFC 7030 4.2.2)", enrollment, "certificate-issued"));
  vocabulary.add(controlled("serverkeygen", "POST /serverkeygen (RFC 7030 4.4); afterwards key and certificate are the generated ones",
                            together({enrollment, protection_parameters()}), "certificate-issued"));
  vocabulary.add(controlled("fullcmc", "POST /fullcmc (RFC 7030 4.3)", together({enrollment, cmc_parameters()}), "certificate-issued"));
  vocabulary.add(controlled("request", "any HTTP request", request_verb_parameters(), "answered"));
}

void add_lower_verbs(engine::Vocabulary& vocabulary) {
  ParameterList watch{
      number("watch", "milliseconds to look for an alert or close afterwards, which on TLS 1.3 is where a refusal comes; default 300")};
  ParameterList close{
      choice("close", {"none", "half", "half-tls", "half-tcp", "cut-record", "polite", "abrupt"},
             "after sending: end our side only and go on reading (half: with close_notify and FIN after a moment; half-tls: close_notify "
             "alone; half-tcp: FIN alone; cut-record: FIN in the middle of a TLS record), or close without reading: with close_notify, or "
             "by a TCP reset")};
  ParameterList turns{flag("turns", "send each repetition when the one before has been answered (default false: all at once)")};
  vocabulary.add(controlled("handshake", "TLS handshake and nothing more", together({connection_parameters(), label_parameters(), watch}),
                            "handshake-completed"));
  vocabulary.add(plain_verb("renegotiate", "a new TLS handshake on the scenario's last connection (TLS 1.2)",
                            {number("within", "milliseconds; default limits.longest-wait")}));
  vocabulary.add(plain_verb("raw", "octets inside TLS; default within: 5000",
                            together({connection_parameters(), label_parameters(), octet_parameters(), split_parameters(), close, turns})));
  ParameterList hold{
      number("connections", "how many; default 1, at most 500"),
      number("trickle",
             "milliseconds between further octets, sent one at a time on each connection of state hello, head or body, as long "
             "as the scenario goes on; default: none are sent"),
      choice("state", {"silent", "hello", "idle", "head", "body", "unread"},
             "where they are left: no octet sent, half a ClientHello, after the handshake (default), half a request head, half a "
             "body, or 200 requests whose answers are not read"),
      number("within", "milliseconds for all of them; default limits.longest-wait")};
  vocabulary.add(
      plain_verb("hold", "open connections and leave them open until the scenario ends; its own one is closed first", std::move(hold)));
  vocabulary.add(plain_verb("plain", "octets on TCP without TLS", plain_parameters()));
}

std::vector<std::string> hello_names() {
  std::vector<std::string> names;
  for (const auto& kind : hello_kinds()) names.push_back(kind.name);
  return names;
}

void add_hello_verbs(engine::Vocabulary& vocabulary) {
  Parameter within = number("within", "milliseconds for the whole exchange; default 5000");
  ParameterList hello{choice("hello", hello_names(), "what the ClientHello offers; default both: TLS 1.3 and 1.2, nothing odd"),
                      choice("records", record_forms(), "how it is put into records; first-half: and then the connection's half is closed"),
                      text("sni", "server name; default the target's own if it is a DNS name"), within};
  vocabulary.add(controlled("client-hello", "a ClientHello and nothing more; the answer is read and the connection dropped",
                            together({hello, split_parameters(), label_parameters()}), "server-hello"));
  vocabulary.add(plain_verb(
      "half-open", "connections that stay in the handshake until the scenario ends",
      {number("connections", "how many; default 20"),
       choice(
           "after", {"nothing", "half-hello", "hello", "flight", "half-reply"},
           "how far each goes: half a ClientHello (default), a whole one, until the target's first flight is read, and until half a record "
           "of the answer to it is sent"),
       flag("vanish", "the connections are dropped there"), within}));
  vocabulary.add(plain_verb("key-update", "a KeyUpdate with update_requested on the scenario's last connection (TLS 1.3)", {}));
}

void add_other_verbs(engine::Vocabulary& vocabulary) {
  Parameter action =
      choice("action", {"approve", "revoke", "restart", "reload", "expire-crl", "remove-crl", "renew-crl"}, "what is to be done");
  action.required = true;
  Parameter of = result("of", {}, "the result whose Retry-After counts");
  of.required = true;
  Parameter begun = result("of", {}, "the result whose last octet was withheld");
  begun.required = true;
  vocabulary.add(plain_verb("pause", "wait", {number("ms", "milliseconds")}, "ms"));
  vocabulary.add(plain_verb("finish",
                            "send the last octet of all requests that withheld it, at the same moment, and read the answer to one of them",
                            {begun, number("within", "milliseconds for the answer; default limits.longest-wait")}, "of"));
  vocabulary.add(plain_verb("wait-retry", "wait as Retry-After says, at most limits.longest-wait", {of}, "of"));
  vocabulary.add(plain_verb("operator", "have the operator act, by access.operator of the profile",
                            {action, result("of", {"current"}, "the result whose request or certificate is meant")}));
}

}  // namespace

void add_server_verbs(engine::Vocabulary& vocabulary) {
  add_http_verbs(vocabulary);
  add_lower_verbs(vocabulary);
  add_hello_verbs(vocabulary);
  add_other_verbs(vocabulary);
  for (const auto& [name, meaning] : target::server_claims()) vocabulary.add_claim(name, meaning);
}

}  // namespace conformance::steps
