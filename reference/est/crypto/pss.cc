// RSASSA-PSS-params (RFC 4055 section 3.1).
#include "est/codec/der.h"
#include "est/crypto/public_key.h"

namespace est::crypto {
namespace {

using codec::Oid;
namespace der = codec::der;
namespace oids = codec::oids;

constexpr std::int64_t most_salt = 2048;

std::optional<Digest> digest_by_oid(const Oid& oid) {
  if (oid == oids::sha1) return Digest::sha1;
  if (oid == oids::sha256) return Digest::sha256;
  if (oid == oids::sha384) return Digest::sha384;
  if (oid == oids::sha512) return Digest::sha512;
  return {};
}

// HashAlgorithm: parameters NULL, and absent accepted (RFC 4055 2.1).
std::optional<Digest> read_hash(der::Reader& from) {
  const auto algorithm = codec::read_algorithm(from, "hashAlgorithm");
  if (!algorithm || (!algorithm->parameters.empty() && algorithm->parameters != der::null())) return {};
  return digest_by_oid(algorithm->algorithm);
}

// MaskGenAlgorithm: id-mgf1 with a HashAlgorithm (RFC 4055 2.2).
std::optional<Digest> read_mask(der::Reader& from, Findings& findings) {
  static const Oid mgf1("1.2.840.113549.1.1.8");
  const auto algorithm = codec::read_algorithm(from, "maskGenAlgorithm");
  if (!algorithm || algorithm->algorithm != mgf1) return {};
  der::Reader inner(algorithm->parameters, findings);
  const auto hash = read_hash(inner);
  inner.finish("maskGenAlgorithm");
  return hash;
}

// [number] EXPLICIT around what `read` takes; absent means the default stands. False when the field is there and unreadable.
template <class Read>
bool read_field(der::Reader& params, std::uint32_t number, std::string_view what, Read read) {
  const auto field = params.optional(der::tags::context(number, true), what);
  if (!field) return !params.failed();
  der::Reader inside = params.inside(*field);
  const bool good = read(inside);
  inside.finish(what);
  return good;
}

template <class T>
bool assign(T& to, const std::optional<T>& from) {
  if (from) to = *from;
  return from.has_value();
}

}  // namespace

// RSASSA-PSS-params ::= SEQUENCE { hashAlgorithm [0] DEFAULT sha1, maskGenAlgorithm [1] DEFAULT mgf1SHA1,
//                                  saltLength [2] INTEGER DEFAULT 20, trailerField [3] INTEGER DEFAULT 1 }
Result<PssParameters> decode_pss_parameters(BytesView input) {
  Findings findings;
  PssParameters out;
  der::Reader outer(input, findings);
  der::Reader params = outer.enter(der::tags::sequence, "RSASSA-PSS-params");
  // Written-out defaults are accepted: RFC 4055 3.1 asks recipients to recognise both forms.
  const bool read =
      read_field(params, 0, "hashAlgorithm", [&](der::Reader& from) { return assign(out.digest, read_hash(from)); }) &&
      read_field(params, 1, "maskGenAlgorithm", [&](der::Reader& from) { return assign(out.mask_digest, read_mask(from, findings)); }) &&
      read_field(params, 2, "saltLength", [&](der::Reader& from) { return assign(out.salt_length, from.small_integer("saltLength")); }) &&
      read_field(params, 3, "trailerField", [&](der::Reader& from) { return from.small_integer("trailerField") == 1; });
  params.finish("RSASSA-PSS-params");
  outer.finish("RSASSA-PSS-params");
  if (!read || has_errors(findings) || out.salt_length < 0 || out.salt_length > most_salt)
    return Error{"the RSASSA-PSS parameters are malformed or name an unsupported digest"};
  return out;
}

}  // namespace est::crypto
