"""From, To, Cc: what RFC 5322 allows, and what stands there instead. Nothing that stands there is dropped."""

from base64 import b64encode

from case import case, mail, octets, repair

INVALID = "header.address_invalid"
GUESSED = "header.address_guessed"
BODY = "Guten Tag\r\n"


def person(name, address, group=None):
    told = {"name": name, "address": address} if name else {"address": address}
    return told | ({"group": group} if group else {})


def told(text):
    """Somebody without an address: what stands there is told as it stands, in the name or the text."""
    return {"told": text}


def to(name, rfc, value, people, repairs=(), well=False, **more):
    repairs = [repair(code, "/to") for code in repairs]
    case("addresses", name, rfc, mail([], BODY, to=b"To: " + octets(value)), well=well, repairs=repairs, text=BODY, to=people, **more)


ANNA = person("Anna Berg", "anna@example.com")
BERTA = person(None, "berta@example.org")
for name, value, people in [
    ("bare", "berta@example.org", [BERTA]),
    ("angle", "<berta@example.org>", [BERTA]),
    ("quoted", '"Anna Berg" <anna@example.com>', [ANNA]),
    ("quoted-comma", '"Berg, Anna" <anna@example.com>, berta@example.org', [person("Berg, Anna", "anna@example.com"), BERTA]),
    ("quoted-quotes", '"Anna \\"die Chefin\\" Berg" <anna@example.com>', [person('Anna "die Chefin" Berg', "anna@example.com")]),
    ("quoted-angle", '"Anna <Berg>" <anna@example.com>', [person("Anna <Berg>", "anna@example.com")]),
    ("quoted-address", '"anna@example.com" <anna@example.com>', [person("anna@example.com", "anna@example.com")]),
    ("no-blank-before-angle", "Anna Berg<anna@example.com>", [ANNA]),
    ("list", "anna@example.com, <berta@example.org>, Carl <carl@example.com>",
     [person(None, "anna@example.com"), BERTA, person("Carl", "carl@example.com")]),
    ("list-without-blanks", "anna@example.com,berta@example.org", [person(None, "anna@example.com"), BERTA]),
    ("folded", "Anna Berg <anna@example.com>,\r\n berta@example.org,\r\n\tCarl <carl@example.com>",
     [ANNA, BERTA, person("Carl", "carl@example.com")]),
    ("folded-before-angle", "Anna Berg\r\n <anna@example.com>", [ANNA]),
    ("plus", "anna+rechnung=4711@example.com", [person(None, "anna+rechnung=4711@example.com")]),
    ("apostrophe", "o'neill@example.com", [person(None, "o'neill@example.com")]),
    ("upper-case", "Anna.Berg@Example.COM", [person(None, "Anna.Berg@Example.COM")]),
    ("punycode", "Anna Berg <anna@xn--mller-kva.example>", [person("Anna Berg", "anna@xn--mller-kva.example")]),
    ("empty-name", '"" <berta@example.org>', [BERTA]),
    ("encoded-name", "=?utf-8?Q?J=C3=BCrgen_M=C3=BCller?= <jm@example.com>", [person("Jürgen Müller", "jm@example.com")]),
    ("encoded-comma", "=?utf-8?Q?Berg=2C_Anna?= <anna@example.com>, berta@example.org", [person("Berg, Anna", "anna@example.com"), BERTA]),
    ("encoded-angle", "=?utf-8?Q?Anna_=3Cx=40y=2Eexample=3E?= <anna@example.com>", [person("Anna <x@y.example>", "anna@example.com")]),
    ("encoded-twice", "=?utf-8?Q?J=C3=BCrgen?= =?iso-8859-1?Q?_M=FCller?= <jm@example.com>", [person("Jürgen Müller", "jm@example.com")]),
    ("encoded-and-plain", "=?utf-8?Q?J=C3=BCrgen?= von Berg <jvb@example.com>", [person("Jürgen von Berg", "jvb@example.com")]),
    ("hundred", ", ".join(f"Person {n} <p{n}@example.com>" for n in range(100)), [person(f"Person {n}", f"p{n}@example.com") for n in range(100)]),
]:
    to(name, "RFC 5322 3.4", value, people, well=name not in ("quoted-address",))
