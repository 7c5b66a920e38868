"""CSR attributes (RFC 7030 4.5.2 as RFC 8951 4 and RFC 9908 have it)."""

import octets as o
import rfc
import vectorset as v
from request_parts import *  # noqa: F403

TEMPLATE, EXTENSION_TEMPLATE = "1.2.840.113549.1.9.16.2.61", "1.2.840.113549.1.9.16.2.62"
EC, RSA, P256, P384, P521 = "1.2.840.10045.2.1", "1.2.840.113549.1.1.1", "1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"
MAC_ADDRESS = "1.3.6.1.1.1.1.22"
CLAUSE, LIST, TEMPLATES = "RFC 8951 4", "RFC 9908 3.2", "RFC 9908 3.4"


def template(version=None, subject=b"", key=b"", attrs=None):
    return o.seq(o.integer(0) if version is None else version, subject, key, o.ctx(1) if attrs is None else attrs)


def attrs(*parts):
    return o.ctx(1, *sorted(parts))


def with_template(value, *more):
    return o.seq(attribute(TEMPLATE, value), *more)


def wish(type_, *value):
    """SingleAttributeTemplate."""
    return o.seq(o.oid(type_), *value)


def extensions(*parts):
    return attribute(EXTENSION_TEMPLATE, o.seq(*parts))


def of_the_rfcs(s):
    s.valid("rfc7030-a2", "The answer of RFC 7030 A.2", rfc.block("rfc7030", 2, 0), "RFC 7030 A.2", tool="RFC 7030")
    s.acceptable(
        "rfc7030-4-5-2",
        "The example of RFC 7030 4.5.2 and RFC 8951 4: it puts the OID of macAddress into an extensionRequest, which RFC 9908 3.2 calls not correct; clients have to cope",
        v.base64.b64decode(rfc.text("rfc7030-4.5.2")),
        "RFC 9908 3.2 (INT-17)",
        "csrattrs.mac-address.old-form",
        tool="RFC 7030",
    )
    curve = attribute(EC, o.oid(P384))
    s.valid(
        "rfc9908-mac-address",
        "The same as RFC 9908 5.2 has it: macAddress is an OID of its own",
        o.seq(o.oid(CHALLENGE_PASSWORD), curve, o.oid(MAC_ADDRESS), o.oid(ECDSA_SHA384)),
        "RFC 9908 5.2",
    )
    names = attribute(EXTENSION_REQUEST, o.seq(extension(SAN, general_names(("rfc822_name", "potato@example.com")))))
    s.valid(
        "rfc9908-names",
        "After RFC 9908 5.3: a subjectAltName asked for in an extensionRequest",
        o.seq(o.oid(CHALLENGE_PASSWORD), attribute(EC, o.oid(P521)), names, o.oid("1.2.840.10045.4.3.4")),
        "RFC 9908 5.3",
    )
    acp = o.ctx(0, o.oid("1.3.6.1.5.5.7.8.10"), o.ctx(0, o.ia5("rfc8994+fd739fc23c3440112233445500000000+@acp.example.com")))
    s.valid(
        "rfc9908-acp",
        "After RFC 9908 5.1: an AcpNodeName as otherName, in a critical subjectAltName",
        o.seq(attribute(EXTENSION_REQUEST, o.seq(extension(SAN, o.seq(acp), o.boolean(True))))),
        "RFC 9908 5.1, RFC 8995 5.9.2",
    )
    s.valid(
        "rfc9908-rsa-4096",
        "After RFC 9908 5.4: an RSA key of 4,096 bits and SHA-256",
        o.seq(attribute(RSA, o.integer(4096)), o.oid(SHA256_RSA)),
        "RFC 9908 5.4",
    )
    s.valid(
        "rfc9908-curve",
        "After RFC 9908 5.5: a key on P-384, the serial number, SHA-384",
        o.seq(attribute(EC, o.oid(P384)), o.oid(SERIAL), o.oid(ECDSA_SHA384)),
        "RFC 9908 5.5",
    )
    s.valid(
        "rfc9908-attributes",
        "After RFC 9908 5.6: serial number, friendly name, favourite drink",
        o.seq(
            attribute(EC, o.oid(P521)),
            o.oid(SERIAL),
            o.oid("1.2.840.113549.1.9.20"),
            o.oid("0.9.2342.19200300.100.1.5"),
            o.oid("1.2.840.10045.4.3.4"),
        ),
        "RFC 9908 5.6",
    )


