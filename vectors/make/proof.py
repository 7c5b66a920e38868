"""Proof of possession: certification requests that are well-formed, and whose signature is right or wrong."""

from cryptography.hazmat.primitives import hashes

import octets as o
import vectorset as v
from request_parts import *  # noqa: F403

CLAUSE = "RFC 7030 3.4, RFC 2986 4.2"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def ecdsa(r, s):
    return o.seq(o.integer(r), o.integer(s))


def with_signature(inside, signature, key="ec", algorithm=None):
    return o.seq(inside, algorithm or ALGORITHMS[key], o.bits(signature))


def flipped(octets_, index, mask=1):
    index %= len(octets_)
    return octets_[:index] + bytes([octets_[index] ^ mask]) + octets_[index + 1 :]


def pss_algorithm(salt, digest="2.16.840.1.101.3.4.2.1"):
    hash_ = o.algorithm(digest, o.null())
    return o.algorithm(RSA_PSS, o.seq(o.ctx(0, hash_), o.ctx(1, o.algorithm("1.2.840.113549.1.1.8", hash_)), o.ctx(2, o.integer(salt))))


def good(s):
    inside = info()
    for key, what in [
        ("ec", "ECDSA P-256 with SHA-256"),
        ("ec384", "ECDSA P-384 with SHA-384"),
        ("rsa", "RSA 2048, PKCS #1 v1.5, SHA-256"),
        ("ed25519", "Ed25519"),
        ("ed448", "Ed448"),
    ]:
        digest = hashes.SHA384() if key == "ec384" else None
        body = info(key=key)
        s.valid(key, what, o.seq(body, ALGORITHMS[key], o.bits(v.sign(key, body, digest))), CLAUSE)
    body = info(key="rsa")
    s.valid(
        "rsa-sha512",
        "RSA with SHA-512",
        with_signature(body, v.sign("rsa", body, hashes.SHA512()), algorithm=o.algorithm("1.2.840.113549.1.1.13", o.null())),
        CLAUSE,
    )
    s.valid(
        "rsa-pss",
        "RSASSA-PSS, SHA-256, salt of 32 octets",
        with_signature(body, v.sign("rsa", body, pss=True), algorithm=pss_algorithm(32)),
        "RFC 4055 3.1",
    )
    s.valid(
        "ec-sha512",
        "P-256 with SHA-512: digest and curve need not match",
        with_signature(inside, v.sign("ec", inside, hashes.SHA512()), algorithm=o.algorithm("1.2.840.10045.4.3.4")),
        "RFC 5758 3.2",
    )
    r, t = (int.from_bytes(o.content(part), "big") for part in o.children(v.sign("ec", inside)))
    s.valid(
        "ec-other-s",
        "The other signature of the pair (s and n - s): ECDSA has no low-s rule",
        with_signature(inside, ecdsa(r, ORDER - t)),
        "FIPS 186-5 6.4",
    )
    with_attributes = info(attrs=attributes(PASSWORD, extension_request(DNS)))
    s.valid("attributes", "The signature covers attributes", with_signature(with_attributes, v.sign("ec", with_attributes)), CLAUSE)
    unordered = info(attrs=attributes(*sorted([PASSWORD, extension_request(DNS)], reverse=True), order=False))
    s.acceptable(
        "order-kept",
        "Attributes not in DER order, signed as they stand: a verifier must not sort before it verifies",
        with_signature(unordered, v.sign("ec", unordered)),
        "X.690 11.6",
        "pkcs10.attributes.order",
    )
    s.acceptable(
        "rsa-sha1",
        "sha1WithRSAEncryption: sound and outdated; whether it is taken is policy",
        with_signature(body, v.sign("rsa", body, hashes.SHA1()), algorithm=o.algorithm(SHA1_RSA, o.null())),
        "RFC 9155 (policy)",
    )


