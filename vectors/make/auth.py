"""HTTP authentication: challenges, credentials, and the arithmetic of Digest."""

import base64
import hashlib

import vectorset as v

SCHEME, DIGEST, BASIC = "RFC 9110 11", "RFC 7616 3", "RFC 7617 2"
QUOTED = 'Digest realm="estrealm", qop="auth", algorithm=SHA-256, nonce="1368141352"'


def challenges():
    s = v.Set(
        "challenges",
        "Values of WWW-Authenticate",
        "reads every challenge in the value",
        ["RFC 9110 11", "RFC 7617", "RFC 7616 3.3", "RFC 7030 3.2.3"],
    )
    for name, value, what in [
        ("basic", 'Basic realm="estrealm"', "Basic"),
        ("basic-charset", 'Basic realm="estrealm", charset="UTF-8"', "Basic with charset"),
        ("basic-token", "Basic realm=estrealm", "The realm as a token"),
        ("case", 'bAsIc REALM="estrealm"', "Scheme and names in any case"),
        ("digest", QUOTED, "Digest with SHA-256"),
        ("rfc7030-a3", 'Digest qop="auth", realm="estrealm", nonce="1368141352"', "The challenge of RFC 7030 A.3"),
        ("two", f'Basic realm="estrealm", {QUOTED}', "Two challenges in one value"),
        ("three", f'{QUOTED}, Digest realm="estrealm", qop="auth", algorithm=MD5, nonce="1", Basic realm="estrealm"', "Three challenges"),
        ("qop-list", 'Digest realm="r", nonce="n", qop="auth,auth-int"', "A comma inside a quoted value"),
        ("escaped", r'Basic realm="a \"quoted\" realm\\"', "Escapes in a quoted value"),
        ("scheme-only", "Negotiate", "A scheme without parameters"),
        ("token68", "Negotiate YIIBhwYJKoZIhvcS+/.-_~==", "A token68"),
        ("token68-then", 'Negotiate YII=, Basic realm="a"', "A token68 and another challenge"),
        ("empty-elements", ', Basic realm="a",, ,', "Empty list elements"),
        ("blanks", 'Basic  realm = "a" , charset\t=\t"UTF-8"', "Blanks around '=' and commas"),
        ("stale", f"{QUOTED}, stale=true", "stale"),
        ("token68-equals", "Basic realm=", "What looks like a parameter without a value is a token68"),
        ("scheme-list", "Negotiate, NTLM", "Two schemes without parameters"),
        ("realm-comma", 'Basic realm="a, Digest realm=b"', "Something like a challenge inside a quoted value"),
    ]:
        s.valid(name, what, value, SCHEME, tool="text")
    for name, value, what in [
        ("no-scheme", 'realm="estrealm"', "Parameters without a scheme"),
        ("quote-open", 'Basic realm="estrealm', "A quoted value without its end"),
        ("quote-junk", 'Basic realm="a"b', "Text behind a quoted value"),
        ("no-comma", 'Digest realm="a" nonce="b"', "No comma between parameters"),
        ("control", 'Basic realm="a\0b"', "A NUL in a quoted value"),
        ("newline", 'Basic realm="a\nb"', "A line feed in a quoted value"),
        ("scheme-quoted", '"Basic" realm="a"', "The scheme is quoted"),
        ("token68-and-parameter", 'Basic abc= realm="a"', "A token68 and a parameter"),
        ("name-quoted", 'Basic "realm"="a"', "A quoted parameter name"),
        ("comma-behind-scheme", "Basic , =a", "A parameter without a name"),
    ]:
        s.invalid(name, what, value, SCHEME, "auth.syntax", tool="text")
    s.invalid("realm-twice", "realm twice", 'Basic realm="a", realm="b"', "RFC 9110 11.2", "auth.duplicate-parameter", tool="text")
    s.invalid(
        "nonce-twice",
        "nonce twice, in other case",
        'Digest realm="a", nonce="1", NONCE="2"',
        "RFC 9110 11.2",
        "auth.duplicate-parameter",
        tool="text",
    )
    return s


