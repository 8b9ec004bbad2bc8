"""A name server by dnspython: what a foreign hand writes, with compressed names, and by TCP where 512 bytes are not enough.

    python3 nameserver.py < ZONE

ZONE is a zone file of firma.example (RFC 1035, section 5). Prints the port, and runs until it is ended.
"""

import socket
import struct
import sys
import threading

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.zone


def answer(zone, wire):
    query = dns.message.from_wire(wire)
    response = dns.message.make_response(query)
    response.flags |= dns.flags.RA
    question = query.question[0]
    name = question.name
    for _ in range(10):
        found = zone.get_rrset(name, question.rdtype)
        if found is not None:
            response.answer.append(found)
            return response
        alias = zone.get_rrset(name, dns.rdatatype.CNAME)
        if alias is None:
            break
        response.answer.append(alias)
        name = alias[0].target
    if zone.get_node(question.name) is None:
        response.set_rcode(dns.rcode.NXDOMAIN)
    return response


def datagrams(zone, udp):
    while True:
        wire, client = udp.recvfrom(4096)
        response = answer(zone, wire)
        udp.sendto(response.to_wire(max_size=512, prefer_truncation=True), client)


def streams(zone, tcp):
    while True:
        client, _ = tcp.accept()
        with client, client.makefile("rb") as stream:
            (length,) = struct.unpack("!H", stream.read(2))
            wire = answer(zone, stream.read(length)).to_wire()
            client.sendall(struct.pack("!H", len(wire)) + wire)


def main():
    zone = dns.zone.from_text(sys.stdin.read(), origin="firma.example.", relativize=False, check_origin=False)
    tcp = socket.create_server(("127.0.0.1", 0))
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(tcp.getsockname())
    threading.Thread(target=streams, args=(zone, tcp), daemon=True).start()
    print(tcp.getsockname()[1], flush=True)
    datagrams(zone, udp)


main()
