"""Autodiscover: v2 as JSON without a login, POX with one."""

from lxml import etree

from .entra import login
from .ews.schema import Violation, parse
from .ews.soap import escape
from .web.message import Answer

POX = (
    '<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">'
    '<Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">{inside}</Response></Autodiscover>'
)
ERROR = (
    '<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"><Response>'
    '<Error Time="12:00:00.0000000" Id="1"><ErrorCode>{code}</ErrorCode><Message>{text}</Message><DebugData /></Error></Response></Autodiscover>'
)


def answer(double, request, entry):
    """Answers a request below /autodiscover/."""
    path = request.path.lower()
    if path.startswith("/autodiscover/autodiscover.json"):
        return json_answer(double, request)
    if path != "/autodiscover/autodiscover.xml":
        return Answer(404)
    caller = login.identify(double, request)
    if isinstance(caller, Answer):
        return caller
    entry["user"] = caller.name
    if request.method != "POST":
        return Answer(200, ERROR.format(code=600, text="Invalid Request").encode(), kind="text/xml; charset=utf-8")
    try:
        root = parse(request.body)
        double.schemas.validate(double.schemas.autodiscover, root)
    except (etree.XMLSyntaxError, Violation) as problem:
        return Answer(200, ERROR.format(code=600, text=f"Invalid Request: {escape(str(problem))}").encode(), kind="text/xml; charset=utf-8")
    return pox(double, request, root)


def json_answer(double, request):
    query = {name.lower(): value for name, value in request.query.items()}
    address = query.get("email") or request.path.rpartition("/v1.0/")[2]
    protocol = query.get("protocol", "").lower()
    if not address or "@" not in address:
        return Answer.json({"ErrorCode": "MandatoryParameterMissing", "ErrorMessage": "A valid smtp address must be provided"}, 400)
    urls = {
        "ews": f"{request.origin}/EWS/Exchange.asmx",
        "autodiscoverv1": f"{request.origin}/autodiscover/autodiscover.xml",
        "rest": f"{request.origin}/api",
    }
    if protocol not in urls:
        text = (
            f"The given protocol value '{query.get('protocol', '')}' is invalid. Supported values are 'Rest,ActiveSync,EWS,AutodiscoverV1'."
        )
        return Answer.json({"ErrorCode": "InvalidProtocol", "ErrorMessage": text}, 400)
    if address.lower() not in double.organisation.mailboxes:
        return Answer.json({"ErrorCode": "UserNotFound", "ErrorMessage": f"The given user is not found. {address}"}, 404)
    names = {"ews": "EWS", "autodiscoverv1": "AutodiscoverV1", "rest": "REST"}
    return Answer.json({"Protocol": names[protocol], "Url": urls[protocol]})


def pox(double, request, root):
    address = next((found.text.strip().lower() for found in root.iter("{*}EMailAddress") if found.text), "")
    if address not in double.organisation.mailboxes:
        return Answer(200, ERROR.format(code=500, text="The email address can't be found.").encode(), kind="text/xml; charset=utf-8")
    wanted = double.options.get("pox", {})
    account = "<Account><AccountType>email</AccountType><Action>{}</Action>{}</Account>"
    if "redirect_address" in wanted:
        inside = account.format("redirectAddr", f"<RedirectAddr>{wanted['redirect_address']}</RedirectAddr>")
    elif "redirect_url" in wanted:
        inside = account.format("redirectUrl", f"<RedirectUrl>{wanted['redirect_url']}</RedirectUrl>")
    else:
        url = f"{request.origin}/EWS/Exchange.asmx"
        user = f"<User><DisplayName>{escape(double.organisation.mailboxes[address].name)}</DisplayName><AutoDiscoverSMTPAddress>{address}</AutoDiscoverSMTPAddress></User>"
        protocols = "".join(
            f"<Protocol><Type>{kind}</Type><Server>exchange.example.com</Server><ASUrl>{url}</ASUrl><EwsUrl>{url}</EwsUrl></Protocol>"
            for kind in ("EXCH", "EXPR")
        )
        inside = user + account.format("settings", protocols)
    return Answer(200, POX.format(inside=inside).encode(), kind="text/xml; charset=utf-8")
