"""Debian packages and what stands in for them. Standard library only."""

import contextlib
import glob
import importlib.util
import os
import shutil
import sys

from deploy.steps import BUILD, Failed, run

FONT_PATTERNS = (
    "/usr/share/fonts/**/NotoSansCJK*",
    "/usr/share/fonts/**/NotoSansSC*",
    "/usr/share/fonts/**/SourceHanSans*",
    "/usr/share/fonts/**/wqy-*",
    str(BUILD / "fonts" / "*.ttf"),
)


def has_venv() -> bool:
    """Debian splits ensurepip off into python3-venv."""
    return bool(importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"))


def venv_package() -> str:
    """The Debian package that completes this interpreter."""
    return f"python3.{sys.version_info.minor}-venv"


def has_program(variable: str, default: str) -> bool:
    return shutil.which(os.environ.get(variable) or default) is not None


def has_font() -> bool:
    return any(glob.glob(pattern, recursive=True) for pattern in FONT_PATTERNS)


def lacking() -> "list[str]":
    """Debian packages whose purpose nothing on this machine serves yet."""
    packages = []
    if not has_venv():
        packages.append(venv_package())
    if not (has_program("FFMPEG_BIN", "ffmpeg") and has_program("FFPROBE_BIN", "ffprobe")):
        packages.append("ffmpeg")
    if not has_font():
        packages.append("fonts-noto-cjk")
    if not shutil.which("espeak-ng"):
        packages.append("espeak-ng")
    return packages


def can_install() -> bool:
    """Whether Debian packages can be installed: root, with apt."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: "list[str]") -> "list[str]":
    """Install Debian packages; returns those that could not be had."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-y", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    options = ["--no-install-recommends"]
    run([*apt, "update"], what="更新软件包目录（apt-get update）", env=environment)
    try:
        run([*apt, "install", *options, *packages], what="安装软件包", env=environment)
        return []
    except Failed:
        if len(packages) == 1:
            return packages
    refused = []
    for package in packages:
        try:
            run([*apt, "install", *options, package], what=f"安装 {package} ", env=environment)
        except Failed:
            refused.append(package)
    return refused


@contextlib.contextmanager
def services_held_back():
    """Debian starts servers when it installs them; here they are started by us, elsewhere."""
    policy = "/usr/sbin/policy-rc.d"
    if os.path.exists(policy):
        yield
        return
    with open(policy, "w") as handle:
        handle.write("#!/bin/sh\nexit 101\n")
    os.chmod(policy, 0o755)
    try:
        yield
    finally:
        os.unlink(policy)
