"""What Python's email package finds of a meeting request: the message on standard input, JSON on standard output."""

import email
import email.policy
import json
import sys


def main():
    message = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.default)
    outer = next((part for part in message.walk() if part.get_content_type() == "multipart/alternative"), message)
    forms = list(outer.iter_parts()) or [outer]
    last = forms[-1]
    print(json.dumps({
        "forms": [part.get_content_type() for part in forms],
        "method": last["content-type"].params.get("method"),
        "charset": last.get_content_charset(),
        "disposition": last.get_content_disposition(),
        "calendar": last.get_content(),
        "attachments": [part.get_filename() for part in message.iter_attachments()],
        "defects": [str(defect) for part in message.walk() for defect in part.defects],
    }))


main()
