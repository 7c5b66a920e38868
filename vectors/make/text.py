"""What is text: base64, PEM, media types, multipart, Retry-After."""

import base64
import email.message

import certs_only as c
import keys_in_transit as k
import vectorset as v
from request_parts import request

DATA = bytes(range(256))


def base64_forms():
    s = v.Set(
        "base64",
        "Base64 as EST transfers it",
        "decodes the text with the white space RFC 8951 3.1 has receivers tolerate; `decoded` is what comes out",
        ["RFC 4648 4", "RFC 8951 3.1"],
    )
    text = base64.b64encode(DATA).decode()

    def folded(width, end):
        return "".join(text[n : n + width] + end for n in range(0, len(text), width))

    def good(name, comment, data, decoded=DATA, clause="RFC 8951 3.1"):
        s.valid(name, comment, data, clause, tool="Python base64", decoded=decoded)

    good("one-line", "One long line", text)
    for width in (64, 76, 60, 4, 1):
        good(f"folded-{width}-crlf", f"Lines of {width} characters ended by CRLF", folded(width, "\r\n"))
    good("folded-64-lf", "Lines of 64 characters ended by LF", folded(64, "\n"))
    good("folded-76-lf", "Lines of 76 characters ended by LF", folded(76, "\n"))
    good("folded-64-cr", "Lines ended by CR alone", folded(64, "\r"))
    good("folded-odd", "Lines of 13 characters: groups of four span lines", folded(13, "\r\n"))
    good("no-final-newline", "The last line has no end", folded(64, "\r\n").rstrip())
    good("blank-lines", "Blank lines before, between and after", "\r\n\r\n" + folded(64, "\r\n\r\n") + "\r\n")
    good("spaces", "Spaces and tabs inside", text[:10] + " " + text[10:20] + "\t" + text[20:])
    good("indented", "Every line is indented", "".join(f"   {line}\r\n" for line in folded(64, "\n").split("\n")))
    good("space-before-padding", "A line break before the padding", text[:-2].rstrip("=") + "\r\n" + text[len(text[:-2].rstrip("=")) :])
    for size in (1, 2, 3):
        good(f"octets-{size}", f"{size} octet(s)", base64.b64encode(DATA[:size]), DATA[:size], "RFC 4648 4")
    good(
        "all-characters",
        "All 64 characters of the alphabet",
        base64.b64encode(base64.b64decode("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")),
        base64.b64decode("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"),
    )
    good("empty-sequence", "MAA=, an empty SEQUENCE", "MAA=", b"\x30\0")
    good("large", "32 KiB of white space around four characters", " " * 16384 + "AAAA" + "\n" * 16384, bytes(3))
    s.acceptable(
        "empty", "No character at all: base64 of nothing; no EST message is that", "", "RFC 4648 4", "base64.empty", tool="Python base64", decoded=b""
    )

    def bad(name, comment, data, finding, clause="RFC 4648 4"):
        s.invalid(name, comment, data, clause, finding, tool="Python base64")

    two, one = base64.b64encode(b"ab").decode(), base64.b64encode(b"a").decode()
    bad("unpadded-1", "One '=' is missing", two.rstrip("="), "base64.padding", "RFC 4648 3.2")
    bad("unpadded-2", "Two '=' are missing", one.rstrip("="), "base64.padding", "RFC 4648 3.2")
    bad("half-padded", "One of two '=' is missing", one[:-1], "base64.padding", "RFC 4648 3.2")
    bad("padded-too-much", "Three '='", "AAAA=", "base64.padding", "RFC 4648 4")
    bad("padding-only", "Padding and nothing else", "====", "base64.padding")
    bad("padding-inside", "Two base64 texts behind one another", one + one, "base64.padding", "RFC 4648 3.3")
    bad("single-character", "A single character is left over", "AAAAA", "base64.length")
    for name, data in [("trailing-bits-2", "YWJ="), ("trailing-bits-1", "YR==")]:
        s.acceptable(
            name,
            "The idle bits of the last character are set: decoders may refuse that",
            data,
            "RFC 4648 3.5",
            "base64.trailing-bits",
            tool="Python base64",
        )
    bad("url-alphabet", "The URL alphabet: '-' and '_'", base64.urlsafe_b64encode(b"\xfb\xff\xfe"), "base64.url-alphabet", "RFC 4648 4")
    for name, character in [
        ("nul", "\0"),
        ("bell", "\7"),
        ("comma", ","),
        ("exclamation", "!"),
        ("high", "\xe4"),
        ("form-feed", "\f"),
        ("vertical-tab", "\v"),
        ("no-break-space", "\xa0"),
        ("percent", "%"),
        ("quote", '"'),
    ]:
        bad(f"character-{name}", f"The character {character!r} inside", text[:8] + character + text[8:], "base64.alphabet", "RFC 8951 3.1")
    bad("utf-16", "UTF-16 with a byte order mark", "AAAA".encode("utf-16").decode("latin-1"), "base64.alphabet")
    bad("bom", "A UTF-8 byte order mark", "\xef\xbb\xbfAAAA", "base64.alphabet")
    bad(
        "pem",
        "PEM armour around it (est#23)",
        f"-----BEGIN CERTIFICATE REQUEST-----\n{folded(64, chr(10))}-----END CERTIFICATE REQUEST-----\n",
        "base64.pem-armour",
        "RFC 8951 3 (INT-02)",
    )
    bad(
        "header-lines",
        "Header lines before it, as of a MIME entity",
        f"Content-Transfer-Encoding: base64\r\n\r\n{text}",
        ["base64.url-alphabet"],
        "RFC 8951 3",
    )
    bad("der", "DER and no base64 at all", "\x30\x03\x02\x01\x00", "base64.alphabet", "RFC 8951 3 (INT-02)")
    bad("chunk-sizes", "Chunk sizes of HTTP left in the body", f"10\r\n{text[:16]}\r\n0\r\n\r\n", "base64.padding", "RFC 9112 7.1")
    bad("data-url", "A data: URL", f"data:application/pkcs10;base64,{text}", "base64.alphabet")
    bad("comment", "A comment line", f"# request\n{text}", "base64.alphabet")
    return s


