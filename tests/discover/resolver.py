"""A client by dnspython that asks the name server of these tests.

    python3 resolver.py PORT NAME KIND [tcp]

Prints the records that the answer holds, a line each, or the name of the error.
"""

import sys

import dns.message
import dns.query
import dns.rcode


def main(port, name, kind, by="udp"):
    query = dns.message.make_query(name, kind, use_edns=False)
    ask = dns.query.tcp if by == "tcp" else dns.query.udp
    response = ask(query, "127.0.0.1", port=int(port), timeout=30)
    if response.rcode() != dns.rcode.NOERROR:
        print(dns.rcode.to_text(response.rcode()))
    for found in response.answer:
        for record in found:
            print(found.name, record.to_text())


main(*sys.argv[1:])
