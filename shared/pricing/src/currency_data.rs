//! Currencies: ISO 4217, and what the card processor makes of them. What tills make of them is data of markets (`data/markets`).
//!
//! Codes and decimals are ISO 4217 list one of 2026-01-01 (PyPI `iso4217` 1.16.20260101; `pycountry` 26.2.16 and the crate `iso_currency` 0.7.1 agree).
//! Fund codes, metals and test codes are left out: nothing is priced in them.
//! The processor is Stripe: docs.stripe.com/currencies as read in July and September 2026, "Supported currencies", "Special cases", "Minimum and
//! maximum charge amounts". What those copies do not settle is said at the list.
//!
//! Invariants: every list is sorted by code; exponent is 0, 2 or 3.

/// One row: code, digits after the decimal mark.
pub(crate) type Row = ([u8; 3], u8);

/// Every active currency, by code.
#[rustfmt::skip]
pub(crate) const CURRENCIES: &[Row] = &[
    (*b"AED", 2), (*b"AFN", 2), (*b"ALL", 2), (*b"AMD", 2), (*b"AOA", 2), (*b"ARS", 2),
    (*b"AUD", 2), (*b"AWG", 2), (*b"AZN", 2), (*b"BAM", 2), (*b"BBD", 2), (*b"BDT", 2),
    (*b"BHD", 3), (*b"BIF", 0), (*b"BMD", 2), (*b"BND", 2), (*b"BOB", 2), (*b"BRL", 2),
    (*b"BSD", 2), (*b"BTN", 2), (*b"BWP", 2), (*b"BYN", 2), (*b"BZD", 2), (*b"CAD", 2),
    (*b"CDF", 2), (*b"CHF", 2), (*b"CLP", 0), (*b"CNY", 2), (*b"COP", 2), (*b"CRC", 2),
    (*b"CUP", 2), (*b"CVE", 2), (*b"CZK", 2), (*b"DJF", 0), (*b"DKK", 2), (*b"DOP", 2),
    (*b"DZD", 2), (*b"EGP", 2), (*b"ERN", 2), (*b"ETB", 2), (*b"EUR", 2), (*b"FJD", 2),
    (*b"FKP", 2), (*b"GBP", 2), (*b"GEL", 2), (*b"GHS", 2), (*b"GIP", 2), (*b"GMD", 2),
    (*b"GNF", 0), (*b"GTQ", 2), (*b"GYD", 2), (*b"HKD", 2), (*b"HNL", 2), (*b"HTG", 2),
    (*b"HUF", 2), (*b"IDR", 2), (*b"ILS", 2), (*b"INR", 2), (*b"IQD", 3), (*b"IRR", 2),
    (*b"ISK", 0), (*b"JMD", 2), (*b"JOD", 3), (*b"JPY", 0), (*b"KES", 2), (*b"KGS", 2),
    (*b"KHR", 2), (*b"KMF", 0), (*b"KPW", 2), (*b"KRW", 0), (*b"KWD", 3), (*b"KYD", 2),
    (*b"KZT", 2), (*b"LAK", 2), (*b"LBP", 2), (*b"LKR", 2), (*b"LRD", 2), (*b"LSL", 2),
    (*b"LYD", 3), (*b"MAD", 2), (*b"MDL", 2), (*b"MGA", 2), (*b"MKD", 2), (*b"MMK", 2),
    (*b"MNT", 2), (*b"MOP", 2), (*b"MRU", 2), (*b"MUR", 2), (*b"MVR", 2), (*b"MWK", 2),
    (*b"MXN", 2), (*b"MYR", 2), (*b"MZN", 2), (*b"NAD", 2), (*b"NGN", 2), (*b"NIO", 2),
    (*b"NOK", 2), (*b"NPR", 2), (*b"NZD", 2), (*b"OMR", 3), (*b"PAB", 2), (*b"PEN", 2),
    (*b"PGK", 2), (*b"PHP", 2), (*b"PKR", 2), (*b"PLN", 2), (*b"PYG", 0), (*b"QAR", 2),
    (*b"RON", 2), (*b"RSD", 2), (*b"RUB", 2), (*b"RWF", 0), (*b"SAR", 2), (*b"SBD", 2),
    (*b"SCR", 2), (*b"SDG", 2), (*b"SEK", 2), (*b"SGD", 2), (*b"SHP", 2), (*b"SLE", 2),
    (*b"SOS", 2), (*b"SRD", 2), (*b"SSP", 2), (*b"STN", 2), (*b"SVC", 2), (*b"SYP", 2),
    (*b"SZL", 2), (*b"THB", 2), (*b"TJS", 2), (*b"TMT", 2), (*b"TND", 3), (*b"TOP", 2),
    (*b"TRY", 2), (*b"TTD", 2), (*b"TWD", 2), (*b"TZS", 2), (*b"UAH", 2), (*b"UGX", 0),
    (*b"USD", 2), (*b"UYU", 2), (*b"UZS", 2), (*b"VED", 2), (*b"VES", 2), (*b"VND", 0),
    (*b"VUV", 0), (*b"WST", 2), (*b"XAF", 0), (*b"XCD", 2), (*b"XCG", 2), (*b"XOF", 0),
    (*b"XPF", 0), (*b"YER", 2), (*b"ZAR", 2), (*b"ZMW", 2), (*b"ZWG", 2),
];

