// Writes ../src/locale_data.rs from CLDR: number, money and date patterns, currency symbols, decimals in use and cash steps.
//
// Run (any directory outside of the repository will do):
//   npm install --prefix /tmp/cldr cldr-core@48.2.0 cldr-numbers-full@48.2.0 cldr-dates-full@48.2.0
//   node shared/pricing/tools/make-locale-data.mjs /tmp/cldr > shared/pricing/src/locale_data.rs
//
// The same input gives the same bytes. What the Rust side cannot say (other digits, other groups than three ...) stops the run.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const require = createRequire(path.join(path.resolve(process.argv[2]), "x"));
const cldr = (pack, file) => require(`${pack}/${file}`);
const version = cldr("cldr-numbers-full", "package.json").version;
for (const pack of ["cldr-core", "cldr-dates-full"])
  must(cldr(pack, "package.json").version === version, `${pack} is of another version than cldr-numbers-full`);

// Our tag, CLDR's directory. The first of a language is its fallback.
const LOCALES = [
  ["en-US", "en"],
  ["en-GB", "en-GB"],
  ["en-CA", "en-CA"],
  ["de-DE", "de"],
  ["de-AT", "de-AT"],
  ["de-CH", "de-CH"],
  ["fr-FR", "fr"],
  ["fr-CA", "fr-CA"],
  ["fr-CH", "fr-CH"],
  ["ja-JP", "ja"],
];
const NBSP = "\u00a0";

// Codes and ISO decimals as the crate has them.
const table = fs.readFileSync(new URL("../src/currency_data.rs", import.meta.url), "utf8");
const currencies = [...table.matchAll(/\(\*b"([A-Z]{3})", (\d)\)/g)].map((m) => [m[1], Number(m[2])]);
must(currencies.length > 100, "currency_data.rs has another form than expected");

function must(held, why) {
  if (!held) throw new Error(why);
}

