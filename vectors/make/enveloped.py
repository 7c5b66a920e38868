"""EnvelopedData: the encrypted form of a generated key (RFC 7030 4.4.2)."""

from asn1crypto import cms

import certs_only as c
import octets as o
import signed as sd
import vectorset as v
from request_parts import *  # noqa: F403

CLAUSE, RECIPIENT = "RFC 5652 6.1", "RFC 5652 6.2"
AES128_WRAP, AES128_CBC, RSA = "2.16.840.1.101.3.4.1.5", "2.16.840.1.101.3.4.1.2", "1.2.840.113549.1.1.1"
KEY_ID = bytes(range(20))


def transport(version=0, rid=None, algorithm=None, key=None):
    return o.seq(o.integer(version), rid or sd.identifier(), algorithm or o.algorithm(RSA, o.null()), key or o.octets(bytes(256)))


def agreement(version=3, originator=None, ukm=b"", keys=None):
    point = o.content(o.children(v.spki("ec"))[1])
    originator = originator or o.ctx(0, o.ctx(1, o.algorithm("1.2.840.10045.2.1"), o.tlv(3, point)))
    keys = o.seq(o.seq(o.ctx(0, o.octets(KEY_ID)), o.octets(bytes(24)))) if keys is None else keys
    return o.ctx(1, o.integer(version), originator, ukm, o.algorithm("1.3.132.1.11.1", o.algorithm(AES128_WRAP)), keys)


def preshared(version=4, identifier=None):
    return o.ctx(2, o.integer(version), identifier or o.seq(o.octets(b"key-1")), o.algorithm(AES128_WRAP), o.octets(bytes(24)))


def content(type_=c.SIGNED_DATA, encrypted=None):
    return o.seq(
        o.oid(type_), o.algorithm(AES128_CBC, o.octets(bytes(16))), o.ctx(0, bytes(32), constructed=False) if encrypted is None else encrypted
    )


def message(*recipients, version=0, encrypted=None, originator=b"", unprotected=b"", order=True):
    recipients = sorted(recipients) if order else recipients
    return c.content_info(
        o.seq(o.integer(version), originator, o.set_(*recipients), content() if encrypted is None else encrypted, unprotected), c.ENVELOPED_DATA
    )


def by_openssl(s):
    def made(name, comment, *options, key="rsa", clause=CLAUSE):
        def run():
            file = v.HERE / "made" / "recipient.tmp"
            file.write_bytes(v.openssl("x509", "-inform", "DER", stdin=c.certificate(7, f"recipient-{key}", key=key)))
            recipient = [] if options and options[0] == "-secretkey" else [str(file)]
            try:
                return v.openssl(
                    "cms", "-encrypt", "-aes128", "-outform", "DER", "-binary", *options, *recipient, stdin=b"a generated key, or what stands for it"
                )
            finally:
                file.unlink()

        s.valid(name, comment, v.kept(f"{name}.cms", run), clause, tool="openssl cms")

    made("openssl-rsa", "Key transport by RSA, recipient by issuer and serial number")
    made("openssl-ecdh", "Key agreement by ECDH", key="ec", clause="RFC 5753 3.1")
    made(
        "openssl-kek",
        "A key both sides have (DecryptKeyIdentifier)",
        "-secretkey",
        "000102030405060708090a0b0c0d0e0f",
        "-secretkeyid",
        "6b65792d31",
        clause="RFC 7030 4.4.2, RFC 5652 6.2.3",
    )
    made("openssl-password", "A password recipient", "-pwri_password", "secret", clause="RFC 5652 6.2.4")


def good(s):
    s.valid("transport", "Key transport, version 0", message(transport()), CLAUSE)
    s.valid(
        "transport-key-id",
        "Key transport by subjectKeyIdentifier: both versions are 2",
        message(transport(2, o.ctx(0, KEY_ID, constructed=False)), version=2),
        RECIPIENT,
    )
    s.valid("agreement", "Key agreement with an ephemeral key", message(agreement(), version=2), "RFC 5753 3.1.1")
    s.valid(
        "agreement-ukm", "Key agreement with user keying material", message(agreement(ukm=o.ctx(1, o.octets(b"ukm"))), version=2), "RFC 5652 6.2.2"
    )
    for name, comment, originator in (
        ("certificate", "issuer and serial number", sd.identifier()),
        ("key-id", "subjectKeyIdentifier", o.ctx(0, KEY_ID, constructed=False)),
    ):
        s.valid(
            f"agreement-originator-{name}",
            f"Key agreement with a key of the originator's, named by {comment}",
            message(agreement(originator=o.ctx(0, originator)), version=2),
            "RFC 5652 6.2.2",
        )
    s.valid("preshared", "A key-encryption key with its identifier", message(preshared(), version=2), "RFC 5652 6.2.3")
    s.valid(
        "preshared-date",
        "A key-encryption key with identifier and date",
        message(preshared(identifier=o.seq(o.octets(b"key-1"), o.tlv(0x18, b"20260101000000Z"))), version=2),
        "RFC 5652 6.2.3",
    )
    s.valid(
        "preshared-other",
        "A key-encryption key with identifier and another attribute of the key",
        message(preshared(identifier=o.seq(o.octets(b"key-1"), o.seq(o.oid("1.3.6.1.4.1.32473.12"), o.null()))), version=2),
        "RFC 5652 6.2.3",
    )
    s.valid(
        "three-recipients", "Key transport, key agreement and key-encryption key", message(transport(), agreement(), preshared(), version=2), CLAUSE
    )
    s.valid(
        "other-recipient",
        "A recipient of the kind ori [4]: version 3",
        message(o.ctx(4, o.oid("1.3.6.1.4.1.32473.10"), o.null()), version=3),
        "RFC 5652 6.2.5",
    )
    s.valid(
        "originator-info",
        "originatorInfo with a certificate: version 2",
        message(transport(), version=2, originator=o.ctx(0, c.bag(c.device()))),
        "RFC 5652 6.1",
    )
    s.valid(
        "unprotected",
        "unprotectedAttrs: version 2",
        message(transport(), version=2, unprotected=o.ctx(1, attribute("1.3.6.1.4.1.32473.11", o.null()))),
        CLAUSE,
    )
    s.valid(
        "key-package",
        "The content is an asymmetric key package without a signature",
        message(transport(), encrypted=content(sd.KEY_PACKAGE)),
        "RFC 7030 4.4.2 (INT-29)",
    )


