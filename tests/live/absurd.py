"""Certificates that no authority would make, byte by byte (ITU-T X.690, RFC 5280)."""

import base64
import subprocess

from harness import tool

SEQUENCE, SET, INTEGER, BITS, OCTETS, TRUE = 0x30, 0x31, 0x02, 0x03, 0x04, b"\x01\x01\xff"
UTF8, PRINTABLE, TELETEX, TIME, WIDE, DNS = 0x0c, 0x13, 0x14, 0x18, 0x1e, 0x82
ECDSA_SHA256 = bytes.fromhex("06082a8648ce3d040302")
COMMON_NAME, UNIT, HOST_NAMES, CONSTRAINTS = (
    bytes.fromhex(f"0603{oid}") for oid in ("550403", "55040b", "551d11", "551d13"))
AUTHORITY = (COMMON_NAME, b"absurd CA")


def der(tag, *parts):
    content = b"".join(parts)
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + content


def name(*attributes):
    """Of (kind, value), or (kind, value, tag of the value when it is not UTF-8)."""
    return der(SEQUENCE, *(der(SET, der(SEQUENCE, kind, der(*(tag or [UTF8]), value)))
                           for kind, value, *tag in attributes))


def extension(kind, *parts):
    return der(SEQUENCE, kind, der(OCTETS, der(SEQUENCE, *parts)))


class Mint:
    """An authority in `place`, absurd.pem, with one key for all; make() is what it signs."""

    def __init__(self, place):
        self.place, self.key = place, place / "absurd.key"
        self.run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                 "-out", self.key)
        self.public = self.run("pkey", "-in", self.key, "-pubout", "-outform", "DER")
        self.write("absurd", self.sign([AUTHORITY], extension(CONSTRAINTS, TRUE)))

    def run(self, *words, **how):
        return subprocess.run([tool("openssl"), *map(str, words)], check=True, timeout=60,
                              capture_output=True, **how).stdout

    def sign(self, subject, *extensions, until=b"20991231235959Z", serial=b"\x01"):
        to_sign = der(
            SEQUENCE, der(0xa0, der(INTEGER, b"\x02")), der(INTEGER, serial),
            der(SEQUENCE, ECDSA_SHA256), name(AUTHORITY),
            der(SEQUENCE, der(TIME, b"20200101000000Z"), der(TIME, until)),
            name(*subject), self.public, der(0xa3, der(SEQUENCE, *extensions)))
        signature = self.run("dgst", "-sha256", "-sign", self.key, input=to_sign)
        return der(SEQUENCE, to_sign, der(SEQUENCE, ECDSA_SHA256),
                   der(BITS, b"\x00", signature))

    def write(self, stem, certificate):
        text = base64.encodebytes(certificate).decode()
        (self.place / f"{stem}.pem").write_text(
            f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n")

    def make(self, stem, subject, hosts=(b"localhost",), **how):
        """STEM.pem and STEM.key."""
        self.write(stem, self.sign(subject, extension(HOST_NAMES, *(
            der(DNS, host) for host in hosts)), **how))
        (self.place / f"{stem}.key").write_bytes(self.key.read_bytes())


def make_all(place):
    """{stem: the reason why one does not trust it; None: one does}."""
    mint = Mint(place)
    nul = b"localhost\0.evil.test"
    mint.make("long", [(COMMON_NAME, b"x" * 64_000)])
    mint.make("parts", [(UNIT, b"%d" % number) for number in range(3000)])
    mint.make("names", [(COMMON_NAME, b"many")],
              [b"host-%d.example" % number for number in range(3000)] + [b"localhost"])
    # OpenSSL takes no UTF8String that is none, on either side; others it does not look into.
    mint.make("bytes", [(COMMON_NAME, bytes(range(128, 256)), TELETEX),
                        (UNIT, b"\xc3\x28\xff\0", PRINTABLE), (UNIT, b"\xff\xfe\0\0", WIDE),
                        (UNIT, b"\0\xff\xc0\x80", BITS)])
    mint.make("lines", [(COMMON_NAME, b'a"b\\\n# TYPE probe_success counter\nprobe_success 7\r')],
              [b"localhost", b'x"\n\\', b"\xff\xfe"])
    mint.make("nothing", [], serial=b"\x7f" * 4000)
    mint.make("nul", [(COMMON_NAME, nul)], [nul])
    mint.make("timeless", [(COMMON_NAME, b"timeless")], until=b"some day")
    mint.make("huge", [(COMMON_NAME, b"x" * 200_000)])
    return {"long": None, "parts": None, "names": None, "bytes": None, "lines": None,
            "nothing": None, "nul": "tls_certificate", "timeless": "tls_certificate",
            "huge": "tls_handshake"}