def pem():
    s = v.Set(
        "pem", "Textual encodings (PEM)", "reads every block by the lax grammar of RFC 7468 and refuses the file when one is defective", ["RFC 7468"]
    )
    certificate = c.device()
    body = base64.encodebytes(certificate).decode()
    begin, end = "-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n"

    def good(name, comment, data, clause="RFC 7468 3", tool="Python base64"):
        s.valid(name, comment, data, clause, tool=tool)

    good("openssl", "A certificate by openssl x509", v.openssl("x509", "-inform", "DER", stdin=certificate), tool="openssl x509")
    good("openssl-request", "A request by openssl req", v.openssl("req", "-inform", "DER", stdin=request()), tool="openssl req")
    good("two", "Two certificates", begin + body + end + begin + body + end)
    good("text-around", "Explanatory text around the blocks", "Subject: CN=device-1\n" + begin + body + end + "The end.\n", "RFC 7468 2")
    good("crlf", "Lines ended by CRLF", (begin + body + end).replace("\n", "\r\n"))
    good("cr", "Lines ended by CR", (begin + body + end).replace("\n", "\r"))
    good("one-line", "The base64 on one line", begin + body.replace("\n", "") + "\n" + end)
    good("no-final-newline", "No line end behind the END line", (begin + body + end).rstrip())
    good("blank-lines", "Blank lines inside", begin + "\n" + body + "\n" + end)
    good("spaces", "White space at the ends of lines", (begin + body + end).replace("\n", " \t\n"))
    good("empty-label", "An empty label: it is optional", "-----BEGIN -----\n" + body + "-----END -----\n")
    good("unknown-label", "A label nobody knows", "-----BEGIN X-THING 7-----\n" + body + "-----END X-THING 7-----\n")

    def bad(name, comment, data, finding, clause="RFC 7468 3"):
        s.invalid(name, comment, data, clause, finding, tool="Python base64")

    bad("empty", "No octet", "", "pem.no-block")
    bad("no-block", "Base64 without armour", body, "pem.no-block")
    bad("no-end", "The END line is missing", begin + body, "pem.end")
    bad("no-begin", "The BEGIN line is missing", body + end, "pem.end")
    bad("other-end", "The END line has another label", begin + body + "-----END CERTIFICATE REQUEST-----\n", "pem.end")
    bad("begin-twice", "A second BEGIN before the END", begin + begin + body + end, "pem.end")
    s.acceptable(
        "end-twice", "A second END line: text outside a block, or a defect", begin + body + end + end, "RFC 7468 2", "pem.end", tool="Python base64"
    )
    bad("label-dashes", "Two separators in a row in the label", "-----BEGIN A--B-----\n" + body + "-----END A--B-----\n", "pem.label")
    bad("begin-four-dashes", "The BEGIN line ends in four dashes", "-----BEGIN CERTIFICATE----\n" + body + end, "pem.label")
    bad("begin-junk", "Text behind the BEGIN line's dashes", "-----BEGIN CERTIFICATE----- x\n" + body + end, "pem.label")
    bad("content-character", "A character outside the alphabet", begin + body.replace("\n", "!\n", 1) + end, "pem.base64")
    bad("content-unpadded", "The padding is missing", begin + base64.b64encode(b"ab").decode().rstrip("=") + "\n" + end, "pem.base64")
    s.acceptable(
        "content-empty",
        "Nothing between the lines: the grammar permits it, DER does not",
        begin + end,
        "RFC 7468 3",
        "pem.base64",
        tool="Python base64",
    )
    bad(
        "headers",
        "Header lines of RFC 1421, as old encrypted keys have them",
        begin + "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n" + body + end,
        "pem.base64",
        "RFC 7468 2",
    )
    return s


