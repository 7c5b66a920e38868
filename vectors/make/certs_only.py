"""Certs-only CMS: what /cacerts, /simpleenroll and the second part of /serverkeygen answer."""

import datetime

from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes

import octets as o
import pkcs10
import rfc
import vectorset as v

DATA, SIGNED_DATA, ENVELOPED_DATA = (f"1.2.840.113549.1.7.{n}" for n in (1, 2, 3))
SIMPLE = "RFC 5272 4.1"
BER = "RFC 8951 3.1 (INT-26)"


def certificate(serial, subject, issuer="Test CA", key="ec"):
    def build():
        names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, n)]) for n in (subject, issuer)]
        builder = x509.CertificateBuilder().subject_name(names[0]).issuer_name(names[1]).serial_number(serial).public_key(v.key(key).public_key())
        builder = builder.not_valid_before(datetime.datetime(2026, 1, 1)).not_valid_after(datetime.datetime(2036, 1, 1))
        builder = builder.add_extension(x509.BasicConstraints(key == "ca", None), True)
        return builder.sign(v.key("ca"), hashes.SHA256()).public_bytes(v.serialization.Encoding.DER)

    return v.kept(f"{subject.replace(' ', '-').lower()}-{serial}.cer", build)


def root():
    return certificate(1, "Test CA", key="ca")


def device():
    return v.kept("leaf.cer", pkcs10.leaf)


def crl():
    def build():
        builder = x509.CertificateRevocationListBuilder().issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test CA")]))
        builder = builder.last_update(datetime.datetime(2026, 1, 1)).next_update(datetime.datetime(2036, 1, 1))
        return builder.sign(v.key("ca"), hashes.SHA256()).public_bytes(v.serialization.Encoding.DER)

    return v.kept("empty.crl", build)


def signed_data(version=None, digests=None, encapsulated=None, certificates=None, crls=b"", signers=None):
    version = o.integer(1) if version is None else version
    digests = o.set_() if digests is None else digests
    encapsulated = o.seq(o.oid(DATA)) if encapsulated is None else encapsulated
    certificates = bag(device()) if certificates is None else certificates
    return o.seq(version, digests, encapsulated, certificates, crls, o.set_() if signers is None else signers)


def bag(*items, order=True):
    return o.ctx(0, *(sorted(items) if order else items))


def content_info(inside, type_=SIGNED_DATA):
    return o.seq(o.oid(type_), o.ctx(0, inside))


def message(**parts):
    return content_info(signed_data(**parts))


def from_others(s):
    s.valid(
        "rfc7030-a1",
        "The /cacerts answer of RFC 7030 A.1: three certificates",
        rfc.block("rfc7030", 1, 0),
        "RFC 7030 A.1",
        findings="cms.certificates.order",
        tool="RFC 7030",
    )
    s.valid("rfc7030-a3", "The /simpleenroll answer of RFC 7030 A.3", rfc.block("rfc7030", 3, 1), "RFC 7030 A.3", tool="RFC 7030")
    s.valid(
        "rfc7030-a4", "The certificate part of the /serverkeygen answer of RFC 7030 A.4", rfc.block("rfc7030", 4, 2), "RFC 7030 A.4", tool="RFC 7030"
    )

    def pem(*certificates):
        return b"".join(b"-----BEGIN CERTIFICATE-----\n" + v.base64.encodebytes(c) + b"-----END CERTIFICATE-----\n" for c in certificates)

    def crl2pkcs7(*certificates):
        file = v.HERE / "made" / "chain.tmp"
        file.write_bytes(pem(*certificates))
        try:
            return v.openssl("crl2pkcs7", "-nocrl", "-certfile", str(file), "-outform", "DER")
        finally:
            file.unlink()

    s.valid(
        "openssl-one",
        "One certificate, by openssl crl2pkcs7 (which writes empty crls [1] as well)",
        v.kept("one.p7", lambda: crl2pkcs7(device())),
        SIMPLE,
        tool="openssl crl2pkcs7",
    )
    built = cms.ContentInfo(
        {
            "content_type": "signed_data",
            "content": cms.SignedData(
                {
                    "version": "v1",
                    "digest_algorithms": [],
                    "encap_content_info": {"content_type": "data"},
                    "certificates": [cms.CertificateChoices.load(c) for c in sorted([device(), root()])],
                    "signer_infos": [],
                }
            ),
        }
    ).dump()
    s.valid("asn1crypto-two", "Two certificates in the order of a SET OF, by python3-asn1crypto", built, SIMPLE)


