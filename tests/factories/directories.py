"""A real directory server (OpenLDAP's slapd) on a free port of this machine."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from deploy.processes import free_port

BASE = "dc=example,dc=cn"
ADMIN, ADMIN_PASSWORD = f"cn=admin,{BASE}", "admin-of-the-directory"
# Where Debian's packages lie; SLAPD_ROOT names another root when they are only unpacked.
ROOT = Path(os.environ.get("SLAPD_ROOT", "/"))


def slapd() -> str | None:
    """The server's program, if this machine has it."""
    return shutil.which("slapd", path=f"{ROOT}/usr/sbin:{os.environ.get('PATH', '')}")


def _entry(uid: str, password: str) -> str:
    return (
        f"dn: uid={uid},ou=people,{BASE}\nobjectClass: inetOrgPerson\nuid: {uid}\n"
        f"cn: {uid}\nsn: {uid}\nuserPassword: {password}\n"
    )


@contextlib.contextmanager
def opened(folder: Path, people: dict[str, str]) -> Iterator[str]:
    """A directory with people (uid → password); its address."""
    (folder / "data").mkdir()
    schemas = "".join(
        f"include {ROOT}/etc/ldap/schema/{name}.schema\n"
        for name in ("core", "cosine", "inetorgperson")
    )
    (folder / "slapd.conf").write_text(
        f"{schemas}modulepath {ROOT}/usr/lib/ldap\nmoduleload back_mdb\n"
        f"database mdb\nmaxsize 10485760\nsuffix {BASE}\nrootdn {ADMIN}\n"
        f"rootpw {ADMIN_PASSWORD}\ndirectory {folder}/data\n"
        f"access to attrs=userPassword by anonymous auth by * none\n"
        f"access to * by dn.exact={ADMIN} read by * none\n"
    )
    (folder / "people.ldif").write_text(
        "\n".join(
            [
                f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: x\n"
                "dc: example\n",
                f"dn: ou=people,{BASE}\nobjectClass: organizationalUnit\nou: people\n",
                *(_entry(uid, password) for uid, password in people.items()),
            ]
        )
    )
    libraries = f"{ROOT}/usr/lib/x86_64-linux-gnu:{ROOT}/usr/lib"
    environment = {**os.environ, "LD_LIBRARY_PATH": libraries}
    config = ["-f", str(folder / "slapd.conf")]
    adding = [slapd(), "-T", "add", *config, "-l", str(folder / "people.ldif")]
    subprocess.run(adding, env=environment, check=True, capture_output=True)
    address = f"ldap://127.0.0.1:{free_port()}"
    with (folder / "slapd.log").open("w") as log:
        process = subprocess.Popen(
            [slapd(), *config, "-h", address, "-d", "0"], env=environment, stdout=log, stderr=log
        )
        try:
            _wait(address, process)
            yield address
        finally:
            process.terminate()
            process.wait()


def _wait(address: str, process: subprocess.Popen) -> None:
    import ldap

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(ldap.LDAPError):
            ldap.initialize(address).simple_bind_s(ADMIN, ADMIN_PASSWORD)
            return
        time.sleep(0.1)
    raise AssertionError("slapd did not start")
