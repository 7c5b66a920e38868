"""CMC messages (RFC 5272): the PKIData and PKIResponse inside SignedData, which has vectors of its own."""

import octets as o
import vectorset as v
from request_parts import *  # noqa: F403

IDS = {
    name_: f"1.3.6.1.5.5.7.7.{n}"
    for name_, n in {
        "status": 1,
        "identification": 2,
        "proof": 3,
        "data_return": 4,
        "transaction": 5,
        "sender_nonce": 6,
        "recipient_nonce": 7,
        "status_v2": 25,
        "reg_info": 18,
        "link_random": 22,
    }.items()
}
REQUEST, RESPONSE = "RFC 5272 3.2.1", "RFC 5272 4.2.1"


def control(number, type_, *values):
    return o.seq(number if isinstance(number, bytes) else o.integer(number), o.oid(IDS.get(type_, type_)), o.set_(*values))


def pki_data(controls=(), requests=(), contents=(), others=()):
    return o.seq(o.seq(*controls), o.seq(*requests), o.seq(*contents), o.seq(*others))


def pki_response(controls=(), contents=(), others=()):
    return o.seq(o.seq(*controls), o.seq(*contents), o.seq(*others))


def pkcs10(number, octets_=None):
    return o.ctx(0, number if isinstance(number, bytes) else o.integer(number), octets_ or request(PASSWORD))


def cert_request(number=1, subject=DEVICE, key=None, more=b"", controls=b""):
    key = o.retag(v.spki("ec"), 0xA6) if key is None else key
    return o.seq(o.integer(number), o.seq(b"" if subject is None else o.ctx(5, subject), key, more), controls)


def popo(inside, input_=b"", unused=0):
    return o.ctx(1, input_, ALGORITHMS["ec"], o.bits(v.sign("ec", inside), unused))


def crmf(inside=None, proof=None, *more):
    inside = inside or cert_request()
    return o.ctx(1, inside, popo(inside) if proof is None else proof, *more)


def status(value, body=(1,), *more):
    return o.seq(o.integer(value), o.seq(*[o.integer(n) for n in body]), *more)


NONCE = control(2, "sender_nonce", o.octets(b"nonce-of-sixteen"))
TRANSACTION = control(3, "transaction", o.integer(4711))


def good_requests(s):
    s.valid("pkcs10", "One PKCS #10 request", pki_data(requests=[pkcs10(1)]), REQUEST)
    s.valid("controls", "transactionId and senderNonce beside a request", pki_data([TRANSACTION, NONCE], [pkcs10(1)]), REQUEST)
    s.valid("empty", "Four empty sequences", pki_data(), REQUEST)
    s.valid("controls-only", "Controls and no request", pki_data([NONCE]), REQUEST)
    s.valid("crmf", "One CRMF request with a signature as its proof", pki_data(requests=[crmf()]), "RFC 5272 3.2.1.2.2, RFC 4211 3")
    s.valid("crmf-ra-verified", "raVerified as the proof", pki_data(requests=[crmf(None, o.ctx(0, constructed=False))]), "RFC 4211 4")
    s.valid("crmf-no-proof", "A CRMF request without proof", pki_data(requests=[crmf(None, b"")]), "RFC 4211 3")
    s.valid("crmf-extensions", "Extensions in the CRMF template", pki_data(requests=[crmf(cert_request(more=o.ctx(9, DNS)))]), "RFC 4211 5")
    s.valid(
        "crmf-empty-subject", "An empty subject in the CRMF template", pki_data(requests=[crmf(cert_request(subject=o.seq()))]), "RFC 5272 3.2.1.2.2"
    )
    s.valid(
        "other-request",
        "A request of another kind (orm)",
        pki_data(requests=[o.ctx(2, o.integer(1), o.oid("1.3.6.1.4.1.32473.12"), o.null())]),
        "RFC 5272 3.2.1.2.3",
    )
    s.valid("two-requests", "PKCS #10 and CRMF together", pki_data([NONCE], [pkcs10(4), crmf(cert_request(5))]), REQUEST)
    s.valid(
        "content",
        "A TaggedContentInfo with an id-data content",
        pki_data(contents=[o.seq(o.integer(1), o.seq(o.oid("1.2.840.113549.1.7.1"), o.ctx(0, o.octets(b"x"))))]),
        "RFC 5272 3.2.1.3",
    )
    s.valid(
        "other-message", "An OtherMsg", pki_data(others=[o.seq(o.integer(1), o.oid("1.3.6.1.4.1.32473.13"), o.utf8("hello"))]), "RFC 5272 3.2.1.4"
    )
    s.valid("largest-body-part", "bodyPartID 4294967295", pki_data(requests=[pkcs10(4294967295)]), "RFC 5272 3.2.2")
    s.valid("unknown-control", "A control nobody knows", pki_data([control(2, "1.3.6.1.4.1.32473.14", o.utf8("a"))], [pkcs10(1)]), "RFC 5272 3.2.1.1")
    s.valid(
        "two-values",
        "A control with two values",
        pki_data([control(2, "reg_info", *sorted([o.octets(b"a"), o.octets(b"b")]))], [pkcs10(1)]),
        "RFC 5272 3.2.1.1",
    )