def wrong_ecdsa(s):
    inside = info()
    signature = v.sign("ec", inside)
    r, t = (int.from_bytes(o.content(part), "big") for part in o.children(signature))
    for name, wrong, what in [
        ("zero", ecdsa(0, 0), "r = s = 0"),
        ("r-zero", ecdsa(0, t), "r = 0"),
        ("s-zero", ecdsa(r, 0), "s = 0"),
        ("one", ecdsa(1, 1), "r = s = 1"),
        ("order", ecdsa(ORDER, ORDER), "r = s = n, which is 0 modulo n"),
        ("zero-order", ecdsa(0, ORDER), "r = 0, s = n"),
        ("r-plus-order", ecdsa(r + ORDER, t), "r + n: congruent, yet out of range"),
        ("s-plus-order", ecdsa(r, t + ORDER), "s + n"),
        ("negative-r", ecdsa(-r, t), "-r"),
        ("negative-s", ecdsa(r, -t), "-s"),
        ("swapped", ecdsa(t, r), "r and s exchanged"),
        ("huge", ecdsa(r, t + (ORDER << 4096)), "s of 4,352 bits"),
    ]:
        s.invalid(
            f"ec-{name}", f"ECDSA signature with {what} (CVE-2022-21449 took the first)", with_signature(inside, wrong), "FIPS 186-5 6.4.2", "proof"
        )
    s.invalid(
        "ec-raw",
        "r and s as 64 octets without DER (IEEE P1363)",
        with_signature(inside, r.to_bytes(32, "big") + t.to_bytes(32, "big")),
        "RFC 5758 3.2, RFC 3279 2.2.3",
        "proof",
    )
    s.invalid("ec-trailing", "Octets behind the ECDSA-Sig-Value", with_signature(inside, signature + b"\0"), "RFC 3279 2.2.3", "proof")
    s.invalid(
        "ec-third-integer",
        "A third INTEGER in the ECDSA-Sig-Value",
        with_signature(inside, o.seq(o.integer(r), o.integer(t), o.integer(1))),
        "RFC 3279 2.2.3",
        "proof",
    )
    s.invalid("ec-empty", "An empty signature", with_signature(inside, b""), CLAUSE, "proof")
    s.invalid("ec-sequence-empty", "An ECDSA-Sig-Value without r and s", with_signature(inside, o.seq()), "RFC 3279 2.2.3", "proof")


def wrong_content(s):
    for key in ("ec", "rsa", "ed25519"):
        inside = info(key=key)
        signature = v.sign(key, inside)
        s.invalid(f"{key}-bit", f"One bit of the signature is wrong ({key})", with_signature(inside, flipped(signature, -1), key), CLAUSE, "proof")
        other = info(key=key, subject=dn(country_name="DE", organization_name="Acme", common_name="device-2"))
        s.invalid(f"{key}-subject", f"The subject was changed after signing ({key})", with_signature(other, signature, key), CLAUSE, "proof")
        s.invalid(f"{key}-cut", f"The last octet of the signature is missing ({key})", with_signature(inside, signature[:-1], key), CLAUSE, "proof")
    inside = info()
    more = info(attrs=attributes(PASSWORD))
    s.invalid("attribute-added", "A challengePassword was added after signing", with_signature(more, v.sign("ec", inside)), CLAUSE, "proof")
    s.invalid("other-key", "Signed with another key than the one inside", with_signature(inside, v.sign("ca", inside)), CLAUSE, "proof")
    s.invalid(
        "digest-named-wrong",
        "Signed with SHA-256, said to be SHA-384",
        with_signature(inside, v.sign("ec", inside), algorithm=o.algorithm(ECDSA_SHA384)),
        CLAUSE,
        "proof",
    )
    s.invalid(
        "algorithm-of-other-key",
        "An EC key and sha256WithRSAEncryption",
        with_signature(inside, v.sign("rsa", inside), algorithm=ALGORITHMS["rsa"]),
        CLAUSE,
        "proof",
    )
    s.invalid(
        "algorithm-unknown",
        "A signature algorithm nobody knows",
        with_signature(inside, v.sign("ec", inside), algorithm=o.algorithm("1.3.6.1.4.1.32473.9")),
        CLAUSE,
        "proof",
    )
    s.invalid(
        "algorithm-digest-only",
        "signatureAlgorithm is SHA-256, a digest (the no-signature of RFC 5272 6.1.2.2 belongs to other messages)",
        with_signature(inside, b"", algorithm=o.algorithm("2.16.840.1.101.3.4.2.1")),
        CLAUSE,
        "proof",
    )
    import hashlib

    s.invalid(
        "no-signature",
        "id-alg-noSignature (RFC 6402 2.9): its value is a digest anybody can make, so /simpleenroll has no proof",
        with_signature(inside, hashlib.sha256(inside).digest(), algorithm=o.algorithm("1.3.6.1.5.5.7.6.2", o.null())),
        "RFC 7030 4.2.1",
        "proof",
    )
    s.invalid(
        "der-not-signed",
        "The signature covers the content of certificationRequestInfo without its identifier and length",
        with_signature(inside, v.sign("ec", o.content(inside))),
        "RFC 2986 4.2",
        "proof",
    )


