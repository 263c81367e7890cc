"""A passkey in software: makes and answers WebAuthn challenges as a browser's device does."""

import hashlib
import json
import os
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_encode

USER_PRESENT, USER_VERIFIED, HAS_CREDENTIAL = 0x01, 0x04, 0x40


class Passkey:
    """One credential of one site."""

    def __init__(self, host: str = "testserver") -> None:
        self.host = host
        self.origin = f"https://{host}"
        self.id = os.urandom(16)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.counter = 0

    def _client_data(self, kind: str, options: dict) -> bytes:
        challenge = options["publicKey"]["challenge"]
        return json.dumps(
            {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        ).encode()

    def _authenticator_data(self, flags: int, credential: bytes = b"") -> bytes:
        self.counter += 1
        site = hashlib.sha256(self.host.encode()).digest()
        return site + struct.pack(">BI", flags, self.counter) + credential

    def _answer(self, response: dict[str, bytes]) -> str:
        name = websafe_encode(self.id)
        return json.dumps(
            {
                "id": name,
                "rawId": name,
                "type": "public-key",
                "response": {k: websafe_encode(v) for k, v in response.items()},
                "clientExtensionResults": {},
            }
        )

    def create(self, options: dict) -> str:
        """The answer to ``navigator.credentials.create`` as JSON."""
        public = cbor.encode(dict(ES256.from_cryptography_key(self.key.public_key())))
        credential = b"\0" * 16 + struct.pack(">H", len(self.id)) + self.id + public
        data = self._authenticator_data(USER_PRESENT | USER_VERIFIED | HAS_CREDENTIAL, credential)
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client_data("webauthn.create", options)
        return self._answer({"clientDataJSON": client, "attestationObject": attestation})

    def get(self, options: dict) -> str:
        """The answer to ``navigator.credentials.get`` as JSON."""
        client = self._client_data("webauthn.get", options)
        data = self._authenticator_data(USER_PRESENT | USER_VERIFIED)
        signed = data + hashlib.sha256(client).digest()
        signature = self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {"clientDataJSON": client, "authenticatorData": data, "signature": signature}
        )