def media_types():
    s = v.Set("media_type", "Values of Content-Type", "reads type, subtype and parameters", ["RFC 9110 8.3.1"])
    for name, value in [
        ("pkcs10", "application/pkcs10"),
        ("certs-only", "application/pkcs7-mime; smime-type=certs-only"),
        ("quoted", 'application/pkcs7-mime; smime-type="certs-only"'),
        ("upper", "APPLICATION/PKCS7-MIME; SMIME-TYPE=certs-only"),
        ("no-space", "application/pkcs7-mime;smime-type=certs-only"),
        ("space-before", "multipart/mixed ; boundary=estServerExampleBoundary"),
        ("tabs", "application/csrattrs\t;\tcharset=utf-8"),
        ("two-parameters", "application/pkcs7-mime; smime-type=CMC-request; name=smime.p7m"),
        ("escaped", r'application/pkcs10; name="a\"b\\c"'),
        ("quoted-separators", 'multipart/mixed; boundary="a;b=c, d"'),
        ("empty-parameters", "application/pkcs10;; ;charset=utf-8;"),
        ("surrounded", "  application/pkcs8  "),
        ("symbols", "application/vnd.a+b.c-d_e!f#g$h%i&j'k*l^m`n|o~p"),
        ("quoted-empty", 'application/pkcs10; name=""'),
    ]:
        s.valid(name, f"{value.strip()}", value, "RFC 9110 8.3.1, 5.6.6", tool="text")
    for name, value, finding, what in [
        ("empty", "", "media-type.syntax", "Nothing"),
        ("no-slash", "application", "media-type.syntax", "No subtype"),
        ("no-subtype", "application/", "media-type.syntax", "An empty subtype"),
        ("no-type", "/pkcs10", "media-type.syntax", "An empty type"),
        ("two-slashes", "application/pkcs10/x", "media-type.syntax", "Two slashes"),
        ("space-inside", "application / pkcs10", "media-type.syntax", "Blanks around the slash"),
        ("comma", "application/pkcs10, application/pkcs8", "media-type.syntax", "Two types in one value"),
        ("parameter-no-value", "application/pkcs10; charset", "media-type.parameter", "A parameter without '='"),
        ("parameter-empty-value", "application/pkcs10; charset=", "media-type.parameter", "A parameter with an empty token"),
        ("parameter-spaces", "application/pkcs10; charset = utf-8", "media-type.parameter", "Blanks around '='"),
        (
            "parameter-twice",
            "application/pkcs7-mime; smime-type=certs-only; smime-type=CMC-response",
            "media-type.duplicate-parameter",
            "smime-type twice",
        ),
        ("parameter-twice-case", "multipart/mixed; boundary=a; BOUNDARY=b", "media-type.duplicate-parameter", "boundary twice, in other case"),
        ("quote-open", 'multipart/mixed; boundary="abc', "media-type.parameter", "A quoted string without its end"),
        ("quote-junk", 'multipart/mixed; boundary="a"b', "media-type.syntax", "Text behind a quoted string"),
        ("control", 'multipart/mixed; boundary="a\0b"', "media-type.parameter", "A NUL in a quoted string"),
        ("newline", "application/pkcs10\r\nX: y", "media-type.syntax", "A line break"),
        ("high", "application/pkcs1\xb9", "media-type.syntax", "A character outside ASCII in the subtype"),
    ]:
        s.invalid(name, what, value, "RFC 6838 4.3" if "twice" in name else "RFC 9110 8.3.1, 5.6.6", finding, tool="text")
    return s


