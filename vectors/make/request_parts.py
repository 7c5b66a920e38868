"""Certification requests put together by hand, so that each part can be made wrong; the rest comes from python-asn1crypto."""

from asn1crypto import x509 as _x509

import octets as o
import vectorset as v

CN, C, L, ST, O, OU, SERIAL, EMAIL = "2.5.4.3", "2.5.4.6", "2.5.4.7", "2.5.4.8", "2.5.4.10", "2.5.4.11", "2.5.4.5", "1.2.840.113549.1.9.1"
DC, UID = "0.9.2342.19200300.100.1.25", "0.9.2342.19200300.100.1.1"
CHALLENGE_PASSWORD, EXTENSION_REQUEST = "1.2.840.113549.1.9.7", "1.2.840.113549.1.9.14"
SMIME_CAPABILITIES, CHANGE_SUBJECT_NAME = "1.2.840.113549.1.9.15", "1.3.6.1.5.5.7.7.36"
DECRYPT_KEY_ID, ASYMMETRIC_DECRYPT_KEY_ID = "1.2.840.113549.1.9.16.2.37", "1.2.840.113549.1.9.16.2.54"
OTP_CHALLENGE, REVOCATION_CHALLENGE, EST_IDENTITY_LINKING = (f"1.2.840.113549.1.9.16.2.{n}" for n in (56, 57, 58))
ECDSA_SHA256, ECDSA_SHA384 = "1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3"
SHA256_RSA, SHA1_RSA, RSA_PSS = "1.2.840.113549.1.1.11", "1.2.840.113549.1.1.5", "1.2.840.113549.1.1.10"
SAN, KEY_USAGE, EXTENDED_KEY_USAGE, BASIC_CONSTRAINTS = "2.5.29.17", "2.5.29.15", "2.5.29.37", "2.5.29.19"
ALGORITHMS = {
    "ec": o.algorithm(ECDSA_SHA256),
    "ec384": o.algorithm(ECDSA_SHA384),
    "ca": o.algorithm(ECDSA_SHA256),
    "rsa": o.algorithm(SHA256_RSA, o.null()),
    "ed25519": o.algorithm("1.3.101.112"),
    "ed448": o.algorithm("1.3.101.113"),
}


def pair(type_, value):
    return o.seq(o.oid(type_), value)


def rdn(type_, value):
    return o.set_(pair(type_, value))


def dn(**parts):
    return _x509.Name.build(parts).dump()


DEVICE = dn(country_name="DE", organization_name="Acme", common_name="device-1")


def attribute(type_, *values):
    return o.seq(o.oid(type_), o.set_(*values))


def extension(type_, value, critical=b""):
    return o.seq(o.oid(type_), critical, o.octets(value))


def extension_request(*extensions):
    return attribute(EXTENSION_REQUEST, o.seq(*extensions))


def general_names(*names):
    return _x509.GeneralNames([_x509.GeneralName(kind, value) for kind, value in names]).dump()


DNS = extension(SAN, general_names(("dns_name", "device-1.example.com")))
PASSWORD = attribute(CHALLENGE_PASSWORD, o.printable("dGx6LXVuaXF1ZQ=="))


def attributes(*parts, order=True):
    """[0] IMPLICIT SET OF Attribute."""
    return o.ctx(0, *(sorted(parts) if order else parts))


def info(subject=DEVICE, key="ec", attrs=None, version=None, spki=None):
    return o.seq(o.integer(0) if version is None else version, subject, spki or v.spki(key), attributes() if attrs is None else attrs)


def signed(inside, key="ec", algorithm=None):
    return o.seq(inside, algorithm or ALGORITHMS[key], o.bits(v.sign(key, inside)))


def request(*attrs, key="ec", **parts):
    return signed(info(key=key, attrs=attributes(*attrs), **parts), key)
