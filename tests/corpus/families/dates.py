"""The Date field: what RFC 5322 allows, what programs write instead, and what is no date."""

from case import case, mail, repair

INVALID = [repair("header.date_invalid", "/date")]
GUESSED = [repair("header.date_guessed", "/date")]


def date(name, rfc, value, read, repairs=(), well=False, **more):
    members = dict(more)
    if read != "":
        members["date"] = read
    raw = mail([], "Guten Tag\r\n", date="Date: " + value)
    case("dates", name, rfc, raw, well=well, repairs=repairs, text="Guten Tag\r\n", date_raw=value, **members)


TEN = "2026-11-20T10:00:00"
# Allowed by RFC 5322 3.3 and 4.3.
for name, value, read in [
    ("no-weekday", "20 Nov 2026 10:00:00 +0100", TEN + "+01:00"),
    ("one-digit-day", "Sun, 1 Nov 2026 10:00:00 +0100", "2026-11-01T10:00:00+01:00"),
    ("two-blanks", "Sun,  1 Nov 2026  10:00:00  +0100", "2026-11-01T10:00:00+01:00"),
    ("zero-day", "Sun, 01 Nov 2026 10:00:00 +0100", "2026-11-01T10:00:00+01:00"),
    ("west", "Fri, 20 Nov 2026 10:00:00 -0530", TEN + "-05:30"),
    ("quarter-hour", "Fri, 20 Nov 2026 10:00:00 +0545", TEN + "+05:45"),
    ("far-east", "Fri, 20 Nov 2026 10:00:00 +1400", TEN + "+14:00"),
    ("zero-zone", "Fri, 20 Nov 2026 10:00:00 +0000", TEN + "+00:00"),
    ("unknown-zone", "Fri, 20 Nov 2026 10:00:00 -0000", TEN + "+00:00"),
    ("midnight", "Fri, 20 Nov 2026 00:00:00 +0100", "2026-11-20T00:00:00+01:00"),
    ("last-second", "Thu, 31 Dec 2026 23:59:59 +0100", "2026-12-31T23:59:59+01:00"),
    ("leap-day", "Tue, 29 Feb 2028 10:00:00 +0100", "2028-02-29T10:00:00+01:00"),
    ("century-leap-day", "Tue, 29 Feb 2000 10:00:00 +0100", "2000-02-29T10:00:00+01:00"),
]:
    date(name, "RFC 5322 3.3", value, read, well=True)
for name, value, read in [
    ("no-seconds", "Fri, 20 Nov 2026 11:51 +0100", "2026-11-20T11:51:00+01:00"),
    ("lower-case", "fri, 20 nov 2026 10:00:00 +0100", TEN + "+01:00"),
    ("upper-case", "FRI, 20 NOV 2026 10:00:00 +0100", TEN + "+01:00"),
    ("comment-behind", "Fri, 20 Nov 2026 10:00:00 +0100 (CET)", TEN + "+01:00"),
    ("comment-nested", "Fri, 20 Nov 2026 10:00:00 +0100 (CET (Berlin))", TEN + "+01:00"),
    ("comment-escaped", "Fri, 20 Nov 2026 10:00:00 +0100 (winter \\) time)", TEN + "+01:00"),
]:
    date(name, "RFC 5322 3.3", value, read)
for name, value, read in [
    ("gmt", "Fri, 20 Nov 2026 10:00:00 GMT", TEN + "+00:00"),
    ("gmt-no-seconds", "Fri, 20 Nov 2026 11:51 GMT", "2026-11-20T11:51:00+00:00"),
    ("ut", "Fri, 20 Nov 2026 10:00:00 UT", TEN + "+00:00"),
    ("zulu", "Fri, 20 Nov 2026 10:00:00 Z", TEN + "+00:00"),
    ("est", "Fri, 20 Nov 2026 10:00:00 EST", TEN + "-05:00"),
    ("edt", "Fri, 20 Nov 2026 10:00:00 EDT", TEN + "-04:00"),
    ("cst-lower", "Fri, 20 Nov 2026 10:00:00 cst", TEN + "-06:00"),
    ("cdt", "Fri, 20 Nov 2026 10:00:00 CDT", TEN + "-05:00"),
    ("mst", "Fri, 20 Nov 2026 10:00:00 MST", TEN + "-07:00"),
    ("mdt", "Fri, 20 Nov 2026 10:00:00 MDT", TEN + "-06:00"),
    ("pst", "Fri, 20 Nov 2026 10:00:00 PST", TEN + "-08:00"),
    ("pdt", "Fri, 20 Nov 2026 10:00:00 PDT", TEN + "-07:00"),
    ("two-digit-year", "Fri, 20 Nov 26 10:00:00 +0100", TEN + "+01:00"),
    ("two-digit-year-before", "Fri, 20 Nov 98 10:00:00 +0100", "1998-11-20T10:00:00+01:00"),
    ("three-digit-year", "Fri, 20 Nov 126 10:00:00 +0100", TEN + "+01:00"),
    ("blanks-around-colons", "Fri, 20 Nov 2026 10 : 00 : 00 +0100", TEN + "+01:00"),
    ("comment-in-front", "(sent) Fri, 20 Nov 2026 10:00:00 +0100", TEN + "+01:00"),
    ("comment-between", "Fri, 20 (the day) Nov 2026 10:00:00 +0100", TEN + "+01:00"),
    ("blank-before-comma", "Fri , 20 Nov 2026 10:00:00 +0100", TEN + "+01:00"),
]:
    date(name, "RFC 5322 4.3", value, read)

