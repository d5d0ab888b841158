"""Judges the numbers of taxids-cases.tsv by python-stdnum and writes the table again.

A row's `kind`, `typed` and `why` are written by hand; `valid`, `normalised` and `verified_by` are written by this script. Kinds that
python-stdnum does not know (FORMAT_ONLY), and the rows of RULES, where the law says more than its sums, keep what stands there. Run with any
directory outside of the repository for the packages:

    python3 -m venv /tmp/taxids && /tmp/taxids/bin/pip install python-stdnum==2.2
    /tmp/taxids/bin/python shared/pricing/tests/make-taxids.py > /tmp/taxids-cases.tsv
    diff /tmp/taxids-cases.tsv shared/pricing/tests/taxids-cases.tsv && echo the table is python-stdnum's

A new row needs its first two columns and `why`; what it says between them is replaced. The tests (`tax_ids.rs`) hold the Rust side against the table.
"""

import pathlib
import sys
import unicodedata

from stdnum import get_cc_module
from stdnum.exceptions import ValidationError
from stdnum.us import ein

CASES = pathlib.Path(__file__).with_name("taxids-cases.tsv")
FORMAT_ONLY = {"sg_gst", "za_vat", "it_sdi", "ca_qst"}
# Numbers that pass the sums and are never issued, or are no number of the kind for a reason that is not the sum's.
RULES = {("br_cpf", "111.111.111-11"), ("jp_trn", "8206511978271")}
MODULES = {
    "gb_vat": ("gb", "vat"), "ch_uid": ("ch", "uid"), "ch_mwst": ("ch", "vat"), "no_mva": ("no", "mva"), "au_abn": ("au", "abn"),
    "nz_gst": ("nz", "ird"), "ca_bn": ("ca", "bn"), "ca_gst": ("ca", "bn"), "us_ein": ("us", "ein"), "in_gstin": ("in_", "gstin"),
    "br_cpf": ("br", "cpf"), "br_cnpj": ("br", "cnpj"), "jp_cn": ("jp", "cn"), "jp_trn": ("jp", "cn"), "sg_uen": ("sg", "uen"),
    "cl_rut": ("cl", "rut"), "vn_mst": ("vn", "mst"), "it_cf": ("it", "codicefiscale"),
}


def module(kind):
    if kind.startswith("eu_vat_"):
        state = kind[-2:].lower()
        return get_cc_module({"el": "gr", "xi": "gb"}.get(state, state), "vat")
    return get_cc_module(*MODULES[kind])


def plain(text):
    """Half-width, upper case, without what people put between digits."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).upper() if c.isalnum())


def head(kind, text):
    """What the kind writes in front, taken off: (prefix of the stored form, rest); None if it must be there and is not."""
    if kind.startswith("eu_vat_"):
        state = kind[-2:]
        for written in ([state, "GR"] if state == "EL" else [state]):
            if text.startswith(written):
                return state, text[len(written):]
        return state, text
    if kind == "gb_vat":
        return "GB", text.removeprefix("GB")
    if kind == "jp_trn":
        return ("T", text[1:]) if text.startswith("T") else None
    if kind == "au_abn":
        return "", text.removeprefix("ABN")
    if kind == "nz_gst":
        return "", text.removeprefix("NZ")
    if kind == "no_mva":
        return "", text.removeprefix("NO")
    return "", text


def judged(kind, typed):
    """The stored form, or None."""
    found = head(kind, plain(typed))
    if found is None:
        return None
    prefix, rest = found
    try:
        number = module(kind).validate(rest)
    except ValidationError:
        return None
    if kind == "ca_bn" and len(number) != 9 or kind == "ca_gst" and number[9:11] != "RT":
        return None
    if kind == "us_ein" and not ein.get_campus(number):
        return None
    if kind == "nz_gst":
        number = number.zfill(9)
    return prefix + plain(number)


def main():
    lines = CASES.read_text(encoding="utf-8").splitlines()
    print(lines[0])
    for line in lines[1:]:
        kind, typed, valid, stored, why, by = line.split("\t")
        if kind not in FORMAT_ONLY and (kind, typed) not in RULES:
            number = judged(kind, typed)
            valid, stored, by = ("true" if number else "false"), number or "", "python-stdnum"
        print("\t".join([kind, typed, valid, stored, why, by]))


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    main()