def bad_parts(s, wrap, clause):
    """What PKIData and PKIResponse have in common. `wrap` makes a message of controls."""
    s.invalid("no-octet", "No octet", b"", clause, "der.missing")
    s.invalid("trailing", "An octet follows", wrap([NONCE]) + b"\0", clause, "der.trailing")
    s.invalid("truncated", "The last octet is missing", wrap([NONCE])[:-1], "X.690 8.1", "der.truncated")
    s.invalid("fourth-missing", "The last sequence is missing", o.seq(*o.children(wrap([NONCE]))[:-1]), clause, "der.missing")
    s.invalid("one-more", "One sequence too many", o.seq(o.content(wrap([NONCE])), o.seq()), clause, "der.trailing")
    s.invalid("controls-set", "controlSequence is a SET", o.replace(wrap([NONCE]), [0], lambda e: o.retag(e, 0x31)), clause, "der.tag.unexpected")
    value = o.octets(b"n")
    s.invalid(
        "body-part-zero",
        "bodyPartID 0 stands for the message itself",
        wrap([control(0, "sender_nonce", value)]),
        "RFC 5272 3.2.2",
        "cmc.body-part.zero",
    )
    s.invalid("body-part-negative", "bodyPartID -1", wrap([control(-1, "sender_nonce", value)]), "RFC 5272 3.2.2", "cmc.body-part.range")
    s.invalid("body-part-2-32", "bodyPartID 4294967296", wrap([control(1 << 32, "sender_nonce", value)]), "RFC 5272 3.2.2", "cmc.body-part.range")
    s.invalid("body-part-huge", "A bodyPartID of 100 octets", wrap([control(1 << 792, "sender_nonce", value)]), "RFC 5272 3.2.2", "der.integer.range")
    s.invalid("body-part-empty", "A bodyPartID without content", wrap([control(o.tlv(2), "sender_nonce", value)]), "X.690 8.3.1", "der.integer.empty")
    s.invalid(
        "body-part-padded",
        "A bodyPartID with a leading zero octet",
        wrap([control(o.tlv(2, b"\0\1"), "sender_nonce", value)]),
        "X.690 8.3.2",
        "der.integer.non-minimal",
    )
    s.invalid(
        "body-part-twice",
        "Two controls with one bodyPartID",
        wrap([control(2, "sender_nonce", value), control(2, "transaction", o.integer(1))]),
        "RFC 5272 3.2.2",
        "cmc.body-part.duplicate",
    )
    s.invalid(
        "control-no-values", "A control with an empty SET of values", wrap([control(2, "sender_nonce")]), "RFC 5272 3.2.1.1", "cmc.control.no-values"
    )
    s.invalid(
        "control-values-sequence",
        "The values of a control are a SEQUENCE",
        wrap([o.seq(o.integer(2), o.oid(IDS["sender_nonce"]), o.seq(value))]),
        "RFC 5272 3.2.1.1",
        "der.tag.unexpected",
    )
    s.invalid(
        "control-third",
        "A fourth element in a control",
        wrap([o.seq(o.integer(2), o.oid(IDS["sender_nonce"]), o.set_(value), o.null())]),
        "RFC 5272 3.2.1.1",
        "der.trailing",
    )
    s.acceptable(
        "deep",
        "10,000 nested elements as the value of a control",
        wrap([control(2, "reg_info", o.nested(10000))]),
        "X.690 8.1 (a bound is the reader's own)",
        "der.depth",
    )
    s.invalid("nonce-text", "senderNonce as UTF8String", wrap([control(2, "sender_nonce", o.utf8("n"))]), "RFC 5272 6.6", "der.tag.unexpected")
    s.invalid(
        "nonce-two",
        "senderNonce with two values",
        wrap([control(2, "sender_nonce", o.octets(b"a"), o.octets(b"b"))]),
        "RFC 5272 6.6",
        "cmc.control.single-value",
    )
    s.invalid(
        "transaction-octets", "transactionId as OCTET STRING", wrap([control(2, "transaction", o.octets(b"1"))]), "RFC 5272 6.6", "der.tag.unexpected"
    )


