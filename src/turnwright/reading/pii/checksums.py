"""Whether digits can be what they look like: checksums and ranges of cards, accounts, numbers and addresses.

Each function takes what a pattern found and says yes or no. Numbers that exist for tests, films and documents are no.
"""

from __future__ import annotations

import ipaddress
import re

__all__ = ["is_card", "is_email", "is_iban", "is_ip", "is_mac", "is_phone", "is_ssn", "luhn", "mod97"]

_IBAN_LENGTHS = dict(
    pair.split(":")
    for pair in [
        "AD:24",
        "AE:23",
        "AL:28",
        "AT:20",
        "AZ:28",
        "BA:20",
        "BE:16",
        "BG:22",
        "BH:22",
        "BR:29",
        "BY:28",
        "CH:21",
        "CR:22",
        "CY:28",
        "CZ:24",
        "DE:22",
        "DK:18",
        "DO:28",
        "EE:20",
        "EG:29",
        "ES:24",
        "FI:18",
        "FO:18",
        "FR:27",
        "GB:22",
        "GE:22",
        "GI:23",
        "GL:18",
        "GR:27",
        "GT:28",
        "HR:21",
        "HU:28",
        "IE:22",
        "IL:23",
        "IQ:23",
        "IS:26",
        "IT:27",
        "JO:30",
        "KW:30",
        "KZ:20",
        "LB:28",
        "LC:32",
        "LI:21",
        "LT:20",
        "LU:20",
        "LV:21",
        "MC:27",
        "MD:24",
        "ME:22",
        "MK:19",
        "MR:27",
        "MT:31",
        "MU:30",
        "NL:18",
        "NO:15",
        "PK:24",
        "PL:28",
        "PS:29",
        "PT:25",
        "QA:29",
        "RO:24",
        "RS:22",
        "SA:24",
        "SC:31",
        "SE:24",
        "SI:19",
        "SK:24",
        "SM:27",
        "ST:25",
        "SV:28",
        "TL:23",
        "TN:24",
        "TR:26",
        "UA:29",
        "VA:22",
        "VG:24",
        "XK:20",
    ]
)
"""Country → length (SWIFT's registry)."""
_CARDS = (
    (re.compile(r"4"), (13, 16, 19)),  # Visa
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),  # Mastercard
    (re.compile(r"3[47]"), (15,)),  # American Express
    (re.compile(r"6011|65|64[4-9]"), (16, 19)),  # Discover
    (re.compile(r"35(2[89]|[3-8])"), (16, 19)),  # JCB
    (re.compile(r"30[0-5]|36|3[89]"), (14, 16, 19)),  # Diners Club
    (re.compile(r"62"), (16, 17, 18, 19)),  # UnionPay
)
_TEST_CARDS = {
    "4111111111111111",
    "4242424242424242",
    "4012888888881881",
    "4000056655665556",
    "4222222222222",
    "5555555555554444",
    "5105105105105100",
    "5200828282828210",
    "2223003122003222",
    "378282246310005",
    "371449635398431",
    "6011111111111117",
    "6011000990139424",
    "30569309025904",
    "38520000023237",
    "3530111333300000",
    "3566002020360505",
}
_EXAMPLE_IBANS = {"GB82WEST12345698765432", "GB29NWBK60161331926819", "DE89370400440532013000", "NL91ABNA0417164300"}
_EXAMPLE_SSNS = {"078051120", "219099999", "123456789", "111111111"}
_CALLING_CODES = re.compile(
    r"1|7|2[07]|2[1-69]\d|3[0-469]|3[578]\d|4[013-9]|42[0-3]|5[1-8]|5[09]\d|6[0-6]|6[7-9]\d|"
    r"8[1246]|8[05]\d|9[0-58]|9[679]\d"
)
_EXAMPLE_HOSTS = re.compile(
    r"(.*\.)?(example\.(com|org|net|edu)|(email|domain|test|yourdomain|company)\.com|"
    r".*\.(example|test|invalid|localhost))"
)
_EXAMPLE_USERS = re.compile(
    r"(no-?reply|do-?not-?reply|mailer-daemon|postmaster|user(name)?|your\.?(name|email)|name|email)"
)


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 * (value > 9)
    return total % 10 == 0


def mod97(text: str) -> bool:
    """ISO 13616: letters count from 10, the head stands last, the rest is 1."""
    return int("".join(str(int(letter, 36)) for letter in text[4:] + text[:4])) % 97 == 1


def is_card(text: str) -> bool:
    digits = _digits(text)
    if digits in _TEST_CARDS or len(set(digits)) < 3 or not luhn(digits):
        return False
    return any(len(digits) in lengths and brand.match(digits) for brand, lengths in _CARDS)


def is_iban(text: str) -> bool:
    flat = re.sub(r"[ -]", "", text).upper()
    return flat not in _EXAMPLE_IBANS and _IBAN_LENGTHS.get(flat[:2]) == str(len(flat)) and mod97(flat)


def is_ssn(text: str) -> bool:
    """Ranges that were ever given out (SSA): neither 000, 666, 9xx, nor 00, nor 0000."""
    digits = _digits(text)
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    if len(digits) != 9 or digits in _EXAMPLE_SSNS or len(set(digits)) < 3:
        return False
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def is_phone(text: str) -> bool:
    """A number that the North American plan or E.164 can give out; 555-01xx is for films."""
    digits = _digits(text)
    if len(set(digits)) < 3:
        return False
    if text.lstrip("( ").startswith("+") and not digits.startswith("1"):
        code = _CALLING_CODES.match(digits)
        return bool(code) and 8 <= len(digits) <= 15
    local = digits[1:] if len(digits) == 11 and digits.startswith("1") else digits
    if len(local) == 11 and local.startswith("0"):  # many countries' own way to write it
        return True
    return len(local) == 10 and _north_american(local)


def _north_american(digits: str) -> bool:
    area, exchange, rest = digits[:3], digits[3:6], digits[6:]
    given_out = all(part[0] in "23456789" and part[1:] != "11" for part in (area, exchange))
    return given_out and not (exchange == "555" and rest.startswith("01")) and area != "555"


def is_ip(text: str) -> bool:
    """An address of the public network; private ones and those of documents say nothing of anybody."""
    try:
        return ipaddress.ip_address(text).is_global
    except ValueError:
        return False


def is_mac(text: str) -> bool:
    digits = re.sub(r"[:.-]", "", text).lower()
    return len(set(digits)) > 2 and digits not in ("001122334455", "aabbccddeeff", "0123456789ab", "123456789abc")


def is_email(text: str) -> bool:
    user, _, host = text.lower().rpartition("@")
    return not (_EXAMPLE_HOSTS.fullmatch(host) or _EXAMPLE_USERS.fullmatch(user))


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
