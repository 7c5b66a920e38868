#!/usr/bin/env python3
"""Ratios of one est-bench run, or of two side by side.

usage: compare.py RUN.json [OTHER.json] [--match TEXT]      (RUN.json: est-bench --benchmark_out=RUN.json --benchmark_out_format=json)

A figure is divided by its denominator of the same run: own code by OpenSSL on the same octets, handshakes, issuing and enrollments by the sum of
the primitives they cannot do without. So a slower or busier machine changes little. Of two runs the last column says how the ratio changed; this
program judges nothing and always ends with 0, unless a file cannot be read (4)."""
import argparse
import json
import sys

UNITS = {"ns": 1e-3, "us": 1.0, "ms": 1e3, "s": 1e6}


class Run:
    def __init__(self, path):
        try:
            with open(path, encoding="utf-8") as file:
                whole = json.load(file)
            self.facts = whole["context"]
            self.rows = {row["name"].removesuffix("/real_time"): row for row in whole["benchmarks"] if row.get("run_type") != "aggregate"}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            print(f"compare.py: {path} is no JSON output of est-bench: {error}", file=sys.stderr)
            sys.exit(4)

    def time(self, name):
        """CPU microseconds an iteration; None when it was not measured."""
        row = self.rows.get(name)
        return row and row["cpu_time"] * UNITS[row["time_unit"]]

    def side(self, name, side):
        row = self.rows.get(name)
        return row and row.get(f"{side}_us")

    def bound(self, *primitives):
        parts = [self.time(f"primitive/{each}") for each in primitives]
        return sum(parts) if all(parts) else None

    def ratios(self):
        """(name, figure in microseconds, ratio to its denominator)"""
        for name in self.rows:
            yield from self.ratios_of(name)

    def ratios_of(self, name):
        topic = name.split("/")[0]
        if topic == "codec" and name.endswith("/own"):
            yield from self.row(name.removesuffix("/own"), self.time(name), self.time(name.removesuffix("own") + "openssl"))
            allocs = [self.rows.get(name.removesuffix("own") + who, {}).get("allocs") for who in ("own", "openssl")]
            if allocs[1]:
                yield name.removesuffix("/own") + " allocations", None, allocs[0] / allocs[1]
        if topic == "client" and name.endswith("/own"):
            yield from self.row(name, self.side(name, "client"), self.side(name.removesuffix("own") + "openssl", "client"))
        if topic == "issue":
            # The authority does not verify the request; the others do.
            needed = ("sign/P-256",) if name.endswith("authority") else ("verify/P-256", "sign/P-256")
            yield from self.row(name, self.time(name), self.bound(*needed))
        if topic == "handshake":
            for side in ("server", "client"):
                yield from self.row(f"{name} {side}", self.side(name, side), self.bound(*handshake_needs(name.split("/")[2], side)))
        if topic == "enroll":
            yield from self.row(f"{name} server", self.side(name, "server"), self.bound(*enrollment_needs(name)))

    @staticmethod
    def row(name, value, denominator):
        if value and denominator:
            yield name, value, value / denominator


def handshake_needs(kind, side):
    """What a handshake cannot do without. kind: tls13-P-256-X25519-mutual"""
    version, rest = kind.split("-", 1)
    group = "X25519" if "X25519" in rest else ("P-384" if rest.startswith("P-384") else "P-256")
    key = "RSA-2048" if rest.startswith("RSA") else ("P-384" if rest.startswith("P-384") else "P-256")
    exchange = (f"keygen/{group}", f"derive/{group}")
    if rest.endswith("resumed"):
        return exchange if version == "tls13" else ("sha256/16K",)
    if side == "server":
        return exchange + (f"sign/{key}",) + ((f"verify/{key}",) * 2 if rest.endswith("mutual") else ())
    # The client verifies the handshake and the certificate.
    return exchange + (f"verify/{key}",) * 2 + ((f"sign/{key}",) if rest.endswith("mutual") else ())


def enrollment_needs(name):
    """Of the server: the request's signature, the certificate's, and the handshake."""
    _, login, reuse = name.split("/")
    needed = ("verify/P-256", "sign/P-256")
    if reuse == "keep-alive":
        return needed
    group = ("keygen/X25519", "derive/X25519")
    if reuse == "resumed":
        return needed + group
    return needed + group + ("sign/P-256",) + (("verify/P-256",) * 2 if login == "certificate" else ())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("run")
    parser.add_argument("other", nargs="?")
    parser.add_argument("--match", default="")
    options = parser.parse_args()
    runs = [Run(path) for path in (options.run, options.other) if path]
    for run in runs:
        print("; ".join(str(run.facts.get(key, "?")) for key in ("processor", "num_cpus", "openssl", "compiler", "estspec", "date")))
    tables = [{name: (value, ratio) for name, value, ratio in run.ratios()} for run in runs]
    for name in tables[0]:
        if options.match not in name:
            continue
        found = [table.get(name) for table in tables]
        line = f"{name:52}"
        for each in found:
            line += f" {each[0]:10.2f} us" if each and each[0] else " " * 14
            line += f" {each[1]:8.2f}" if each else f" {'-':>8}"
        if len(found) == 2 and all(found):
            line += f" {found[1][1] / found[0][1]:8.2f}x"
        print(line.rstrip())
    return 0


sys.exit(main())
