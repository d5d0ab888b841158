"""Writes countries.tsv, the names of countries in the languages of the shop, from the npm package cldr-localenames-full 48.2.0.

    npm pack cldr-localenames-full@48.2.0 && tar xzf cldr-localenames-full-48.2.0.tgz
    python3 countries.py package

A locale that is added to the shop is added to LOCALES. Python 3.9 or later; nothing else is read.
"""

import json
import pathlib
import sys
import unicodedata

LOCALES = ["en", "en-GB", "de", "fr"]
VERSION = "48.2.0"
OUT = pathlib.Path(__file__).parent / "countries.tsv"
RULES = pathlib.Path(__file__).parents[2] / "pricing" / "src" / "market.rs"

# What CLDR has in full is said shorter on forms; "Sonderverwaltungsregion Hongkong" is sought under H.
SHORT = {
    "HK": {"en": "Hong Kong", "en-GB": "Hong Kong", "de": "Hongkong", "fr": "Hong Kong"},
    "MO": {"en": "Macao", "en-GB": "Macao", "de": "Macau", "fr": "Macao"},
}

HEADER = f"""\
# Names of countries by ISO 3166-1, a line each: code and the name in {", ".join(LOCALES)}, parted by TAB; then, after an empty line for
# each locale, the codes in the order of its alphabet. Made by countries.py from npm cldr-localenames-full {VERSION}, not by hand;
# licence in LICENSE.txt. Hong Kong and Macao are named without their status.
"""


def codes():
    """The officially assigned codes, as the pricing engine lists them."""
    text = RULES.read_text(encoding="utf-8")
    text = text[text.index("const COUNTRIES: &str") :]
    text = text[text.index('"') + 1 :]
    return text[: text.index('"')].replace("\\\n", " ").split()


def key(name):
    """Accents and case count for nothing, as in a dictionary; all four languages put letters with marks beside those without."""
    plain = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
    return plain.casefold().replace("-", " ").replace("’", "'")


def main():
    names = {}
    package = pathlib.Path(sys.argv[1])
    assert json.loads((package / "package.json").read_text())["version"] == VERSION
    for locale in LOCALES:
        data = json.loads((package / "main" / locale / "territories.json").read_text(encoding="utf-8"))
        names[locale] = data["main"][locale]["localeDisplayNames"]["territories"]
    name = lambda code, locale: SHORT.get(code, {}).get(locale) or names[locale][code]
    rows = ["\t".join([code] + [name(code, locale) for locale in LOCALES]) for code in sorted(codes())]
    orders = [" ".join(sorted(codes(), key=lambda c: key(name(c, locale)))) for locale in LOCALES]
    OUT.write_text(HEADER + "\n".join(rows) + "\n\n" + "\n\n".join(orders) + "\n", encoding="utf-8")


main()