def acceptable(s):
    s.acceptable(
        "order",
        "Recipients not in the order of a SET OF",
        message(*sorted([transport(), agreement()], reverse=True), version=2, order=False),
        "X.690 11.6",
        "cms.recipients.order",
    )
    s.acceptable(
        "ber-content",
        "The encrypted content is a constructed string of two segments, as stream writers produce it",
        message(transport(), encrypted=content(encrypted=o.ctx(0, o.octets(bytes(16)), o.octets(bytes(16))))),
        "RFC 5652 6.1, RFC 8951 3.1 (INT-26)",
        "der.trailing",
    )
    s.acceptable(
        "ber-indefinite",
        "The outer SEQUENCE has the indefinite length",
        o.indefinite(message(transport())),
        "RFC 8951 3.1 (INT-26)",
        "der.length.indefinite",
    )


def broken(s):
    whole = message(transport())
    s.invalid("empty", "No octet", b"", CLAUSE, "der.missing")
    s.invalid("bare", "EnvelopedData without ContentInfo", o.content(o.children(whole)[1]), "RFC 5652 3", "cms.content-info")
    s.invalid("type", "contentType is id-signedData", o.replace(whole, [0], o.oid(c.SIGNED_DATA)), "RFC 7030 4.4.2", "cms.content-type")
    s.invalid(
        "encrypted-data",
        "contentType is id-encryptedData, which 4.4.2 names once by mistake (INT-29)",
        o.replace(whole, [0], o.oid("1.2.840.113549.1.7.6")),
        "RFC 7030 4.4.2",
        "cms.content-type",
    )
    s.invalid("trailing", "An octet follows", whole + b"\0", CLAUSE, "der.trailing")
    s.invalid("truncated", "The last octet is missing", whole[:-1], "X.690 8.1", "der.truncated")
    s.invalid("no-recipient", "recipientInfos is empty", message(), CLAUSE, "cms.recipients.none")
    unprotected = attribute("1.3.6.1.4.1.32473.11", o.null())
    s.invalid(
        "unprotected-empty",
        "unprotectedAttrs is there and empty",
        message(transport(), version=2, unprotected=o.ctx(1, b"")),
        CLAUSE,
        "cms.unprotected-attributes.empty",
    )
    s.invalid(
        "unprotected-no-attribute",
        "unprotectedAttrs holds what an Attribute is made of, without the SEQUENCE around it",
        message(transport(), version=2, unprotected=o.ctx(1, o.content(unprotected))),
        CLAUSE,
        "der.tag.unexpected",
    )
    s.invalid(
        "recipients-sequence", "recipientInfos is a SEQUENCE", o.replace(whole, [1, 0, 1], lambda e: o.retag(e, 0x30)), CLAUSE, "der.tag.unexpected"
    )
    for version in (1, 2, 3):
        s.invalid(
            f"version-{version}",
            f"Version {version} with one plain key transport, which makes it 0",
            message(transport(), version=version),
            CLAUSE,
            "cms.version",
        )
    s.invalid("version-0-agreement", "Version 0 with a key agreement, which makes it 2", message(agreement()), CLAUSE, "cms.version")
    s.invalid(
        "transport-version-2",
        "Key transport version 2 with issuer and serial number",
        message(transport(2), version=2),
        RECIPIENT,
        "cms.recipient.version",
    )
    s.invalid(
        "transport-version-0-key-id",
        "Key transport version 0 with subjectKeyIdentifier",
        message(transport(0, o.ctx(0, KEY_ID, constructed=False))),
        RECIPIENT,
        "cms.recipient.version",
    )
    s.invalid("agreement-version-2", "Key agreement version 2", message(agreement(2), version=2), RECIPIENT, "cms.recipient.version")
    s.invalid(
        "agreement-no-keys",
        "Key agreement without an encrypted key",
        message(agreement(keys=o.seq()), version=2),
        "RFC 5652 6.2.2",
        "cms.recipient.keys",
    )
    s.invalid(
        "agreement-bare-originator",
        "originator without its EXPLICIT tag",
        message(agreement(originator=o.seq(o.algorithm("1.2.840.10045.2.1"))), version=2),
        "RFC 5652 6.2.2",
        "der.tag.unexpected",
    )
    algorithm, point = o.algorithm("1.2.840.10045.2.1"), o.bits(o.content(o.children(v.spki("ec"))[1])[1:])
    for name, comment, key, findings in (
        ("empty", "is there and empty", b"", "der.missing"),
        ("no-algorithm", "lacks its algorithm", point, "der.tag.unexpected"),
        ("no-key", "lacks its publicKey", algorithm, "der.missing"),
        ("octets", "has an OCTET STRING for publicKey", algorithm + o.octets(o.content(point)), "der.tag.unexpected"),
        ("trailing", "has an element too many", algorithm + point + o.null(), "der.trailing"),
    ):
        s.invalid(
            f"agreement-originator-{name}",
            f"originatorKey {comment}",
            message(agreement(originator=o.ctx(0, o.ctx(1, key))), version=2),
            "RFC 5652 6.2.2",
            findings,
        )
    s.invalid(
        "agreement-originator-choice",
        "originator is none of its alternatives",
        message(agreement(originator=o.ctx(0, o.ctx(2, KEY_ID, constructed=False))), version=2),
        "RFC 5652 6.2.2",
        "der.tag.unexpected",
    )
    s.invalid("preshared-version-2", "Key-encryption key version 2", message(preshared(2), version=2), RECIPIENT, "cms.recipient.version")
    s.invalid("preshared-no-identifier", "kekid is empty", message(preshared(identifier=o.seq()), version=2), "RFC 5652 6.2.3", "der.missing")
    for name, comment, other, findings in (
        ("empty", "is empty", o.seq(), "der.missing"),
        ("no-type", "has no type", o.seq(o.null()), "der.tag.unexpected"),
        ("trailing", "has two values", o.seq(o.oid("1.3.6.1.4.1.32473.12"), o.null(), o.null()), "der.trailing"),
    ):
        s.invalid(
            f"preshared-other-{name}",
            f"The other attribute of the key {comment}",
            message(preshared(identifier=o.seq(o.octets(b"key-1"), other)), version=2),
            "RFC 5652 6.2.3, 10.2.7",
            findings,
        )
    for name, comment, info, findings in (
        ("certificate", "holds a certificate without the [0] of its set", c.device(), "der.trailing"),
        ("trailing", "has an element too many", c.bag(c.device()) + o.ctx(2, o.null()), "der.trailing"),
        ("integer", "has an INTEGER for a certificate", o.ctx(0, o.integer(1)), "cms.certificate-choice"),
    ):
        s.invalid(
            f"originator-info-{name}", f"originatorInfo {comment}", message(transport(), version=2, originator=o.ctx(0, info)), "RFC 5652 6.1", findings
        )
    s.invalid("recipient-choice", "A recipient with the tag [5]", message(o.ctx(5, o.null())), RECIPIENT, "cms.recipient.choice")
    s.invalid("recipient-integer", "A recipient that is an INTEGER", message(o.integer(1)), RECIPIENT, "cms.recipient.choice")
    s.invalid("key-missing", "Key transport without encryptedKey", message(o.seq(*o.children(transport())[:3])), RECIPIENT, "der.missing")
    s.invalid(
        "content-missing",
        "There is no encrypted content",
        message(transport(), encrypted=content(encrypted=b"")),
        "RFC 7030 4.4.2",
        "cms.encrypted-content.missing",
    )
    s.invalid(
        "content-explicit",
        "The encrypted content has a universal tag",
        message(transport(), encrypted=content(encrypted=o.octets(bytes(32)))),
        CLAUSE,
        "der.trailing",
    )
    s.invalid(
        "content-algorithm-missing",
        "There is no contentEncryptionAlgorithm",
        message(transport(), encrypted=o.seq(o.oid(c.DATA), o.ctx(0, bytes(32), constructed=False))),
        CLAUSE,
        "der.tag.unexpected",
    )
    s.acceptable(
        "deep",
        "10,000 nested elements as parameters of the algorithm",
        message(transport(algorithm=o.algorithm(RSA, o.nested(10000)))),
        "X.690 8.1 (a bound is the reader's own)",
        "der.depth",
    )


def check(s):
    for vector in s.vectors:
        if vector["result"] == "valid":
            cms.ContentInfo.load(v.base64.b64decode(vector["input"]), strict=True)["content"]["encrypted_content_info"].native  # noqa: B018


def make():
    s = v.Set(
        "enveloped_data",
        "CMS EnvelopedData, DER",
        "reads ContentInfo and EnvelopedData with recipients of every kind. Nothing is decrypted",
        ["RFC 5652 6", "RFC 5753", "RFC 7030 4.4.2"],
    )
    for part in (by_openssl, good, acceptable, broken):
        part(s)
    check(s)
    return s