def good(s):
    s.valid("one", "One certificate", message(), SIMPLE)
    s.valid("two-crls-empty", "crls [1] is there and empty", message(crls=o.ctx(1)), SIMPLE)
    s.valid("with-crl", "A CRL beside the certificate, which RFC 5272 4.1 permits", message(crls=o.ctx(1, crl())), SIMPLE)
    many = [certificate(100 + n, f"device-{100 + n}") for n in range(20)]
    s.valid("twenty", "Twenty certificates", message(certificates=bag(*many)), "RFC 7030 4.1.3")


def acceptable(s):
    s.acceptable(
        "order",
        "Two certificates not in the order of a SET OF; issuers often put the leaf first",
        message(certificates=bag(*sorted([device(), root()], reverse=True), order=False)),
        "X.690 11.6",
        "cms.certificates.order",
    )
    s.acceptable(
        "digest-algorithms",
        "digestAlgorithms lists SHA-256 although nobody signed",
        message(digests=o.set_(o.algorithm("2.16.840.1.101.3.4.2.1"))),
        "RFC 5652 5.1",
        "cms.digest-algorithms",
    )
    whole = message()
    s.acceptable(
        "ber-indefinite",
        "Indefinite lengths throughout the CMS parts, as stream writers produce them",
        content_info_indefinite(),
        BER,
        "der.length.indefinite",
    )
    s.acceptable("ber-outer-indefinite", "The outer SEQUENCE alone has the indefinite length", o.indefinite(whole), BER, "der.length.indefinite")
    s.acceptable("ber-length", "The outer length has four octets", o.long_length(whole, 4), BER, "der.length.non-minimal")


def content_info_indefinite():
    inside = signed_data()
    parts = o.children(inside)
    encapsulated = o.indefinite(parts[2])
    bag_ = b"\xa0\x80" + device() + b"\0\0"
    return b"\x30\x80" + o.oid(SIGNED_DATA) + b"\xa0\x80\x30\x80" + parts[0] + parts[1] + encapsulated + bag_ + parts[4] + b"\0\0" * 3