def bad_requests(s):
    bad_parts(s, lambda controls: pki_data(controls), REQUEST)
    s.invalid(
        "content-info",
        "The PKIData inside SignedData and ContentInfo, where the PKIData alone is asked for",
        o.seq(o.oid("1.2.840.113549.1.7.2"), o.ctx(0, o.seq(o.integer(3)))),
        REQUEST,
        ["der.tag.unexpected"],
    )
    s.invalid("bare-request", "A PKCS #10 request alone", request(), REQUEST, ["der.tag.unexpected"])
    s.invalid(
        "untagged-request",
        "A PKCS #10 request without the tag [0] and its bodyPartID",
        pki_data(requests=[request()]),
        "RFC 5272 3.2.1.2",
        "der.tag.unexpected",
    )
    s.invalid(
        "request-tag-3",
        "A request with the tag [3]",
        pki_data(requests=[o.ctx(3, o.integer(1), request())]),
        "RFC 5272 3.2.1.2",
        "der.tag.unexpected",
    )
    s.invalid(
        "request-no-body-part",
        "A PKCS #10 request without bodyPartID",
        pki_data(requests=[o.ctx(0, request())]),
        "RFC 5272 3.2.1.2.1",
        "der.tag.unexpected",
    )
    s.invalid(
        "request-body-part-zero", "A PKCS #10 request with bodyPartID 0", pki_data(requests=[pkcs10(0)]), "RFC 5272 3.2.2", "cmc.body-part.zero"
    )
    s.invalid(
        "request-and-control",
        "A request and a control with one bodyPartID",
        pki_data([NONCE], [pkcs10(2)]),
        "RFC 5272 3.2.2",
        "cmc.body-part.duplicate",
    )
    s.invalid(
        "request-defective",
        "The PKCS #10 request has version 1",
        pki_data(requests=[pkcs10(1, request(version=o.integer(1)))]),
        "RFC 2986 4.1",
        "pkcs10.version",
    )
    s.invalid(
        "crmf-no-subject",
        "A CRMF template without subject",
        pki_data(requests=[crmf(cert_request(subject=None))]),
        "RFC 5272 3.2.1.2.2",
        "cmc.crmf.no-subject",
    )
    s.invalid(
        "crmf-no-key",
        "A CRMF template without publicKey",
        pki_data(requests=[crmf(cert_request(key=b""))]),
        "RFC 5272 3.2.1.2.2",
        "cmc.crmf.no-public-key",
    )
    s.invalid(
        "crmf-subject-implicit",
        "The subject's tag [5] is IMPLICIT, which a CHOICE cannot be",
        pki_data(requests=[crmf(o.seq(o.integer(1), o.seq(o.retag(DEVICE, 0xA5), o.retag(v.spki("ec"), 0xA6))))]),
        "X.680 31.2.7",
        ["der.tag.unexpected"],
    )
    s.invalid(
        "crmf-poposk-input",
        "POPOSigningKeyInput, which must not be used",
        pki_data(requests=[crmf(None, popo(cert_request(), o.ctx(0, o.seq())))]),
        "RFC 5272 3.2.1.2.2",
        "cmc.crmf.poposk-input",
    )
    s.invalid(
        "crmf-reg-info",
        "regInfo, which must not be used",
        pki_data(requests=[crmf(None, None, o.seq(o.seq(o.oid("1.3.6.1.5.5.7.5.2.1"), o.utf8("a"))))]),
        "RFC 5272 3.2.1.2.2",
        "cmc.crmf.reg-info",
    )
    s.invalid(
        "crmf-signature-bits",
        "The signature of the proof has unused bits",
        pki_data(requests=[crmf(None, o.ctx(1, ALGORITHMS["ec"], o.bits(bytes(70), 4)))]),
        "RFC 4211 4.1",
        "cmc.crmf.signature",
    )
    s.invalid(
        "crmf-extension-twice",
        "An extension twice in the CRMF template",
        pki_data(requests=[crmf(cert_request(more=o.ctx(9, DNS, DNS)))]),
        "RFC 5280 4.2",
        "x509.extension.duplicate",
    )


