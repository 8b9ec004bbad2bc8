"""What every judge needs: where the double is, and its control port."""

import os
import sys

import requests

CLEAR, SECURE, CONTROL, AUTHORITY = (sys.argv + [""] * 5)[1:5]
# What this machine's environment says about authorities and proxies would win over what a client was given.
os.environ["REQUESTS_CA_BUNDLE"] = AUTHORITY
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"
SESSION = requests.Session()
SESSION.trust_env = False


def control(method, path, body=None):
    """A control request."""
    answer = SESSION.request(method, CONTROL + path, json=body)
    if answer.status_code != 200:
        raise SystemExit(answer.text)
    return answer.json() if "json" in answer.headers.get("Content-Type", "") else answer.content


def same(found, wanted):
    """Fails where two values differ."""
    if found != wanted:
        raise SystemExit(f"found {found!r}\nwanted {wanted!r}")
