"""Octets printed in RFCs, kept as they stand there in rfc/."""

import base64
import pathlib

FOLDER = pathlib.Path(__file__).resolve().parent / "rfc"


def text(name):
    return (FOLDER / f"{name}.b64").read_text()


def block(name, section, number):
    return base64.b64decode(text(f"{name}-a{section}-{number}"))
