"""A server on this machine that answers as 企业微信 documents it, and refuses what it would."""

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

CORPORATION, AGENT, SECRET = "ww0123456789abcdef", "1000002", "secret-of-the-application"
TRUSTED = "localhost"  # the domain registered for the application (授权回调域)


@dataclass
class WeCom:
    """The vendor: its people, the tokens and codes it has given, how often it was asked."""

    colleagues: set[str]
    strangers: set[str] = field(default_factory=set)
    inside: str = ""  # who holds the phone whose 企业微信 opens a page
    tokens: set[str] = field(default_factory=set)
    codes: dict[str, str] = field(default_factory=dict)
    asked_for_token: int = 0
    spelling: str = "userid"  # or UserId, as the interface before
    address: str = ""
    broken: bool = False

    def code_for(self, person: str) -> str:
        code = secrets.token_urlsafe(24)
        self.codes[code] = person
        return code

    def gettoken(self, corpid="", corpsecret="") -> dict:
        self.asked_for_token += 1
        if corpid != CORPORATION:
            return {"errcode": 40013, "errmsg": "invalid corpid"}
        if corpsecret != SECRET:
            return {"errcode": 40001, "errmsg": "invalid credential"}
        token = secrets.token_urlsafe(32)
        self.tokens.add(token)
        return {"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": 7200}

    def getuserinfo(self, access_token="", code="") -> dict:
        if access_token not in self.tokens:
            return {"errcode": 40014, "errmsg": "invalid access_token"}
        person = self.codes.pop(code, None)  # a code serves once
        if person is None:
            return {"errcode": 40029, "errmsg": "invalid code"}
        name = self.spelling if person in self.colleagues else "openid"
        return {"errcode": 0, "errmsg": "ok", name: person}

    def back(self, redirect_uri: str, state: str, person: str) -> str:
        """Where the browser goes afterwards; who refuses brings the state alone."""
        answer = {"code": self.code_for(person)} if person else {}
        return f"{redirect_uri}?{urlencode({**answer, 'state': state})}"


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def log_message(self, *about) -> None:
        pass

    def do_GET(self) -> None:
        place, asked = urlsplit(self.path), {}
        for name, values in parse_qs(place.query, keep_blank_values=True).items():
            asked[name] = values[0]
        vendor = self.server.vendor
        if vendor.broken:
            return self._answer(502, "text/html; charset=utf-8", "<h1>Bad gateway</h1>")
        if place.path == "/cgi-bin/gettoken":
            return self._json(vendor.gettoken(**asked))
        if place.path == "/cgi-bin/auth/getuserinfo":
            return self._json(vendor.getuserinfo(**asked))
        person = asked.pop("scanned_by", vendor.inside)
        if not self._is_allowed(place.path, asked):
            return self._answer(200, "text/html; charset=utf-8", "该链接无法访问")
        if place.path == "/wwlogin/sso/login" and "scanned" not in asked:
            return self._answer(200, "text/html; charset=utf-8", "请使用企业微信扫描二维码登录")
        self.send_response(302)
        self.send_header("Location", vendor.back(asked["redirect_uri"], asked["state"], person))
        self.end_headers()
        return None

    def _is_allowed(self, path: str, asked: dict[str, str]) -> bool:
        wanted = {"appid": CORPORATION, "agentid": AGENT}
        if path == "/wwlogin/sso/login":
            wanted |= {"login_type": "CorpApp"}
        elif path == "/connect/oauth2/authorize":
            wanted |= {"response_type": "code", "scope": "snsapi_base"}
        else:
            return False
        at_home = urlsplit(asked.get("redirect_uri", "")).hostname == TRUSTED
        return at_home and all(asked.get(name) == value for name, value in wanted.items())

    def _json(self, told: dict) -> None:
        self._answer(200, "application/json; charset=UTF-8", json.dumps(told))

    def _answer(self, status: int, kind: str, text: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    vendor: WeCom


@contextmanager
def opened(vendor: WeCom) -> Iterator[WeCom]:
    """The vendor's server on a free loopback port."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.vendor = vendor
    vendor.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield vendor
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def variables(vendor: WeCom) -> dict[str, str]:
    """How a host names this vendor."""
    return {
        "WECOM_CORP_ID": CORPORATION,
        "WECOM_AGENT_ID": AGENT,
        "WECOM_SECRET": SECRET,
        "WECOM_API_URL": vendor.address,
        "WECOM_LOGIN_URL": f"{vendor.address}/wwlogin/sso/login",
        "WECOM_INSIDE_URL": f"{vendor.address}/connect/oauth2/authorize",
    }
