"""DER elements, right and wrong. Identifier, length and primitive values come from python-asn1crypto; only what no sound encoder
will write (lengths in a wrong form, and the like) is put together here."""

from asn1crypto import core, parser


def tlv(tag, *content):
    """One element. `tag` is the identifier octet; asn1crypto writes identifier and length."""
    return parser.emit(tag >> 6, tag >> 5 & 1, tag & 31, b"".join(content))


def seq(*content):
    return tlv(0x30, *content)


def set_(*content):
    """A SET OF in the order given."""
    return tlv(0x31, *content)


def set_of(*content):
    """A SET OF as DER sorts it (X.690 11.6)."""
    return tlv(0x31, *sorted(content))


def ctx(number, *content, constructed=True):
    return tlv((0xA0 if constructed else 0x80) | number, *content)


def oid(dotted):
    return core.ObjectIdentifier(dotted).dump()


def integer(value):
    return core.Integer(value).dump()


def octets(value):
    return core.OctetString(value).dump()


def bits(value, unused=0):
    return tlv(0x03, bytes([unused]), value)


def null():
    return core.Null().dump()


def boolean(value):
    return core.Boolean(value).dump()


def utf8(text):
    return core.UTF8String(text).dump()


def printable(text):
    return core.PrintableString(text).dump()


def ia5(text):
    return core.IA5String(text).dump()


def bmp(text):
    return core.BMPString(text).dump()


def teletex(text):
    return core.TeletexString(text).dump()


def universal(text):
    return core.UniversalString(text).dump()


def algorithm(dotted, *parameters):
    return seq(oid(dotted), *parameters)


# --- Taking apart and breaking


def header(element):
    """(identifier octets, length octets, content) of the first element, whatever form its length has."""
    at = 1
    if element[0] & 31 == 31:
        while element[at] & 0x80:
            at += 1
        at += 1
    first = element[at]
    size = 1 if first < 0x80 else 1 + (first & 0x7F)
    length = first if first < 0x80 else int.from_bytes(element[at + 1 : at + size], "big")
    return element[:at], element[at : at + size], element[at + size : at + size + length]


def content(element):
    return header(element)[2]


def children(element):
    """The elements inside a constructed one."""
    rest, found = content(element), []
    while rest:
        identifier, length, inside = header(rest)
        size = len(identifier) + len(length) + len(inside)
        found.append(rest[:size])
        rest = rest[size:]
    return found


def retag(element, identifier):
    return bytes([identifier]) + element[len(header(element)[0]) :]


def long_length(element, octets_of_length=None):
    """The length in a form longer than it need be (X.690 10.1)."""
    identifier, _, inside = header(element)
    size = octets_of_length or (len(inside).bit_length() + 7) // 8 + (1 if len(inside) >= 0x80 else 0)
    size = max(size, 1)
    return identifier + bytes([0x80 | size]) + len(inside).to_bytes(size, "big") + inside


def indefinite(element):
    """The indefinite form of BER (X.690 8.1.3.6)."""
    identifier, _, inside = header(element)
    return identifier + b"\x80" + inside + b"\x00\x00"


def indefinite_all(element):
    """Every constructed element in the indefinite form."""
    identifier, _, inside = header(element)
    if not element[0] & 0x20:
        return element
    return identifier + b"\x80" + b"".join(indefinite_all(child) for child in children(element)) + b"\x00\x00"


def with_length(element, length):
    """Another length octet in front of the same content."""
    identifier, _, inside = header(element)
    return identifier + length + inside


def nested(depth, innermost=b"", identifier=0x30):
    """Elements inside one another."""
    element = innermost
    for _ in range(depth):
        element = tlv(identifier, element)
    return element


def replace(element, path, new):
    """`element` with the descendant at `path` (child numbers) exchanged: for octets, or by a function of what was there. Lengths fit."""
    if not path:
        return new(element) if callable(new) else new
    parts = children(element)
    parts[path[0]] = replace(parts[path[0]], path[1:], new)
    return header(element)[0] + parser.emit(0, 0, 4, b"".join(parts))[1:]


def at(element, path):
    for number in path:
        element = children(element)[number]
    return element