def retry_after():
    s = v.Set(
        "retry_after",
        "Values of Retry-After",
        "reads seconds or a date in one of HTTP's three forms",
        ["RFC 9110 10.2.3", "RFC 9110 5.6.7", "RFC 7030 4.2.3"],
    )
    for name, value, what in [
        ("seconds", "120", "Seconds"),
        ("zero", "0", "No delay"),
        ("leading-zeros", "0060", "Leading zeros"),
        ("large", "2147483647", "A large number"),
        ("imf", "Fri, 07 Nov 2036 23:59:59 GMT", "IMF-fixdate"),
        ("past", "Fri, 31 Dec 1999 23:59:59 GMT", "A date in the past"),
        ("leap-day", "Tue, 29 Feb 2028 12:00:00 GMT", "A leap day"),
        ("rfc850", "Friday, 07-Nov-36 23:59:59 GMT", "The form of RFC 850"),
        ("asctime", "Fri Nov  7 23:59:59 2036", "The form of asctime()"),
    ]:
        s.valid(name, what, value, "RFC 9110 10.2.3, 5.6.7", tool="text")
    s.acceptable(
        "2-64",
        "2^64 seconds: a delay beyond what fits; RFC 9111 1.2.2 counts such numbers as 2^31",
        "18446744073709551616",
        "RFC 9110 10.2.3, RFC 9111 1.2.2",
        tool="text",
    )
    s.acceptable("wrong-weekday", "A date whose weekday is another", "Mon, 07 Nov 2036 23:59:59 GMT", "RFC 9110 5.6.7", tool="text")
    for name, value, what in [
        ("empty", "", "Nothing"),
        ("negative", "-1", "A negative number"),
        ("plus", "+60", "A sign"),
        ("fraction", "1.5", "A fraction"),
        ("unit", "60s", "A unit"),
        ("word", "soon", "A word"),
        ("hex", "0x3c", "Hexadecimal"),
        ("exponent", "1e3", "An exponent"),
        ("two", "60, 120", "Two numbers"),
        ("date-no-zone", "Fri, 07 Nov 2036 23:59:59", "A date without GMT"),
        ("date-utc", "Fri, 07 Nov 2036 23:59:59 UTC", "UTC instead of GMT"),
        ("date-offset", "Fri, 07 Nov 2036 23:59:59 +0100", "An offset"),
        ("date-iso", "2036-11-07T23:59:59Z", "ISO 8601"),
        ("date-february-30", "Sat, 30 Feb 2036 12:00:00 GMT", "30 February"),
        ("date-lower", "fri, 07 nov 2036 23:59:59 gmt", "Lower case: dates are case-sensitive"),
        ("date-hour-24", "Fri, 07 Nov 2036 24:00:00 GMT", "24 o'clock"),
        ("date-one-digit", "Fri, 7 Nov 2036 23:59:59 GMT", "A day of one digit"),
    ]:
        s.invalid(name, what, value, "RFC 9110 10.2.3, 5.6.7", "retry-after", tool="text")
    return s


