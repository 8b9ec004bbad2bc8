"""Refusals of the token endpoint, as Microsoft and Google write them."""

import time
import uuid

from ..web.message import Answer


class Refusal(Exception):
    """A refusal: OAuth's name of it, Microsoft's number, a sentence."""

    def __init__(self, error, number, text, status=400, more=None):
        super().__init__(text)
        self.error = error
        self.number = number
        self.text = text
        self.status = status
        self.more = more or {}

    def answer(self, is_google):
        """The answer to the client."""
        if is_google:
            status = {"authorization_pending": 428, "slow_down": 403, "access_denied": 403, "invalid_client": 401}.get(
                self.error, self.status
            )
            return Answer.json({"error": self.error, "error_description": self.text}, status)
        trace, correlation, now = uuid.uuid4(), uuid.uuid4(), time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime())
        number = f"AADSTS{self.number}: " if self.number else ""
        reply = {
            "error": self.error,
            "error_description": f"{number}{self.text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {now}",
            "error_codes": [self.number],
            "timestamp": now,
            "trace_id": str(trace),
            "correlation_id": str(correlation),
            "error_uri": f"https://login.microsoftonline.com/error?code={self.number}",
        }
        return Answer.json(reply | self.more, self.status, [("x-ms-request-id", str(trace))])
