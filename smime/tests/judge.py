"""A judge of S/MIME in Python: asn1crypto reads the structures, cryptography does the cryptography.

judge.py verify SIGNATURE CONTENT CERTIFICATE   prints the algorithms of a good signature
judge.py decrypt SEALED KEY                     writes the content to standard output
"""

import hashlib
import sys

from asn1crypto import algos, cms, core, parser, tsp, x509
from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.x509 import load_pem_x509_certificate

# Importing it makes its attributes known to cms.
assert tsp

HASHES = {"sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}


def read(path):
    with open(path, "rb") as file:
        return file.read()


def strict(kind, der):
    """Reads DER, and makes sure that it is DER."""
    value = kind.load(der, strict=True)
    assert value.dump(force=True) == der, "not DER"
    return value


def verify(signature, content, certificate):
    own = load_pem_x509_certificate(read(certificate))
    info = strict(cms.ContentInfo, read(signature))
    assert info["content_type"].native == "signed_data"
    signed = info["content"]
    assert signed["version"].native == "v1" and signed["encap_content_info"]["content_type"].native == "data"
    assert signed["encap_content_info"]["content"].native is None
    (signer,) = signed["signer_infos"]
    digest = signer["digest_algorithm"]["algorithm"].native
    assert [algorithm["algorithm"].native for algorithm in signed["digest_algorithms"]] == [digest]
    attributes = {attribute["type"].native: attribute["values"][0] for attribute in signer["signed_attrs"]}
    assert attributes["content_type"].native == "data"
    assert attributes["message_digest"].native == hashlib.new(digest, read(content)).digest()
    certificate_hash = attributes["signing_certificate_v2"]["certs"][0]["cert_hash"].native
    der = own.public_bytes(serialization.Encoding.DER)
    assert certificate_hash == hashlib.sha256(der).digest()
    named = signer["sid"].chosen
    read_own = x509.Certificate.load(der)
    assert named["issuer"].dump() == read_own.issuer.dump() and named["serial_number"].native == own.serial_number
    # The signature is over the SET OF, not over the implicit tag that it travels with.
    covered = b"\x31" + signer["signed_attrs"].dump()[1:]
    algorithm = signer["signature_algorithm"]
    value, key, name = signer["signature"].native, own.public_key(), algorithm["algorithm"].native
    if name == "rsassa_pkcs1v15":
        key.verify(value, covered, padding.PKCS1v15(), HASHES[digest]())
    elif name == "rsassa_pss":
        parameters = algorithm["parameters"]
        assert parameters["hash_algorithm"]["algorithm"].native == digest
        assert parameters["mask_gen_algorithm"]["parameters"]["algorithm"].native == digest
        mask = padding.MGF1(HASHES[digest]())
        key.verify(value, covered, padding.PSS(mask, parameters["salt_length"].native), HASHES[digest]())
    else:
        assert name == digest + "_ecdsa", name
        hashed = hashlib.new(digest, covered).digest()
        key.verify(value, hashed, ec.ECDSA(Prehashed(HASHES[digest]())))
    print(name, digest)


class SharedInfo(core.Sequence):
    """ECC-CMS-SharedInfo (RFC 5753, section 7.2)."""

    _fields = [
        ("key_info", algos.AlgorithmIdentifier),
        ("entity_u_info", core.OctetString, {"explicit": 0, "optional": True}),
        ("supp_pub_info", core.OctetString, {"explicit": 2}),
    ]


def transported(recipient, key):
    algorithm = recipient["key_encryption_algorithm"]
    encrypted = recipient["encrypted_key"].native
    if algorithm["algorithm"].native == "rsaes_oaep":
        parameters = algorithm["parameters"]
        assert parameters["hash_algorithm"]["algorithm"].native == "sha256"
        assert parameters["mask_gen_algorithm"]["parameters"]["algorithm"].native == "sha256"
        return key.decrypt(encrypted, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
    assert algorithm["algorithm"].native == "rsaes_pkcs1v15"
    return key.decrypt(encrypted, padding.PKCS1v15())


def agreed(recipient, key):
    algorithm = recipient["key_encryption_algorithm"]
    assert recipient["version"].native == "v3" and algorithm["algorithm"].dotted == "1.3.132.1.11.1"
    wrap = algorithm["parameters"].parse(algos.AlgorithmIdentifier) if isinstance(algorithm["parameters"], core.Any) else algorithm["parameters"]
    assert wrap["algorithm"].dotted == "2.16.840.1.101.3.4.1.45"
    point = recipient["originator"].chosen["public_key"].native
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(key.curve, point)
    shared = SharedInfo({"key_info": wrap, "supp_pub_info": (256).to_bytes(4, "big")}).dump()
    wrapping = X963KDF(hashes.SHA256(), 32, shared).derive(key.exchange(ec.ECDH(), theirs))
    return keywrap.aes_key_unwrap(wrapping, recipient["recipient_encrypted_keys"][0]["encrypted_key"].native)


class AuthEnvelopedData(core.Sequence):
    """RFC 5083, section 2.1, as far as it is written here."""

    _fields = [
        ("version", cms.CMSVersion),
        ("recipient_infos", cms.RecipientInfos),
        ("info", cms.EncryptedContentInfo),
        ("mac", core.OctetString),
    ]


class GcmParameters(core.Sequence):
    """RFC 5084, section 3.2."""

    _fields = [("nonce", core.OctetString), ("size", core.Integer, {"default": 12})]


def decrypt(sealed, key):
    key = serialization.load_pem_private_key(read(key), None)
    whole = parser.parse(read(sealed), strict=True)[4]
    kind = parser.parse(whole)
    kind, rest = core.ObjectIdentifier.load(kind[3] + kind[4]).dotted, whole[len(kind[3] + kind[4]):]
    body = parser.parse(rest, strict=True)[4]
    is_authenticated = kind == "1.2.840.113549.1.9.16.1.23"
    assert is_authenticated or kind == "1.2.840.113549.1.7.3", kind
    data = strict(AuthEnvelopedData if is_authenticated else cms.EnvelopedData, body)
    info = data["info"] if is_authenticated else data["encrypted_content_info"]
    (recipient,) = data["recipient_infos"]
    agrees = recipient.name == "kari"
    assert data["version"].native == ("v2" if agrees and not is_authenticated else "v0")
    content_key = (agreed if agrees else transported)(recipient.chosen, key)
    assert len(content_key) == 32 and info["content_type"].native == "data"
    algorithm, encrypted = info["content_encryption_algorithm"], info["encrypted_content"].native
    if is_authenticated:
        assert algorithm["algorithm"].dotted == "2.16.840.1.101.3.4.1.46"
        parameters = GcmParameters.load(algorithm["parameters"].dump())
        assert parameters["size"].native == 16
        mode = modes.GCM(parameters["nonce"].native, data["mac"].native)
        content = Cipher(algorithms.AES(content_key), mode).decryptor()
        content = content.update(encrypted) + content.finalize()
    else:
        assert algorithm["algorithm"].dotted == "2.16.840.1.101.3.4.1.42"
        running = Cipher(algorithms.AES(content_key), modes.CBC(algorithm["parameters"].native)).decryptor()
        content = running.update(encrypted) + running.finalize()
        missing = content[-1]
        assert 1 <= missing <= 16 and content.endswith(bytes([missing]) * missing)
        content = content[:-missing]
    sys.stdout.buffer.write(content)


if __name__ == "__main__":
    {"verify": verify, "decrypt": decrypt}[sys.argv[1]](*sys.argv[2:])
