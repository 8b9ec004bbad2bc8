"""The door of Graph: from HTTP to what is asked for."""

from ..web.message import Answer


def operation(request):
    """The name of what is asked for, as faults and the log have it."""
    return request.path.rsplit("/", 1)[-1]


def answer(_double, _request, _entry):
    """Answers a request below /v1.0/."""
    return Answer(404)