def basic(text):
    return "Basic " + base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def credentials():
    s = v.Set(
        "credentials",
        "Values of Authorization: Basic",
        "reads user and password of Basic credentials",
        ["RFC 7617 2", "RFC 9110 11.4", "RFC 7030 3.2.3"],
    )
    for name, value, what in [
        ("rfc7617", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "The example of RFC 7617 2"),
        ("plain", basic("estuser:estpwd"), "User and password"),
        ("case", basic("estuser:estpwd").replace("Basic", "bASIC"), "The scheme in any case"),
        ("colon", basic("estuser:a:b:c"), "Colons in the password"),
        ("empty-password", basic("estuser:"), "An empty password"),
        ("empty-user", basic(":estpwd"), "An empty user"),
        ("both-empty", basic(":"), "Both empty"),
        ("utf-8", basic("est:gehäim"), "UTF-8 (RFC 7617 2.1)"),
        ("blanks", basic("est user: pwd "), "Blanks"),
        ("two-spaces", basic("estuser:estpwd").replace(" ", "  "), "Two spaces behind the scheme"),
        ("long", basic("u" * 300 + ":" + "p" * 300), "Six hundred characters"),
    ]:
        s.valid(name, what, value, BASIC, tool="Python base64")
    for name, value, what in [
        ("no-colon", basic("estuser"), "No colon"),
        ("nothing", "Basic", "No token68"),
        ("empty", "", "Nothing"),
        ("not-base64", "Basic est_user", "No base64"),
        ("unpadded", basic("a:b1").rstrip("="), "The padding is missing"),
        ("nul", basic("est\0user:pwd"), "A NUL in the user"),
        ("newline", basic("estuser:p\r\nwd"), "CR LF in the password"),
        ("delete", basic("estuser:\x7f"), "DEL in the password"),
        ("two", basic("a:b") + ", " + basic("c:d"), "Two credentials"),
        ("parameter", 'Basic user="a"', "A parameter instead of a token68"),
        ("plain-text", "Basic estuser:estpwd", "No base64 at all"),
        ("trailing-text", basic("a:bc") + " x", "Text behind the token68"),
        ("url-alphabet", "Basic " + base64.urlsafe_b64encode(b"a:\xfb\xff\xfe").decode(), "The URL alphabet"),
        ("tab", basic("a:b").replace(" ", "\t"), "A tab behind the scheme"),
        ("other-scheme", "Bearer YTpi", "Another scheme"),
    ]:
        s.invalid(name, what, value, BASIC, "credentials", tool="Python base64")
    return s


# --- Digest

HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256, "SHA-512-256": lambda data: hashlib.new("sha512_256", data)}


def response(algorithm, user, password, realm, nonce, method, uri, nc="00000001", cnonce="0a4f113b", qop="auth"):
    """RFC 7616 3.4.1, with hashlib."""
    base, sess = (algorithm.removesuffix("-sess"), algorithm.endswith("-sess"))

    def h(text):
        return HASHES[base](text.encode()).hexdigest()

    a1 = h(f"{user}:{realm}:{password}")
    if sess:
        a1 = h(f"{a1}:{nonce}:{cnonce}")
    a2 = h(f"{method}:{uri}")
    return h(f"{a1}:{nonce}:{nc}:{cnonce}:{qop}:{a2}" if qop else f"{a1}:{nonce}:{a2}")


EXAMPLE = {
    "user": "Mufasa",
    "password": "Circle of Life",
    "realm": "http-auth@example.org",
    "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
    "method": "GET",
    "uri": "/dir/index.html",
}
EST = {"user": "estuser", "password": "estpwd", "realm": "estrealm", "nonce": "1368141352", "method": "POST", "uri": "/.well-known/est/simpleenroll"}


