//! Active ISO 4217 currencies.
//!
//! Made from npm `currency-codes` 2.2.0 (ISO 4217 list one, published 2024-06-25) with the later amendments: XCG replaces
//! ANG, ZWG replaces ZWL, BGN and CUC are withdrawn. Fund codes, metals and test codes are left out: nothing is priced in them.
//! The step is the smallest change a card processor accepts, in minor units (Stripe, "Supported currencies": special cases).
//!
//! Invariants: sorted by code; exponent is 0, 2 or 3; the step divides 10^exponent or is one whole unit.

/// One row: code, digits after the decimal mark, processor step in minor units.
pub(crate) type Row = ([u8; 3], u8, i64);

/// Every active currency, by code.
#[rustfmt::skip]
pub(crate) const CURRENCIES: &[Row] = &[
    (*b"AED", 2, 1), (*b"AFN", 2, 1), (*b"ALL", 2, 1), (*b"AMD", 2, 1),
    (*b"AOA", 2, 1), (*b"ARS", 2, 1), (*b"AUD", 2, 1), (*b"AWG", 2, 1),
    (*b"AZN", 2, 1), (*b"BAM", 2, 1), (*b"BBD", 2, 1), (*b"BDT", 2, 1),
    (*b"BHD", 3, 10), (*b"BIF", 0, 1), (*b"BMD", 2, 1), (*b"BND", 2, 1),
    (*b"BOB", 2, 1), (*b"BRL", 2, 1), (*b"BSD", 2, 1), (*b"BTN", 2, 1),
    (*b"BWP", 2, 1), (*b"BYN", 2, 1), (*b"BZD", 2, 1), (*b"CAD", 2, 1),
    (*b"CDF", 2, 1), (*b"CHF", 2, 1), (*b"CLP", 0, 1), (*b"CNY", 2, 1),
    (*b"COP", 2, 1), (*b"CRC", 2, 1), (*b"CUP", 2, 1), (*b"CVE", 2, 1),
    (*b"CZK", 2, 1), (*b"DJF", 0, 1), (*b"DKK", 2, 1), (*b"DOP", 2, 1),
    (*b"DZD", 2, 1), (*b"EGP", 2, 1), (*b"ERN", 2, 1), (*b"ETB", 2, 1),
    (*b"EUR", 2, 1), (*b"FJD", 2, 1), (*b"FKP", 2, 1), (*b"GBP", 2, 1),
    (*b"GEL", 2, 1), (*b"GHS", 2, 1), (*b"GIP", 2, 1), (*b"GMD", 2, 1),
    (*b"GNF", 0, 1), (*b"GTQ", 2, 1), (*b"GYD", 2, 1), (*b"HKD", 2, 1),
    (*b"HNL", 2, 1), (*b"HTG", 2, 1), (*b"HUF", 2, 100), (*b"IDR", 2, 1),
    (*b"ILS", 2, 1), (*b"INR", 2, 1), (*b"IQD", 3, 10), (*b"IRR", 2, 1),
    (*b"ISK", 0, 1), (*b"JMD", 2, 1), (*b"JOD", 3, 10), (*b"JPY", 0, 1),
    (*b"KES", 2, 1), (*b"KGS", 2, 1), (*b"KHR", 2, 1), (*b"KMF", 0, 1),
    (*b"KPW", 2, 1), (*b"KRW", 0, 1), (*b"KWD", 3, 10), (*b"KYD", 2, 1),
    (*b"KZT", 2, 1), (*b"LAK", 2, 1), (*b"LBP", 2, 1), (*b"LKR", 2, 1),
    (*b"LRD", 2, 1), (*b"LSL", 2, 1), (*b"LYD", 3, 10), (*b"MAD", 2, 1),
    (*b"MDL", 2, 1), (*b"MGA", 2, 1), (*b"MKD", 2, 1), (*b"MMK", 2, 1),
    (*b"MNT", 2, 1), (*b"MOP", 2, 1), (*b"MRU", 2, 1), (*b"MUR", 2, 1),
    (*b"MVR", 2, 1), (*b"MWK", 2, 1), (*b"MXN", 2, 1), (*b"MYR", 2, 1),
    (*b"MZN", 2, 1), (*b"NAD", 2, 1), (*b"NGN", 2, 1), (*b"NIO", 2, 1),
    (*b"NOK", 2, 1), (*b"NPR", 2, 1), (*b"NZD", 2, 1), (*b"OMR", 3, 10),
    (*b"PAB", 2, 1), (*b"PEN", 2, 1), (*b"PGK", 2, 1), (*b"PHP", 2, 1),
    (*b"PKR", 2, 1), (*b"PLN", 2, 1), (*b"PYG", 0, 1), (*b"QAR", 2, 1),
    (*b"RON", 2, 1), (*b"RSD", 2, 1), (*b"RUB", 2, 1), (*b"RWF", 0, 1),
    (*b"SAR", 2, 1), (*b"SBD", 2, 1), (*b"SCR", 2, 1), (*b"SDG", 2, 1),
    (*b"SEK", 2, 1), (*b"SGD", 2, 1), (*b"SHP", 2, 1), (*b"SLE", 2, 1),
    (*b"SOS", 2, 1), (*b"SRD", 2, 1), (*b"SSP", 2, 1), (*b"STN", 2, 1),
    (*b"SVC", 2, 1), (*b"SYP", 2, 1), (*b"SZL", 2, 1), (*b"THB", 2, 1),
    (*b"TJS", 2, 1), (*b"TMT", 2, 1), (*b"TND", 3, 10), (*b"TOP", 2, 1),
    (*b"TRY", 2, 1), (*b"TTD", 2, 1), (*b"TWD", 2, 100), (*b"TZS", 2, 1),
    (*b"UAH", 2, 1), (*b"UGX", 0, 1), (*b"USD", 2, 1), (*b"UYU", 2, 1),
    (*b"UZS", 2, 1), (*b"VED", 2, 1), (*b"VES", 2, 1), (*b"VND", 0, 1),
    (*b"VUV", 0, 1), (*b"WST", 2, 1), (*b"XAF", 0, 1), (*b"XCD", 2, 1),
    (*b"XCG", 2, 1), (*b"XOF", 0, 1), (*b"XPF", 0, 1), (*b"YER", 2, 1),
    (*b"ZAR", 2, 1), (*b"ZMW", 2, 1), (*b"ZWG", 2, 1),
];
