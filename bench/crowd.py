#!/usr/bin/env python3
"""How est-server answers /cacerts while many connections sit there and do nothing.

usage: crowd.py URL [--idle 1000] [--silent 200] [--requests 20]

Opens --silent TCP connections that never speak and --idle TLS connections that never ask, then asks for /cacerts on new
connections. Prints the slowest answer before and with the crowd, in milliseconds, and their ratio. Exit 1 if an answer fails.
Only loopback targets are accepted.
"""
import argparse
import http.client
import ipaddress
import resource
import socket
import ssl
import sys
import time
import urllib.parse


def unverified():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def slowest(host, port, count):
    worst = 0.0
    for _ in range(count):
        start = time.monotonic()
        connection = http.client.HTTPSConnection(host, port, timeout=10, context=unverified())
        connection.request("GET", "/.well-known/est/cacerts")
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != 200 or not body:
            sys.exit(f"/cacerts answered {answer.status} with {len(body)} octets")
        worst = max(worst, time.monotonic() - start)
    return worst * 1000


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--idle", type=int, default=1000)
    parser.add_argument("--silent", type=int, default=200)
    parser.add_argument("--requests", type=int, default=20)
    options = parser.parse_args()
    url = urllib.parse.urlsplit(options.url)
    if not ipaddress.ip_address(socket.gethostbyname(url.hostname)).is_loopback:
        sys.exit("only loopback targets")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, options.idle + options.silent + 100)), hard))

    before = slowest(url.hostname, url.port, options.requests)
    crowd = [socket.create_connection((url.hostname, url.port), timeout=10) for _ in range(options.silent)]
    context = unverified()
    for _ in range(options.idle):
        crowd.append(context.wrap_socket(socket.create_connection((url.hostname, url.port), timeout=10)))
    during = slowest(url.hostname, url.port, options.requests)
    print(f"slowest /cacerts of {options.requests}: {before:.1f} ms alone, {during:.1f} ms with {options.idle} idle TLS and {options.silent} silent TCP "
          f"connections (ratio {during / before:.2f})")
    for connection in crowd:
        connection.close()


main()