# --- multipart

BOUNDARY = "estServerExampleBoundary"
KEY, CERTIFICATES = (base64.encodebytes(x).decode().replace("\n", "\r\n") for x in (k.der("ec"), c.message()))
KEY_TYPE, CERTIFICATE_TYPE = "application/pkcs8", "application/pkcs7-mime; smime-type=certs-only"


def part(type_, body, *headers, encoding="base64"):
    lines = [f"Content-Type: {type_}"] if type_ else []
    lines += [f"Content-Transfer-Encoding: {encoding}"] if encoding else []
    return "\r\n".join([*lines, *headers, "", body])


def body(*parts, boundary=BOUNDARY, preamble="", close="--\r\n"):
    return (
        preamble + "".join(f"--{boundary}\r\n{p}" + ("" if p.endswith("\r\n") else "\r\n") for p in parts) + (f"--{boundary}{close}" if close else "")
    )


ONE, TWO = part(KEY_TYPE, KEY), part(CERTIFICATE_TYPE, CERTIFICATES)


def content_type(boundary=BOUNDARY, quoted=False, rest=""):
    return {"content-type": f'multipart/mixed; boundary="{boundary}"{rest}' if quoted else f"multipart/mixed; boundary={boundary}{rest}"}


def answer_of_the_rfc():
    def lines(n):
        return (v.HERE / f"rfc/rfc7030-a4-{n}.b64").read_text().replace("\n", "\r\n")

    preamble = "This is the preamble.  It is to be ignored, though it\r\nis a handy place for estServer to include an explanatory note,\r\nincluding contact or support information.\r\n"
    return (
        body(part(KEY_TYPE, lines(1)), part(CERTIFICATE_TYPE, lines(2)), preamble=preamble) + "This is the epilogue.  It is also to be ignored.\r\n"
    )


def by_python():
    message = email.message.EmailMessage()
    message.make_mixed(boundary="===============by.Python==")
    for data, main, sub, parameters in [
        (k.der("ec"), "application", "pkcs8", None),
        (c.message(), "application", "pkcs7-mime", {"smime-type": "certs-only"}),
    ]:
        message.add_attachment(data, maintype=main, subtype=sub, params=parameters, cte="base64")
    flat = message.as_bytes(policy=message.policy.clone(linesep="\r\n"))
    return flat.split(b"\r\n\r\n", 1)[1], message["Content-Type"].replace("\n", "")


