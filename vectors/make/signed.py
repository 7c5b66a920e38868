"""SignedData with content and a signer: what carries CMC messages and, inside EnvelopedData, generated keys."""

import hashlib

from asn1crypto import cms

import certs_only as c
import octets as o

import vectorset as v
from request_parts import *  # noqa: F403

PKI_DATA, PKI_RESPONSE, KEY_PACKAGE = "1.3.6.1.5.5.7.12.2", "1.3.6.1.5.5.7.12.3", "2.16.840.1.101.2.1.2.78.5"
CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME = (f"1.2.840.113549.1.9.{n}" for n in (3, 4, 5))
SHA256 = o.algorithm("2.16.840.1.101.3.4.2.1")
CONTENT = o.seq(o.seq(), o.seq(), o.seq(), o.seq())  # an empty PKIData
CLAUSE, SIGNER = "RFC 5652 5.1", "RFC 5652 5.3"


def identifier():
    parts = o.children(o.children(c.device())[0])
    return o.seq(parts[3], parts[1])


def signed_attributes(content_type=PKI_DATA, *more, content=CONTENT, digest=None):
    digest = o.octets(hashlib.sha256(content).digest()) if digest is None else digest
    return [attribute(CONTENT_TYPE, o.oid(content_type)), attribute(MESSAGE_DIGEST, digest), *more]


def signer(attributes_, version=1, sid=None, digest=SHA256, order=True, content=CONTENT, unsigned=b"", key="ec"):
    tagged = b"" if attributes_ is None else attributes(*attributes_, order=order)
    covered = content if attributes_ is None else o.retag(tagged, 0x31)
    return o.seq(o.integer(version), sid or identifier(), digest, tagged, ALGORITHMS[key], o.octets(v.sign(key, covered)), unsigned)


def message(*signers, version=3, type_=PKI_DATA, content=CONTENT, encapsulated=None, digests=None, certificates=None, crls=b""):
    encapsulated = o.seq(o.oid(type_), o.ctx(0, o.octets(content))) if encapsulated is None else encapsulated
    certificates = c.bag(c.device()) if certificates is None else certificates
    return c.content_info(
        o.seq(o.integer(version), o.set_(SHA256) if digests is None else digests, encapsulated, certificates, crls, o.set_of(*signers))
    )


def by_openssl(s):
    def made(name, comment, *options):
        def run():
            file = v.HERE / "made" / "signer.tmp"
            file.write_bytes(v.openssl("x509", "-inform", "DER", stdin=c.device()))
            try:
                return v.openssl(
                    "cms", "-sign", "-signer", str(file), "-inkey", "keys/ec.pem", "-outform", "DER", "-nodetach", "-binary", *options, stdin=CONTENT
                )
            finally:
                file.unlink()

        s.valid(name, comment, v.kept(f"{name}.cms", run), CLAUSE, tool="openssl cms")

    made("openssl-pkidata", "PKIData with one signer, signed attributes and the certificate", "-econtent_type", PKI_DATA)
    made("openssl-response", "PKIResponse", "-econtent_type", PKI_RESPONSE)
    made("openssl-data", "id-data: version 1", "-md", "sha384")
    made("openssl-no-attributes", "id-data without signed attributes: the signature covers the content", "-noattr")
    made("openssl-no-certificate", "The signer's certificate is left out", "-nocerts", "-econtent_type", PKI_DATA)


def good(s):
    s.valid("one-signer", "PKIData, one signer by issuer and serial number", message(signer(signed_attributes())), CLAUSE)
    s.valid(
        "key-identifier",
        "The signer is named by subjectKeyIdentifier: SignerInfo version 3",
        message(signer(signed_attributes(), 3, o.ctx(0, bytes(range(20)), constructed=False))),
        SIGNER,
    )
    two = [signer(signed_attributes()), signer(signed_attributes(), 3, o.ctx(0, bytes(range(20)), constructed=False))]
    s.valid("two-signers", "Two signers", message(*two), CLAUSE)
    s.valid(
        "signing-time",
        "signingTime among the signed attributes",
        message(signer(signed_attributes(PKI_DATA, attribute(SIGNING_TIME, o.tlv(0x17, b"260101000000Z"))))),
        "RFC 5652 11.3",
    )
    s.valid("ed25519", "Ed25519 (RFC 8419)", message(signer(signed_attributes(), key="ed25519")), "RFC 8419 3")
    s.valid(
        "content-empty",
        "The content is there and has no octet",
        message(signer(signed_attributes(content=b""), content=b""), content=b""),
        "RFC 5652 5.2",
    )
    s.valid(
        "detached",
        "eContent is left out: a detached signature",
        message(signer(signed_attributes()), encapsulated=o.seq(o.oid(PKI_DATA))),
        "RFC 5652 5.2",
    )
    s.valid(
        "unsigned-attribute",
        "An unsigned attribute",
        message(signer(signed_attributes(), unsigned=o.ctx(1, attribute("1.3.6.1.4.1.32473.8", o.utf8("a"))))),
        SIGNER,
    )
    s.valid(
        "key-package",
        "An asymmetric key package with SignedData around it",
        message(signer(signed_attributes(KEY_PACKAGE)), type_=KEY_PACKAGE),
        "RFC 5958 4, RFC 7030 4.4.2",
    )