# Not allowed, and what is meant can be told.
for name, value, read in [
    ("iso", "2026-11-20T10:00:00+01:00", TEN + "+01:00"),
    ("iso-zulu", "2026-11-20T10:00:00Z", TEN + "+00:00"),
    ("iso-blank", "2026-11-20 10:00:00 +0100", TEN + "+01:00"),
    ("afternoon", "Fri, 20 Nov 2026 11:30:00 PM +0100", "2026-11-20T23:30:00+01:00"),
    ("past-noon", "Fri, 20 Nov 2026 12:05:00 PM +0100", "2026-11-20T12:05:00+01:00"),
    ("past-midnight", "Fri, 20 Nov 2026 12:05:00 AM +0100", "2026-11-20T00:05:00+01:00"),
    ("no-zone", "Fri, 20 Nov 2026 10:00:00", TEN + "+00:00"),
    ("no-zone-no-seconds", "Fri, 20 Nov 2026 11:51", "2026-11-20T11:51:00+00:00"),
    ("day-only", "20 Nov 2026", "2026-11-20T00:00:00+00:00"),
    ("day-only-weekday", "Fri, 20 Nov 2026", "2026-11-20T00:00:00+00:00"),
    ("asctime", "Fri Nov 20 10:00:00 2026", TEN + "+00:00"),
    ("asctime-one-digit", "Sun Nov  1 10:00:00 2026", "2026-11-01T10:00:00+00:00"),
    ("full-month", "20 November 2026 10:00:00 +0100", TEN + "+01:00"),
    ("full-names", "Friday, 20 November 2026 10:00:00 +0100", TEN + "+01:00"),
    ("dashes", "Fri, 20-Nov-2026 10:00:00 +0100", TEN + "+01:00"),
    ("colon-in-zone", "Fri, 20 Nov 2026 10:00:00 +01:00", TEN + "+01:00"),
    ("gmt-plus", "Fri, 20 Nov 2026 10:00:00 GMT+0100", TEN + "+01:00"),
    ("fractions", "Fri, 20 Nov 2026 10:00:00.250 +0100", TEN + "+01:00"),
    ("dots-in-time", "Fri, 20 Nov 2026 10.00.00 +0100", TEN + "+01:00"),
]:
    date(name, "RFC 5322 3.3", value, read, repairs=GUESSED)
date("central-europe", "RFC 5322 4.3", "Fri, 20 Nov 2026 10:00:00 CET", TEN + "+01:00", GUESSED)
date("central-europe-summer", "RFC 5322 4.3", "Mon, 20 Jul 2026 10:00:00 CEST", "2026-07-20T10:00:00+02:00", GUESSED)
date("weekday-lacks-comma", "RFC 5322 3.3", "Fri 20 Nov 2026 10:00:00 +0100", TEN + "+01:00", may_repair=["header.date_guessed"])
date("weekday-is-another", "RFC 5322 3.3", "Mon, 20 Nov 2026 10:00:00 +0100", TEN + "+01:00", may_repair=["header.date_guessed"])
date("weekday-in-german", "RFC 5322 3.3", "Fr, 20 Nov 2026 10:00:00 +0100", TEN + "+01:00", may_repair=["header.date_guessed"])
date("utc", "RFC 5322 4.3", "Fri, 20 Nov 2026 10:00:00 UTC", TEN + "+00:00", may_repair=["header.date_guessed"])
# East or west of Greenwich cannot be told; the time is not to be passed off as known.
date("zone-without-sign", "RFC 5322 3.3", "Fri, 20 Nov 2026 10:00:00 400", "", [repair("header.date_guessed|header.date_invalid", "/date")])

# No dates: there is none in the summary, and `date_raw` shows what stands there.
for name, value in [
    ("february-30", "Mon, 30 Feb 2026 10:00:00 +0100"),
    ("february-29", "Sun, 29 Feb 2026 10:00:00 +0100"),
    ("february-29-1900", "29 Feb 1900 10:00:00 +0100"),
    ("april-31", "Fri, 31 Apr 2026 10:00:00 +0100"),
    ("day-0", "Fri, 0 Nov 2026 10:00:00 +0100"),
    ("day-32", "Fri, 32 Nov 2026 10:00:00 +0100"),
    ("hour-25", "Fri, 20 Nov 2026 25:00:00 +0100"),
    ("hour-13-pm", "Fri, 20 Nov 2026 13:75:00 PM +0100"),
    ("minute-60", "Fri, 20 Nov 2026 10:60:00 +0100"),
    ("second-61", "Fri, 20 Nov 2026 10:00:61 +0100"),
    ("iso-hour-59", "2010-12-15T59:10:00-05:00"),
    ("iso-month-13", "2026-13-20T10:00:00+01:00"),
    ("five-digit-year", "Fri, 20 Nov 20266 10:00:00 +0100"),
    ("no-such-month", "Fri, 20 Nuv 2026 10:00:00 +0100"),
    ("either-month-or-day", "11/10/2026 10:00"),
    ("prose", "gestern am Nachmittag"),
    ("number", "1795165200"),
    ("time-only", "10:00:00 +0100"),
]:
    date(name, "RFC 5322 3.3", value, None, repairs=INVALID)

case(
    "dates", "repeated", "RFC 5322 3.6", mail(["Date: Sat, 21 Nov 2026 10:00:00 +0100"], "Guten Tag\r\n"),
    text="Guten Tag\r\n", repairs=[repair("header.repeated", "/date")],
)
case(
    "dates", "folded", "RFC 5322 2.2.3", mail([], "Guten Tag\r\n", date=b"Date: Fri, 20 Nov 2026\r\n 10:00:00 +0100"),
    text="Guten Tag\r\n", date=TEN + "+01:00", well=True,
)
case("dates", "missing", "RFC 5322 3.6", mail([], "Guten Tag\r\n", date=None), text="Guten Tag\r\n", date=None, date_raw=None)
