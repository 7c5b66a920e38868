"""Private keys: PrivateKeyInfo and OneAsymmetricKey, and the package of them."""

from asn1crypto import keys
from cryptography.hazmat.primitives import serialization

import octets as o
import rfc
import vectorset as v
from request_parts import attribute

CLAUSE, EST = "RFC 5958 2", "RFC 7030 4.4.2"


def der(name):
    return v.key(name).private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def traditional(name):
    return v.key(name).private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())


def info(version=0, algorithm=None, private=None, *more):
    parts = o.children(der("ed25519"))
    return o.seq(version if isinstance(version, bytes) else o.integer(version), algorithm or parts[1], private or parts[2], *more)


PUBLIC = o.content(o.children(v.spki("ed25519"))[1])  # with its count of unused bits
ATTRIBUTES = o.ctx(0, attribute("1.2.840.113549.1.9.20", o.bmp("device-1")))


def good(s):
    for name, what in [("rsa", "RSA 2048"), ("ec", "EC P-256"), ("ec384", "EC P-384"), ("ed25519", "Ed25519"), ("ed448", "Ed448")]:
        s.valid(f"openssl-{name}", f"{what}, as OpenSSL writes it", der(name), CLAUSE, tool="openssl pkcs8")
    s.valid("rfc7030-a4", "The key of RFC 7030 A.4", rfc.block("rfc7030", 4, 1), "RFC 7030 A.4", tool="RFC 7030")
    s.valid("attributes", "An attribute beside the key", info(0, None, None, ATTRIBUTES), CLAUSE)
    s.valid("attributes-empty", "attributes [0] is there and empty", info(0, None, None, o.ctx(0)), CLAUSE)
    s.valid("public-key", "Version 2 with the public key (RFC 8410 10.3)", info(1, None, None, o.ctx(1, PUBLIC, constructed=False)), CLAUSE)
    s.valid(
        "attributes-and-public-key",
        "Version 2 with attribute and public key",
        info(1, None, None, ATTRIBUTES, o.ctx(1, PUBLIC, constructed=False)),
        CLAUSE,
    )
    s.valid(
        "unknown-algorithm",
        "A key of an algorithm nobody knows: the frame is sound",
        info(0, o.algorithm("1.3.6.1.4.1.32473.16"), o.octets(b"secret")),
        CLAUSE,
    )


def bad(s):
    whole = der("ed25519")
    s.invalid("empty", "No octet", b"", CLAUSE, "der.missing")
    s.invalid("pkcs1", "A PKCS #1 RSAPrivateKey (bc-java#785)", traditional("rsa"), EST, "pkcs8.rsa-private-key", tool="openssl")
    s.invalid("sec1", "A SEC 1 ECPrivateKey", traditional("ec"), EST, "pkcs8.ec-private-key", tool="openssl")
    encrypted = v.kept("encrypted.p8", lambda: v.openssl("pkcs8", "-topk8", "-in", "keys/ec.pem", "-passout", "pass:secret", "-outform", "DER"))
    s.invalid("encrypted", "An EncryptedPrivateKeyInfo: nobody said how to open it", encrypted, EST, "pkcs8.encrypted", tool="openssl pkcs8")
    s.invalid("pem", "PEM armour", (v.HERE / "keys/ec.pem").read_bytes(), "RFC 8951 3", "der.truncated", tool="openssl")
    s.invalid("package", "An asymmetric key package where a PrivateKeyInfo is expected", o.seq(whole), EST, ["der.tag.unexpected"])
    s.invalid("spki", "A public key", v.spki("ec"), EST, ["der.tag.unexpected"])
    s.invalid("version-2", "Version 2, which would be v3", info(2), CLAUSE, "pkcs8.version")
    s.invalid("version-negative", "Version -1", info(-1), CLAUSE, "pkcs8.version")
    s.invalid("version-1-no-public-key", "Version v2 without public key", info(1), CLAUSE, "pkcs8.version")
    s.invalid(
        "version-0-public-key", "Version v1 with a public key", info(0, None, None, o.ctx(1, PUBLIC, constructed=False)), CLAUSE, "pkcs8.version"
    )
    s.invalid("version-empty", "A version without content", info(o.tlv(2)), "X.690 8.3.1", "der.integer.empty")
    s.invalid("version-padded", "A version with a leading zero octet", info(o.tlv(2, b"\0\0")), "X.690 8.3.2", "der.integer.non-minimal")
    s.invalid("key-empty", "privateKey has no octet", info(0, None, o.octets(b"")), CLAUSE, "pkcs8.private-key.empty")
    s.invalid("key-bit-string", "privateKey is a BIT STRING", info(0, None, o.bits(b"secret")), CLAUSE, "der.tag.unexpected")
    s.invalid("key-missing", "privateKey is missing", o.seq(*o.children(whole)[:2]), CLAUSE, "der.missing")
    s.invalid("algorithm-oid", "privateKeyAlgorithm is a bare OID", info(0, o.oid("1.3.101.112")), CLAUSE, "der.tag.unexpected")
    s.invalid("public-key-explicit", "publicKey [1] is EXPLICIT", info(1, None, None, o.ctx(1, o.tlv(3, PUBLIC))), CLAUSE, ["der.trailing"])
    s.invalid(
        "public-key-unused",
        "The public key has unused bits",
        info(1, None, None, o.ctx(1, b"\4" + PUBLIC[1:-1] + b"\xf0", constructed=False)),
        CLAUSE,
        "pkcs8.public-key",
    )
    s.invalid(
        "public-key-empty", "publicKey [1] without content", info(1, None, None, o.ctx(1, constructed=False)), "X.690 8.6.2", "pkcs8.public-key"
    )
    s.invalid(
        "public-key-first",
        "publicKey stands before the attributes",
        info(1, None, None, o.ctx(1, PUBLIC, constructed=False), ATTRIBUTES),
        CLAUSE,
        "der.trailing",
    )
    s.invalid("attributes-universal", "attributes with the tag of a SET", info(0, None, None, o.retag(ATTRIBUTES, 0x31)), CLAUSE, "der.trailing")
    other = attribute("1.2.840.113549.1.9.21", o.octets(b"key-1"))
    unordered = o.ctx(0, *sorted([o.content(ATTRIBUTES), other], reverse=True))
    s.invalid(
        "attributes-order",
        "Attributes not in the order of a SET OF: application/pkcs8 is DER",
        info(0, None, None, unordered),
        "RFC 5958 7, X.690 11.6",
        "der.set.order",
    )
    s.invalid("trailing", "An octet follows", whole + b"\0", CLAUSE, "der.trailing")
    s.invalid("truncated", "The last octet is missing", whole[:-1], "X.690 8.1", "der.truncated")
    s.invalid("indefinite", "Indefinite length: application/pkcs8 is DER", o.indefinite(whole), "RFC 5958 7, RFC 7030 4.4.2", "der.length.indefinite")
    s.invalid(
        "long-length", "A length in a longer form than it need be", o.long_length(whole), "RFC 5958 7, RFC 7030 4.4.2", "der.length.non-minimal"
    )