def acceptable(s):
    s.acceptable(
        "no-signer",
        "Content and no signer: without one the content is to be left out and the type id-data; what reads the message has to notice that nobody signed",
        message(digests=o.set_()),
        "RFC 5652 5.2",
        "cms.content-without-signer",
    )
    s.acceptable(
        "attributes-order",
        "signedAttrs not in the order of a SET OF: 5.3 demands DER, some sign what they send",
        message(signer(sorted(signed_attributes(), reverse=True), order=False)),
        SIGNER,
        "cms.signed-attributes.order",
    )
    s.acceptable(
        "digest-not-listed",
        "digestAlgorithms does not list the signer's",
        message(signer(signed_attributes()), digests=o.set_()),
        CLAUSE,
        "cms.signer.digest-algorithm",
    )
    s.acceptable(
        "certificates-order",
        "Certificates not in the order of a SET OF",
        message(signer(signed_attributes()), certificates=c.bag(*sorted([c.device(), c.root()], reverse=True), order=False)),
        "X.690 11.6",
        "cms.certificates.order",
    )
    s.acceptable(
        "ber-content",
        "eContent is a constructed OCTET STRING of two segments, as stream writers produce it",
        message(
            signer(signed_attributes()), encapsulated=o.seq(o.oid(PKI_DATA), o.ctx(0, o.tlv(0x24, o.octets(CONTENT[:4]), o.octets(CONTENT[4:]))))
        ),
        "RFC 5652 5.2, RFC 8951 3.1 (INT-26)",
        ["der.tag.unexpected"],
    )
    s.acceptable(
        "ber-indefinite",
        "The outer SEQUENCE has the indefinite length",
        o.indefinite(message(signer(signed_attributes()))),
        "RFC 8951 3.1 (INT-26)",
        "der.length.indefinite",
    )


def broken(s):
    whole = message(signer(signed_attributes()))
    s.invalid("empty", "No octet", b"", CLAUSE, "der.missing")
    s.invalid("bare", "SignedData without ContentInfo", o.content(o.children(whole)[1]), "RFC 5652 3", "cms.content-info")
    s.invalid("type", "contentType is id-data", o.replace(whole, [0], o.oid(c.DATA)), "RFC 5652 3", "cms.content-type")
    s.invalid("trailing", "An octet follows", whole + b"\0", CLAUSE, "der.trailing")
    s.invalid("truncated", "The last octet is missing", whole[:-1], "X.690 8.1", "der.truncated")
    s.invalid("version-1", "Version 1 although the content is not id-data", message(signer(signed_attributes()), version=1), CLAUSE, "cms.version")
    s.invalid("version-9", "Version 9", message(signer(signed_attributes()), version=9), CLAUSE, "cms.version")
    s.invalid(
        "content-bare",
        "eContent without its OCTET STRING (PKCS #7 v1.5 did so)",
        message(signer(signed_attributes()), encapsulated=o.seq(o.oid(PKI_DATA), o.ctx(0, CONTENT))),
        "RFC 5652 5.2.1",
        ["der.tag.unexpected"],
    )
    s.invalid(
        "content-two",
        "Two OCTET STRINGs in eContent",
        message(signer(signed_attributes()), encapsulated=o.seq(o.oid(PKI_DATA), o.ctx(0, o.octets(CONTENT), o.octets(b"")))),
        "RFC 5652 5.2",
        "der.trailing",
    )
    s.invalid(
        "content-type-missing",
        "encapContentInfo without eContentType",
        message(signer(signed_attributes()), encapsulated=o.seq(o.ctx(0, o.octets(CONTENT)))),
        "RFC 5652 5.2",
        "der.tag.unexpected",
    )
    s.invalid(
        "crl-choice", "crls holds an INTEGER", message(signer(signed_attributes()), crls=o.ctx(1, o.integer(1))), "RFC 5652 10.2.1", "cms.crl-choice"
    )