def good(s):
    s.valid("none", "An empty SEQUENCE: nothing is asked for", o.seq(), "RFC 8951 4, RFC 7030 4.5.2 (INT-18)")
    s.valid("one-oid", "One OID", o.seq(o.oid(CHALLENGE_PASSWORD)), CLAUSE)
    s.valid(
        "unknown-oid",
        "An OID nobody knows, with a large arc: clients ignore it",
        o.seq(o.oid("2.999.4294967295.18446744073709551616")),
        "RFC 7030 4.5.2",
    )
    s.valid("two-hundred", "Two hundred OIDs", o.seq(*[o.oid(f"1.3.6.1.4.1.32473.{n}") for n in range(200)]), CLAUSE)
    s.valid("empty-values", "A key type with an empty SET of values, which RFC 9908 3.2 permits", o.seq(attribute(RSA)), "RFC 9908 3.2 (INT-15)")
    s.valid("two-values", "An attribute with two values in the order of a SET OF", o.seq(attribute(EC, *sorted([o.oid(P256), o.oid(P384)]))), CLAUSE)
    s.valid(
        "string-values",
        "Attributes with values of several string types",
        o.seq(attribute(O, o.utf8("Acme")), attribute(SERIAL, o.printable("4711"))),
        CLAUSE,
    )
    s.valid("template-empty", "A template that leaves everything to the client", with_template(template()), TEMPLATES)
    s.valid("template-subject-empty", "A template with an empty subject", with_template(template(subject=o.seq())), TEMPLATES)
    subject = o.seq(o.set_(wish(C, o.printable("DE"))), o.set_(wish(O, o.utf8("Acme"))), o.set_(wish(CN)))
    s.valid(
        "template-subject", "Country and organization given, the common name left to the client", with_template(template(subject=subject)), TEMPLATES
    )
    s.valid(
        "template-subject-multi",
        "A multi-valued RDN in the template",
        with_template(template(subject=o.seq(o.set_of(wish(CN), wish(SERIAL))))),
        TEMPLATES,
    )
    s.valid("template-key-curve", "A key on P-256", with_template(template(key=o.ctx(0, o.algorithm(EC, o.oid(P256))))), TEMPLATES)
    placeholder = o.seq(o.tlv(2, b"\0" + b"\xff" * 512), o.integer(65537))
    s.valid(
        "template-key-rsa",
        "An RSA key of 4,096 bits, by a placeholder modulus",
        with_template(template(key=o.ctx(0, o.algorithm(RSA, o.null()), o.bits(placeholder)))),
        TEMPLATES,
    )
    wishes = extensions(o.seq(o.oid(SAN)), o.seq(o.oid(KEY_USAGE), o.boolean(True), o.octets(o.bits(b"\x80", 7))))
    s.valid(
        "template-extensions",
        "Two extensions: names left to the client, keyUsage given and critical",
        with_template(template(attrs=attrs(wishes))),
        TEMPLATES,
    )
    s.valid(
        "template-attributes",
        "challengePassword and extensions in a template",
        with_template(template(attrs=attrs(attribute(CHALLENGE_PASSWORD), wishes))),
        TEMPLATES,
    )
    full = attribute(EXTENSION_REQUEST, o.seq(extension(SAN, general_names(("dns_name", "device-1.example.com")))))
    s.valid("template-full-extensions", "An ordinary extensionRequest in a template", with_template(template(attrs=attrs(full))), TEMPLATES)
    s.valid(
        "template-and-list",
        "A template and, for older clients, a list",
        with_template(
            template(subject=subject, key=o.ctx(0, o.algorithm(EC, o.oid(P256))), attrs=attrs(wishes)),
            o.oid(CHALLENGE_PASSWORD),
            attribute(EC, o.oid(P256)),
        ),
        "RFC 9908 4 (INT-36)",
    )


def acceptable(s):
    s.acceptable("oid-twice", "The same OID twice", o.seq(o.oid(CHALLENGE_PASSWORD), o.oid(CHALLENGE_PASSWORD)), CLAUSE, "csrattrs.duplicate")
    s.acceptable(
        "attribute-and-oid",
        "challengePassword as an OID and as an attribute",
        o.seq(o.oid(CHALLENGE_PASSWORD), attribute(CHALLENGE_PASSWORD, o.printable("a"))),
        CLAUSE,
        "csrattrs.duplicate",
    )
    two = sorted([o.seq(extension(SAN, general_names(("dns_name", "a.example")))), o.seq(extension(KEY_USAGE, o.bits(b"\x80", 7)))])
    s.acceptable(
        "extensions-two-values",
        "extensionRequest with two values, where RFC 9908 says one",
        o.seq(attribute(EXTENSION_REQUEST, *two)),
        LIST,
        "csrattrs.extension-request.values",
    )
    s.acceptable(
        "extensions-text",
        "extensionRequest with a string in place of Extensions: RFC 7030 left the type open",
        o.seq(attribute(EXTENSION_REQUEST, o.utf8("subjectAltName"))),
        LIST,
        "csrattrs.extension-request.values",
    )
    s.acceptable(
        "template-key-needless",
        "A placeholder beside the algorithm of an EC key: it must be absent, and says nothing of that key (found by fuzzing)",
        with_template(template(key=o.ctx(0, o.algorithm(EC, o.oid(P256)), o.bits(o.seq(o.tlv(2, b"\0" + b"\xff" * 256), o.integer(65537)))))),
        TEMPLATES,
    )
    s.acceptable(
        "template-one-extension",
        "id-aa-extensionReqTemplate with a single ExtensionTemplate, as the prose has it",
        with_template(template(attrs=attrs(attribute(EXTENSION_TEMPLATE, o.seq(o.oid(SAN)))))),
        "RFC 9908 3.4 (INT-16)",
        "csrattrs.template.single-extension",
    )