def good_multipart(s):
    def good(name, comment, data, clause="RFC 7030 4.4.2", context=None, tool="Python email, text", findings=()):
        s.valid(name, comment, data, clause, findings, tool=tool, context=context or content_type())

    good(
        "rfc7030-a4",
        "The answer of RFC 7030 A.4, with preamble and epilogue",
        answer_of_the_rfc(),
        "RFC 7030 A.4",
        {"content-type": "multipart/mixed ; boundary=estServerExampleBoundary"},
        "RFC 7030",
    )
    octets_, type_ = by_python()
    good("python", "An answer by Python's email package", octets_, context={"content-type": type_})
    good("plain", "Key and certificate", body(ONE, TWO))
    good("reversed", "The certificate comes first (INT-28)", body(TWO, ONE), "RFC 7030 4.4.2 (INT-28)")
    good(
        "no-transfer-encoding",
        "No Content-Transfer-Encoding in the parts (RFC 8951 ended it)",
        body(part(KEY_TYPE, KEY, encoding=None), part(CERTIFICATE_TYPE, CERTIFICATES, encoding=None)),
        "RFC 8951 3",
    )
    good(
        "enveloped",
        "The key is encrypted: smime-type=server-generated-key",
        body(
            part(
                "application/pkcs7-mime; smime-type=server-generated-key",
                base64.b64encode((v.HERE / "made/openssl-rsa.cms").read_bytes()).decode() + "\r\n",
            ),
            TWO,
        ),
        "RFC 7030 4.4.2",
    )
    good("quoted-boundary", "The boundary is quoted", body(ONE, TWO), "RFC 2046 5.1.1", content_type(quoted=True))
    odd = "a'()+_,-./:=? 9"
    good("odd-boundary", "A boundary of all characters RFC 2046 permits", body(ONE, TWO, boundary=odd), "RFC 2046 5.1.1", content_type(odd, True))
    good("boundary-1", "A boundary of one character", body(ONE, TWO, boundary="x"), "RFC 2046 5.1.1", content_type("x"))
    good("boundary-70", "A boundary of 70 characters", body(ONE, TWO, boundary="b" * 70), "RFC 2046 5.1.1", content_type("b" * 70))
    good(
        "padding",
        "White space behind the delimiters",
        body(ONE, TWO).replace(f"--{BOUNDARY}\r\n", f"--{BOUNDARY} \t\r\n").replace(f"--{BOUNDARY}--\r\n", f"--{BOUNDARY}-- \r\n"),
        "RFC 2046 5.1.1",
    )
    good("no-final-newline", "No line end behind the closing delimiter", body(ONE, TWO, close="--"), "RFC 2046 5.1.1")
    good("epilogue", "Text behind the closing delimiter", body(ONE, TWO) + "ignore me\r\n", "RFC 2046 5.1.1")
    good(
        "delimiter-in-preamble-text",
        "Dashes in the preamble that are no delimiter",
        body(ONE, TWO, preamble="-- not\r\n--estServer is not one either\r\n"),
        "RFC 2046 5.1.1",
    )
    good(
        "more-headers",
        "Further header fields in the parts, one of them folded",
        body(part(KEY_TYPE, KEY, "Content-Disposition: attachment;\r\n filename=key.p8", "X-Note: a"), TWO),
        "RFC 2046 5.1",
    )
    good(
        "upper-case",
        "Types and field names in capitals",
        body(ONE.replace("Content-Type: application/pkcs8", "CONTENT-TYPE: APPLICATION/PKCS8"), TWO),
        "RFC 2045 5.1",
    )
    good("other-parameters", "Further parameters of the media type", body(ONE, TWO), "RFC 2046 5.1", content_type(rest="; charset=utf-8"))
    good(
        "one-line-base64",
        "Each part's base64 on one line",
        body(part(KEY_TYPE, KEY.replace("\r\n", "")), part(CERTIFICATE_TYPE, CERTIFICATES.replace("\r\n", ""))),
        "RFC 8951 3.1",
    )