def broken_signer(s):
    def of(*parts, **named):
        return message(signer(*parts, **named))

    attrs = signed_attributes()
    s.invalid("signer-version-3", "SignerInfo version 3 with issuer and serial number", of(attrs, 3), SIGNER, "cms.signer.version")
    s.invalid(
        "signer-version-1",
        "SignerInfo version 1 with subjectKeyIdentifier",
        of(attrs, 1, o.ctx(0, bytes(20), constructed=False)),
        SIGNER,
        "cms.signer.version",
    )
    s.invalid(
        "signer-key-id-explicit", "subjectKeyIdentifier is EXPLICIT", of(attrs, 3, o.ctx(0, o.octets(bytes(20)))), SIGNER, ["der.tag.unexpected"]
    )
    s.invalid(
        "signer-serial-missing",
        "issuerAndSerialNumber without serialNumber",
        of(attrs, 1, o.seq(o.children(identifier())[0])),
        "RFC 5652 10.2.4",
        "der.missing",
    )
    s.invalid("signer-no-attributes", "No signed attributes although the content is not id-data", of(None), SIGNER, "cms.signer.no-signed-attributes")
    s.invalid("signer-attributes-empty", "signedAttrs is there and empty", of([]), SIGNER, "cms.signed-attributes.empty")
    s.invalid("signer-no-content-type", "signedAttrs lacks contentType", of(attrs[1:]), "RFC 5652 11.1", "cms.signed-attributes.content-type")
    s.invalid(
        "signer-other-content-type",
        "contentType names id-data, the content is PKIData",
        of(signed_attributes(c.DATA)),
        "RFC 5652 11.1",
        "cms.signed-attributes.content-type",
    )
    s.invalid("signer-no-digest", "signedAttrs lacks messageDigest", of(attrs[:1]), "RFC 5652 11.2", "cms.signed-attributes.message-digest")
    s.invalid(
        "signer-digest-text",
        "messageDigest is a UTF8String",
        of(signed_attributes(digest=o.utf8("digest"))),
        "RFC 5652 11.2",
        "cms.signed-attributes.message-digest",
    )
    s.invalid(
        "signer-digest-two-values",
        "messageDigest with two values: which one is checked?",
        of([attrs[0], attribute(MESSAGE_DIGEST, *sorted([o.octets(bytes(32)), o.octets(hashlib.sha256(CONTENT).digest())]))]),
        "RFC 5652 11.2",
        "cms.signed-attributes.single-value",
    )
    s.invalid(
        "signer-digest-twice",
        "Two messageDigest attributes: which one is checked?",
        of([*attrs, attribute(MESSAGE_DIGEST, o.octets(bytes(32)))]),
        "RFC 5652 5.3",
        "cms.signed-attributes.duplicate",
    )
    s.invalid(
        "signer-content-type-twice",
        "Two contentType attributes",
        of([*attrs, attribute(CONTENT_TYPE, o.oid(c.DATA))]),
        "RFC 5652 11.1",
        "cms.signed-attributes.duplicate",
    )
    s.invalid(
        "signer-signature-bits",
        "The signature is a BIT STRING",
        message(o.replace(signer(attrs), [5], lambda e: o.bits(o.content(e)))),
        SIGNER,
        "der.tag.unexpected",
    )
    s.invalid("signer-signature-missing", "There is no signature", message(o.seq(*o.children(signer(attrs))[:-1])), SIGNER, "der.missing")
    s.invalid(
        "signer-attributes-universal",
        "signedAttrs with the tag of a SET",
        message(o.replace(signer(attrs), [3], lambda e: o.retag(e, 0x31))),
        SIGNER,
        "der.tag.unexpected",
    )
    s.invalid("signer-trailing", "An element follows in SignerInfo", message(o.seq(o.content(signer(attrs)), o.null())), SIGNER, "der.trailing")


def check(s):
    for vector in s.vectors:
        if vector["result"] == "valid":
            cms.ContentInfo.load(v.base64.b64decode(vector["input"]), strict=True)["content"]["signer_infos"].native  # noqa: B018


def make():
    s = v.Set(
        "signed_data",
        "CMS SignedData, DER",
        "reads ContentInfo and SignedData with or without signers. No signature is verified and the content is not looked into",
        ["RFC 5652 5", "RFC 5652 11", "RFC 5272 3.2", "RFC 7030 4.3", "RFC 7030 4.4.2"],
    )
    for part in (by_openssl, good, acceptable, broken, broken_signer):
        part(s)
    check(s)
    return s
