"""What signing and encrypting messages costs a program in Python: bench "smime".

smime_python.py BINDING LIBRARY FILE ENTITY CERTIFICATE KEY MAILS. The binding (postkontor.py) builds, signs and encrypts messages with the file as their attachment; beside it, in this one
process and in turn, the functions of OpenSSL that `openssl cms` calls sign and encrypt the entity, which is the same attachment as it travels, made beforehand. Each on RSA or a curve, AES-256 in
CBC. Prints the milliseconds of a message, ours first, over all of them.
"""

import ctypes
import ctypes.util
import json
import sys
import time

TURN = 50
CRYPTO = ctypes.CDLL(ctypes.util.find_library("crypto"))
BINARY, DETACHED, STREAM, CRLFEOL = 0x80, 0x40, 0x1000, 0x800
GET_DATA = 3


def function(name, *arguments, result=ctypes.c_void_p):
    called = getattr(CRYPTO, name)
    called.argtypes, called.restype = arguments, result

    def checked(*values):
        outcome = called(*values)
        if result is not None and not outcome:
            raise RuntimeError(name)
        return outcome

    return checked


POINTER, INT = ctypes.c_void_p, ctypes.c_int
BIO_new_file = function("BIO_new_file", ctypes.c_char_p, ctypes.c_char_p)
BIO_new_mem_buf = function("BIO_new_mem_buf", ctypes.c_char_p, INT)
BIO_s_mem = function("BIO_s_mem")
BIO_new = function("BIO_new", POINTER)
BIO_free = function("BIO_free", POINTER, result=INT)
BIO_ctrl = function("BIO_ctrl", POINTER, INT, ctypes.c_long, POINTER, result=ctypes.c_long)
PEM_read_bio_X509 = function("PEM_read_bio_X509", POINTER, POINTER, POINTER, POINTER)
PEM_read_bio_PrivateKey = function("PEM_read_bio_PrivateKey", POINTER, POINTER, POINTER, POINTER)
CMS_sign = function("CMS_sign", POINTER, POINTER, POINTER, POINTER, ctypes.c_uint)
CMS_encrypt = function("CMS_encrypt", POINTER, POINTER, POINTER, ctypes.c_uint)
CMS_free = function("CMS_ContentInfo_free", POINTER, result=None)
SMIME_write_CMS = function("SMIME_write_CMS", POINTER, POINTER, POINTER, INT, result=INT)
EVP_aes_256_cbc = function("EVP_aes_256_cbc")
new_stack = function("OPENSSL_sk_new_null")
push = function("OPENSSL_sk_push", POINTER, POINTER, result=INT)


class Rival:
    def __init__(self, entity, certificate, key):
        with open(entity, "rb") as file:
            self.entity = file.read()
        self.certificate = PEM_read_bio_X509(BIO_new_file(certificate.encode(), b"rb"), None, None, None)
        self.key = PEM_read_bio_PrivateKey(BIO_new_file(key.encode(), b"rb"), None, None, None)
        self.recipients = new_stack()
        push(self.recipients, self.certificate)

    def message(self):
        plain = BIO_new_mem_buf(self.entity, len(self.entity))
        flags = DETACHED | STREAM | BINARY | CRLFEOL
        signed = self.written(CMS_sign(self.certificate, self.key, None, plain, flags), plain, flags)
        flags = STREAM | BINARY
        whole = self.written(CMS_encrypt(self.recipients, signed, EVP_aes_256_cbc(), flags), signed, flags)
        data = POINTER()
        message = ctypes.string_at(data, BIO_ctrl(whole, GET_DATA, 0, ctypes.byref(data)))
        BIO_free(whole)
        return message

    @staticmethod
    def written(cms, source, flags):
        out = BIO_new(BIO_s_mem())
        SMIME_write_CMS(out, cms, source, flags)
        CMS_free(cms)
        BIO_free(source)
        return out


class Ours:
    def __init__(self, binding, library, file, certificate):
        sys.path.insert(0, binding)
        import postkontor

        postkontor.load(library)
        self.host = postkontor.Host()
        smime = {
            "sign": {"certificate": certificate},
            "encrypt": {"when": "always", "certificates": [certificate], "to_self": False},
        }
        self.sender = json.dumps({"address": "anna@example.com", "smime": smime})
        self.text = {
            "to": ["anna@example.com"],
            "subject": "Rechnung",
            "attachments": [{"name": "Rechnung.bin", "part": 0}],
        }
        with open(file, "rb") as opened:
            self.part = opened.read()

    def message(self):
        return self.host.build(self.text, [self.part], self.sender)


def main():
    binding, library, file, entity, certificate, key, mails = sys.argv[1:]
    sides = Ours(binding, library, file, certificate), Rival(entity, certificate, key)
    lasted = [0.0, 0.0]
    for side in sides:
        assert b"smime-type=enveloped-data" in side.message()[:2000]
    for _ in range(int(mails) // TURN):
        for at, side in enumerate(sides):
            started = time.perf_counter()
            for _ in range(TURN):
                side.message()
            lasted[at] += time.perf_counter() - started
    for seconds in lasted:
        print(f"{seconds * 1e3 / (int(mails) // TURN * TURN):.4f}", end=" ")
    print()


main()
