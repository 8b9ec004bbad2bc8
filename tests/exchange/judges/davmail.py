"""DavMail stands between the double and plain SMTP and IMAP: a mail goes out, arrives, is read, copied and deleted."""

import imaplib
import pathlib
import smtplib
import socket
import subprocess
import tempfile
import time

from .case import CLEAR, control, same

PROPERTIES = """davmail.server=true
davmail.mode=EWS
davmail.url={url}/EWS/Exchange.asmx
davmail.allowRemote=false
davmail.bindAddress=127.0.0.1
davmail.disableUpdateCheck=true
davmail.imapPort={imap}
davmail.smtpPort={smtp}
davmail.popPort=
davmail.caldavPort=
davmail.ldapPort=
davmail.logFilePath={folder}/davmail.log
"""
LETTER = (
    "From: anna@example.com\r\nTo: bob@example.com\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <dm@example.com>\r\n\r\nHello\r\n"
)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait_for(port, process):
    """Waits until a port is served."""
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("DavMail has ended")


def sent_and_read(smtp, imap):
    client = smtplib.SMTP("127.0.0.1", smtp)
    client.login("anna@example.com", "Geheim-7")
    same(client.sendmail("anna@example.com", ["bob@example.com", "carol@example.com"], LETTER), {})
    client.quit()
    same([sorted(row["to"]) for row in control("GET", "/deliveries")], [["bob@example.com", "carol@example.com"]])
    reader = imaplib.IMAP4("127.0.0.1", imap)
    reader.login("bob@example.com", "Geheim-7")
    same((reader.select("INBOX"), reader.search(None, "UNSEEN")), (("OK", [b"1"]), ("OK", [b"1"])))
    text = reader.fetch("1", "(BODY[])")[1][0][1]
    same((b"Message-ID: <dm@example.com>" in text, b"carol" in text), (True, False))
    same([reader.copy("1", "Trash")[0], reader.store("1", "+FLAGS", "\\Deleted")[0], reader.expunge()[0]], ["OK"] * 3)
    same((reader.select("INBOX"), reader.select("Trash")), (("OK", [b"0"]), ("OK", [b"1"])))
    reader.logout()


def main():
    smtp, imap = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        settings = pathlib.Path(folder) / "davmail.properties"
        settings.write_text(PROPERTIES.format(url=CLEAR, imap=imap, smtp=smtp, folder=folder), encoding="ascii")
        with open(f"{folder}/out", "wb") as out:
            process = subprocess.Popen(
                ["java", "-jar", "/usr/share/davmail/davmail.jar", "-server", settings], stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        try:
            wait_for(imap, process)
            sent_and_read(smtp, imap)
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