def header(algorithm, of, answer, nc="00000001", cnonce="0a4f113b", qop="auth", **other):
    of = {**of, **other}
    parts = [f'username="{of["user"]}"', f'realm="{of["realm"]}"', f'uri="{of["uri"]}"', f'nonce="{of["nonce"]}"', f'response="{answer}"']
    parts += [f"algorithm={algorithm}"] if algorithm else []
    parts += [f"nc={nc}", f'cnonce="{cnonce}"', f"qop={qop}"] if qop else []
    return "Digest " + ", ".join(parts)


def challenge(algorithm, of, qop=True):
    return (
        f'Digest realm="{of["realm"]}", nonce="{of["nonce"]}"' + (f", algorithm={algorithm}" if algorithm else "") + (', qop="auth"' if qop else "")
    )


def context(algorithm, of, qop=True):
    return {"challenge": challenge(algorithm, of, qop), "user": of["user"], "password": of["password"], "method": of["method"], "target": of["uri"]}


def good_digest(s):
    example = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    for algorithm, answer in [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ]:
        assert response(algorithm, **EXAMPLE, cnonce=example) == answer
        s.valid(
            f"rfc7616-{algorithm.lower()}",
            f"The example of RFC 7616 3.9.1, {algorithm}",
            header(algorithm, EXAMPLE, answer, cnonce=example),
            "RFC 7616 3.9.1",
            tool="RFC 7616",
            context=context(algorithm, EXAMPLE),
        )
    rfc = {**EST, "password": "estpwd"}
    for algorithm in ("MD5", "SHA-256", "SHA-512-256", "MD5-sess", "SHA-256-sess", "SHA-512-256-sess"):
        s.valid(
            f"est-{algorithm.lower()}",
            f"/simpleenroll with {algorithm}",
            header(algorithm, rfc, response(algorithm, **rfc)),
            DIGEST,
            tool="Python hashlib",
            context=context(algorithm, rfc),
        )
    s.valid(
        "count-2",
        "The second use of a nonce",
        header("SHA-256", EST, response("SHA-256", **EST, nc="00000002"), "00000002"),
        "RFC 7616 3.4",
        tool="Python hashlib",
        context=context("SHA-256", EST),
    )
    s.valid(
        "no-algorithm",
        "No algorithm: it is MD5",
        header(None, EST, response("MD5", **EST)),
        "RFC 7616 3.4",
        tool="Python hashlib",
        context=context(None, EST),
    )
    s.acceptable(
        "rfc2069",
        "No qop, as in RFC 2069: MD5 only, and on the way out",
        header("MD5", EST, response("MD5", **EST, qop=""), qop=""),
        "RFC 7616 3.4.1",
        tool="Python hashlib",
        context=context("MD5", EST, False),
    )
    s.acceptable(
        "qop-quoted",
        "qop, nc and algorithm quoted, as RFC 7030 A.3 prints them; RFC 7616 3.4 says they must not be",
        header("SHA-256", EST, response("SHA-256", **EST)).replace("qop=auth", 'qop="auth"').replace("algorithm=SHA-256", 'algorithm="SHA-256"'),
        "RFC 7616 3.4",
        tool="Python hashlib",
        context=context("SHA-256", EST),
    )
    quoted = {**EST, "user": "est user, really"}
    s.valid(
        "user-comma",
        "A comma in the user",
        header("SHA-256", quoted, response("SHA-256", **quoted)),
        DIGEST,
        tool="Python hashlib",
        context=context("SHA-256", quoted),
    )
    label = {**EST, "uri": "/.well-known/est/label/simpleenroll?x=1"}
    s.valid(
        "query",
        "A label and a query in the target",
        header("SHA-256", label, response("SHA-256", **label)),
        DIGEST,
        tool="Python hashlib",
        context=context("SHA-256", label),
    )


