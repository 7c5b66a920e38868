"""What the scripts of this folder share: a list of vectors of one type, signatures, and results of tools that are not the same twice."""

import base64
import hashlib
import json
import pathlib
import re
import subprocess

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent
RESULTS = ("valid", "acceptable", "invalid")


class Set:
    """All vectors of one type. `accepting` says what a program does that accepts an input."""

    def __init__(self, type_, title, accepting, clauses, context=None):
        self.type, self.title, self.accepting, self.clauses, self.context = type_, title, accepting, clauses, context or {}
        self.vectors = []

    def add(self, result, name, comment, data, clause, findings=(), tool="python3-asn1crypto", context=None, decoded=None):
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name), name
        data = data.encode("latin-1") if isinstance(data, str) else bytes(data)
        vector = {
            "id": f"{self.type.replace('_', '-')}-{name}",
            "result": result,
            "comment": comment,
            "clause": clause,
            "findings": [findings] if isinstance(findings, str) else list(findings),
            "tool": tool,
            "input": base64.b64encode(data).decode(),
        }
        if context is not None:
            vector["context"] = context
        if decoded is not None:
            vector["decoded"] = base64.b64encode(decoded).decode()
        self.vectors.append(vector)
        return data

    def valid(self, name, comment, data, clause, findings=(), **more):
        return self.add("valid", name, comment, data, clause, findings, **more)

    def acceptable(self, name, comment, data, clause, findings=(), **more):
        return self.add("acceptable", name, comment, data, clause, findings, **more)

    def invalid(self, name, comment, data, clause, findings, **more):
        return self.add("invalid", name, comment, data, clause, findings, **more)

    def document(self):
        document = {"version": 1, "type": self.type, "title": self.title, "accepting": self.accepting, "clauses": self.clauses}
        if self.context:
            document["context"] = self.context
        document["vectors"] = self.vectors
        return json.dumps(document, indent=1) + "\n"


# --- Things made once. A tool that draws random numbers makes something else each time; what it made is kept in made/.

frozen = False  # nothing may be made: a comparison is going on


def must_be_there(name):
    if frozen:
        raise SystemExit(f"vectors/make/made/{name} lacks something; run vectors/make/all and commit what it made")


def kept(name, make):
    """The octets kept under this name; made and written when there are none."""
    file = HERE / "made" / name
    if not file.exists():
        must_be_there(name)
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(make())
    return file.read_bytes()


def openssl(*arguments, stdin=b""):
    return subprocess.run(["openssl", *arguments], input=stdin, check=True, capture_output=True, cwd=HERE).stdout


# --- Keys and signatures


def key(name):
    return serialization.load_pem_private_key((HERE / "keys" / f"{name}.pem").read_bytes(), None)


def spki(name):
    return key(name).public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


SIGNATURES = HERE / "made" / "signatures.txt"


def _signatures():
    if not hasattr(_signatures, "known"):
        lines = SIGNATURES.read_text().split("\n") if SIGNATURES.exists() else []
        _signatures.known = dict(line.split(" ") for line in lines if line)
    return _signatures.known


def sign(name, data, digest=None, pss=False):
    """A signature by that key. RSA (PKCS #1 v1.5) and EdDSA give the same each time; those of ECDSA and PSS are kept."""
    private = key(name)
    digest = digest or hashes.SHA256()
    if name.startswith("ed"):
        return private.sign(data)
    if name.startswith("rsa") and not pss:
        return private.sign(data, padding.PKCS1v15(), digest)
    label = hashlib.sha256(f"{name} {digest.name} {pss} ".encode() + data).hexdigest()[:40]
    known = _signatures()
    if label not in known:
        must_be_there(SIGNATURES.name)
        how = (padding.PSS(padding.MGF1(digest), digest.digest_size), digest) if pss else (ec.ECDSA(digest),)
        known[label] = private.sign(data, *how).hex()
        SIGNATURES.parent.mkdir(exist_ok=True)
        SIGNATURES.write_text("".join(f"{k} {v}\n" for k, v in sorted(known.items())))
    return bytes.fromhex(known[label])
