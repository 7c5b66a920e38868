#include "est/codec/x509.h"

#include <gtest/gtest.h>

#include <string>

#include "est/codec/asn1_test_data.h"

namespace est::codec {
namespace {

using test::from_hex;
using test::from_pem;
using test::summary;

// --- Names

TEST(Name, TextAndDerGoBothWays) {
  for (const char* text : {"CN=device-1,O=Acme", "CN=a", "", "CN=a+serialNumber=4711,C=DE", "CN=Acme\\, Inc.", "CN=\\ lead and trail\\ ",
                           "CN=\\#x", "CN=a\\+b\\\"c\\\\d\\<e\\>f\\;g", "DC=device,DC=example,DC=com", "emailAddress=ops@example.com",
                           "UID=u,ST=s,L=l,OU=o", "1.2.3.4=x", "CN=line\\0abreak", "CN=M\xc3\xbcller", "1.2.3.4=#0401aa"}) {
    const Result<Name> name = parse_name(text);
    ASSERT_TRUE(name) << text << ": " << name.error().message;
    EXPECT_EQ(name->to_string(), text);
    const Decoded<Name> decoded = decode_name(name->der);
    ASSERT_TRUE(decoded.accepted()) << text << ": " << describe_first(decoded.findings);
    EXPECT_EQ(decoded.value->to_string(), text);
    EXPECT_TRUE(same_name(*decoded.value, *name));
  }
}

TEST(Name, TextIsReadWithSomeFreedom) {
  EXPECT_EQ(parse_name(" cn = a b , o=Acme ")->to_string(), "CN=a b,O=Acme");
  EXPECT_EQ(parse_name("commonName=a")->to_string(), "CN=a");
  EXPECT_EQ(parse_name("CN=\\C3\\BC")->to_string(), "CN=\xc3\xbc");
  EXPECT_EQ(parse_name("CN=#0c0141")->to_string(), "CN=A");
  EXPECT_EQ(parse_name("CN=a,O=b")->first(oids::organization_name), "b");
  EXPECT_FALSE(parse_name("CN=a")->first(oids::organization_name));
}

TEST(Name, RefusesMalformedText) {
  for (const char* bad : {"a", "=a", "CN=", "CN=a,", "CN=a+", ",CN=a", "XYZ=a", "CN=a\\", "CN=a\\x", "CN=#", "CN=#0c", "CN=#0", "CN=#zz",
                          "CN=\\FF", "C=M\xc3\xbc", "serialNumber=a@b", "emailAddress=\xc3\xbc"})
    EXPECT_FALSE(parse_name(bad)) << bad;
}

TEST(Name, ComparesAsRfc5280Says) {
  const auto same = [](const char* a, const char* b) { return same_name(*parse_name(a), *parse_name(b)); };
  EXPECT_TRUE(same("CN=Device  One", "CN=device one"));
  EXPECT_TRUE(same("CN=\\ a\\ ", "CN=a"));
  EXPECT_TRUE(same("CN=a+O=b", "O=b+CN=a"));
  EXPECT_TRUE(same("CN=#13024142", "CN=ab"));
  EXPECT_TRUE(same("", ""));
  EXPECT_FALSE(same("CN=a,O=b", "O=b,CN=a"));
  EXPECT_FALSE(same("CN=a", "O=a"));
  EXPECT_FALSE(same("CN=a", "CN=a,O=b"));
  EXPECT_FALSE(same("CN=a b", "CN=ab"));
}

struct NameCase {
  std::string_view hex;
  std::string_view findings;
};

TEST(Name, Malformed) {
  const std::array cases = {
      NameCase{"3002 3100", "x509.name.empty-rdn@2"},
      NameCase{"3002 3000", "der.tag.unexpected@2"},
      NameCase{"300b 3109 3007 0603550403 0500", "x509.name.value@11"},
      NameCase{"300c 310a 3008 0603550403 1301 40", "der.string@13"},
      NameCase{"300c 310a 3008 0603550403 0c01 ff", "der.string@13"},
      NameCase{"300c 310a 3008 0603550403 0c01 00", "x509.name.nul@13"},
      NameCase{"300a 3108 3006 06022a03 0500", ""},
      NameCase{"300c 310a 3008 0603550403 1a01 61", "x509.name.value@11"},
      NameCase{"3009 3107 3005 0603550403", "der.missing@11"},
      NameCase{"300d 310b 3009 0603550403 0500 0500", "der.trailing@13"},
      NameCase{"3016 3114 3008 0603550404 0c0141 3008 0603550403 0c0141", "der.set.order@14"},
  };
  for (const NameCase& c : cases) EXPECT_EQ(summary(decode_name(from_hex(c.hex)).findings), c.findings) << c.hex;
}

TEST(Name, UnreadableValuesAreShownAsOctets) {
  const Decoded<Name> name = decode_name(from_hex("300c 310a 3008 0603550403 0c01 ff"));
  ASSERT_TRUE(name.value);
  EXPECT_EQ(name.value->to_string(), "CN=#0c01ff");
}

// --- Certificates made by OpenSSL

TEST(Certificate, RootIsRead) {
  const Decoded<Certificate> root = decode_certificate(from_pem(test::root_certificate));
  ASSERT_TRUE(root.accepted()) << describe_first(root.findings);
  EXPECT_EQ(summary(root.findings), "");
  EXPECT_EQ(root.value->version, 2);
  EXPECT_TRUE(root.value->self_issued());
  EXPECT_EQ(root.value->key_algorithm.algorithm, oids::ec_public_key);
  const Extension* constraints = root.value->extension(oids::basic_constraints);
  ASSERT_NE(constraints, nullptr);
  EXPECT_TRUE(constraints->critical);
  EXPECT_TRUE(decode_basic_constraints(constraints->value).value->ca);
  EXPECT_EQ(decode_basic_constraints(constraints->value).value->path_length, 1);
  EXPECT_EQ(decode_key_usage(root.value->extension(oids::key_usage)->value).value, key_usage::key_cert_sign | key_usage::crl_sign);
  EXPECT_LT(root.value->validity.not_before, root.value->validity.not_after);
}

TEST(Certificate, LeafIsRead) {
  const Decoded<Certificate> leaf = decode_certificate(from_pem(test::leaf_certificate));
  ASSERT_TRUE(leaf.accepted()) << describe_first(leaf.findings);
  EXPECT_EQ(leaf.value->serial_hex(), "7f0102030405");
  EXPECT_EQ(leaf.value->subject.to_string(), "serialNumber=4711,CN=device-1,O=Acme\\, Inc.,C=DE");
  EXPECT_EQ(leaf.value->signature_algorithm.algorithm, oids::ecdsa_with_sha256);
  const Decoded<std::vector<Oid>> purposes = decode_extended_key_usage(leaf.value->extension(oids::extended_key_usage)->value);
  EXPECT_EQ(*purposes.value, (std::vector<Oid>{oids::server_auth, oids::client_auth, oids::cmc_ra}));
  const Decoded<std::vector<GeneralName>> names = decode_general_names(leaf.value->extension(oids::subject_alt_name)->value);
  ASSERT_EQ(names.value->size(), 2U);
  EXPECT_EQ(to_string(names.value->at(0)), "DNS:localhost");
  EXPECT_EQ(to_string(names.value->at(1)), "IP:127.0.0.1");
  EXPECT_FALSE(leaf.value->self_issued());
  EXPECT_TRUE(same_name(leaf.value->issuer, decode_certificate(from_pem(test::root_certificate)).value->subject));
}

TEST(Certificate, KeyIsTheOneOfSubjectPublicKeyInfo) {
  const Decoded<Certificate> ed = decode_certificate(from_pem(test::ed25519_certificate));
  ASSERT_TRUE(ed.accepted()) << describe_first(ed.findings);
  const Decoded<PublicKeyInfo> key = decode_public_key_info(ed.value->spki);
  ASSERT_TRUE(key.accepted());
  EXPECT_EQ(key.value->algorithm, (AlgorithmIdentifier{oids::ed25519, {}}));
  EXPECT_EQ(key.value->key.size(), 32U);
}

TEST(Certificate, SurvivesDamage) {
  test::survives_damage(from_pem(test::leaf_certificate), [](const Bytes& der) { return decode_certificate(der).findings; });
  test::survives_damage(from_pem(test::ed25519_certificate), [](const Bytes& der) { return decode_certificate(der).findings; });
}

// --- Certificates built to be wrong in one thing

struct CertificateParts {
  Bytes version = der::context(0, der::integer(2));
  Bytes serial = der::integer(1);
  Bytes algorithm = encode(AlgorithmIdentifier{oids::ecdsa_with_sha256, {}});
  Bytes issuer = parse_name("CN=ca")->der;
  Bytes not_before = der::time(0);
  Bytes not_after = der::time(1000);
  Bytes subject = parse_name("CN=ee")->der;
  Bytes key = der::sequence({der::sequence({der::oid(oids::ec_public_key), der::oid(oids::prime256v1)}), der::bit_string(Bytes{4, 1, 2})});
  Bytes unique;
  Bytes extensions = der::context(3, encode_extensions({make_key_usage(key_usage::digital_signature)}));
  Bytes outer_algorithm = algorithm;
  Bytes signature = der::bit_string(Bytes{1, 2});

