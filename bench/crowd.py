#!/usr/bin/env python3
"""How est-server answers /cacerts while many connections sit there and do nothing.

usage: crowd.py URL [--idle 1000] [--silent 200] [--half-open 500] [--slow 50] [--requests 100] [--pid N] [--most-ms 50] [--most-mib 300]

Opens --idle TLS connections that never ask, --silent TCP connections that never speak, --half-open ones that send a ClientHello and nothing
after it, and --slow ones of three kinds: a ClientHello, a head and a body of which one octet comes each second. Then asks for /cacerts on new connections. Prints p50, p99 and the slowest answer before and with
the crowd, and with --pid the server's memory. Exit 1 if an answer fails, p99 with the crowd is longer than --most-ms (a busy machine needs more),
or the memory is more than --most-mib. Only loopback targets are accepted.
"""
import argparse
import http.client
import ipaddress
import resource
import socket
import ssl
import sys
import threading
import time
import urllib.parse


def unverified():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def times(host, port, count):
    """Milliseconds of each answer, sorted; connection and handshake included."""
    all_times = []
    context = unverified()
    for _ in range(count):
        start = time.monotonic()
        connection = http.client.HTTPSConnection(host, port, timeout=10, context=context)
        connection.request("GET", "/.well-known/est/cacerts")
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != 200 or not body:
            sys.exit(f"/cacerts answered {answer.status} with {len(body)} octets")
        all_times.append(1000 * (time.monotonic() - start))
    return sorted(all_times)


def client_hello():
    """The first octets of an ordinary client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        unverified().wrap_bio(incoming, outgoing).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


class Drip(threading.Thread):
    """Sends each connection's octets one by one, an octet a second, and goes on with those that the server does not close."""

    def __init__(self):
        super().__init__(daemon=True)
        self.pairs = []
        self.ended = 0

    def run(self):
        for at in range(10000):
            time.sleep(1)
            for connection, octets in list(self.pairs):
                try:
                    connection.send(octets[at % len(octets) : at % len(octets) + 1])
                except OSError:
                    self.pairs.remove((connection, octets))
                    self.ended += 1


def open_half(address):
    connection = socket.create_connection(address, timeout=10)
    connection.sendall(client_hello())
    return connection


def open_slow(address, context, count):
    drip, hello = Drip(), client_hello()
    head = b"GET /.well-known/est/cacerts HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"x" * 5000
    body = b"POST /.well-known/est/simpleenroll HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/pkcs10\r\nContent-Length: 5000\r\n\r\n"
    for _ in range(count):
        drip.pairs.append((socket.create_connection(address, timeout=10), hello))
        drip.pairs.append((context.wrap_socket(socket.create_connection(address, timeout=10)), head))
        with_body = context.wrap_socket(socket.create_connection(address, timeout=10))
        with_body.sendall(body)
        drip.pairs.append((with_body, b"A"))
    drip.start()
    return drip


def resident_mib(process):
    with open(f"/proc/{process}/status", encoding="ascii") as status:
        return int(next(line for line in status if line.startswith("VmRSS")).split()[1]) / 1024


def describe(name, answers):
    print(f"/cacerts {name}: p50 {answers[len(answers) // 2]:.1f} ms, p99 {answers[len(answers) * 99 // 100]:.1f} ms, slowest {answers[-1]:.1f} ms")
    return answers[len(answers) * 99 // 100]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--idle", type=int, default=1000)
    parser.add_argument("--silent", type=int, default=200)
    parser.add_argument("--half-open", type=int, default=500)
    parser.add_argument("--slow", type=int, default=50)
    parser.add_argument("--requests", type=int, default=100)
    parser.add_argument("--pid", type=int)
    parser.add_argument("--most-ms", type=float, default=50)
    parser.add_argument("--most-mib", type=float, default=300)
    options = parser.parse_args()
    url = urllib.parse.urlsplit(options.url)
    if not ipaddress.ip_address(socket.gethostbyname(url.hostname)).is_loopback:
        sys.exit("only loopback targets")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, options.idle + options.silent + options.half_open + 3 * options.slow + 100)), hard))

    address = (url.hostname, url.port)
    describe("alone", times(*address, options.requests))
    memory_before = resident_mib(options.pid) if options.pid else 0
    context = unverified()
    # The others are dropped when their handshake takes too long, so they come last.
    crowd = [context.wrap_socket(socket.create_connection(address, timeout=10)) for _ in range(options.idle)]
    crowd += [socket.create_connection(address, timeout=10) for _ in range(options.silent)]
    crowd += [open_half(address) for _ in range(options.half_open)]
    drip = open_slow(address, context, options.slow)
    name = f"with {options.idle} idle TLS, {options.silent} silent TCP, {options.half_open} half-open TLS and {3 * options.slow} slow connections"
    p99 = describe(name, times(*address, options.requests))
    good = p99 <= options.most_ms
    if options.pid:
        memory = resident_mib(options.pid)
        print(f"memory: {memory_before:.1f} MiB before, {memory:.1f} MiB with them ({1024 * (memory - memory_before) / len(crowd):.1f} KiB each)")
        good = good and memory <= options.most_mib
    print(f"slow connections the server has ended by now: {drip.ended}")
    return 0 if good else 1


sys.exit(main())