def other_multipart(s):
    def may(name, comment, data, clause, finding):
        s.acceptable(name, comment, data, clause, finding, tool="text", context=content_type())

    may(
        "smime-type-missing",
        "The certificate part lacks smime-type: its content tells what it is",
        body(ONE, part("application/pkcs7-mime", CERTIFICATES)),
        "RFC 7030 4.4.2",
        "keygen.smime-type",
    )
    may(
        "encoding-binary",
        "Content-Transfer-Encoding: binary over base64: RFC 8951 has receivers ignore it",
        body(part(KEY_TYPE, KEY, encoding="binary"), TWO),
        "RFC 8951 3 (INT-02)",
        "keygen.transfer-encoding",
    )

    may(
        "delimiter-junk",
        "Text behind a delimiter on its line: comparing the beginning is enough, says 5.1.1; the line is more than a delimiter, says its grammar",
        body(ONE, TWO).replace(f"--{BOUNDARY}\r\n", f"--{BOUNDARY}junk\r\n", 1),
        "RFC 2046 5.1.1",
        "multipart.boundary",
    )
    may(
        "header-space-before-colon",
        "A blank before the colon: obsolete syntax of mail, forbidden in HTTP",
        body(ONE.replace("Content-Type:", "Content-Type :"), TWO),
        "RFC 5322 4.5.8, RFC 9112 5.1",
        "multipart.part-header",
    )
    may(
        "header-100-fields",
        "A part with 100 fields: a bound is the reader's own",
        body(part(KEY_TYPE, KEY, *[f"X-{n}: y" for n in range(100)]), TWO),
        "RFC 2046 5.1",
        "multipart.size",
    )

    def bad(name, comment, data, finding, clause="RFC 2046 5.1.1", context=None):
        s.invalid(name, comment, data, clause, finding, tool="text", context=content_type() if context is None else context)

    whole = body(ONE, TWO)
    bad("empty", "No octet", "", "multipart.no-parts")
    bad("no-delimiter", "No delimiter", "nothing here\r\n", "multipart.no-parts")
    bad("close-only", "The closing delimiter alone", f"--{BOUNDARY}--\r\n", "multipart.no-parts")
    bad("other-boundary", "The body has another boundary than the header says", whole, "multipart.no-parts", context=content_type("another"))
    bad("boundary-prefix", "The header's boundary is a prefix of the body's", whole, ["multipart.boundary"], context=content_type("estServer"))
    bad("not-closed", "The closing delimiter is missing", body(ONE, TWO, close=""), "multipart.unterminated")
    bad("cut", "The body ends in the middle of the certificate", whole[: len(whole) * 3 // 4], "multipart.unterminated")
    bad("close-one-dash", "The closing delimiter lacks a dash", body(ONE, TWO, close="-\r\n"), ["multipart.boundary", "multipart.unterminated"])
    bad("boundary-missing", "The media type has no boundary", whole, "keygen.boundary", context={"content-type": "multipart/mixed"})
    bad("boundary-empty", "The boundary is empty", whole, ["multipart.boundary"], context={"content-type": 'multipart/mixed; boundary=""'})
    bad("boundary-71", "A boundary of 71 characters", body(ONE, TWO, boundary="b" * 71), "multipart.boundary", context=content_type("b" * 71))
    bad(
        "boundary-space-end",
        "A boundary that ends in a space",
        body(ONE, TWO, boundary="ab "),
        "multipart.boundary",
        context=content_type("ab ", True),
    )
    bad(
        "boundary-character",
        "A boundary with a character RFC 2046 does not permit",
        body(ONE, TWO, boundary="a*b"),
        "multipart.boundary",
        context=content_type("a*b"),
    )
    bad(
        "alternative",
        "multipart/alternative",
        whole,
        "keygen.media-type",
        "RFC 7030 4.4.2",
        {"content-type": f"multipart/alternative; boundary={BOUNDARY}"},
    )
    bad(
        "type-certs-only",
        "The media type of /simpleenroll's answer",
        whole,
        "keygen.media-type",
        "RFC 7030 4.4.2",
        {"content-type": CERTIFICATE_TYPE},
    )
    bad(
        "boundary-twice",
        "Two boundary parameters",
        whole,
        "media-type.duplicate-parameter",
        "RFC 6838 4.3",
        {"content-type": f"multipart/mixed; boundary={BOUNDARY}; boundary=other"},
    )
    bad("lf", "Lines end in LF alone", whole.replace("\r\n", "\n"), "multipart.bare-lf", "RFC 2046 5.1.1")
    bad("lf-delimiter", "One delimiter line ends in LF alone", whole.replace(f"--{BOUNDARY}\r\n", f"--{BOUNDARY}\n", 1), "multipart.bare-lf")
    bad("lf-header", "One field line ends in LF alone", whole.replace(f"{KEY_TYPE}\r\n", f"{KEY_TYPE}\n", 1), "multipart.bare-lf")
    bad(
        "header-bare-cr",
        "A bare CR inside a part's field: some readers see another field there",
        body(part(KEY_TYPE, KEY, "X-Note: a\rContent-Type: text/plain"), TWO),
        "multipart.part-header",
        "RFC 5322 2.2",
    )
    bad("header-nul", "A NUL inside a part's field", body(part(KEY_TYPE, KEY, "X-Note: a\0b"), TWO), "multipart.part-header", "RFC 5322 2.2")
    bad(
        "header-no-colon", "A field line without a colon", body(part(KEY_TYPE, KEY, "this is no field"), TWO), "multipart.part-header", "RFC 5322 2.2"
    )
    bad(
        "header-missing-blank-line",
        "No blank line between fields and base64",
        body(ONE.replace("base64\r\n\r\n", "base64\r\n"), TWO),
        "multipart.part-header",
        "RFC 2046 5.1",
    )
    bad("one-part", "The certificate is missing", body(ONE), "keygen.part-count", "RFC 7030 4.4.2")
    bad("no-key", "The key is missing", body(TWO), "keygen.part-count", "RFC 7030 4.4.2")
    bad("three-parts", "A third part", body(ONE, TWO, part("text/plain", "hello\r\n", encoding=None)), "keygen.part-count", "RFC 7030 4.4.2 (INT-28)")
    bad("two-keys", "Two keys", body(ONE, ONE), ["keygen.key-part"], "RFC 7030 4.4.2")
    bad("two-certificates", "Two certificate parts", body(TWO, TWO), ["keygen.certificate-part"], "RFC 7030 4.4.2")
    bad("hundred-parts", "A hundred parts", body(*[part("text/plain", "x", encoding=None)] * 100), "multipart.too-many-parts", "RFC 7030 4.4.2")
    bad("key-type-missing", "The key part has no media type", body(part(None, KEY), TWO), ["keygen.key-part"], "RFC 7030 4.4.2")
    bad(
        "key-type-octets",
        "The key part is application/octet-stream",
        body(part("application/octet-stream", KEY), TWO),
        ["keygen.key-part"],
        "RFC 7030 4.4.2",
    )
    bad(
        "key-pem-type",
        "The key part is application/x-pem-file",
        body(part("application/x-pem-file", KEY), TWO),
        ["keygen.key-part"],
        "RFC 7030 4.4.2",
    )
    bad(
        "certificate-type-cert",
        "The certificate part is application/pkix-cert",
        body(ONE, part("application/pkix-cert", base64.b64encode(c.device()).decode() + "\r\n")),
        ["keygen.certificate-part"],
        "RFC 7030 4.4.2",
    )
    nested = body(ONE, TWO, boundary="inner")
    bad(
        "nested",
        "Both parts are inside a multipart of their own",
        body(part("multipart/mixed; boundary=inner", nested, encoding=None)),
        "keygen.part-count",
        "RFC 7030 4.4.2",
    )


def multipart():
    s = v.Set(
        "multipart",
        "Answers to /serverkeygen",
        "takes the body apart by its Content-Type and finds one private key and one certificate part in it. What is in the parts is not looked at",
        ["RFC 7030 4.4.2", "RFC 2046 5.1", "RFC 8951 3"],
        {"content-type": "the value of the message's Content-Type"},
    )
    good_multipart(s)
    other_multipart(s)
    return s


def make():
    return [base64_forms(), pem(), media_types(), multipart(), retry_after()]