def broken(s):
    whole = o.seq(o.oid(CHALLENGE_PASSWORD), attribute(EC, o.oid(P384)))
    s.invalid("empty", "No octet: no attributes are an empty SEQUENCE, or status 204", b"", "RFC 7030 4.5.2 (INT-18)", "der.missing")
    s.invalid("bare-oid", "An OID without the SEQUENCE", o.oid(CHALLENGE_PASSWORD), CLAUSE, "der.tag.unexpected")
    s.invalid("set", "A SET instead of the SEQUENCE", o.retag(whole, 0x31), CLAUSE, "der.tag.unexpected")
    s.invalid("text", "OIDs as text", o.seq(o.utf8("1.2.840.113549.1.9.7")), CLAUSE, "csrattrs.element")
    s.invalid("integer", "An INTEGER among the elements", o.seq(o.oid(CHALLENGE_PASSWORD), o.integer(4096)), CLAUSE, "csrattrs.element")
    s.invalid("context-element", "An element with the tag [0]", o.seq(o.ctx(0, o.oid(CHALLENGE_PASSWORD))), CLAUSE, "csrattrs.element")
    s.invalid("request", "A certification request", request(), CLAUSE, ["der.tag.unexpected"])
    s.invalid("attribute-bare-value", "The value of an attribute without its SET", o.seq(o.seq(o.oid(EC), o.oid(P384))), CLAUSE, "der.tag.unexpected")
    s.invalid("attribute-no-type", "An attribute that is an empty SEQUENCE", o.seq(o.seq()), CLAUSE, "der.missing")
    s.invalid("attribute-no-set", "An attribute that is a type alone", o.seq(o.seq(o.oid(EC))), CLAUSE, "der.missing")
    s.invalid("attribute-third", "A third element in an attribute", o.seq(o.seq(o.oid(EC), o.set_(o.oid(P384)), o.null())), CLAUSE, "der.trailing")
    s.invalid(
        "values-order",
        "Values not in the order of a SET OF: the answer is DER",
        o.seq(attribute(EC, *sorted([o.oid(P256), o.oid(P384)], reverse=True))),
        "RFC 7030 4.5.2, X.690 11.6",
        "der.set.order",
    )
    s.invalid("trailing", "An octet follows", whole + b"\0", CLAUSE, "der.trailing")
    s.invalid("truncated", "The last octet is missing", whole[:-1], "X.690 8.1", "der.truncated")
    s.invalid("indefinite", "Indefinite length: the answer is DER", o.indefinite(whole), "RFC 7030 4.5.2", "der.length.indefinite")
    s.invalid(
        "long-length",
        "A length in a longer form than it need be: the answer is DER",
        o.long_length(whole),
        "RFC 7030 4.5.2",
        "der.length.non-minimal",
    )
    s.invalid("oid-padded", "An OID with a leading 80 in an arc", o.seq(o.tlv(6, b"\x2a\x80\x01")), "X.690 8.19.2", "der.oid")
    s.invalid("oid-cut", "An OID whose last arc is not complete", o.seq(o.tlv(6, b"\x2a\x86")), "X.690 8.19.2", "der.oid")
    s.invalid("oid-empty", "An OID without content", o.seq(o.tlv(6)), "X.690 8.19", "der.oid")
    s.invalid("null-content", "A NULL with content as a value", o.seq(attribute(EC, o.tlv(5, b"\0"))), "X.690 8.8.2", "der.null")
    s.invalid(
        "integer-padded",
        "A key size with a leading zero octet",
        o.seq(attribute(RSA, o.tlv(2, b"\0\0\x10\0"))),
        "X.690 8.3.2",
        "der.integer.non-minimal",
    )
    s.invalid("integer-empty", "A key size without content", o.seq(attribute(RSA, o.tlv(2))), "X.690 8.3.1", "der.integer.empty")
    s.acceptable(
        "deep", "10,000 nested SEQUENCEs as a value", o.seq(attribute(EC, o.nested(10000))), "X.690 8.1 (a bound is the reader's own)", "der.depth"
    )
    s.invalid(
        "extension-twice",
        "An extensionRequest that has subjectAltName twice",
        o.seq(attribute(EXTENSION_REQUEST, o.seq(DNS, DNS))),
        "RFC 5280 4.2",
        "x509.extension.duplicate",
    )


