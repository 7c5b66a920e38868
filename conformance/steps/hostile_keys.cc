// Public keys and signatures that attack arithmetic: sizes, degenerate values, points that are none.
#include <functional>

#include "conformance/steps/hostile_requests.h"
#include "conformance/steps/parameters.h"
#include "conformance/steps/request_parts.h"
#include "est/codec/der.h"
#include "est/crypto/digest.h"

namespace conformance::steps {
namespace {

namespace der = est::codec::der;
namespace tags = est::codec::der::tags;
namespace oids = est::codec::oids;
using est::Byte;
using est::Bytes;
using est::Result;
using est::codec::Oid;

Bytes key_info(est::BytesView algorithm, est::BytesView key) { return der::sequence({algorithm, der::bit_string(key)}); }

// The request around another key. The signature is the old key's, or noise of a length the new key would ask for.
Result<Bytes> with_key(const SoundRequest& sound, Bytes public_key) {
  InfoParts info = parts_of(sound);
  info.public_key = std::move(public_key);
  return sign_info(sound, info);
}

Result<Bytes> with_key_and_noise(const SoundRequest& sound, Bytes public_key, std::size_t signature_octets) {
  InfoParts info = parts_of(sound);
  info.public_key = std::move(public_key);
  Bytes signature = est::crypto::random_bytes(signature_octets);
  signature.front() = 0x01;  // below any modulus of that length with its top bit set
  return est::codec::encode_certification_request(info.encode(), {oids::sha256_with_rsa, der::null()}, signature);
}

// --- RSA

Bytes rsa_key(est::BytesView modulus, est::BytesView exponent) {
  const Bytes algorithm = der::sequence({der::oid(oids::rsa_encryption), der::null()});
  return key_info(algorithm, der::sequence({modulus, exponent}));
}

// An odd (or even) number of so many bits with its top bit set. Its factors do not matter: nobody can sign with it anyhow.
Bytes number_of_bits(std::size_t bits, bool odd = true) {
  Bytes magnitude = est::crypto::random_bytes(bits / 8);
  magnitude.front() |= 0x80U;
  magnitude.back() = static_cast<Byte>(odd ? magnitude.back() | 0x01U : magnitude.back() & 0xfeU);
  return magnitude;
}

Bytes usual_exponent() { return der::integer(65537); }

Result<Bytes> rsa_of_bits(const SoundRequest& sound, std::size_t bits) {
  return with_key_and_noise(sound, rsa_key(der::unsigned_integer(number_of_bits(bits)), usual_exponent()), bits / 8);
}

// Modulus and exponent both huge: verifying one signature is a full exponentiation.
Result<Bytes> rsa_slow(const SoundRequest& sound) {
  constexpr std::size_t bits = 16384;
  const Bytes modulus = der::unsigned_integer(number_of_bits(bits));
  return with_key_and_noise(sound, rsa_key(modulus, der::unsigned_integer(number_of_bits(bits - 8))), bits / 8);
}

Result<Bytes> rsa_with_modulus(const SoundRequest& sound, Bytes modulus) {
  return with_key_and_noise(sound, rsa_key(modulus, usual_exponent()), 256);
}

Result<Bytes> rsa_with_exponent(const SoundRequest& sound, Bytes exponent) {
  return with_key_and_noise(sound, rsa_key(der::unsigned_integer(number_of_bits(2048)), exponent), 256);
}

// DigestInfo for SHA-256 (RFC 8017 9.2, note 1).
Bytes digest_info(est::BytesView data) {
  const Bytes algorithm = der::sequence({der::oid(oids::sha256), der::null()});
  return der::sequence({algorithm, der::octet_string(est::crypto::digest(est::crypto::Digest::sha256, data))});
}

// EMSA-PKCS1-v1_5 (RFC 8017 9.2).
Bytes padded(est::BytesView data, std::size_t octets) {
  const Bytes info = digest_info(data);
  Bytes block{0x00, 0x01};
  block.resize(octets - info.size() - 1, 0xff);
  return der::concat({block, Bytes{0x00}, info});
}

// With the exponent 1 the padded digest is its own signature: it verifies, and anybody can make one.
Result<Bytes> rsa_exponent_one(const SoundRequest& sound) {
  constexpr std::size_t bits = 2048;
  InfoParts info = parts_of(sound);
  info.public_key = rsa_key(der::unsigned_integer(number_of_bits(bits)), der::integer(1));
  const Bytes encoded = info.encode();
  return est::codec::encode_certification_request(encoded, {oids::sha256_with_rsa, der::null()}, padded(encoded, bits / 8));
}

// --- Elliptic curves

Bytes ec_algorithm(est::BytesView parameters) { return der::sequence({der::oid(oids::ec_public_key), parameters}); }

Result<Bytes> with_point(const SoundRequest& sound, est::BytesView point) {
  return with_key(sound, key_info(ec_algorithm(der::oid(oids::prime256v1)), point));
}

constexpr std::size_t p256_field = 32;  // octets of P-256's field

Bytes point_of(Byte form, std::size_t octets, Byte filler) {
  Bytes point(octets, filler);
  point.insert(point.begin(), form);
  return point;
}

// SpecifiedECDomain (RFC 3279 2.3.5) of a curve over a made-up prime of so many octets: reading it means arithmetic with all of it.
Bytes explicit_domain(std::size_t octets) {
  const Bytes prime = number_of_bits(octets * 8);
  const Bytes coefficient = der::octet_string(Bytes(octets, Byte{0x03}));
  const Bytes field_id = der::sequence({der::oid(Oid("1.2.840.10045.1.1")), der::unsigned_integer(prime)});
  return der::sequence({der::integer(1), field_id, der::sequence({coefficient, coefficient}),
                        der::octet_string(point_of(0x04, 2 * octets, 0x05)), der::unsigned_integer(prime), der::integer(1)});
}

Result<Bytes> explicit_curve(const SoundRequest& sound, std::size_t octets) {
  return with_key(sound, key_info(ec_algorithm(explicit_domain(octets)), point_of(0x04, 2 * octets, 0x05)));
}

// --- Forms of a sound P-256 key: the signature is that of its holder and verifies with every reader of the form

constexpr std::size_t point_octets = 1 + 2 * p256_field;

// The key's point, uncompressed; nothing when the key is another.
Result<Bytes> sound_point(const SoundRequest& sound) {
  const auto& key = sound.request.key;
  const bool fits = sound.key_type == est::crypto::KeyType::ec_p256 && key.der.size() > point_octets;
  if (!fits) return est::Error{"this form is made of a key of type ec-p256"};
  return Bytes(key.der.end() - static_cast<std::ptrdiff_t>(point_octets), key.der.end());
}

Result<Bytes> with_form(const SoundRequest& sound, const std::function<Bytes(const Bytes& point)>& key) {
  const auto point = sound_point(sound);
  if (!point) return point.error();
  InfoParts info = parts_of(sound);
  info.public_key = key(*point);
  return sign_info(sound, info);
}

// The lowest bit of y goes into the first octet (SEC 1 2.3.3).
Byte with_parity(Byte form, const Bytes& point) { return static_cast<Byte>(form | (point.back() & 0x01U)); }

Bytes hex_number(std::string_view hex) { return octets_of_hex(hex).value_or(Bytes{}); }

// SpecifiedECDomain of P-256 (RFC 3279 2.3.5; the numbers are those of FIPS 186-4 D.1.2.3).
Bytes written_out_p256() {
  const Bytes prime = hex_number("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
  const Bytes a = hex_number("ffffffff00000001000000000000000000000000fffffffffffffffffffffffc");
  const Bytes b = hex_number("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b");
  const Bytes base = hex_number(
      "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
  const Bytes order = hex_number("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  const Bytes field_id = der::sequence({der::oid(Oid("1.2.840.10045.1.1")), der::unsigned_integer(prime)});
  return der::sequence({der::integer(1), field_id, der::sequence({der::octet_string(a), der::octet_string(b)}), der::octet_string(base),
                        der::unsigned_integer(order), der::integer(1)});
}

Bytes on_named_curve(est::BytesView point) { return key_info(ec_algorithm(der::oid(oids::prime256v1)), point); }

Bytes compressed(const Bytes& point) {
  Bytes form(point.begin(), point.begin() + 1 + p256_field);
  form.front() = with_parity(0x02, point);
  return on_named_curve(form);
}

Bytes hybrid(const Bytes& point) {
  Bytes form = point;
  form.front() = with_parity(0x06, point);
  return on_named_curve(form);
}

Bytes explicitly(const Bytes& point) { return key_info(ec_algorithm(written_out_p256()), point); }

// --- Signatures

Result<Bytes> with_algorithm(const SoundRequest& sound, est::BytesView algorithm) {
  return der::sequence({sound.request.info, algorithm, der::bit_string(sound.request.signature)});
}

// RSASSA-PSS-params with this saltLength (RFC 4055 3.1).
Bytes pss(est::BytesView salt_length) {
  static const Oid mgf1("1.2.840.113549.1.1.8");
  const Bytes hash = der::sequence({der::oid(oids::sha256), der::null()});
  const Bytes mask = der::sequence({der::oid(mgf1), hash});
  const Bytes parameters = der::sequence({der::context(0, hash), der::context(1, mask), der::context(2, salt_length)});
  return der::sequence({der::oid(oids::rsassa_pss), parameters});
}

Bytes ecdsa_value(est::BytesView r, est::BytesView s) { return der::sequence({r, s}); }

}  // namespace

std::vector<CorruptionEntry> hostile_keys() {
  using Sound = const SoundRequest&;
  return {
      {{"rsa-16", "an RSA key of 16 bits"},
       [](Sound s) { return with_key_and_noise(s, rsa_key(der::integer(0xC5A1), usual_exponent()), 2); }},
      {{"rsa-16384", "an RSA key of 16384 bits"}, [](Sound s) { return rsa_of_bits(s, 16384); }},
      {{"rsa-65536", "an RSA key of 65536 bits"}, [](Sound s) { return rsa_of_bits(s, 65536); }},
      {{"rsa-slow", "an RSA key whose modulus and exponent have 16384 bits"}, rsa_slow},
      {{"rsa-modulus-even", "an RSA key with an even modulus"},
       [](Sound s) { return rsa_with_modulus(s, der::unsigned_integer(number_of_bits(2048, false))); }},
      {{"rsa-modulus-zero", "an RSA key with the modulus 0"}, [](Sound s) { return rsa_with_modulus(s, der::integer(0)); }},
      {{"rsa-modulus-negative", "an RSA key with a negative modulus"},
       [](Sound s) { return rsa_with_modulus(s, der::tlv(tags::integer, number_of_bits(2048))); }},
      {{"rsa-exponent-zero", "an RSA key with the exponent 0"}, [](Sound s) { return rsa_with_exponent(s, der::integer(0)); }},
      {{"rsa-exponent-even", "an RSA key with an even exponent"}, [](Sound s) { return rsa_with_exponent(s, der::integer(65536)); }},
      {{"rsa-exponent-negative", "an RSA key with the exponent -1"}, [](Sound s) { return rsa_with_exponent(s, der::integer(-1)); }},
      {{"rsa-exponent-one", "an RSA key with the exponent 1, for which anybody can sign, and a signature that verifies"}, rsa_exponent_one},
      {{"ec-infinity", "an EC key that is the point at infinity"}, [](Sound s) { return with_point(s, Bytes{0x00}); }},
      {{"ec-not-on-curve", "an EC key that is the point (1, 1)"},
       [](Sound s) {
         Bytes point = point_of(0x04, 2 * p256_field, 0x00);
         point[p256_field] = point[2 * p256_field] = 1;
         return with_point(s, point);
       }},
      {{"ec-beyond-field", "an EC key with coordinates above the field's prime"},
       [](Sound s) { return with_point(s, point_of(0x04, 2 * p256_field, 0xff)); }},
      {{"ec-short", "an EC key of one coordinate"}, [](Sound s) { return with_point(s, point_of(0x04, p256_field, 0x01)); }},
      {{"ec-hybrid", "an EC key in the hybrid form RFC 5480 forbids"},
       [](Sound s) { return with_point(s, point_of(0x06, 2 * p256_field, 0x01)); }},
      {{"ec-explicit", "an EC key with its curve written out over a field of 256 bits"},
       [](Sound s) { return explicit_curve(s, p256_field); }},
      {{"ec-explicit-huge", "an EC key with its curve written out over a field of 32768 bits"},
       [](Sound s) { return explicit_curve(s, 4096); }},
      {{"ec-no-curve", "an EC key that does not name its curve"},
       [](Sound s) { return with_key(s, key_info(ec_algorithm(der::null()), point_of(0x04, 2 * p256_field, 0x01))); }},
      {{"ec-explicit-signed", "the P-256 key with its curve written out, signed by its holder"},
       [](Sound s) { return with_form(s, explicitly); }},
      {{"ec-compressed-signed", "the P-256 key with its point compressed, signed by its holder"},
       [](Sound s) { return with_form(s, compressed); }},
      {{"ec-hybrid-signed", "the P-256 key in the hybrid form RFC 5480 forbids, signed by its holder"},
       [](Sound s) { return with_form(s, hybrid); }},
      {{"key-empty", "a public key of no octets"},
       [](Sound s) { return with_key(s, key_info(ec_algorithm(der::oid(oids::prime256v1)), {})); }},
  };
}

std::vector<CorruptionEntry> hostile_signatures() {
  using Sound = const SoundRequest&;
  return {
      {{"signature-megabyte", "a signature of a megabyte"},
       [](Sound s) { return with_signature(s, Bytes(std::size_t{1} << 20U, Byte{0x5a})); }},
      {{"signature-zeros", "an ECDSA signature with r and s 0"},
       [](Sound s) { return with_signature(s, ecdsa_value(der::integer(0), der::integer(0))); }},
      {{"signature-negative", "an ECDSA signature with negative r and s"},
       [](Sound s) { return with_signature(s, ecdsa_value(der::integer(-1), der::integer(-1))); }},
      {{"signature-huge-numbers", "an ECDSA signature with r and s of 10000 octets"},
       [](Sound s) {
         const Bytes number = der::unsigned_integer(Bytes(10000, Byte{0x5a}));
         return with_signature(s, ecdsa_value(number, number));
       }},
      {{"pss-salt-huge", "RSASSA-PSS with a salt of 2^31 - 1 octets"},
       [](Sound s) { return with_algorithm(s, pss(der::integer(0x7fffffff))); }},
      {{"pss-salt-negative", "RSASSA-PSS with a salt of -1 octets"}, [](Sound s) { return with_algorithm(s, pss(der::integer(-1))); }},
      {{"pss-no-parameters", "RSASSA-PSS whose parameters are NULL"},
       [](Sound s) {
         return with_algorithm(s, der::sequence({der::oid(oids::rsassa_pss), der::null()}));
       }},
      {{"algorithm-of-another", "the signature algorithm of another kind of key"},
       [](Sound s) {
         const bool rsa = s.request.key.algorithm.algorithm == oids::rsa_encryption;
         return with_algorithm(s, der::sequence({der::oid(rsa ? oids::ecdsa_with_sha256 : oids::sha256_with_rsa)}));
       }},
      {{"algorithm-unknown", "a signature algorithm nobody knows"},
       [](Sound s) { return with_algorithm(s, der::sequence({der::oid(unknown_oid())})); }},
  };
}

}  // namespace conformance::steps
