#!/usr/bin/python3
"""Changes its root to a directory, as a container's program has one of its own, and waits.

    rooted.py DIRECTORY

Prints "ready".
"""

import os
import signal
import sys

os.chroot(sys.argv[1])
os.chdir("/")
print("ready", flush=True)
signal.pause()
