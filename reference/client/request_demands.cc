// What /csrattrs asks for, element by element (RFC 7030 4.5.2, RFC 8951 4, RFC 9908 3).
#include <algorithm>
#include <utility>

#include "client/key.h"
#include "client/request_draft.h"
#include "est/base/text.h"
#include "est/codec/der.h"
#include "est/codec/oid.h"
#include "est/pki/issue.h"

namespace client {
namespace {

using est::Bytes;
using est::Error;
using est::Status;
using est::codec::Attribute;
using est::codec::AttributeTypeAndValue;
using est::codec::AttrOrOid;
using est::codec::Extension;
using est::codec::ExtensionTemplate;
using est::codec::GeneralName;
using est::codec::GeneralNameType;
using est::codec::Name;
using est::codec::NameTemplateEntry;
using est::codec::Oid;
using est::codec::RequestTemplate;
namespace codec = est::codec;
namespace der = est::codec::der;
namespace oids = est::codec::oids;

// Bounds for hostile answers: what can be asked for, and what is said about it.
constexpr std::size_t most_extensions = 100;
constexpr std::size_t most_notes = 50;

constexpr const char* unknown_here = "it is not known here";
constexpr const char* renewal_keeps = "a renewal keeps the names of its certificate";

void add_note(RequestDraft& draft, std::string note) {
  if (draft.notes.size() < most_notes)
    draft.notes.push_back(std::move(note));
  else if (draft.notes.size() == most_notes)
    draft.notes.emplace_back("the server asks for more that is left out");
}

// --- subjectAltName

// RFC 9908 3.4: an empty name stands for one of its kind that the client fills in.
bool is_open(const GeneralName& name) {
  return name.value.empty() || (name.type == GeneralNameType::directory && name.value == der::sequence({}));
}

// "IP:" for prompts: what a name of this kind starts with on the command line.
std::string prefix_of(GeneralNameType type) {
  const std::string text = codec::to_string(GeneralName{type, {}});
  return text.substr(0, text.find(':') + 1);
}

bool holds(const std::vector<GeneralName>& names, const GeneralName& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The server's names, open ones filled from the user's, then what is left of those.
est::Result<std::vector<GeneralName>> join_names(const std::vector<GeneralName>& asked, std::vector<GeneralName> own) {
  std::vector<GeneralName> joined;
  for (const GeneralName& name : asked)
    if (!is_open(name)) std::erase(own, name);
  for (const GeneralName& name : asked) {
    if (!is_open(name)) {
      joined.push_back(name);
      continue;
    }
    const auto found = std::find_if(own.begin(), own.end(), [&](const GeneralName& each) { return each.type == name.type; });
    if (found == own.end())
      return demand("a name of the kind " + prefix_of(name.type) + " in " + with_number(oids::subject_alt_name),
                    "give --san " + prefix_of(name.type) + "...");
    joined.push_back(*found);
    own.erase(found);
  }
  joined.insert(joined.end(), own.begin(), own.end());
  return joined;
}

// The user's, and what earlier elements asked for.
std::vector<GeneralName> names_so_far(RequestDraft& draft) {
  const Extension* own = draft.extension(oids::subject_alt_name);
  std::vector<GeneralName> none;
  return own != nullptr ? codec::decode_general_names(own->value).value.value_or(none) : none;
}

void note_if_renewal_differs(RequestDraft& draft, const std::vector<GeneralName>& asked) {
  const Extension* own = draft.extension(oids::subject_alt_name);
  const std::vector<GeneralName> names = names_so_far(draft);
  const bool same = std::all_of(asked.begin(), asked.end(), [&](const GeneralName& name) {
    return is_open(name) ? std::any_of(names.begin(), names.end(), [&](const GeneralName& each) { return each.type == name.type; })
                         : holds(names, name);
  });
  if (own == nullptr || !same) note_left_out(draft, with_number(oids::subject_alt_name) + " as given", renewal_keeps);
}

Status meet_names(RequestDraft& draft, const ExtensionTemplate& wanted) {
  const bool any = !wanted.value || wanted.value->empty();
  const auto decoded = any ? est::Decoded<std::vector<GeneralName>>{} : codec::decode_general_names(*wanted.value);
  const std::vector<GeneralName> asked = decoded.value.value_or(std::vector<GeneralName>{});
  if (draft.input.renewed != nullptr) {
    note_if_renewal_differs(draft, asked);
    return {};
  }
  // What can be read of a malformed value is asked for all the same. Open names, which have no content, are read as they are.
  const bool whole = any || (!asked.empty() && codec::encode_general_names(asked) == *wanted.value);
  if (!whole) note_left_out(draft, with_number(oids::subject_alt_name) + " as given", "the server's value is not well-formed");
  if (!any && asked.empty()) return {};
  const std::vector<GeneralName> own = names_so_far(draft);
  if (any && own.empty()) return demand(with_number(oids::subject_alt_name), "give --san DNS:..., IP:... or another name");
  auto joined = join_names(asked, own);
  if (!joined) return joined.error();
  std::erase_if(draft.extensions, [](const Extension& each) { return each.id == oids::subject_alt_name; });
  draft.extensions.push_back(codec::make_subject_alt_name(*joined, wanted.critical));
  return {};
}

// --- Other extensions

std::string option_for(const Oid& id) {
  if (id == oids::key_usage) return "give --key-usage";
  return id == oids::extended_key_usage ? "give --eku" : "";
}

// The client is to fill in the value.
Status meet_open_extension(RequestDraft& draft, const ExtensionTemplate& wanted) {
  if (Extension* own = draft.extension(wanted.id)) {
    own->critical = own->critical || wanted.critical;
    return {};
  }
  if (wanted.id == oids::subject_key_identifier) {
    const Bytes identifier = est::pki::key_identifier(draft.input.key.public_key_info());
    draft.extensions.push_back({wanted.id, wanted.critical, der::octet_string(identifier)});
    return {};
  }
  const std::string option = option_for(wanted.id);
  if (!option.empty()) return demand("the extension " + with_number(wanted.id), option);
  note_left_out(draft, "the extension " + with_number(wanted.id), unknown_here);
  return {};
}

// --- Parts of the subject

const std::vector<Oid>& name_part_types() {
  static const std::vector<Oid> types{oids::common_name,      oids::country_name,  oids::organization_name, oids::organizational_unit_name,
                                      oids::serial_number,    oids::email_address, oids::locality_name,     oids::state_or_province_name,
                                      oids::domain_component, oids::user_id};
  return types;
}

bool is_name_part(const Oid& type) {
  const auto& types = name_part_types();
  return std::find(types.begin(), types.end(), type) != types.end();
}

std::vector<AttributeTypeAndValue> parts_of(const Name& name) {
  std::vector<AttributeTypeAndValue> parts;
  for (const auto& rdn : name.rdns) parts.insert(parts.end(), rdn.begin(), rdn.end());
  return parts;
}

std::vector<std::vector<NamePart>> rdns_of(const Name& name) {
  std::vector<std::vector<NamePart>> rdns;
  for (const auto& rdn : name.rdns) {
    rdns.emplace_back();
    for (const AttributeTypeAndValue& part : rdn) rdns.back().push_back({part.type, part.value_der});
  }
  return rdns;
}

bool names_one_thing(const Oid& type) {
  return type == oids::common_name || type == oids::serial_number || type == oids::user_id || type == oids::email_address;
}

// Broad parts stand before those that name one thing.
void add_part(RequestDraft& draft, const NamePart& part) {
  auto rdns = rdns_of(draft.subject);
  const auto narrow = [](const std::vector<NamePart>& rdn) { return names_one_thing(rdn.front().type); };
  const auto at = names_one_thing(part.type) ? rdns.end() : std::find_if(rdns.begin(), rdns.end(), narrow);
  rdns.insert(at, {part});
  auto name = name_of_parts(rdns);
  if (name)
    draft.subject = *std::move(name);
  else
    note_left_out(draft, with_number(part.type) + " as given", "the server's value cannot be read");
}

Error part_missing(const Oid& type) { return demand(with_number(type) + " in the subject", "give it in --subject"); }

Status meet_name_value(RequestDraft& draft, const Oid& type, const Bytes& value) {
  const auto text = text_in(value);
  if (!text) {
    note_left_out(draft, with_number(type) + " as given", "the server's value cannot be read");
    return {};
  }
  bool has_other = false;
  for (const AttributeTypeAndValue& part : parts_of(draft.subject)) {
    if (part.type != type) continue;
    if (part.value == *text) return {};
    has_other = true;
  }
  if (draft.input.renewed != nullptr)
    note_left_out(draft, with_number(type) + "=" + est::printable(*text, 80) + " in the subject", renewal_keeps);
  else if (has_other)
    return demand(with_number(type) + "=" + est::printable(*text, 80) + " in the subject", "change --subject, which has another value");
  else
    add_part(draft, {type, value});
  return {};
}

Status meet_name_part(RequestDraft& draft, const Oid& type, const std::vector<Bytes>& values) {
  for (const Bytes& value : values)
    if (Status met = meet_name_value(draft, type, value); !met) return met;
  if (!values.empty()) return {};
  const auto parts = parts_of(draft.subject);
  if (std::any_of(parts.begin(), parts.end(), [&](const AttributeTypeAndValue& part) { return part.type == type; })) return {};
  if (draft.input.renewed == nullptr) return part_missing(type);
  note_left_out(draft, with_number(type) + " in the subject", renewal_keeps);
  return {};
}

// --- Elements of the list

// RFC 9908 3.2: the value is Extensions. RFC 7030's example has a bare OID there, which is no Extensions and stands for itself.
Status meet_extensions(RequestDraft& draft, const std::vector<Bytes>& values) {
  for (const Bytes& value : values) {
    const auto wanted = codec::decode_extensions(value);
    if (!wanted.value) {
      note_left_out(draft, "a value of " + with_number(oids::extension_request), "it holds no extensions");
      continue;
    }
    for (const Extension& each : *wanted.value) {
      const auto asked = each.value.empty() ? std::optional<Bytes>() : each.value;
      if (Status met = meet_extension(draft, {each.id, each.critical, asked}); !met) return met;
    }
  }
  return {};
}

bool is_challenge(const Oid& type) { return type == oids::otp_challenge || type == oids::revocation_challenge; }

bool has_own_place(const Oid& type) {
  return concerns_key_or_signature(type) || type == oids::challenge_password || type == oids::est_identity_linking;
}

bool is_fillable_extension(const Oid& type) {
  return type == oids::subject_alt_name || type == oids::key_usage || type == oids::extended_key_usage ||
         type == oids::subject_key_identifier;
}

// --- The template's subject

class SubjectFiller {
 public:
  SubjectFiller(const RequestTemplate& wanted, const Name& own) : wanted_(wanted), left_(parts_of(own)) {}

  // The subject the template describes, with the user's values where it leaves them open.
  est::Result<Name> fill() {
    take_equal_values();
    std::vector<std::vector<NamePart>> rdns;
    for (const auto& rdn : wanted_.subject) {
      rdns.emplace_back();
      for (const NameTemplateEntry& entry : rdn) {
        auto value = value_for(entry);
        if (!value) return part_missing(entry.type);
        rdns.back().push_back({entry.type, *std::move(value)});
      }
    }
    auto name = name_of_parts(rdns);
    if (!name)
      return Error{
          "the subject in the server's /csrattrs template makes no name; tell its operator, or ignore what /csrattrs says (--no-csrattrs)"};
    return *std::move(name);
  }

  [[nodiscard]] const std::vector<AttributeTypeAndValue>& left() const { return left_; }

 private:
  // First, so that an open part does not take what a given one is about.
  void take_equal_values() {
    for (const auto& rdn : wanted_.subject)
      for (const NameTemplateEntry& entry : rdn) {
        if (!entry.value) continue;
        const auto text = text_in(*entry.value);
        const auto found = std::find_if(left_.begin(), left_.end(),
                                        [&](const AttributeTypeAndValue& part) { return part.type == entry.type && text == part.value; });
        if (found != left_.end()) left_.erase(found);
      }
  }

  std::optional<Bytes> value_for(const NameTemplateEntry& entry) {
    if (entry.value) return entry.value;
    const auto found = std::find_if(left_.begin(), left_.end(), [&](const auto& part) { return part.type == entry.type; });
    if (found == left_.end()) return {};
    Bytes value = found->value_der;
    left_.erase(found);
    return value;
  }

  const RequestTemplate& wanted_;
  std::vector<AttributeTypeAndValue> left_;
};

Status meet_subject(RequestDraft& draft, const RequestTemplate& wanted) {
  if (!wanted.has_subject) return {};
  SubjectFiller filler(wanted, draft.subject);
  auto name = filler.fill();
  if (draft.input.renewed != nullptr) {
    if (!name || !filler.left().empty()) note_left_out(draft, "another subject", renewal_keeps);
    return {};
  }
  if (!name) return name.error();
  draft.subject = *std::move(name);
  for (const AttributeTypeAndValue& part : filler.left())
    add_note(draft, "the subject's " + with_number(part.type) + "=" + est::printable(part.value, 80) +
                        " is left out: the server's template has no place for it");
  return {};
}

}  // namespace

Extension* RequestDraft::extension(const Oid& id) {
  const auto found = std::find_if(extensions.begin(), extensions.end(), [&](const Extension& each) { return each.id == id; });
  return found == extensions.end() ? nullptr : &*found;
}

bool RequestDraft::has_attribute(const Oid& type) const {
  return std::any_of(attributes.begin(), attributes.end(), [&](const Attribute& each) { return each.type == type; });
}

std::string with_number(const Oid& oid) {
  const std::string name = oid.name();
  const std::string dotted = oid.dotted();
  return name == dotted ? dotted : name + " (" + dotted + ")";
}

Error demand(const std::string& what, const std::string& cure) {
  return Error{"the server asks for " + what + "; " + cure + ", or ignore what /csrattrs says (--no-csrattrs)"};
}

void note_left_out(RequestDraft& draft, const std::string& what, const std::string& why) {
  add_note(draft, "the server asks for " + what + ", which is left out: " + why);
}

std::optional<std::string> text_in(est::BytesView tlv) {
  est::Findings unheard;
  const auto value = der::Reader(tlv, unheard).any("value");
  if (!value || !der::is_string(value->tag)) return {};
  return der::string_value(*value, unheard);
}

std::optional<Name> name_of_parts(const std::vector<std::vector<NamePart>>& rdns) {
  std::vector<Bytes> sets;
  for (const auto& rdn : rdns) {
    std::vector<Bytes> parts;
    for (const NamePart& part : rdn) parts.push_back(der::sequence({der::oid(part.type), part.value}));
    sets.push_back(der::set_of(std::move(parts)));
  }
  auto name = codec::decode_name(der::sequence_of(sets));
  if (!name.accepted()) return {};
  return std::move(name.value);
}

Status meet_extension(RequestDraft& draft, const ExtensionTemplate& wanted) {
  if (draft.extensions.size() >= most_extensions) return demand("more than 100 extensions", "tell its operator");
  if (wanted.id == oids::subject_alt_name) return meet_names(draft, wanted);
  if (!wanted.value) return meet_open_extension(draft, wanted);
  Extension* own = draft.extension(wanted.id);
  if (own == nullptr) {
    draft.extensions.push_back({wanted.id, wanted.critical, *wanted.value});
    return {};
  }
  own->critical = own->critical || wanted.critical;
  if (own->value == *wanted.value) return {};
  return demand("another value of the extension " + with_number(wanted.id), "leave the choice to the server");
}

Status meet_element(RequestDraft& draft, const AttrOrOid& element) {
  const auto* attribute = std::get_if<Attribute>(&element);
  const Oid& type = attribute != nullptr ? attribute->type : std::get<Oid>(element);
  if (has_own_place(type)) return {};
  if (type == oids::extension_request && attribute != nullptr) return meet_extensions(draft, attribute->values);
  if (is_name_part(type)) return meet_name_part(draft, type, attribute != nullptr ? attribute->values : std::vector<Bytes>{});
  if (is_fillable_extension(type)) return meet_extension(draft, {type, false, {}});
  if (draft.has_attribute(type) || draft.extension(type) != nullptr) return {};
  note_left_out(draft, with_number(type), is_challenge(type) ? "no value was given for it" : unknown_here);
  return {};
}

Status meet_template(RequestDraft& draft, const RequestTemplate& wanted) {
  if (Status met = meet_subject(draft, wanted); !met) return met;
  for (const Attribute& attribute : wanted.attributes) {
    // Key and signature have fields of their own here.
    if (concerns_key_or_signature(attribute.type)) note_left_out(draft, "the attribute " + with_number(attribute.type), unknown_here);
    if (Status met = meet_element(draft, attribute); !met) return met;
  }
  for (const ExtensionTemplate& extension : wanted.extensions)
    if (Status met = meet_extension(draft, extension); !met) return met;
  return {};
}

}  // namespace client
