#!/usr/bin/python3
"""A server's side of NTLMv2, written from MS-NLMP and knowing nothing of Postkontor.

It speaks what Samba's ntlm_auth calls squid-2.5-ntlmssp: "YR" with the client's first message is answered by "TT" and a challenge,
"KK" with its last one by "AF user" or "NA reason". Besides the proof it verifies the integrity code, and writes a line of JSON about each login to
the log. The file of the same name with ".json" appended says who may log in:

    {"users": {"anna": "password"}, "log": "path", "certificate": "path of a PEM file", "timestamp": true, "info": true}

MD4, which today's OpenSSL lacks, is written out (RFC 1320).
"""
import base64
import collections
import hashlib
import hmac
import json
import os
import struct
import sys
import time

NTLMSSP = b"NTLMSSP\0"
UNICODE, REQUEST_TARGET, NTLM, ALWAYS_SIGN, SESSION, TARGET_INFO, VERSION = 1, 4, 0x200, 0x8000, 0x80000, 0x800000, 0x2000000


def md4(data):
    def left(value, count):
        value &= 0xFFFFFFFF
        return (value << count | value >> (32 - count)) & 0xFFFFFFFF

    rounds = (
        (lambda x, y, z: x & y | ~x & z, 0, range(16), (3, 7, 11, 19)),
        (lambda x, y, z: x & y | x & z | y & z, 0x5A827999, [i % 4 * 4 + i // 4 for i in range(16)], (3, 5, 9, 13)),
        (lambda x, y, z: x ^ y ^ z, 0x6ED9EBA1, (0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15), (3, 9, 11, 15)),
    )
    state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
    padded = data + b"\x80" + b"\0" * ((55 - len(data)) % 64) + struct.pack("<Q", len(data) * 8)
    for start in range(0, len(padded), 64):
        words = struct.unpack("<16I", padded[start:start + 64])
        a, b, c, d = state
        for function, constant, order, shifts in rounds:
            for index, word in enumerate(order):
                a, b, c, d = d, left(a + function(b, c, d) + words[word] + constant, shifts[index % 4]), b, c
        state = [(old + new) & 0xFFFFFFFF for old, new in zip(state, (a, b, c, d))]
    return struct.pack("<4I", *state)


assert md4(b"abc").hex() == "a448017aaf21d8525fc10ae87aa6729d"


def mac(key, *pieces):
    return hmac.new(key, b"".join(pieces), hashlib.md5).digest()


def pairs(names):
    """The attributes, each once, up to the end mark."""
    found, at = {}, 0
    while True:
        kind, length = struct.unpack_from("<HH", names, at)
        if kind == 0:
            return found
        assert kind not in found, "an attribute comes twice"
        found[kind] = names[at + 4:at + 4 + length]
        assert len(found[kind]) == length
        at += 4 + length


def expected_binding(path):
    """MD5 of the structure that has the SHA-256 of the first certificate in a PEM file."""
    with open(path, encoding="ascii") as file:
        body = file.read().split("-----BEGIN CERTIFICATE-----")[1].split("-----END")[0]
    data = b"tls-server-end-point:" + hashlib.sha256(base64.b64decode(body)).digest()
    return hashlib.md5(struct.pack("<IIIII", 0, 0, 0, 0, len(data)) + data).digest()


class Login:
    def __init__(self, settings, negotiate):
        self.negotiate = negotiate
        assert negotiate[:8] == NTLMSSP and struct.unpack_from("<I", negotiate, 8) == (1,)
        (asked,) = struct.unpack_from("<I", negotiate, 12)
        for needed in (UNICODE, REQUEST_TARGET, NTLM, SESSION):
            assert asked & needed, "a flag is missing"
        self.nonce = os.urandom(8)
        flags = UNICODE | REQUEST_TARGET | NTLM | asked & (ALWAYS_SIGN | SESSION | VERSION)
        names = b""
        if settings.get("info", True):
            flags |= TARGET_INFO
            domain, server = "EXAMPLE".encode("utf-16le"), "MAIL".encode("utf-16le")
            attributes = [(2, domain), (1, server), (6, struct.pack("<I", 0))]
            if settings.get("timestamp", True):
                attributes.append((7, struct.pack("<Q", int(time.time() * 10**7) + 116444736000000000)))
            names = b"".join(struct.pack("<HH", kind, len(value)) + value for kind, value in attributes + [(0, b"")])
        target = "EXAMPLE".encode("utf-16le")
        self.challenge = NTLMSSP + struct.pack("<IHHII", 2, len(target), len(target), 56, flags) + self.nonce + bytes(8)
        self.challenge += struct.pack("<HHI", len(names), len(names), 56 + len(target)) + bytes(8) + target + names

    def answers(self, key, proof, blob):
        """Whether the proof is one for this login's challenge."""
        return hmac.compare_digest(mac(key, self.nonce, blob), proof)


class Logins:
    """Those that have their challenge and have not answered it. Dovecot has one judge for all, asks it about several at a time, and does not say
    which of them a message belongs to: the challenge that it answers does."""

    def __init__(self, settings):
        self.settings, self.waiting = settings, collections.deque(maxlen=1000)

    def begin(self, negotiate):
        """The challenge."""
        self.waiting.append(Login(self.settings, negotiate))
        return self.waiting[-1].challenge

    def verify(self, message):
        """The user's name, and what is worth logging; fails for whatever is wrong."""
        assert message[:8] == NTLMSSP and struct.unpack_from("<I", message, 8) == (3,)

        def field(at):
            length, room, start = struct.unpack_from("<HHI", message, at)
            assert length == room and start >= 88 and start + length <= len(message)
            return message[start:start + length]

        older, newer, domain, user = field(12), field(20), field(28).decode("utf-16le"), field(36).decode("utf-16le")
        assert field(52) == b"", "no session key was asked for"
        name = user.split("@")[0]
        password = self.settings["users"].get(name)
        assert password is not None, "no such user"
        # Windows raises letters one by one.
        upper = "".join(c.upper() if len(c.upper()) == 1 else c for c in user)
        key = mac(md4(password.encode("utf-16le")), upper.encode("utf-16le"), domain.encode("utf-16le"))
        proof, blob = newer[:16], newer[16:]
        login = next((login for login in self.waiting if login.answers(key, proof, blob)), None)
        assert login is not None, "wrong password"
        self.waiting.remove(login)
        assert blob[:8] == bytes((1, 1, 0, 0, 0, 0, 0, 0)) and blob[24:28] == bytes(4)
        (said,) = struct.unpack_from("<Q", blob, 8)
        assert abs(said - 116444736000000000 - time.time() * 10**7) < 600 * 10**7, "another time"
        given = pairs(blob[28:])
        if 7 in given:
            assert older == bytes(24), "the older response is not for us"
        else:
            assert mac(key, login.nonce, older[16:]) == older[:16], "the older response is wrong"
        assert struct.unpack("<I", given[6])[0] & 2, "an integrity code is not announced"
        session = mac(key, proof)
        code = mac(session, login.negotiate, login.challenge, message[:72] + bytes(16) + message[88:])
        assert hmac.compare_digest(code, message[72:88]), "wrong integrity code"
        binding = given[10]
        certificate = self.settings.get("certificate")
        if binding == bytes(16):
            bound = "none"
        else:
            bound = "certificate" if certificate and binding == expected_binding(certificate) else "other"
        target, machine = given.get(9, b"").decode("utf-16le"), field(44).decode("utf-16le")
        return name, {"domain": domain, "user": user, "machine": machine, "target": target, "binding": bound}


def main():
    with open(sys.argv[0] + ".json", encoding="utf-8") as file:
        settings = json.load(file)
    logins = Logins(settings)
    for line in sys.stdin:
        word, _, message = line.strip().partition(" ")
        try:
            message = base64.b64decode(message, validate=True)
            if word == "YR":
                answer = "TT " + base64.b64encode(logins.begin(message)).decode()
            else:
                assert word == "KK"
                name, facts = logins.verify(message)
                answer = "AF " + name
                with open(settings["log"], "a", encoding="utf-8") as log:
                    log.write(json.dumps(facts) + "\n")
        except (AssertionError, ValueError, KeyError, IndexError, struct.error) as error:
            answer = "NA " + (str(error) or "malformed")
        print(answer, flush=True)


if __name__ == "__main__":
    main()
