#!/usr/bin/env python3
"""Prints a TCP port of loopback that is free now; with a port as argument, exits 1 when that one is taken.

Below 32768, so that no outgoing connection takes it by chance before its listener does.
"""
import random
import socket
import sys

TRIES_MAX = 200


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(('127.0.0.1', port))
        except OSError:
            return False
    return True


def main():
    if len(sys.argv) > 1:
        return 0 if is_free(int(sys.argv[1])) else 1
    for _ in range(TRIES_MAX):
        port = random.randrange(17000, 32000)
        if is_free(port):
            print(port)
            return 0
    return 1


if __name__ == '__main__':
    sys.exit(main())
