"""OData: filters, order, pages."""

import base64
import datetime
import json
import re
import urllib.parse

from .errors import Problem

TERM = re.compile(r"(?P<name>[\w/]+)\s+(?P<how>eq|ne|ge|gt|le|lt)\s+(?P<value>'(?:[^']|'')*'|[^\s()]+)", re.IGNORECASE)
CALL = re.compile(r"(?P<how>startswith|endswith|contains)\((?P<name>[\w/]+),\s*'(?P<value>(?:[^']|'')*)'\)", re.IGNORECASE)
PIECE = re.compile(
    rf"\s*(?:(?P<word>and\b|or\b|not\b|\(|\))|(?P<call>{CALL.pattern.replace('?P<how>', '?:').replace('?P<name>', '?:').replace('?P<value>', '?:')})"
    rf"|(?P<term>{TERM.pattern.replace('?P<name>', '?:').replace('?P<how>', '?:').replace('?P<value>', '?:')}))",
    re.IGNORECASE,
)
MESSAGE = {
    "isread": lambda i: i.is_read,
    "isdraft": lambda i: i.is_draft,
    "hasattachments": lambda i: i.has_attachments(),
    "subject": lambda i: i.subject,
    "internetmessageid": lambda i: i.message_id,
    "receiveddatetime": lambda i: i.received,
    "sentdatetime": lambda i: i.sent,
    "createddatetime": lambda i: i.created,
    "lastmodifieddatetime": lambda i: i.created,
    "importance": lambda i: i.importance.lower(),
    "from/emailaddress/address": lambda i: i.sender_pairs()[0][1],
    "sender/emailaddress/address": lambda i: i.sender_pairs()[0][1],
}
FOLDER = {"displayname": lambda f: f.name}


class Filter:
    """A $filter, read by descent: or, and, not, term."""

    def __init__(self, text, values):
        self.values = values
        self.names = []
        self.pieces = []
        at = 0
        while at < len(text.rstrip()):
            found = PIECE.match(text, at)
            if not found:
                raise Problem("BadRequest", f"Invalid filter clause: Syntax error at position {at} in '{text}'.")
            self.pieces.append(found)
            at = found.end()
        self.at = 0
        self.test = self.either() if self.pieces else (lambda thing: True)
        if self.at != len(self.pieces):
            raise Problem("BadRequest", f"Invalid filter clause: Syntax error in '{text}'.")

    def word(self, *wanted):
        if self.at < len(self.pieces) and (self.pieces[self.at]["word"] or "").lower() in wanted:
            self.at += 1
            return True
        return False

    def either(self):
        tests = [self.both()]
        while self.word("or"):
            tests.append(self.both())
        return lambda thing: any(test(thing) for test in tests)

    def both(self):
        tests = [self.one()]
        while self.word("and"):
            tests.append(self.one())
        return lambda thing: all(test(thing) for test in tests)

    def one(self):
        if self.word("not"):
            inner = self.one()
            return lambda thing: not inner(thing)
        if self.word("("):
            inner = self.either()
            if not self.word(")"):
                raise Problem("BadRequest", "Invalid filter clause: no closing bracket.")
            return inner
        if self.at >= len(self.pieces) or self.pieces[self.at]["word"]:
            raise Problem("BadRequest", "Invalid filter clause.")
        piece = self.pieces[self.at]
        self.at += 1
        return self.call(CALL.fullmatch(piece["call"])) if piece["call"] else self.term(TERM.fullmatch(piece["term"]))

    def value_of(self, name):
        read = self.values.get(name.lower())
        if read is None:
            raise Problem("BadRequest", f"Invalid filter clause: Could not find a property named '{name}'.")
        self.names.append(name)
        return read

    def call(self, found):
        read, wanted = self.value_of(found["name"]), found["value"].replace("''", "'").lower()
        tests = {"startswith": str.startswith, "endswith": str.endswith, "contains": str.__contains__}
        return lambda thing: tests[found["how"].lower()](read(thing).lower(), wanted)

    def term(self, found):
        read, wanted, how = self.value_of(found["name"]), literal(found["value"]), found["how"].lower()

        def test(thing):
            value = read(thing)
            value = int(value) if isinstance(value, float) else value.lower() if isinstance(value, str) else value
            if isinstance(value, bool) != isinstance(wanted, bool):
                raise Problem("BadRequest", "Invalid filter clause: A binary operator with incompatible types was detected.")
            return {
                "eq": value == wanted,
                "ne": value != wanted,
                "ge": value >= wanted,
                "gt": value > wanted,
                "le": value <= wanted,
                "lt": value < wanted,
            }[how]

        return test


def literal(text):
    if text.startswith("'"):
        return text[1:-1].replace("''", "'").lower()
    if text in ("true", "false"):
        return text == "true"
    try:
        return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())
    except ValueError:
        raise Problem("BadRequest", f"Invalid filter clause: '{text}'.") from None


def order(rows, query, names):
    """Sorts by $orderby; with a filter, its properties must come first there, in the same order."""
    wanted = [part.strip() for part in query.get("$orderby", "").split(",") if part.strip()]
    fields = [part.split()[0].lower() for part in wanted]
    if wanted and names and [name.lower() for name in names][: len(fields)] != fields:
        raise Problem("InefficientFilter", "The restriction or sort order is too complex for this operation.")
    for part, field in reversed(list(zip(wanted, fields))):
        if field not in MESSAGE:
            raise Problem("BadRequest", f"Could not find a property named '{field}'.")
        rows.sort(key=MESSAGE[field], reverse=part.lower().endswith(" desc"))
    return rows


def page(rows, request, most=1000, usual=10):
    """The rows of a page, and the link to the next one, or None."""
    query = request.query
    try:
        top, skip = int(query.get("$top", usual)), int(query.get("$skip", 0))
    except ValueError:
        raise Problem("BadRequest", "$top and $skip must be numbers.") from None
    if not 1 <= top <= most:
        raise Problem("ErrorInvalidParameter", f"Invalid value '{top}' for $top query option found. It must be between 1 and {most}.")
    found, link = rows[skip : skip + top], None
    if skip + top < len(rows):
        link = with_query(request, {**query, "$skip": str(skip + top)})
    return found, link


def with_query(request, query):
    """This request's address with another query."""
    return f"{request.origin}{request.raw_path}?{urllib.parse.urlencode(query, safe='$,()', quote_via=urllib.parse.quote)}"


def write_token(value):
    """A token that stands for a place in a list."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def read_token(text):
    """What such a token stands for."""
    try:
        return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        raise Problem("SyncStateNotFound", "The sync state generation is not found; continue with a full synchronization.") from None
