# SPDX-License-Identifier: Apache-2.0
"""A certificate authority of the test's own, and certificates that it has signed."""
import os
import subprocess


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Certificate:
    """Files .cert and .key; whoever reads the key must own it."""

    def __init__(self, folder, name, cert):
        self.name = name
        self.cert = cert
        self.key = os.path.join(folder, f"{name}.key")

    def owned_by(self, user):
        if user is not None:
            os.chown(self.key, user.pw_uid, user.pw_gid)
        return self


class Authority:
    """ca = Authority(folder); ca.cert; ca.issue("db", "DNS:db,IP:127.0.0.1")"""

    def __init__(self, folder, name="ca"):
        self.folder = str(folder)
        self.name = name
        self.cert = os.path.join(self.folder, f"{name}.crt")
        self.key = os.path.join(self.folder, f"{name}.key")
        self._key(self.key)
        openssl("req", "-x509", "-new", "-key", self.key, "-out", self.cert, "-days", "2",
                "-subj", f"/CN={name}")

    @staticmethod
    def _key(path):
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)
        os.chmod(path, 0o600)

    def issue(self, name, alternatives=None, file=None, digest="sha256"):
        """A certificate of that common name; `file` names its files, by default the same."""
        file = file or name
        issued = Certificate(self.folder, file, os.path.join(self.folder, f"{file}.crt"))
        request = os.path.join(self.folder, f"{file}.csr")
        extensions = os.path.join(self.folder, f"{file}.ext")
        self._key(issued.key)
        openssl("req", "-new", "-key", issued.key, "-out", request, "-subj", f"/CN={name}")
        with open(extensions, "w", encoding="utf-8") as text:
            text.write(f"subjectAltName={alternatives}\n" if alternatives else "")
        openssl("x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self.key,
                "-CAcreateserial", "-out", issued.cert, "-days", "2", f"-{digest}",
                "-extfile", extensions)
        return issued