def bad_digest(s):
    right = response("SHA-256", **EST)

    def bad(name, comment, value, clause=DIGEST, algorithm="SHA-256"):
        s.invalid(name, comment, value, clause, "digest", tool="Python hashlib", context=context(algorithm, EST))

    bad("response-bit", "One digit of the response is wrong", header("SHA-256", EST, right[:-1] + ("0" if right[-1] != "0" else "1")))
    bad("response-empty", "An empty response", header("SHA-256", EST, ""))
    bad("response-cut", "The response is 16 octets long", header("SHA-256", EST, right[:32]))
    bad("response-longer", "Two more digits behind the response", header("SHA-256", EST, right + "00"))
    bad("password", "Another password", header("SHA-256", EST, response("SHA-256", **{**EST, "password": "wrong"})))
    bad("method", "Computed for GET (libest#60)", header("SHA-256", EST, response("SHA-256", **{**EST, "method": "GET"})))
    other = {**EST, "uri": "/.well-known/est/simplereenroll"}
    bad("uri", "Computed for another operation, which uri names truly", header("SHA-256", other, response("SHA-256", **other)), "RFC 7616 3.4.6")
    bad("uri-lie", "Computed for another operation; uri names the one asked for (libest#60)", header("SHA-256", EST, response("SHA-256", **other)))
    bad("realm", "Another realm", header("SHA-256", EST, response("SHA-256", **{**EST, "realm": "other"}), realm="other"))
    bad(
        "nonce",
        "Another nonce than the challenge's",
        header("SHA-256", EST, response("SHA-256", **{**EST, "nonce": "1368141353"}), nonce="1368141353"),
        "RFC 7616 3.3",
    )
    bad("algorithm-weaker", "MD5 where the challenge offers SHA-256", header("MD5", EST, response("MD5", **EST)), "RFC 7616 3.7, 5.13")
    bad("algorithm-unknown", "An algorithm nobody knows", header("SHA-999", EST, right))
    bad("count-lie", "The response covers another nc", header("SHA-256", EST, right, "00000002"))
    bad("cnonce-lie", "The response covers another cnonce", header("SHA-256", EST, right, cnonce="other"))
    bad(
        "qop-missing",
        "The challenge has qop, the credentials do not",
        header("SHA-256", EST, response("SHA-256", **EST, qop=""), qop=""),
        "RFC 7616 3.4",
    )
    bad(
        "qop-int",
        "auth-int, which the challenge does not offer",
        header("SHA-256", EST, response("SHA-256", **EST, qop="auth-int"), qop="auth-int"),
        "RFC 7616 3.4",
    )
    whole = header("SHA-256", EST, right)
    for gone in ("username", "realm", "nonce", "uri", "response", "nc", "cnonce"):
        parts = [p for p in whole.removeprefix("Digest ").split(", ") if not p.startswith(f"{gone}=")]
        bad(f"no-{gone}", f"{gone} is missing", "Digest " + ", ".join(parts), "RFC 7616 3.4")
    bad("nc-7-digits", "nc has seven digits", header("SHA-256", EST, response("SHA-256", **EST, nc="0000001"), "0000001"), "RFC 7616 3.4")
    bad("response-twice", "response twice: which one is checked?", whole + f', response="{right}"', "RFC 9110 11.2")
    bad("basic", "Basic credentials for a Digest challenge", basic("estuser:estpwd"))


def digest():
    s = v.Set(
        "digest",
        "Values of Authorization: Digest",
        "takes the credentials as an answer to that challenge, for that request, by that user",
        ["RFC 7616 3.4", "RFC 7616 3.9.1", "RFC 7030 3.2.3"],
        {
            "challenge": "the value of WWW-Authenticate that was sent",
            "user": "the only user",
            "password": "that user's password",
            "method": "of the request",
            "target": "of the request",
        },
    )
    good_digest(s)
    bad_digest(s)
    return s


def make():
    return [challenges(), credentials(), digest()]