def broken_template(s):
    def bad(name_, comment, value, findings, clause=TEMPLATES):
        s.invalid(f"template-{name_}", comment, with_template(value), clause, findings)

    bad("version", "Template version 1", template(o.integer(1)), "csrattrs.template.version")
    bad("version-missing", "A template without version", o.seq(o.ctx(1)), ["der.tag.unexpected"])
    bad("attributes-missing", "A template without attributes [1], which are not optional", o.seq(o.integer(0)), "csrattrs.template.attributes")
    bad("attributes-tag-0", "A template whose attributes have the tag [0], as in a request", o.seq(o.integer(0), o.ctx(0)), ["der.missing"])
    bad("no-sequence", "A template that is an INTEGER", o.integer(0), "der.tag.unexpected")
    bad("empty-rdn", "An RDN without an attribute in the template's subject", template(subject=o.seq(o.set_())), "x509.name.empty-rdn")
    bad("rdn-sequence", "An RDN that is a SEQUENCE", template(subject=o.seq(o.seq(wish(CN)))), "der.tag.unexpected")
    bad(
        "pair-third", "A third element in a SingleAttributeTemplate", template(subject=o.seq(o.set_(wish(CN, o.utf8("a"), o.null())))), "der.trailing"
    )
    bad("key-no-algorithm", "subjectPKInfo without algorithm", template(key=o.ctx(0)), "der.missing")
    bad(
        "key-octets",
        "The placeholder key is an OCTET STRING",
        template(key=o.ctx(0, o.algorithm(EC, o.oid(P256)), o.octets(b"\x04"))),
        "der.tag.unexpected",
    )
    bad("extensions-empty", "An empty list of extension templates", template(attrs=attrs(extensions())), "x509.extensions.empty")
    bad(
        "extensions-same",
        "The same extension twice",
        template(attrs=attrs(extensions(o.seq(o.oid(SAN)), o.seq(o.oid(SAN))))),
        "x509.extension.duplicate",
    )
    bad(
        "extensions-default",
        "critical FALSE written out",
        template(attrs=attrs(extensions(o.seq(o.oid(SAN), o.boolean(False))))),
        "der.default-encoded",
    )
    bad(
        "extensions-twice",
        "Two extensionReqTemplate attributes",
        template(attrs=attrs(extensions(o.seq(o.oid(SAN))), extensions(o.seq(o.oid(KEY_USAGE))))),
        "csrattrs.template.duplicate",
    )
    full = attribute(EXTENSION_REQUEST, o.seq(extension(SAN, general_names(("dns_name", "a.example")))))
    bad(
        "extensions-both",
        "extensionReqTemplate beside extensionRequest",
        template(attrs=attrs(full, extensions(o.seq(o.oid(KEY_USAGE))))),
        "csrattrs.template.duplicate",
    )
    bad("trailing", "An element follows in the template", o.seq(o.content(template()), o.null()), "der.trailing")
    s.invalid("template-no-value", "The template attribute has no value", o.seq(attribute(TEMPLATE)), TEMPLATES, "csrattrs.template.values")
    s.invalid(
        "template-two-values",
        "The template attribute has two values",
        o.seq(attribute(TEMPLATE, *sorted([template(), template(subject=o.seq())]))),
        TEMPLATES,
        "csrattrs.template.values",
    )
    s.invalid(
        "template-twice",
        "Two templates",
        o.seq(attribute(TEMPLATE, template()), attribute(TEMPLATE, template(subject=o.seq()))),
        TEMPLATES,
        "csrattrs.template.duplicate",
    )


def make():
    s = v.Set(
        "csrattrs",
        "CSR attributes, DER",
        "reads CsrAttrs with its attributes and, where there is one, the template of RFC 9908. Attributes it does not know are ignored, not refused",
        ["RFC 7030 4.5.2", "RFC 8951 4", "RFC 9908"],
    )
    for part in (of_the_rfcs, good, acceptable, broken, broken_template):
        part(s)
    return s