def wrong_keys(s):
    ec, algorithm = v.spki("ec"), o.children(v.spki("ec"))[0]
    point = o.content(o.children(ec)[1])[1:]
    for name, wrong, what in [
        ("infinity", b"\0", "the point at infinity"),
        ("off-curve", flipped(point, -1), "a point that is not on the curve"),
        ("short", point[:-1], "a point that lacks an octet"),
        ("empty", b"", "no octet"),
        ("format-5", b"\x05" + point[1:], "a point of the unknown form 05"),
        ("beyond-p", b"\x04" + b"\xff" * 64, "coordinates beyond p"),
    ]:
        inside = info(spki=o.seq(algorithm, o.bits(wrong)))
        s.invalid(f"key-ec-{name}", f"The EC public key is {what}", with_signature(inside, v.sign("ec", inside)), "SEC 1 3.2.2", "proof")
    rsa = o.algorithm("1.2.840.113549.1.1.1", o.null())
    n = v.key("rsa").public_key().public_numbers().n

    def rsa_key(modulus, exponent):
        return o.seq(rsa, o.bits(o.seq(o.integer(modulus), o.integer(exponent))))

    for name, spki, what in [
        ("exponent-1", rsa_key(n, 1), "exponent 1: every padded digest is its own signature"),
        ("exponent-0", rsa_key(n, 0), "exponent 0"),
        ("modulus-0", rsa_key(0, 65537), "modulus 0"),
        ("modulus-negative", rsa_key(-n, 65537), "negative modulus"),
        ("even-modulus", rsa_key(n + 1, 65537), "even modulus"),
        ("exponent-even", rsa_key(n, 65536), "even exponent"),
    ]:
        inside = info(spki=spki)
        s.invalid(f"key-rsa-{name}", f"RSA key with {what}", with_signature(inside, v.sign("rsa", inside), "rsa"), "RFC 8017 3.1", "proof")
    inside = info(spki=o.seq(rsa, o.bits(b"\x30\x03\x02\x01")))
    s.invalid(
        "key-rsa-truncated", "An RSAPublicKey that ends too early", with_signature(inside, v.sign("rsa", inside), "rsa"), "RFC 8017 A.1.1", "proof"
    )
    inside = info(spki=o.seq(o.algorithm("1.3.101.112"), o.bits(bytes(31))))
    s.invalid(
        "key-ed25519-31", "An Ed25519 key of 31 octets", with_signature(inside, v.sign("ed25519", inside), "ed25519"), "RFC 8032 5.1.5", "proof"
    )
    inside = info(spki=o.seq(o.algorithm("1.3.101.112"), o.bits(b"\1" + bytes(31))))
    s.acceptable(
        "key-ed25519-identity",
        "The Ed25519 key is the neutral element, the signature R = it, S = 0: RFC 8032 lets it pass for every message, careful verifiers refuse such keys",
        with_signature(inside, b"\1" + bytes(31) + bytes(32), "ed25519"),
        "RFC 8032 5.1.7, RFC 7030 3.4",
    )


def forged_rsa_one(s):
    """With exponent 1 the signature is the padded digest itself, which anybody can write."""
    import hashlib

    n = v.key("rsa").public_key().public_numbers().n
    inside = info(spki=o.seq(o.algorithm("1.2.840.113549.1.1.1", o.null()), o.bits(o.seq(o.integer(n), o.integer(1)))))
    tail = o.seq(o.algorithm("2.16.840.1.101.3.4.2.1", o.null()), o.octets(hashlib.sha256(inside).digest()))
    padded = b"\0\1" + b"\xff" * (256 - 3 - len(tail)) + b"\0" + tail
    s.invalid(
        "key-rsa-forged",
        "RSA with exponent 1 and the padded digest as its signature: the arithmetic agrees, nobody possesses anything",
        with_signature(inside, padded, "rsa"),
        "RFC 8017 3.1",
        "proof",
    )


def make():
    s = v.Set(
        "proof",
        "Proof of possession: the signature of a PKCS #10 request",
        "reads the request and verifies its signature with the key inside it",
        ["RFC 7030 3.4", "RFC 7030 4.2.1", "RFC 2986 4.2", "RFC 5758", "RFC 8017", "RFC 8410"],
    )
    for part in (good, wrong_ecdsa, wrong_content, wrong_keys, forged_rsa_one):
        part(s)
    return s