def good_responses(s):
    def one(name, comment, value, type_="status_v2", clause="RFC 5272 6.1"):
        s.valid(name, comment, pki_response([control(1, type_, value)]), clause)

    one("success", "cMCStatusInfoV2: success", status(0))
    one("failed", "Failed, badRequest, with a text", status(2, (1,), o.utf8("the subject is not allowed"), o.integer(2)))
    one("pending", "Pending, with a token and a time", status(3, (1,), o.seq(o.octets(b"token"), o.tlv(0x18, b"20260101000000Z"))))
    one("no-body", "A status that names no body part", status(0, ()))
    one("old-status", "cMCStatusInfo, the older control", status(2, (1,), o.utf8("no"), o.integer(7)), "status", "RFC 5272 6.1.2")
    one("path", "A body part inside a nested message, named by its path", o.seq(o.integer(0), o.seq(o.seq(o.integer(1), o.integer(2)))))
    one("extended", "An extended failure", status(2, (1,), o.ctx(1, o.oid("1.3.6.1.4.1.32473.15"), o.null())))
    one("undefined-status", "A status RFC 5272 does not define", status(99))
    s.valid(
        "nonces",
        "Status and both nonces",
        pki_response(
            [control(1, "status_v2", status(0)), control(2, "sender_nonce", o.octets(b"server")), control(3, "recipient_nonce", o.octets(b"client"))]
        ),
        RESPONSE,
    )
    s.valid("empty", "Three empty sequences", pki_response(), RESPONSE)
    s.valid("other-message", "An OtherMsg", pki_response(others=[o.seq(o.integer(1), o.oid("1.3.6.1.4.1.32473.13"), o.null())]), RESPONSE)


def bad_responses(s):
    bad_parts(s, lambda controls: pki_response(controls), RESPONSE)

    def bad(name, comment, value, findings, type_="status_v2"):
        s.invalid(name, comment, pki_response([control(1, type_, value)]), "RFC 5272 6.1", findings)

    bad("status-text", "The status is a string", o.seq(o.utf8("success"), o.seq()), "der.tag.unexpected")
    bad("status-no-body", "The list of body parts is missing", o.seq(o.integer(0)), "der.missing")
    bad("status-body-text", "A body part named by a string", o.seq(o.integer(0), o.seq(o.utf8("1"))), "der.tag.unexpected")
    bad("status-printable", "statusString as PrintableString", status(2, (1,), o.printable("no")), "der.tag.unexpected")
    bad("status-trailing", "An element follows in the status", status(0, (1,), o.utf8("ok"), o.integer(2), o.null()), "der.trailing")
    bad("status-other-oid", "otherInfo is an OBJECT IDENTIFIER, which is none of its alternatives", status(2, (1,), o.utf8("no"), o.oid("1.2.3")), "der.tag.unexpected")
    bad("status-huge", "A status of 100 octets", o.seq(o.integer(1 << 792), o.seq()), "der.integer.range")


def make():
    sets = []
    for type_, title, what, good, bad in [
        ("cmc_request", "CMC requests: PKIData, DER", "PKIData", good_requests, bad_requests),
        ("cmc_response", "CMC responses: PKIResponse, DER", "PKIResponse", good_responses, bad_responses),
    ]:
        s = v.Set(
            type_,
            title,
            f"reads {what} with the requests in it, and the values of controls RFC 5272 defines. It is the content of SignedData, without it. No signature is verified",
            ["RFC 5272", "RFC 6402", "RFC 4211", "RFC 7030 4.3"],
        )
        good(s)
        bad(s)
        check(s)
        sets.append(s)
    return sets


def check(s):
    for vector in s.vectors:
        if vector["result"] == "valid":
            v.openssl("asn1parse", "-inform", "DER", "-noout", stdin=v.base64.b64decode(vector["input"]))
