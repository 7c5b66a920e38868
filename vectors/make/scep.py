"""SCEP's messages (RFC 8894 3): SignedData around EnvelopedData, the same without an envelope, and certs-only answers."""

import certs_only as c
import enveloped as e
import octets as o
import signed as sd
import vectorset as v
from request_parts import *  # noqa: F403

CLAUSE, ENVELOPE, DEGENERATE = "RFC 8894 3.2", "RFC 8894 3.2.2", "RFC 8894 3.4"
MESSAGE_TYPE, STATUS, FAIL_INFO, SENDER_NONCE, RECIPIENT_NONCE, TRANSACTION = (f"2.16.840.1.113733.1.9.{n}" for n in (2, 3, 4, 5, 6, 7))


def scep_attributes(kind, *more):
    nonce = attribute(SENDER_NONCE, o.octets(bytes(range(16))))
    return [attribute(MESSAGE_TYPE, o.printable(str(kind))), attribute(TRANSACTION, o.printable("0123456789ABCDEF")), nonce, *more]


def answered(status, *more):
    return [attribute(STATUS, o.printable(str(status))), attribute(RECIPIENT_NONCE, o.octets(bytes(16))), *more]


def envelope():
    return e.message(e.transport(), encrypted=e.content(c.DATA))


def message(inside, attributes_, version=1):
    """pkiMessage; `inside` is pkcsPKIEnvelope, None where there is none."""
    covered = b"" if inside is None else inside
    signer = sd.signer(sd.signed_attributes(c.DATA, *attributes_, content=covered), content=covered)
    encapsulated = o.seq(o.oid(c.DATA)) if inside is None else None
    return sd.message(signer, version=version, type_=c.DATA, content=covered, encapsulated=encapsulated)


def by_openssl(s):
    def run(key):
        def make_():
            files = [v.HERE / "made" / name for name in ("recipient.tmp", "signer.tmp")]
            files[0].write_bytes(v.openssl("x509", "-inform", "DER", stdin=c.certificate(7, f"recipient-{key}", key=key)))
            files[1].write_bytes(v.openssl("x509", "-inform", "DER", stdin=c.device()))
            try:
                inside = v.openssl("cms", "-encrypt", "-aes128", "-outform", "DER", "-binary", str(files[0]), stdin=v.kept("openssl-ec.csr", None))
                sign = ["cms", "-sign", "-signer", str(files[1]), "-inkey", "keys/ec.pem", "-outform", "DER", "-nodetach", "-binary"]
                return v.openssl(*sign, stdin=inside)
            finally:
                for file in files:
                    file.unlink()

        return make_

    s.valid("openssl-layers", "A request in EnvelopedData for RSA, in SignedData", v.kept("openssl-scep-rsa.cms", run("rsa")), CLAUSE, tool="openssl cms")


def good(s):
    s.valid("pkcsreq", "PKCSReq (19)", message(envelope(), scep_attributes(19)), CLAUSE)
    s.valid("renewalreq", "RenewalReq (17)", message(envelope(), scep_attributes(17)), "RFC 8894 3.3.1")
    s.valid("certpoll", "CertPoll (20)", message(envelope(), scep_attributes(20)), "RFC 8894 3.3.3")
    s.valid("success", "CertRep (3) with pkiStatus SUCCESS", message(envelope(), scep_attributes(3, *answered(0))), "RFC 8894 3.3.2.1")
    s.valid("pending", "CertRep with pkiStatus PENDING: pkcsPKIEnvelope is left out", message(None, scep_attributes(3, *answered(3))), "RFC 8894 3.3.2.3")
    s.valid(
        "failure",
        "CertRep with pkiStatus FAILURE and failInfo badRequest: pkcsPKIEnvelope is left out",
        message(None, scep_attributes(3, *answered(2, attribute(FAIL_INFO, o.printable("2"))))),
        "RFC 8894 3.3.2.2",
    )
    s.valid("degenerate", "Certs-only: what GetCACert answers", c.content_info(c.signed_data(certificates=c.bag(c.root(), c.device()))), DEGENERATE)


def acceptable(s):
    s.acceptable(
        "ber-indefinite",
        "The outer SEQUENCE has the indefinite length",
        o.indefinite(message(envelope(), scep_attributes(19))),
        "RFC 5652 4 (BER)",
        "der.length.indefinite",
    )
    s.acceptable(
        "ber-envelope",
        "The outer SEQUENCE of pkcsPKIEnvelope has the indefinite length",
        message(o.indefinite(envelope()), scep_attributes(19)),
        "RFC 5652 4 (BER)",
        "der.length.indefinite",
    )


def broken(s):
    def inside(name, comment, octets, clause, findings):
        s.invalid(f"envelope-{name}", comment, message(octets, scep_attributes(19)), clause, findings)

    whole = envelope()
    inside("empty", "pkcsPKIEnvelope has no octet", b"", ENVELOPE, "der.missing")
    inside("bare", "EnvelopedData without ContentInfo", o.content(o.children(whole)[1]), ENVELOPE, "cms.content-info")
    inside("type", "The inner contentType is id-signedData", o.replace(whole, [0], o.oid(c.SIGNED_DATA)), ENVELOPE, "cms.content-type")
    inside("trailing", "An octet follows the envelope", whole + b"\0", ENVELOPE, "der.trailing")
    inside("truncated", "The last octet of the envelope is missing", whole[:-1], "X.690 8.1", "der.truncated")
    inside("no-recipient", "The envelope is for nobody", e.message(), "RFC 5652 6.1", "cms.recipients.none")
    inside("request", "A request that is not encrypted", v.kept("openssl-ec.csr", None), ENVELOPE, "cms.content-info")
    s.invalid("version-3", "Version 3 with id-data", message(whole, scep_attributes(19), 3), "RFC 8894 3.2, RFC 5652 5.1", "cms.version")
    twice = attribute(TRANSACTION, o.printable("0"))
    s.invalid("transaction-twice", "Two transactionIDs: which one is it?", message(whole, scep_attributes(19, twice)), "RFC 5652 5.3", "cms.signed-attributes.duplicate")
    s.invalid("truncated", "The last octet is missing", message(whole, scep_attributes(19))[:-1], "X.690 8.1", "der.truncated")
    s.invalid("trailing", "An octet follows", message(whole, scep_attributes(19)) + b"\0", CLAUSE, "der.trailing")
    s.invalid(
        "degenerate-content",
        "Content without a signer",
        c.content_info(c.signed_data(encapsulated=o.seq(o.oid(c.DATA), o.ctx(0, o.octets(whole))))),
        DEGENERATE,
        "cms.encap-content",
    )
    s.invalid("empty", "No octet", b"", CLAUSE, "der.missing")


check = sd.check  # both are SignedData


def make():
    s = v.Set(
        "scep",
        "SCEP messages, DER",
        "reads SignedData and, where it has content, the EnvelopedData inside; without a signer, certs-only. No signature is verified, nothing is decrypted, "
        "and SCEP's attributes are not looked into",
        ["RFC 8894 3", "RFC 5652 5", "RFC 5652 6"],
    )
    for part in (by_openssl, good, acceptable, broken):
        part(s)
    check(s)
    return s