for name, value, people in [
    ("group", "Vertrieb: Anna Berg <anna@example.com>, berta@example.org;",
     [ANNA | {"group": "Vertrieb"}, BERTA | {"group": "Vertrieb"}]),
    ("group-and-person", "Vertrieb: anna@example.com; , berta@example.org", [person(None, "anna@example.com", "Vertrieb"), BERTA]),
    ("group-empty", "undisclosed-recipients:;", []),
    ("comment-between", "Anna Berg (Vertrieb) <anna@example.com>", [ANNA]),
    ("domain-literal", "<anna@[192.0.2.1]>", [person(None, "anna@[192.0.2.1]")]),
    ("quoted-local", '"anna berg"@example.com', [person(None, '"anna berg"@example.com')]),
    ("quoted-local-at", 'Anna Berg <"anna@berg"@example.com>', [person("Anna Berg", '"anna@berg"@example.com')]),
]:
    to(name, "RFC 5322 3.4", value, people)
to("comment-is-name", "RFC 5322 3.4", "anna@example.com (Anna Berg)", [ANNA])
for name, value, people in [
    ("route", "<@mail.example.net,@relay.example.org:anna@example.com>", [person(None, "anna@example.com")]),
    ("route-named", "Anna Berg <@mail.example.net:anna@example.com>", [ANNA]),
    ("blanks-around-dots", "anna . berg @ example . com", [person(None, "anna.berg@example.com")]),
    ("blanks-in-angle", "Anna Berg < anna@example.com >", [ANNA]),
    ("empty-members", ", anna@example.com, , berta@example.org,", [person(None, "anna@example.com"), BERTA]),
    ("dot-in-name", "Dr. Anna B. Berg <anna@example.com>", [person("Dr. Anna B. Berg", "anna@example.com")]),
]:
    to(name, "RFC 5322 4.4", value, people)
for name, value, people in [
    ("utf8-name", "Jürgen Müller <jm@example.com>", [person("Jürgen Müller", "jm@example.com")]),
    ("utf8-address", "Jürgen <jürgen@müller.example>", [person("Jürgen", "jürgen@müller.example")]),
    ("utf8-japanese", "山田太郎 <yamada@example.jp>", [person("山田太郎", "yamada@example.jp")]),
]:
    to(name, "RFC 6532 3.2", value, people)

for name, value, people in [
    ("word", "root", [told("root")]),
    ("words", "phil, joe", [told("phil"), told("joe")]),
    ("word-in-angle", "Anna Berg <anna>", [told("anna")]),
    ("word-and-address", "phil, berta@example.org", [told("phil"), BERTA]),
    ("no-address", "MAILER-DAEMON <>", [told("MAILER-DAEMON")]),
    ("exchange-name", "/O=FIRMA/OU=BERLIN/CN=RECIPIENTS/CN=ANNA", [told("/O=FIRMA/OU=BERLIN/CN=RECIPIENTS/CN=ANNA")]),
    ("no-domain", "anna@", [told("anna@")]),
    ("no-local", "@example.com", [told("@example.com")]),
    ("name-only", '"Anna Berg"', [told("Anna Berg")]),
]:
    to(name, "RFC 5322 3.4", value, people, repairs=[INVALID])
