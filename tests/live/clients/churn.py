"""Opens and closes connections all the time: churn.py IP PORT PER_SECOND.

In turn: closed here first (TIME_WAIT), reset (no trace), kept among the last 20. Prints
"ready" after the first second's worth and goes on until it is ended.
"""

import collections
import itertools
import socket
import struct
import sys
import time

KEPT = 20


def main():
    ip, port, rate = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    kept = collections.deque()
    for number in itertools.count():
        connection = socket.create_connection((ip, port))
        connection.sendall(b"e")
        kind = number % 3
        if kind == 1:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if kind == 2:
            kept.append(connection)
        else:
            connection.close()
        if len(kept) > KEPT:
            kept.popleft().close()
        if number == int(rate):
            print("ready", flush=True)
        time.sleep(1 / rate)


main()