def broken_frame(s):
    whole = message()
    s.invalid(
        "bare-certificate",
        "A certificate alone (trustpoint#508 answered so)",
        device(),
        "RFC 7030 4.2.3",
        "cms.content-info",
        tool="python3-cryptography",
    )
    s.invalid("bare-signed-data", "SignedData without its ContentInfo (opencertserver#33)", signed_data(), "RFC 5652 3", "cms.content-info")
    s.invalid("request", "A certification request", pkcs10.request(), "RFC 7030 4.2.3", "cms.content-info")
    s.invalid(
        "pem",
        "PEM armour",
        v.base64.b64decode(v.base64.b64encode(b"-----BEGIN PKCS7-----\n" + v.base64.encodebytes(whole) + b"-----END PKCS7-----\n")),
        "RFC 8951 3",
        "der.truncated",
    )
    s.invalid("base64-twice", "Base64 where DER is expected: encoded twice (core#61)", v.base64.b64encode(whole), "RFC 8951 3", "der.tag.unexpected")
    s.invalid("empty", "No octet", b"", SIMPLE, "der.missing")
    s.invalid("type-data", "contentType is id-data", content_info(o.octets(signed_data()), DATA), SIMPLE, "cms.content-type")
    s.invalid("type-enveloped", "contentType is id-envelopedData", content_info(signed_data(), ENVELOPED_DATA), SIMPLE, "cms.content-type")
    s.invalid("content-missing", "ContentInfo without content", o.seq(o.oid(SIGNED_DATA)), "RFC 5652 3", "der.missing")
    s.invalid(
        "content-implicit", "content [0] is IMPLICIT", o.seq(o.oid(SIGNED_DATA), o.retag(signed_data(), 0xA0)), "RFC 5652 3", ["der.tag.unexpected"]
    )
    s.invalid(
        "content-trailing",
        "Another element in content [0]",
        o.seq(o.oid(SIGNED_DATA), o.ctx(0, signed_data(), o.null())),
        "RFC 5652 3",
        "der.trailing",
    )
    s.invalid("trailing", "An octet follows the message", whole + b"\0", SIMPLE, "der.trailing")
    s.invalid(
        "trailing-inside", "An element follows signerInfos", content_info(o.seq(o.content(signed_data()), o.null())), "RFC 5652 5.1", "der.trailing"
    )
    s.invalid(
        "digest-algorithms-none",
        "digestAlgorithms holds an OBJECT IDENTIFIER, and no AlgorithmIdentifier",
        message(digests=o.set_(o.oid(DATA))),
        "RFC 5652 5.1",
        "der.tag.unexpected",
    )
    s.invalid("truncated", "The last octet is missing", whole[:-1], "X.690 8.1", "der.truncated")
    s.invalid("length-2-64", "A length of 2^64 - 1 octets", o.with_length(whole, b"\x88" + b"\xff" * 8), "X.690 8.1.3", "der.length.too-large")
    s.invalid(
        "deep",
        "10,000 nested elements in the place of the certificates",
        message(certificates=o.ctx(0, o.nested(10000))),
        "RFC 5652 10.2.2",
        "der.depth",
    )


def broken_content(s):
    for number in (0, 2, 3, 5):
        s.invalid(
            f"version-{number}",
            f"CMSVersion {number}: with id-data, certificates and no signer it is 1",
            message(version=o.integer(number)),
            "RFC 5652 5.1",
            "cms.version",
        )
    s.invalid("version-negative", "CMSVersion -1", message(version=o.integer(-1)), "RFC 5652 5.1", "cms.version")
    s.invalid("version-empty", "CMSVersion without content", message(version=o.tlv(2)), "X.690 8.3.1", "der.integer.empty")
    s.invalid(
        "content-present", "eContent is there", message(encapsulated=o.seq(o.oid(DATA), o.ctx(0, o.octets(b"hello")))), SIMPLE, "cms.encap-content"
    )
    s.invalid(
        "content-empty", "eContent is there and empty", message(encapsulated=o.seq(o.oid(DATA), o.ctx(0, o.octets(b"")))), SIMPLE, "cms.encap-content"
    )
    s.invalid(
        "content-type",
        "eContentType is id-cct-PKIResponse",
        message(version=o.integer(3), encapsulated=o.seq(o.oid("1.3.6.1.5.5.7.12.3"))),
        SIMPLE,
        "cms.encap-content-type",
    )
    s.invalid("no-bag", "There are no certificates", message(certificates=b""), "RFC 7030 4.2.3", "cms.no-certificates")
    s.invalid("empty-bag", "certificates [0] is empty", message(certificates=bag()), "RFC 7030 4.2.3", "cms.no-certificates")
    s.invalid("crls-only", "A CRL and no certificate", message(certificates=b"", crls=o.ctx(1, crl())), "RFC 7030 4.2.3", "cms.no-certificates")
    s.invalid(
        "bag-after-crls",
        "certificates [0] stands behind crls [1]",
        content_info(o.seq(o.integer(1), o.set_(), o.seq(o.oid(DATA)), o.ctx(1), bag(device()), o.set_())),
        "RFC 5652 5.1",
        ["der.tag.unexpected"],
    )
    s.invalid(
        "bag-explicit",
        "certificates [0] is EXPLICIT: a SET inside",
        message(certificates=o.ctx(0, o.set_(device()))),
        "RFC 5652 5.1",
        ["cms.certificate-choice"],
    )
    s.invalid("bag-universal", "certificates has the tag of a SET", message(certificates=o.set_(device())), "RFC 5652 5.1", ["der.trailing"])
    s.invalid(
        "attribute-certificate",
        "An attribute certificate [2] beside the certificate",
        message(version=o.integer(4), certificates=bag(device(), o.ctx(2, o.seq()))),
        "RFC 7030 4.1.3",
        "cms.certificate-choice",
    )
    s.invalid(
        "other-certificate",
        "otherCert [3] instead of a certificate",
        message(version=o.integer(5), certificates=bag(o.ctx(3, o.oid("1.3.6.1.4.1.32473.7"), o.null()))),
        "RFC 7030 4.1.3",
        "cms.certificate-choice",
    )
    s.invalid(
        "string-in-bag",
        "An OCTET STRING around the certificate",
        message(certificates=bag(o.octets(device()))),
        "RFC 5652 10.2.2",
        "cms.certificate-choice",
    )
    s.invalid(
        "signers",
        "A signer, where a Simple PKI Response has none",
        v.kept("signed-certs.p7", signed_by_openssl),
        SIMPLE,
        ["cms.signers"],
        tool="openssl cms",
    )
    s.invalid("signers-missing", "signerInfos is missing", content_info(o.seq(*o.children(signed_data())[:-1])), "RFC 5652 5.1", "der.missing")
    s.invalid("signers-sequence", "signerInfos is a SEQUENCE", message(signers=o.seq()), "RFC 5652 5.1", "der.tag.unexpected")
    s.invalid(
        "digests-missing",
        "digestAlgorithms is missing",
        content_info(o.seq(*[p for n, p in enumerate(o.children(signed_data())) if n != 1])),
        "RFC 5652 5.1",
        "der.tag.unexpected",
    )


