"""Autodiscover answers in both forms, and refuses what it has to."""

import re

from .case import CLEAR, SESSION, control, same

POX = (
    '<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request><EMailAddress>{}</EMailAddress>'
    "<AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema></Request></Autodiscover>"
)


def json(query):
    answer = SESSION.get(f"{CLEAR}/autodiscover/autodiscover.json?{query}")
    return answer.status_code, answer.json().get("Url") or answer.json().get("ErrorCode")


def pox(body, auth=("anna@example.com", "Geheim-7")):
    answer = SESSION.post(f"{CLEAR}/autodiscover/autodiscover.xml", body, headers={"Content-Type": "text/xml"}, auth=auth)
    return answer.status_code, re.findall("<(EwsUrl|ErrorCode|RedirectAddr|RedirectUrl)>([^<]*)<", answer.text)


if __name__ == "__main__":
    url = f"{CLEAR}/EWS/Exchange.asmx"
    same(json("Email=anna@example.com&Protocol=EWS"), (200, url))
    same(json("Email=anna@example.com&Protocol=X"), (400, "InvalidProtocol"))
    same(json("Email=no@example.com&Protocol=EWS"), (404, "UserNotFound"))
    same(pox(POX.format("anna@example.com"), None), (401, []))
    same(pox(POX.format("anna@example.com")), (200, [("EwsUrl", url)] * 2))
    same(pox(POX.format("no@example.com")), (200, [("ErrorCode", "500")]))
    same(pox(POX.replace("EMailAddress", "Address")), (200, [("ErrorCode", "600")]))
    control("POST", "/options", {"pox": {"redirect_address": "anna@other.example"}})
    same(pox(POX.format("anna@example.com")), (200, [("RedirectAddr", "anna@other.example")]))