def package(s):
    ed, ec = der("ed25519"), der("ec")
    s.valid("one", "One key", o.seq(ed), "RFC 5958 2")
    s.valid("two", "Two keys", o.seq(ec, ed), "RFC 5958 2")
    s.acceptable(
        "indefinite",
        "Indefinite length: receivers of a package must support BER, EST's answer is DER",
        o.indefinite(o.seq(ed)),
        "RFC 5958 1, RFC 8951 3.1 (INT-26)",
        "der.length.indefinite",
    )
    s.invalid("none", "A package without a key", o.seq(), "RFC 5958 2", "pkcs8.package.empty")
    s.invalid("empty", "No octet", b"", "RFC 5958 2", "der.missing")
    s.invalid("bare-key", "A key that is not in a package", ed, "RFC 5958 2", "der.tag.unexpected")
    s.invalid("set", "A SET of keys", o.set_(ed), "RFC 5958 2", "der.tag.unexpected")
    s.invalid("strings", "Keys as OCTET STRINGs", o.seq(o.octets(ed)), "RFC 5958 2", "der.tag.unexpected")
    s.invalid("pkcs1", "A PKCS #1 key in the package", o.seq(traditional("rsa")), "RFC 5958 2", "pkcs8.rsa-private-key", tool="openssl")
    s.invalid("second-defective", "The second key has no octet", o.seq(ed, info(0, None, o.octets(b""))), "RFC 5958 2", "pkcs8.private-key.empty")
    s.invalid("trailing", "An octet follows", o.seq(ed) + b"\0", "RFC 5958 2", "der.trailing")
    s.invalid("truncated", "The last octet is missing", o.seq(ed)[:-1], "X.690 8.1", "der.truncated")


def check(s):
    for vector in s.vectors:
        if (
            vector["result"] == "valid"
            and s.type == "pkcs8"
            and vector["id"].split("-", 1)[1] not in ("public-key", "attributes-and-public-key", "unknown-algorithm")
        ):
            keys.PrivateKeyInfo.load(v.base64.b64decode(vector["input"]), strict=True)["version"].native  # noqa: B018


def make():
    one = v.Set(
        "pkcs8",
        "Private keys: PrivateKeyInfo and OneAsymmetricKey, DER",
        "reads the frame by RFC 5958; what is in privateKey depends on the algorithm and need not be looked at",
        ["RFC 5958 2", "RFC 7030 4.4.2", "RFC 8951 3"],
    )
    good(one)
    bad(one)
    check(one)
    many = v.Set("key_package", "Asymmetric key packages, DER", "reads the package and every key in it", ["RFC 5958 2", "RFC 7030 4.4.2"])
    package(many)
    return [one, many]