  [[nodiscard]] Bytes built() const {
    const Bytes tbs =
        der::sequence({version, serial, algorithm, issuer, der::sequence({not_before, not_after}), subject, key, unique, extensions});
    return der::sequence({tbs, outer_algorithm, signature});
  }
};

TEST(Certificate, EachRuleHasItsFinding) {
  struct Change {
    std::string_view ids;  // '?' marks a warning
    void (*apply)(CertificateParts&);
  };
  const std::array changes = {
      Change{"", [](CertificateParts&) {}},
      Change{"", [](CertificateParts& p) { p.version = p.extensions = {}; }},
      Change{"der.default-encoded x509.version", [](CertificateParts& p) { p.version = der::context(0, der::integer(0)); }},
      Change{"x509.version x509.version", [](CertificateParts& p) { p.version = der::context(0, der::integer(3)); }},
      Change{"x509.version", [](CertificateParts& p) { p.version = {}; }},
      Change{"x509.version",
             [](CertificateParts& p) {
               p.version = p.extensions = {};
               p.unique = der::context(1, Bytes{0, 1}, false);
             }},
      Change{"",
             [](CertificateParts& p) {
               p.unique = der::context(2, Bytes{1, 2}, false);
             }},
      Change{"der.bit-string",
             [](CertificateParts& p) {
               p.unique = der::context(2, Bytes{8, 2}, false);
             }},  // found by fuzzing
      Change{"der.bit-string", [](CertificateParts& p) { p.unique = der::context(1, Bytes{}, false); }},
      Change{"x509.serial?", [](CertificateParts& p) { p.serial = der::integer(0); }},
      Change{"x509.serial?", [](CertificateParts& p) { p.serial = der::integer(-1); }},
      Change{"x509.serial?", [](CertificateParts& p) { p.serial = der::unsigned_integer(Bytes(20, 0xff)); }},
      Change{"der.integer.non-minimal", [](CertificateParts& p) { p.serial = from_hex("02020001"); }},
      Change{"x509.issuer.empty", [](CertificateParts& p) { p.issuer = der::sequence({}); }},
      Change{"x509.subject.empty", [](CertificateParts& p) { p.subject = der::sequence({}); }},
      Change{"x509.subject-alt-name.not-critical?",
             [](CertificateParts& p) {
               p.subject = der::sequence({});
               p.extensions = der::context(3, encode_extensions({make_subject_alt_name({*parse_general_name("DNS:a")})}));
             }},
      Change{"x509.validity.order", [](CertificateParts& p) { p.not_after = der::time(-1); }},
      Change{"x509.validity.form?",
             [](CertificateParts& p) { p.not_after = der::tlv(der::tags::generalized_time, as_bytes("20260101000000Z")); }},
      Change{"der.time", [](CertificateParts& p) { p.not_after = der::tlv(der::tags::utc_time, as_bytes("2601010000Z")); }},
      Change{"x509.signature-algorithm",
             [](CertificateParts& p) {
               p.outer_algorithm = encode(AlgorithmIdentifier{oids::ecdsa_with_sha384, {}});
             }},
      Change{"x509.signature", [](CertificateParts& p) { p.signature = der::bit_string(Bytes{0x80}, 7); }},
      Change{"x509.public-key",
             [](CertificateParts& p) {
               p.key = der::sequence({encode(AlgorithmIdentifier{oids::ed25519, {}}), der::bit_string(Bytes{0x80}, 7)});
             }},
      Change{"x509.public-key.parameters",
             [](CertificateParts& p) {
               p.key = der::sequence({encode(AlgorithmIdentifier{oids::ed25519, der::null()}), der::bit_string(Bytes{1})});
             }},
      Change{"x509.public-key.parameters",
             [](CertificateParts& p) {
               p.key = der::sequence({encode(AlgorithmIdentifier{oids::ec_public_key, der::sequence({})}), der::bit_string(Bytes{1})});
             }},
      Change{"x509.public-key.parameters?",
             [](CertificateParts& p) {
               p.key = der::sequence({encode(AlgorithmIdentifier{oids::rsa_encryption, {}}), der::bit_string(Bytes{1})});
             }},
      Change{"x509.extensions.empty", [](CertificateParts& p) { p.extensions = der::context(3, der::sequence({})); }},
      Change{"x509.extension.duplicate",
             [](CertificateParts& p) {
               p.extensions = der::context(3, encode_extensions({make_key_usage(1), make_key_usage(1)}));
             }},
      Change{"der.default-encoded",
             [](CertificateParts& p) {
               const Bytes extension = der::sequence({der::oid(oids::key_usage), der::boolean(false), der::octet_string({})});
               p.extensions = der::context(3, der::sequence({extension}));
             }},
  };
  for (const Change& change : changes) {
    CertificateParts parts;
    change.apply(parts);
    EXPECT_EQ(test::ids(decode_certificate(parts.built()).findings), change.ids);
  }
}

TEST(Certificate, TrailingOctetsAreAnError) {
  Bytes der = from_pem(test::root_certificate);
  const std::size_t length = der.size();
  der.push_back(0);
  const Decoded<Certificate> root = decode_certificate(der);
  EXPECT_TRUE(root.value);
  EXPECT_EQ(summary(root.findings), "der.trailing@" + std::to_string(length));
}

// --- Values of extensions

TEST(Extensions, MalformedValues) {
  const auto constraints = [](std::string_view hex) { return summary(decode_basic_constraints(from_hex(hex)).findings); };
  EXPECT_EQ(constraints("3000"), "");
  EXPECT_EQ(constraints("3003 010100"), "der.default-encoded@2");
  EXPECT_EQ(constraints("3003 020100"), "x509.basic-constraints.path-length@2");
  EXPECT_EQ(constraints("3006 0101ff 0201ff"), "x509.basic-constraints.path-length@5");
  EXPECT_EQ(constraints("3006 0101ff 020100"), "");
  EXPECT_EQ(constraints("0500"), "der.tag.unexpected@0");
  const auto usage = [](std::string_view hex) { return summary(decode_key_usage(from_hex(hex)).findings); };
  EXPECT_EQ(usage("03020780"), "");
  EXPECT_EQ(usage("03020080"), "der.named-bits@2");
  EXPECT_EQ(usage("030100"), "x509.key-usage.empty@0");
  EXPECT_EQ(summary(decode_extended_key_usage(from_hex("3000")).findings), "x509.extended-key-usage.empty@0");
  const auto names = [](std::string_view hex) { return summary(decode_general_names(from_hex(hex)).findings); };
  EXPECT_EQ(names("3000"), "x509.general-names.empty@0");
  EXPECT_EQ(names("3003 8701 7f"), "x509.general-name.ip@4");
  EXPECT_EQ(names("3003 8201 ff"), "x509.general-name.ia5@4");
  EXPECT_EQ(names("3003 8801 80"), "der.oid@4");
  EXPECT_EQ(names("3002 8900"), "x509.general-name.type@2");
  EXPECT_EQ(names("3002 a200"), "x509.general-name.type@2");
  EXPECT_EQ(names("3002 0500"), "x509.general-name.type@2");
  EXPECT_EQ(names("3004 a402 0500"), "der.tag.unexpected@4");
}

TEST(Extensions, BuildersAndReadersAgree) {
  for (unsigned bits = 1; bits < 512; ++bits) {
    const Decoded<unsigned> read = decode_key_usage(make_key_usage(bits).value);
    ASSERT_TRUE(read.accepted()) << bits;
    EXPECT_EQ(read.value, bits);
  }
  EXPECT_EQ(hex(make_basic_constraints(false).value), "3000");
  EXPECT_EQ(hex(make_basic_constraints(true, 0).value), "30060101ff020100");
  const std::vector<Extension> list = {make_basic_constraints(true), make_extended_key_usage({oids::cmc_ra}, true)};
  EXPECT_EQ(decode_extensions(encode_extensions(list)).value, list);
}

TEST(GeneralNames, TextGoesBothWays) {
  std::vector<GeneralName> names;
  for (const char* text :
       {"DNS:a.example", "IP:192.0.2.1", "IP:2001:db8::1", "email:a@b", "URI:https://a/b?c", "RID:1.2.3", "dirName:CN=a,O=b"}) {
    const Result<GeneralName> name = parse_general_name(text);
    ASSERT_TRUE(name) << text;
    EXPECT_EQ(to_string(*name), text);
    names.push_back(*name);
  }
  EXPECT_EQ(decode_general_names(encode_general_names(names)).value, names);
  for (const char* bad :
       {"", "DNS", "DNS:", "IP:1.2.3", "IP:1.2.3.4.5", "IP:::g", "host:a", "DNS:\xc3\xbc", "DNS:a b", "RID:x", "dirName:x"})
    EXPECT_FALSE(parse_general_name(bad)) << bad;
}

TEST(GeneralNames, HostileValuesStayPrintable) {
  EXPECT_EQ(to_string(GeneralName{GeneralNameType::dns, to_bytes("a\x1b\n")}), "DNS:a\\x1b\\x0a");
  EXPECT_EQ(to_string(GeneralName{GeneralNameType::ip, Bytes{1}}), "IP:#01");
  EXPECT_EQ(to_string(GeneralName{GeneralNameType::registered_id, Bytes{0x80}}), "RID:#80");
  EXPECT_EQ(to_string(GeneralName{GeneralNameType::directory, Bytes{0x30}}), "dirName:#30");
}

}  // namespace
}  // namespace est::codec