def signed_by_openssl():
    file = v.HERE / "made" / "leaf.tmp"
    file.write_bytes(v.openssl("x509", "-inform", "DER", stdin=device()))
    try:
        return v.openssl("cms", "-sign", "-signer", str(file), "-inkey", "keys/ec.pem", "-outform", "DER", "-nodetach", "-binary", stdin=b"hello")
    finally:
        file.unlink()


def broken_certificates(s):
    """What is in the bag is looked at as well: a client installs it."""
    tbs, algorithm, signature = o.children(device())

    def holding(tbs_, algorithm_=algorithm):
        return message(certificates=bag(o.seq(tbs_, algorithm_, signature)))

    def changed(path, new):
        return holding(o.replace(tbs, path, new))

    def warned(name, comment, data, clause, finding):
        s.acceptable(name, comment, data, clause, finding)

    warned(
        "serial-negative", "A negative serialNumber: CAs must not, users should cope", changed([1], o.integer(-5)), "RFC 5280 4.1.2.2", "x509.serial"
    )
    warned("serial-zero", "serialNumber 0", changed([1], o.integer(0)), "RFC 5280 4.1.2.2", "x509.serial")
    warned("serial-21", "A serialNumber of 21 octets", changed([1], o.integer(1 << 160)), "RFC 5280 4.1.2.2", "x509.serial")
    warned(
        "time-form",
        "notBefore in 2026 as GeneralizedTime",
        changed([4, 0], o.tlv(0x18, b"20260101000000Z")),
        "RFC 5280 4.1.2.5",
        "x509.validity.form",
    )
    s.invalid("serial-empty", "A serialNumber without content", changed([1], o.tlv(2)), "X.690 8.3.1", "der.integer.empty")
    s.invalid("serial-padded", "A serialNumber with a leading zero octet", changed([1], o.tlv(2, b"\0\1")), "X.690 8.3.2", "der.integer.non-minimal")
    s.invalid("certificate-version-1", "Version v1 written out", changed([0], o.ctx(0, o.integer(0))), "RFC 5280 4.1.2.1", "der.default-encoded")
    s.invalid("certificate-version-4", "Version 3, which would be v4", changed([0], o.ctx(0, o.integer(3))), "RFC 5280 4.1.2.1", "x509.version")
    s.invalid("certificate-issuer-empty", "An empty issuer", changed([3], o.seq()), "RFC 5280 4.1.2.4", "x509.issuer.empty")
    s.invalid("certificate-subject-empty", "An empty subject and no subjectAltName", changed([5], o.seq()), "RFC 5280 4.1.2.6", "x509.subject.empty")
    s.invalid(
        "certificate-validity-order",
        "notAfter before notBefore",
        changed([4, 1], o.tlv(0x17, b"250101000000Z")),
        "RFC 5280 4.1.2.5",
        "x509.validity.order",
    )
    parts = o.children(tbs)

    def with_unique_identifier(content):
        return holding(o.seq(*parts[:7], o.tlv(0x81, content), *parts[7:]))

    warned("certificate-unique-id", "An issuerUniqueID: CAs must not, users should cope", with_unique_identifier(b"\0\x2a"), "RFC 5280 4.1.2.8", ())
    s.invalid(
        "certificate-unique-id-bits",
        "An issuerUniqueID with eight unused bits (found by fuzzing)",
        with_unique_identifier(b"\x08\2"),
        "X.690 8.6.2.2",
        "der.bit-string",
    )
    s.invalid(
        "certificate-unique-id-empty", "An issuerUniqueID without content (found by fuzzing)", with_unique_identifier(b""), "X.690 8.6.2.3", "der.bit-string"
    )
    for name, value, what in [
        ("no-seconds", o.tlv(0x17, b"2601010000Z"), "without seconds"),
        ("offset", o.tlv(0x17, b"260101000000+0100"), "with an offset from UTC"),
        ("fraction", o.tlv(0x18, b"20600101000000.5Z"), "with a fraction"),
        ("month-13", o.tlv(0x17, b"261301000000Z"), "in month 13"),
        ("february-30", o.tlv(0x17, b"260230000000Z"), "on 30 February"),
        ("hour-24", o.tlv(0x17, b"260101240000Z"), "at 24 o'clock"),
        ("letters", o.tlv(0x17, b"2601010000xxZ"), "with letters"),
    ]:
        s.invalid(f"certificate-time-{name}", f"notAfter {what}", changed([4, 1], value), "RFC 5280 4.1.2.5", "der.time")
    s.invalid(
        "certificate-algorithms",
        "The algorithm outside is not the one inside",
        holding(tbs, o.algorithm("1.2.840.10045.4.3.3")),
        "RFC 5280 4.1.1.2",
        "x509.signature-algorithm",
    )
    s.invalid(
        "certificate-extension-twice",
        "basicConstraints twice",
        changed([7, 0], lambda e: o.seq(o.content(e), o.content(e))) if len(o.children(tbs)) > 7 else extension_twice(tbs, holding),
        "RFC 5280 4.2",
        "x509.extension.duplicate",
    )


def extension_twice(tbs, holding):
    extension_ = o.seq(o.oid("2.5.29.19"), o.octets(o.seq()))
    return holding(o.seq(o.content(tbs), o.ctx(3, o.seq(extension_, extension_))))


def check(s):
    for vector in s.vectors:
        if vector["result"] == "valid":
            info = cms.ContentInfo.load(v.base64.b64decode(vector["input"]), strict=True)
            assert isinstance(info["content"].native["certificates"], list), vector["id"]


def make():
    s = v.Set(
        "certs_only",
        "Certs-only CMS (Simple PKI Response), DER",
        "reads ContentInfo and SignedData without content and signers, with at least one certificate, and the certificates by RFC 5280. No signature, chain or date is verified",
        ["RFC 5652 5", "RFC 5272 4.1", "RFC 7030 4.1.3", "RFC 7030 4.2.3", "RFC 5280 4"],
    )
    for part in (from_others, good, acceptable, broken_frame, broken_content, broken_certificates):
        part(s)
    check(s)
    return s