/// Where the processor counts in another unit than ISO 4217. ISK and UGX had two decimals once and are still sent with `00` (5 ISK is `500`; UGX also
/// stands in the page's zero-decimal list, its special case governs charges). MGA has fifths in ISO 4217 and none there.
pub(crate) const PROCESSOR_EXPONENT: &[(&str, u8)] = &[("ISK", 2), ("MGA", 0), ("UGX", 2)];

/// The processor takes these on accounts in the United Arab Emirates only.
pub(crate) const SOME_ACCOUNTS: &[&str] = &["BHD", "JOD", "KWD", "OMR", "TND"];

/// The copies of the page do not settle whether the processor takes these.
pub(crate) const UNCONFIRMED: &[&str] = &["BTN", "GHS", "MRU", "STN", "SVC", "XCG"];

/// The processor does not take these. The list of what it takes is from an undated public copy of the page.
#[rustfmt::skip]
pub(crate) const NOT_TAKEN: &[&str] = &[
    "CUP", "ERN", "IQD", "IRR", "KPW", "LYD", "SDG", "SSP", "SYP", "TMT", "VED", "VES", "ZWG",
];

/// Smallest charge, minor units. The processor measures it after conversion into the currency that it pays the seller in, so near the
/// bound it may still refuse; bank methods such as iDEAL begin lower. A currency not listed has no minimum of its own.
#[rustfmt::skip]
pub(crate) const MINIMUM: &[(&str, i64)] = &[
    ("AED", 200), ("ARS", 50), ("AUD", 50), ("BRL", 50), ("CAD", 50), ("CHF", 50), ("COP", 50), ("CZK", 1500),
    ("DKK", 250), ("EUR", 50), ("GBP", 30), ("HKD", 400), ("HUF", 17500), ("IDR", 50), ("ILS", 50), ("INR", 50),
    ("JPY", 50), ("KRW", 50), ("MXN", 1000), ("MYR", 200), ("NOK", 300), ("NZD", 50), ("PHP", 50), ("PLN", 200),
    ("RON", 200), ("RUB", 50), ("SEK", 300), ("SGD", 50), ("THB", 1000), ("USD", 50), ("ZAR", 50),
];

/// The processor pays these out in whole units only, though it would take a charge or a refund with decimals; no cent or filler is in use. Charges
/// are whole, too: what is taken in can be paid out.
pub(crate) const WHOLE_PAYOUTS: &[&str] = &["HUF", "TWD"];
