"""Refusals as Graph writes them."""

import time
import uuid

from ..web.message import Answer

STATUS = {
    "ErrorNonExistentMailbox": 404,
    "ErrorItemNotFound": 404,
    "ErrorFolderNotFound": 404,
    "ErrorAccessDenied": 403,
    "ErrorSendAsDenied": 403,
    "ErrorQuotaExceeded": 507,
    "ErrorSubmissionQuotaExceeded": 429,
    "ErrorMessageSizeExceeded": 413,
    "ErrorInvalidUser": 404,
    "MailboxNotEnabledForRESTAPI": 404,
    "InvalidAuthenticationToken": 401,
    "ErrorIrresolvableConflict": 412,
    "SyncStateNotFound": 410,
    "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize": 400,
}


class Problem(Exception):
    """A refusal: Graph's code, a sentence, and the status where it is not the usual one."""

    def __init__(self, code, text, status=None):
        super().__init__(text)
        self.code = code
        self.text = text
        self.status = status or STATUS.get(code, 400)


def refusal(problem, request):
    """The answer that refuses."""
    number = str(uuid.uuid4())
    inner = {
        "date": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()),
        "request-id": number,
        "client-request-id": request.fields.get("client-request-id", number),
    }
    fields = []
    if problem.status == 401:
        fields.append(
            (
                "WWW-Authenticate",
                'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"',
            )
        )
    return Answer.json({"error": {"code": problem.code, "message": problem.text, "innerError": inner}}, problem.status, fields)
