// Writes intl.tsv: what this Node's Intl prints, for tests/intl.rs to compare with. Run (Node with full ICU, any recent version):
//   node shared/pricing/tests/make-intl.mjs > shared/pricing/tests/intl.tsv
//
// First line: the versions. Columns: locale, currency, value, style, text. Value is in minor units of ISO 4217; with style `decimal` it is
// hundredths, with `percent` millionths, with `date` days since 1970 (currency `-`). Spaces but U+0020 and direction marks are written
// `\u{..}`, so that editors keep them and a reader sees them.
import fs from "node:fs";

const LOCALES = ["en-US", "en-GB", "en-CA", "de-DE", "de-AT", "de-CH", "fr-FR", "fr-CA", "fr-CH", "ja-JP"];
// In full: the currencies of the markets, neighbours' with a symbol or rule of their own, one of each number of decimals.
const FULL = ["USD", "EUR", "GBP", "CHF", "CAD", "JPY", "AUD", "MXN", "SEK", "ISK", "KRW", "TWD", "KWD", "HUF", "IQD", "XOF", "XCG"];
const MINOR = [0, 5, 99900, 100000, -123450, 123456789, -100000000000];
// All others: one amount that shows sign, symbol, group and decimals; where Intl writes whole units, a whole one too.
const REST = -1234567;
const WHOLE = -1234500;
const PERCENTS = [0, 55000, 190000, 99750, 12345678, -50000];
const DECIMALS = [0, 5, -99, 123450, 123456789];

const table = fs.readFileSync(new URL("../src/currency_data.rs", import.meta.url), "utf8");
const currencies = [...table.matchAll(/\(\*b"([A-Z]{3})", (\d)\)/g)].map((m) => [m[1], Number(m[2])]);
const show = (s) =>
  s.replace(/[\u00a0\u00ad\u061c\u2000-\u200f\u2028-\u202f\u2060-\u2069\ufeff]/gu, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
/** A decimal text, which Intl reads exactly. */
const decimal = (minor, exponent) => {
  const digits = String(Math.abs(minor)).padStart(exponent + 1, "0");
  const at = digits.length - exponent;
  return (minor < 0 ? "-" : "") + digits.slice(0, at) + (exponent ? "." + digits.slice(at) : "");
};

const { node, icu, cldr } = process.versions;
const rows = [`# node ${node} icu ${icu} cldr ${cldr}`, "locale\tcurrency\tvalue\tstyle\ttext"];
const put = (...row) => rows.push(row.join("\t"));
for (const locale of LOCALES) {
  for (const [currency, exponent] of currencies) {
    const base = { style: "currency", currency };
    const plain = new Intl.NumberFormat(locale, base);
    const accounting = new Intl.NumberFormat(locale, { ...base, currencySign: "accounting" });
    if (plain.resolvedOptions().locale !== locale) throw new Error(`${locale} is not in this ICU`);
    const full = FULL.includes(currency);
    const whole = exponent > 0 && plain.resolvedOptions().maximumFractionDigits === 0;
    for (const minor of full ? MINOR : whole ? [REST, WHOLE] : [REST]) {
      const value = decimal(minor, exponent);
      put(locale, currency, minor, "symbol", show(plain.format(value)));
      if (full && minor < 0) put(locale, currency, minor, "accounting", show(accounting.format(value)));
      // Two equal ends of a range are one approximate amount.
      if (full && Math.abs(minor) % 100000 === 0 && minor) put(locale, currency, minor, "about", show(plain.formatRange(value, value)));
    }
  }
  const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 4 });
  for (const ppm of PERCENTS) put(locale, "-", ppm, "percent", show(percent.format(decimal(ppm, 6))));
  const number = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  for (const hundredths of DECIMALS) put(locale, "-", hundredths, "decimal", show(number.format(decimal(hundredths, 2))));
  const day = new Intl.DateTimeFormat(locale, { year: "numeric", month: "short", day: "numeric", timeZone: "UTC" });
  for (let month = 0; month < 12; month++) {
    const ms = Date.UTC(2026, month, month * 2 + 1);
    put(locale, "-", ms / 86400000, "date", show(day.format(ms)));
  }
}
console.log(rows.join("\n"));