for name, value, people in [
    ("open-quote", '"Anna Berg <anna@example.com>', [ANNA]),
    ("run-together", "anna@example.com berta@example.org", [person(None, "anna@example.com"), BERTA]),
    ("run-together-named", "Anna Berg <anna@example.com> Carl <carl@example.com>", [ANNA, person("Carl", "carl@example.com")]),
    ("semicolons", "anna@example.com; berta@example.org", [person(None, "anna@example.com"), BERTA]),
    ("semicolons-named", "Anna Berg <anna@example.com>; Carl <carl@example.com>", [ANNA, person("Carl", "carl@example.com")]),
    ("open-angle", "Anna Berg <anna@example.com", [ANNA]),
    ("double-angle", "Anna Berg <<anna@example.com>>", [ANNA]),
]:
    to(name, "RFC 5322 3.4", value, people, repairs=[GUESSED])
MAY = [GUESSED, INVALID]
to("single-quotes", "RFC 5322 3.4", "'Anna Berg' <anna@example.com>", [person("'Anna Berg'", "anna@example.com")])
to("unquoted-address-as-name", "RFC 5322 3.4", "anna@example.com <anna@example.com>",
   [person("anna@example.com", "anna@example.com")], may_repair=MAY)
to("two-dots", "RFC 5322 3.4.1", "anna..m@docomo.example", [person(None, "anna..m@docomo.example")], may_repair=MAY)
to("dot-before-at", "RFC 5322 3.4.1", "anna.@docomo.example", [person(None, "anna.@docomo.example")], may_repair=MAY)
to("group-unclosed", "RFC 5322 3.4", "Vertrieb: anna@example.com", [person(None, "anna@example.com", "Vertrieb")], may_repair=MAY)
to("encoded-in-quotes", "RFC 2047 5", '"=?utf-8?Q?J=C3=BCrgen_M=C3=BCller?=" <jm@example.com>',
   [person("Jürgen Müller", "jm@example.com")], may_repair=["header.encoded_word_invalid"])
to("encoded-long-name", "RFC 2047 2",
   "=?utf-8?B?" + b64encode("Jürgen Müller und Söhne, Großhandel für Bürobedarf".encode()).decode() + "?=\r\n <jm@example.com>",
   [person("Jürgen Müller und Söhne, Großhandel für Bürobedarf", "jm@example.com")], well=True)
to("empty", "RFC 5322 3.6.3", "", [], may_repair=MAY)

for name, value, people, codes in [
    ("from-root", "root", [told("root")], [INVALID]),
    ("from-daemon", "MAILER-DAEMON <>", [told("MAILER-DAEMON")], [INVALID]),
    ("from-two", "Anna Berg <anna@example.com>, berta@example.org", [ANNA, BERTA], []),
    ("from-run-together", "anna@example.com berta@example.org", [person(None, "anna@example.com"), BERTA], [GUESSED]),
]:
    repairs = [repair(code, "/from") for code in codes]
    case("addresses", name, "RFC 5322 3.6.2", mail([], BODY, from_="From: " + value), repairs=repairs, text=BODY, **{"from": people})

CARL, DORA = person(None, "carl@example.com"), person(None, "dora@example.com")
for field, member in [("To", "to"), ("Cc", "cc"), ("Bcc", "bcc"), ("Reply-To", "reply_to")]:
    raw = mail([f"{field}: carl@example.com", f"{field}: dora@example.com"], BODY, to=None)
    more = {member: [CARL, DORA]}
    case("addresses", "repeated-" + field.lower(), "RFC 5322 3.6", raw, repairs=[repair("header.repeated", "/" + member)], text=BODY, **more)
raw = mail(["Cc: carl@example.com, Dora <dora@example.com>", "Reply-To: Buchhaltung <buch@example.com>", "Sender: sekretariat@example.com"], BODY)
case(
    "addresses", "other-fields", "RFC 5322 3.6.2", raw, well=True, text=BODY, cc=[CARL, person("Dora", "dora@example.com")],
    reply_to=[person("Buchhaltung", "buch@example.com")], sender=[person(None, "sekretariat@example.com")],
)
case("addresses", "lower-case-fields", "RFC 5322 1.2.2", mail(["cC: carl@example.com"], BODY, to="tO: dora@example.com"), well=True,
     text=BODY, to=[DORA], cc=[CARL])
