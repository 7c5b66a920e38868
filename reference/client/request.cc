#include "client/request.h"

#include <algorithm>
#include <array>
#include <utility>

#include "client/key.h"
#include "client/request_draft.h"
#include "est/base/text.h"
#include "est/codec/oid.h"
#include "est/pki/request.h"

namespace client {
namespace {

using est::Error;
using est::Result;
using est::Status;
using est::codec::Attribute;
using est::codec::CsrAttrs;
using est::codec::Extension;
using est::codec::GeneralName;
using est::codec::Oid;
namespace codec = est::codec;
namespace oids = est::codec::oids;

constexpr std::size_t longest_challenge = 255;  // characters; RFC 2985 5.4.1, RFC 7894 3

// --- Wishes

bool same_names(const std::vector<GeneralName>& left, const std::vector<GeneralName>& right) {
  return std::is_permutation(left.begin(), left.end(), right.begin(), right.end());
}

std::vector<GeneralName> names_in(const Extension* extension) {
  if (extension == nullptr) return {};
  return codec::decode_general_names(extension->value).value.value_or(std::vector<GeneralName>{});
}

// RFC 7030 4.2.2: names stay as they are in the certificate, octet for octet; other wishes go into ChangeSubjectName.
void keep_names(RequestDraft& draft, const codec::Certificate& renewed) {
  const RequestWishes& wishes = draft.input.wishes;
  draft.subject = renewed.subject;
  const Extension* current = renewed.extension(oids::subject_alt_name);
  if (current != nullptr) draft.extensions.push_back(*current);
  const auto current_names = names_in(current);
  const bool other_subject = wishes.subject && !codec::same_name(*wishes.subject, renewed.subject);
  const bool other_names = !wishes.subject_alt_names.empty() && !same_names(wishes.subject_alt_names, current_names);
  if (!other_subject && !other_names) return;
  // RFC 6402 2.8: what is left out of the attribute is removed from the certificate.
  codec::ChangeSubjectName change{other_subject ? *wishes.subject : renewed.subject,
                                  other_names ? wishes.subject_alt_names : current_names};
  if (change.subject->empty()) change.subject.reset();
  draft.attributes.push_back(codec::make_change_subject_name(change));
}

void take_names(RequestDraft& draft) {
  const RequestWishes& wishes = draft.input.wishes;
  draft.subject = wishes.subject.value_or(codec::Name{});
  if (!wishes.subject_alt_names.empty()) draft.extensions.push_back(codec::make_subject_alt_name(wishes.subject_alt_names));
}

void take_extensions(RequestDraft& draft) {
  const RequestWishes& wishes = draft.input.wishes;
  if (wishes.key_usage) draft.extensions.push_back(codec::make_key_usage(*wishes.key_usage));
  if (!wishes.extended_key_usages.empty()) draft.extensions.push_back(codec::make_extended_key_usage(wishes.extended_key_usages));
  draft.extensions.insert(draft.extensions.end(), wishes.extensions.begin(), wishes.extensions.end());
}

void take_attributes(RequestDraft& draft) {
  const RequestWishes& wishes = draft.input.wishes;
  if (wishes.otp) draft.attributes.push_back(codec::make_text_attribute(oids::otp_challenge, wishes.otp->reveal()));
  if (wishes.revocation_challenge)
    draft.attributes.push_back(codec::make_text_attribute(oids::revocation_challenge, wishes.revocation_challenge->reveal()));
  draft.attributes.insert(draft.attributes.end(), wishes.attributes.begin(), wishes.attributes.end());
}

Status check_challenge(const char* what, const std::optional<Secret>& value) {
  if (!value || (!value->empty() && value->reveal().size() <= longest_challenge)) return {};
  return Error{std::string(what) + " must have 1 to 255 characters (RFC 7894 3)"};
}

template <class T, class Key>
Status check_once(const std::vector<T>& items, Key T::*key, const char* what) {
  for (auto one = items.begin(); one != items.end(); ++one) {
    const bool twice = std::any_of(one + 1, items.end(), [&](const T& other) { return other.*key == *one.*key; });
    if (twice) return Error{"the request would have the " + std::string(what) + " " + with_number(*one.*key) + " twice; give it once"};
  }
  return {};
}

Status check_wishes(const RequestWishes& wishes) {
  if (Status good = check_challenge("the one-time password", wishes.otp); !good) return good;
  if (Status good = check_challenge("the revocation challenge", wishes.revocation_challenge); !good) return good;
  if (wishes.key_usage && *wishes.key_usage == 0) return Error{"a key usage without any use; leave it out"};
  return {};
}

// --- What /csrattrs asks

Status meet_list(RequestDraft& draft, const CsrAttrs& asked) {
  for (const codec::AttrOrOid& element : asked.elements)
    if (Status met = meet_element(draft, element); !met) return met;
  return {};
}

Status meet_demands(RequestDraft& draft, const CsrAttrs& asked) {
  if (!asked.mentions(oids::certification_request_info_template)) return meet_list(draft, asked);
  const auto wanted = codec::request_template(asked);
  if (!wanted.accepted())
    return Error{"the template in the server's /csrattrs answer is malformed: " + est::describe_first(wanted.findings) +
                 "; tell its operator, or ignore what /csrattrs says (--no-csrattrs)"};
  return meet_template(draft, *wanted.value);
}

// RFC 9908 4: where there is a template, it alone.
bool mentions_linking(const CsrAttrs& asked, const Oid& type) {
  if (!asked.mentions(oids::certification_request_info_template)) return asked.mentions(type);
  const auto wanted = codec::request_template(asked);
  return wanted.value && std::any_of(wanted.value->attributes.begin(), wanted.value->attributes.end(),
                                     [&](const Attribute& attribute) { return attribute.type == type; });
}

Status link(RequestDraft& draft) {
  const CsrAttrs* asked = draft.input.asked;
  const Oid type = linking_type(asked);
  if (draft.input.wishes.linking) {
    draft.attributes.push_back(codec::make_text_attribute(type, *draft.input.wishes.linking));
    return {};
  }
  if (asked == nullptr || !asks_for_linking(*asked)) return {};
  return demand(with_number(type) + ", which links the request to the TLS connection (RFC 7030 3.5)",
                "make the request on a connection that has a channel binding");
}

// --- The request

Status check_sound(est::BytesView der) {
  const auto decoded = codec::decode_certification_request(der);
  if (!decoded.accepted()) return Error{"the request would be malformed: " + est::describe_first(decoded.findings)};
  const auto extensions = codec::requested_extensions(*decoded.value);
  if (est::has_errors(extensions.findings))
    return Error{"the request's extensions would be malformed: " + est::describe_first(extensions.findings)};
  const auto good = est::pki::verify_request(*decoded.value);
  if (!good) return good.error();
  return *good ? Status() : Status(Error{"the request's own signature does not verify"});
}

// What a renewal copies from its certificate is as it is.
Status check_names(RequestDraft& draft) {
  const Extension* names = draft.extension(oids::subject_alt_name);
  if (names == nullptr || draft.input.renewed != nullptr) return {};
  const auto decoded = codec::decode_general_names(names->value);
  if (decoded.accepted()) return {};
  return Error{"the request's subjectAltName would be malformed: " + est::describe_first(decoded.findings)};
}

Result<BuiltRequest> sign(RequestDraft&& draft) {
  if (Status good = check_names(draft); !good) return good.error();
  // RFC 5280 4.2.1.6: critical where there is no other name. A renewal's is as it was.
  if (Extension* names = draft.extension(oids::subject_alt_name); names != nullptr && draft.input.renewed == nullptr)
    names->critical = names->critical || draft.subject.empty();
  if (Status once = check_once(draft.extensions, &Extension::id, "extension"); !once) return once.error();
  if (Status once = check_once(draft.attributes, &Attribute::type, "attribute"); !once) return once.error();
  const KeyDemand wanted = draft.input.asked != nullptr ? key_demand(*draft.input.asked) : KeyDemand{};
  const auto digest = choose_digest(wanted, draft.input.key, draft.input.wishes.digest);
  if (!digest) return digest.error();
  auto der = est::pki::make_request({draft.subject, draft.extensions, {}, draft.attributes, *digest}, draft.input.key);
  if (!der) return der.error();
  if (Status sound = check_sound(*der); !sound) return sound.error();
  return BuiltRequest{*std::move(der), std::move(draft.notes)};
}

struct Word {
  std::string_view text;
  unsigned bit;
};
constexpr std::array key_usage_words{Word{"digitalSignature", codec::key_usage::digital_signature},
                                     Word{"nonRepudiation", codec::key_usage::non_repudiation},
                                     Word{"keyEncipherment", codec::key_usage::key_encipherment},
                                     Word{"dataEncipherment", codec::key_usage::data_encipherment},
                                     Word{"keyAgreement", codec::key_usage::key_agreement},
                                     Word{"keyCertSign", codec::key_usage::key_cert_sign},
                                     Word{"cRLSign", codec::key_usage::crl_sign},
                                     Word{"encipherOnly", codec::key_usage::encipher_only},
                                     Word{"decipherOnly", codec::key_usage::decipher_only}};

struct Purpose {
  std::string_view text;
  std::string_view dotted;
};
constexpr std::array purposes_by_name{Purpose{"codeSigning", "1.3.6.1.5.5.7.3.3"}, Purpose{"emailProtection", "1.3.6.1.5.5.7.3.4"},
                                      Purpose{"timeStamping", "1.3.6.1.5.5.7.3.8"}, Purpose{"OCSPSigning", "1.3.6.1.5.5.7.3.9"}};

template <class T, class Read>
Result<T> parse_whole(est::BytesView der, const char* what, Read read) {
  auto decoded = codec::der::decode_whole(der, what, read);
  if (!decoded.accepted()) return Error{"this is no DER of one " + std::string(what) + ": " + est::describe_first(decoded.findings)};
  return std::move(*decoded.value);
}

}  // namespace

Result<BuiltRequest> build_request(const RequestInput& input) {
  if (Status good = check_wishes(input.wishes); !good) return good.error();
  RequestDraft draft{input, {}, {}, {}, {}};
  input.renewed != nullptr ? keep_names(draft, *input.renewed) : take_names(draft);
  take_extensions(draft);
  take_attributes(draft);
  if (input.asked != nullptr)
    if (Status met = meet_demands(draft, *input.asked); !met) return met.error();
  if (Status linked = link(draft); !linked) return linked.error();
  return sign(std::move(draft));
}

bool asks_for_linking(const CsrAttrs& asked) {
  return mentions_linking(asked, oids::challenge_password) || mentions_linking(asked, oids::est_identity_linking);
}

Oid linking_type(const CsrAttrs* asked) {
  const bool by_identity_linking = asked != nullptr && mentions_linking(*asked, oids::est_identity_linking);
  return by_identity_linking ? oids::est_identity_linking : oids::challenge_password;
}

Result<Oid> parse_purpose(std::string_view text) {
  const auto* row = std::find_if(purposes_by_name.begin(), purposes_by_name.end(), [&](const Purpose& each) { return each.text == text; });
  if (row != purposes_by_name.end()) return Oid(row->dotted);
  if (const auto oid = codec::oid_by_name(text)) return *oid;
  return Error{"'" + est::printable(text, 80) + "' is no extended key usage; write serverAuth, clientAuth ... or an OID in dotted form"};
}

Result<unsigned> parse_key_usage(std::string_view text) {
  unsigned bits = 0;
  for (const std::string_view each : est::split(text, ',')) {
    const std::string_view word = est::trim(each);
    const auto* row = std::find_if(key_usage_words.begin(), key_usage_words.end(), [&](const Word& known) { return known.text == word; });
    if (row == key_usage_words.end())
      return Error{"'" + est::printable(word, 80) +
                   "' is no key usage; write those of RFC 5280 4.2.1.3 with commas between, as in "
                   "digitalSignature,keyEncipherment"};
    bits |= row->bit;
  }
  return bits;
}

Result<Attribute> parse_attribute(est::BytesView der) {
  auto attribute = parse_whole<Attribute>(der, "Attribute", [](codec::der::Reader& from) { return codec::read_attribute(from); });
  if (attribute && attribute->values.empty()) return Error{"the attribute " + with_number(attribute->type) + " has no value"};
  return attribute;
}

Result<Extension> parse_extension(est::BytesView der) {
  const auto list = codec::decode_extensions(codec::der::sequence({der}));
  if (!list.accepted() || list.value->size() != 1) return Error{"this is no DER of one Extension: " + est::describe_first(list.findings)};
  return list.value->front();
}

}  // namespace client