/** A Rust text; spaces and marks that an editor would hide are written as escapes. */
const text = (s) =>
  '"' + s.replace(/["\\]/g, "\\$&").replace(/[\p{Z}\p{C}]/gu, (c) => (c === " " ? c : `\\u{${c.codePointAt(0).toString(16)}}`)) + '"';

/** `¤#,##0.00` as a template: `N` for the number. */
function template(pattern) {
  must(pattern.includes("#,##0.00"), `unknown pattern ${pattern}`);
  const made = pattern.replace("#,##0.00", "N");
  must(/^[N¤()\u00a0-]+$/.test(made), `unknown letter in ${pattern}`);
  return made;
}

function locale(tag, dir) {
  const numbers = cldr("cldr-numbers-full", `main/${dir}/numbers.json`).main[dir].numbers;
  const symbols = numbers["symbols-numberSystem-latn"];
  const money = numbers["currencyFormats-numberSystem-latn"];
  must(numbers.defaultNumberingSystem === "latn", `${tag}: other digits`);
  must(numbers.minimumGroupingDigits === "1", `${tag}: groups begin later`);
  must(symbols.minusSign === "-", `${tag}: another minus sign`);
  must(numbers["decimalFormats-numberSystem-latn"].standard === "#,##0.###", `${tag}: other groups`);
  const spacing = JSON.stringify(money.currencySpacing);
  must(spacing === JSON.stringify(cldr("cldr-numbers-full", "main/en/numbers.json").main.en.numbers["currencyFormats-numberSystem-latn"].currencySpacing), `${tag}: other spacing`);
  const [positive, negative = "-" + positive] = money.standard.split(";");
  const [accountingPositive, accounting = "-" + accountingPositive] = money.accounting.split(";");
  must(accountingPositive === positive, `${tag}: accounting writes positive amounts in another way`);
  // A de-CH table has the explicit negative in both.
  for (const style of ["standard", "accounting"]) {
    const alpha = money[`${style}-alphaNextToNumber`] ?? money[style];
    must(alpha.replaceAll(`¤${NBSP}#`, "¤#") === money[style].replaceAll(`¤${NBSP}#`, "¤#"), `${tag}: another pattern beside letters`);
  }
  const percent = numbers["percentFormats-numberSystem-latn"].standard;
  must(percent.startsWith("#,##0"), `${tag}: percent sign first`);
  const dates = cldr("cldr-dates-full", `main/${dir}/ca-gregorian.json`).main[dir].dates.calendars.gregorian;
  const day = dates.dateTimeFormats.availableFormats.yMMMd;
  const named = day.includes("MMM");
  must(/^[^a-zA-Z']*(d|y|MMM|M)([^a-zA-Z']+(d|y|MMM|M)){2}[^a-zA-Z']*$/.test(day), `${tag}: unknown date pattern ${day}`);
  const months = Object.entries(dates.months.format.abbreviated).sort((a, b) => a[0] - b[0]).map(([n, name]) => (named ? name : n));
  must(months.length === 12, `${tag}: months`);
  const names = cldr("cldr-numbers-full", `main/${dir}/currencies.json`).main[dir].numbers.currencies;
  const root = cldr("cldr-numbers-full", "main/und/currencies.json").main.und.numbers.currencies;
  const written = currencies.map(([code]) => [code, names[code]?.symbol ?? root[code]?.symbol ?? code]).filter(([code, symbol]) => symbol !== code);
  return {
    tag,
    name: tag.toUpperCase().replace("-", "_"),
    decimal: symbols.decimal,
    group: symbols.group,
    moneyDecimal: symbols.currencyDecimal ?? symbols.decimal,
    moneyGroup: symbols.currencyGroup ?? symbols.group,
    positive: template(positive),
    negative: template(negative),
    accounting: template(accounting),
    approximately: symbols.approximatelySign,
    percent: percent.slice("#,##0".length),
    date: day.replace("MMM", "M"),
    months,
    symbols: written.map(([code, symbol]) => `(${text(code)}, ${text(symbol)})`),
  };
}

const made = LOCALES.map(([tag, dir]) => locale(tag, dir));

// Decimals in use and cash steps, in minor units of ISO 4217.
const fractions = cldr("cldr-core", "supplemental/currencyData.json").supplemental.currencyData.fractions;
const whole = [];
const cash = [];
for (const [code, exponent] of currencies) {
  const own = fractions[code] ?? fractions.DEFAULT;
  const digits = Number(own._digits);
  must(digits === exponent || digits === 0, `${code}: CLDR writes ${digits} decimals, ISO has ${exponent}`);
  if (digits < exponent) whole.push(code);
  const step = (Number(own._cashRounding ?? 0) || 1) * 10 ** (exponent - Number(own._cashDigits ?? digits));
  if (step !== 1) cash.push([code, step]);
}

const lines = (items, width, prefix = "    ") => {
  const out = [];
  let line = "";
  for (const item of items) {
    if (line && (prefix + line + item).length > width) {
      out.push(prefix + line.trimEnd());
      line = "";
    }
    line += item + ", ";
  }
  if (line) out.push(prefix + line.trimEnd());
  return out.join("\n");
};

const shared = new Map();
const tables = [];
for (const l of made) {
  const key = l.symbols.join();
  if (!shared.has(key)) {
    shared.set(key, `SYMBOLS_${l.name}`);
    tables.push(`#[rustfmt::skip]\nconst SYMBOLS_${l.name}: &[(&str, &str)] = &[\n${lines(l.symbols, 130)}\n];`);
  }
  l.table = shared.get(key);
}

process.stdout.write(`//! Number, money and date patterns and currency symbols by locale; decimals in use and cash steps by currency.
//!
//! Written by \`tools/make-locale-data.mjs\` (how to run it is said there) from npm \`cldr-numbers-full\`, \`cldr-dates-full\` and \`cldr-core\`
//! ${version} (CLDR ${version.split(".")[0]}, Unicode-3.0 licence); not changed by hand. A currency not listed shows its ISO code, as CLDR does.

/// What a locale writes. In money templates \`N\` is the number and \`¤\` the symbol; in dates \`d\`, \`M\` and \`y\` are day, month and year.
pub(crate) struct LocaleData {
    /// Between whole and fraction.
    pub(crate) decimal: &'static str,
    /// Between groups of three.
    pub(crate) group: &'static str,
    /// As \`decimal\`, in amounts of money.
    pub(crate) money_decimal: &'static str,
    /// As \`group\`, in amounts of money.
    pub(crate) money_group: &'static str,
    /// Template of an amount from zero on.
    pub(crate) positive: &'static str,
    /// Template of an amount below zero.
    pub(crate) negative: &'static str,
    /// Template of an amount below zero in tables.
    pub(crate) accounting: &'static str,
    /// Stands where the minus sign stands, before what is only about right.
    pub(crate) approximately: &'static str,
    /// After the number.
    pub(crate) percent: &'static str,
    /// Template of a day.
    pub(crate) date: &'static str,
    /// Months as the day's template writes them.
    pub(crate) months: [&'static str; 12],
    /// Symbols by currency code, sorted.
    pub(crate) symbols: &'static [(&'static str, &'static str)],
}
${made
  .map(
    (l) => `
/// ${l.tag}.
#[rustfmt::skip]
pub(crate) static ${l.name}: LocaleData = LocaleData {
    decimal: ${text(l.decimal)}, group: ${text(l.group)}, money_decimal: ${text(l.moneyDecimal)}, money_group: ${text(l.moneyGroup)},
    positive: ${text(l.positive)}, negative: ${text(l.negative)}, accounting: ${text(l.accounting)}, approximately: ${text(l.approximately)},
    percent: ${text(l.percent)}, date: ${text(l.date)},
    months: [${l.months.map(text).join(", ")}],
    symbols: ${l.table},
};`,
  )
  .join("\n")}

${tables.join("\n\n")}

/// Currencies that are written without decimals though ISO 4217 has some, sorted.
#[rustfmt::skip]
pub(crate) const WHOLE: &[&str] = &[
${lines(whole.map(text), 130)}
];

/// Smallest cash amount in minor units where it is not 1, sorted.
#[rustfmt::skip]
pub(crate) const CASH: &[(&str, i64)] = &[
${lines(cash.map(([code, step]) => `(${text(code)}, ${step})`), 130)}
];
`);
