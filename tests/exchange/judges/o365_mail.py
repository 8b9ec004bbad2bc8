"""O365 sends, lists, fetches, moves and deletes; and sends a large attachment by an upload session."""

import base64
import tempfile

from O365 import Account, MSGraphProtocol

from .case import CLEAR, control, same

GRAPH = "https://graph.microsoft.com"


class Protocol(MSGraphProtocol):
    """Graph at the double."""

    _protocol_url = f"{CLEAR}/"


def account(address):
    """An account whose session has a token of the double's application."""
    roles = ["Mail.Send", "Mail.ReadWrite"]
    token = control("POST", "/tokens/give", {"audience": GRAPH, "scopes": roles})["access_token"]
    found = Account(
        ("id", "secret"), auth_flow_type="credentials", tenant_id="example", main_resource=address, protocol=Protocol(api_version="v1.0")
    )
    connection = found.con
    connection.session = connection.get_naive_session()
    connection.session.headers["Authorization"] = f"Bearer {token}"

    def request(url, method, **more):
        return connection._internal_request(connection.session, url, method, **more)

    connection.oauth_request = request
    return found


def send(anna, subject, name=None, data=b""):
    message = anna.new_message()
    message.to.add("bob@example.com")
    message.bcc.add("carol@example.com")
    message.subject, message.body = subject, "<p>Hallo</p>"
    # Only files that are attached to a saved draft go by upload sessions.
    assert len(data) < 3_000_000 or message.save_draft()
    with tempfile.TemporaryDirectory() as folder:
        if name:
            path = f"{folder}/{name}"
            with open(path, "wb") as file:
                file.write(data)
            message.attachments.add(path)
        assert len(data) < 3_000_000 or message.save_draft()
        assert message.send()


def main():
    anna, bob = account("anna@example.com"), account("bob@example.com")
    send(anna, "Grüße", "klein.bin", b"klein" * 1000)
    send(anna, "Groß", "groß.bin", bytes(range(256)) * 4 * 9000)
    same(
        [(row["subject"], row["to"]) for row in control("GET", "/deliveries")],
        [("Grüße", ["bob@example.com", "carol@example.com"]), ("Groß", ["bob@example.com", "carol@example.com"])],
    )
    uploads = [entry for entry in control("GET", "/log") if entry["operation"] == "upload"]
    same([len(uploads) > 1, all(entry["status"] in (200, 201) for entry in uploads)], [True, True])
    inbox = bob.mailbox().inbox_folder()
    found = {message.subject: message for message in inbox.get_messages(limit=10, download_attachments=True)}
    same(sorted(found), ["Groß", "Grüße"])
    same([a.name for a in found["Groß"].attachments], ["groß.bin"])
    same(base64.b64decode(found["Groß"].attachments[0].content), bytes(range(256)) * 4 * 9000)
    same(b"carol" in found["Grüße"].get_mime_content(), False)
    assert found["Grüße"].mark_as_read()
    query = inbox.new_query().equals("is_read", False)
    same([message.subject for message in inbox.get_messages(query=query)], ["Groß"])
    assert found["Grüße"].move(bob.mailbox().junk_folder())
    same([message.subject for message in bob.mailbox().junk_folder().get_messages()], ["Grüße"])
    assert found["Groß"].delete()
    same([message.subject for message in inbox.get_messages()], [])
    same([message.subject for message in bob.mailbox().deleted_folder().get_messages()], ["Groß"])


if __name__ == "__main__":
    main()
