//! Random documents: every currency, market and rounding, places with and without rules, all kinds of sellers and buyers, catalogue and ad hoc
//! lines, named prices, quantity steps, shipping, and what is wrong in all the ways that a document can be.
//!
//! Invariants: a seed makes the same documents on every machine; about three of four have a quote.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};
use vitrine_pricing::cash::Tender;
use vitrine_pricing::date::Date;
use vitrine_pricing::market::{MARKETS, Market, is_country};
use vitrine_pricing::money::{Currency, MAX_MINOR, Money, RoundingMode};
use vitrine_pricing::price::{PriceEntry, PriceList, Shape};
use vitrine_pricing::promotion::{Benefit, BundleMember, BundlePrice, Facets, ItemScope, Limits, Promotion, Stacking};
use vitrine_pricing::quote::*;
use vitrine_pricing::shipping::{Method, Rate, ShippingTable, Zone};
use vitrine_pricing::tax::TaxStatus;

use vitrine_pricer::{Answer, Case};

/// Places the tables have something to say of: country, region, postcode.
#[rustfmt::skip]
const PLACES: [(&str, &str, &str); 42] = [
    ("DE", "", "10115"), ("DE", "", "78266"), ("DE", "", "27498"), ("FR", "", "75001"), ("FR", "", "97400"), ("AT", "", "1010"), ("IT", "", "23041"),
    ("ES", "", "28001"), ("ES", "GC", ""), ("ES", "CE", ""), ("PT", "30", ""), ("PT", "", "9500-001"), ("FI", "AX", "22100"), ("GR", "69", ""),
    ("CY", "", "99000"), ("IE", "", ""), ("PL", "", "00-001"), ("NL", "", ""), ("LV", "", "LV-1010"), ("HU", "", "1051"), ("SE", "", ""),
    ("GB", "", "SW1A 1AA"), ("GB", "NIR", "BT1 1AA"), ("CH", "", "8001"), ("CH", "", "7563"), ("LI", "", ""), ("NO", "", "0150"), ("NO", "SJ", ""),
    ("IS", "", ""), ("AU", "NSW", "2000"), ("NZ", "", ""), ("JP", "", ""), ("IN", "", ""), ("IN", "MH", ""), ("IN", "CH", ""), ("SG", "", ""), ("ZA", "", ""), ("RE", "", ""),
    ("JE", "", ""), ("AX", "", ""), ("MC", "", ""), ("BR", "SP", ""),
];
const STATES: &str = "AK AL AR AZ CA CO CT DC DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM NV NY OH OK OR PA RI SC SD \
    TN TX UT VA VT WA WI WV WY PR ZZ";
const PROVINCES: &str = "AB BC MB NB NL NS NT NU ON PE QC SK YT";
const CLASSES: [&str; 15] = [
    "audiobook",
    "digital_music",
    "digital_other",
    "digital_video",
    "ebook",
    "goods",
    "multi_purpose_voucher",
    "physical_media",
    "physical_music",
    "podcast",
    "printed_book",
    "shipping",
    "subscription_digital",
    "unheard_of",
    "ebook",
];
const SELLERS: [&str; 16] =
    ["DE", "DE", "FR", "AT", "IE", "EE", "ES", "US", "US", "CA", "GB", "CH", "NO", "JP", "AU", "IN"];
const TAX_IDS: [&str; 10] = [
    "DE136695976",
    "FR40303265045",
    "ATU69855203",
    "EL094259216",
    "XI980780684",
    "GB980780684",
    "CHE-107.787.577 MWST",
    "IT00743110157",
    "12 345",
    "Ü\u{1f3b5}",
];
const STEPS: [u32; 5] = [1, 1, 5, 10, 1000];

/// Makes documents.
pub struct Maker {
    rng: StdRng,
}

impl Maker {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self { rng: StdRng::seed_from_u64(seed) }
    }

    /// The next document: one line of JSON, or what was JSON before it was broken.
    pub fn case(&mut self) -> String {
        let case = self.sound();
        // A case is made of texts and integers only.
        let mut value = serde_json::to_value(&case).unwrap_or_default();
        if self.one_of(60) {
            self.misspell(&mut value);
        }
        let text = value.to_string();
        if !self.one_of(200) {
            return text;
        }
        let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        text[..*self.pick(&ends)].to_owned()
    }

    fn one_of(&mut self, n: u32) -> bool {
        self.rng.random_ratio(1, n)
    }

    /// One of them; none of the lists here is empty.
    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        from.choose(&mut self.rng).unwrap_or(&from[0])
    }

    fn word(&mut self, from: &str) -> String {
        let words: Vec<&str> = from.split_ascii_whitespace().collect();
        (*self.pick(&words)).to_owned()
    }

    /// A document in which every field has a value of its type.
    fn sound(&mut self) -> Case {
        let (country, region, postcode) = self.place();
        let market = match self.rng.random_range(0..80) {
            0 => Some("mars".to_owned()),
            1..24 => Some(self.pick(MARKETS).id.to_owned()),
            _ => None,
        };
        let asked = market.as_deref().and_then(Market::by_id).unwrap_or(Market::of_country(&country));
        let currency = if self.one_of(2) { asked.currency } else { self.currency() };
        let date = self.date();
        let (seller, home) = self.seller(&country, region.as_deref());
        let business = self.one_of(3);
        let tax_id = if business || self.one_of(12) { Some((*self.pick(&TAX_IDS)).to_owned()) } else { None };
        let states = [TaxIdState::Invalid, TaxIdState::Pending, TaxIdState::Unavailable, TaxIdState::None];
        let valid = business && self.rng.random_ratio(2, 3) || self.one_of(60);
        let tax_id_state = match (valid, &tax_id) {
            (true, _) => TaxIdState::Valid,
            // A state of no id is refused: now and then.
            (false, None) if !self.one_of(60) => TaxIdState::None,
            (false, _) => *self.pick(&states),
        };
        let items = self.items();
        let prices = self.prices(&items, asked, currency, date);
        let many = match self.rng.random_range(0..1000) {
            0 => 1001,
            1 => 0,
            2..5 => 300,
            5..60 => self.rng.random_range(9..60),
            _ => self.rng.random_range(1..9),
        };
        let catalogue = self.rng.random_range(0..=2);
        let lines = (0..many).map(|_| self.line(catalogue, &prices, currency)).collect();
        let scope = *self.pick(&[RoundingScope::Unit, RoundingScope::Line, RoundingScope::Document]);
        let mode = *self.pick(&[RoundingMode::HalfUp, RoundingMode::HalfEven]);
        let buyer = Buyer { country, region, postcode, business, tax_id, tax_id_state };
        let shipping = self.shipping(&buyer.country, currency);
        let other = self.one_of(2).then(|| self.shipping(&buyer.country, currency));
        let request = QuoteRequest {
            currency,
            date,
            market,
            seller: Seller { country: home, ..seller },
            buyer,
            lines,
            codes: if self.one_of(3) { vec!["SPRING".into(), "LATE".into()] } else { vec![] },
            promotions: Some(self.promotions(currency)),
            customer: None,
            shipping_method: self.one_of(40).then(|| "express".into()),
            shipping: other,
            rounding: Rounding { scope, mode },
            no_rule: if self.one_of(4) { NoRulePolicy::Block } else { NoRulePolicy::Export },
            external_taxes: None,
            tender: if self.one_of(8) { Tender::Cash } else { Tender::Electronic },
        };
        let mut case = Case { request, items, prices, shipping };
        if self.one_of(12) {
            case.request.external_taxes = self.external(&case);
        }
        case
    }

    /// Taxes as a service would answer them for a document; none where it has no quote.
    fn external(&mut self, case: &Case) -> Option<ExternalTaxes> {
        let Answer::Quote(quote) = crate::BUILT_IN.1.answered(&serde_json::to_string(case).ok()?) else { return None };
        let lines = quote.lines.iter().map(|line| self.external_part(&line.amounts).map(Some));
        let lines = lines.collect::<Option<_>>()?;
        let shipping = match &quote.shipping {
            Some(amounts) => Some(self.external_part(amounts)?),
            None => None,
        };
        Some(ExternalTaxes { provider: "simulator".into(), calculation: "calc-1".into(), lines, shipping })
    }

    /// Mostly of the amount that is taxed, sometimes of another.
    fn external_part(&mut self, of: &Amounts) -> Option<ExternalPart> {
        let off = of.discounts.iter().map(|d| d.amount.minor()).sum::<i64>();
        let minor = of.list.minor() - off + i64::from(self.one_of(100));
        let money = |minor: i64| Money::new(minor, of.list.currency()).ok();
        let many = self.rng.random_range(0..4);
        let tax = |n: i64| {
            let amount = money(minor / 20 * n / 3)?.down_to_step();
            let (jurisdiction, name) = (format!("US-{n}"), "Sales Tax".to_owned());
            let reason = "standard_rated".to_owned();
            Some(ExternalTax { jurisdiction, name, rate_ppm: 50_000 * n / 3, base: money(minor)?, amount, reason })
        };
        let taxes: Vec<_> = (1..=many).map(tax).collect::<Option<_>>()?;
        let status = if taxes.is_empty() { TaxStatus::ZeroRated } else { TaxStatus::Taxed };
        Some(ExternalPart { amount: money(minor)?, status, taxes })
    }

    /// What is taken off: none of half of the documents, else some of every kind.
    fn promotions(&mut self, currency: Currency) -> Vec<Promotion> {
        let many = if self.one_of(2) { 0 } else { self.rng.random_range(1..5) };
        let promotion = |n: u32, maker: &mut Self| {
            let rate_ppm = maker.rng.random_range(1..=1_000_000);
            let most = maker.one_of(3).then(|| maker.money(currency));
            let positive = |m: &Money| m.minor() > 0;
            let at_most: Vec<Money> = most.into_iter().filter(positive).collect();
            let benefit = match maker.rng.random_range(0..5) {
                0 => Benefit::Percent { rate_ppm, at_most },
                1 => {
                    let minor = maker.rng.random_range(1..2_000);
                    Benefit::Amount { amounts: Money::new(minor, currency).into_iter().collect() }
                }
                2 => Benefit::FreeShipping { at_most },
                3 => Benefit::BuyXGetY {
                    buy: maker.rng.random_range(1..4),
                    get: maker.rng.random_range(1..3),
                    rate_ppm,
                    got: None,
                    times: maker.one_of(2).then_some(2),
                },
                _ => Benefit::Bundle {
                    members: vec![
                        BundleMember { sku: "sku-0".into(), quantity: 1 },
                        BundleMember { sku: "product-1".into(), quantity: 1 },
                    ],
                    at: BundlePrice::RatePpm(rate_ppm),
                    times: None,
                },
            };
            let code = match maker.rng.random_range(0..3) {
                0 => Some("SPRING".to_owned()),
                1 => Some("LATE".to_owned()),
                _ => None,
            };
            let stacking = match maker.rng.random_range(0..4) {
                0 => Stacking::Alone,
                1 => Stacking::OneOf("group".into()),
                _ => Stacking::Combines,
            };
            Promotion {
                id: format!("p{n}"),
                code,
                title: String::new(),
                benefit,
                items: ItemScope::default(),
                except: ItemScope::default(),
                stores: vec![],
                groups: vec![],
                first_order: false,
                valid_from: None,
                valid_to: maker.one_of(6).then(|| maker.date()),
                minimum: vec![],
                minimum_quantity: 0,
                limits: Limits::default(),
                priority: maker.rng.random_range(0..3),
                stacking,
                excludes: vec![],
                allow_zero: maker.one_of(2),
            }
        };
        (0..many).map(|n| promotion(n, self)).collect()
    }

    /// Mostly where the tables have rules; sometimes anywhere, sometimes nowhere.
    fn place(&mut self) -> (String, Option<String>, Option<String>) {
        let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        match self.rng.random_range(0..20) {
            0..4 => ("US".to_owned(), (!self.one_of(12)).then(|| self.word(STATES)), Some("10001".to_owned())),
            4..7 => ("CA".to_owned(), (!self.one_of(12)).then(|| self.word(PROVINCES)), None),
            7 => (self.country(), None, None),
            _ => {
                let (country, region, postcode) = *self.pick(&PLACES);
                (country.to_owned(), filled(region), filled(postcode))
            }
        }
    }

    /// Any country; one of twenty is none.
    fn country(&mut self) -> String {
        let none = self.one_of(20);
        loop {
            let letters: String = (0..2).map(|_| char::from(self.rng.random_range(b'A'..=b'Z'))).collect();
            if none || is_country(&letters) {
                return letters;
            }
        }
    }

    fn currency(&mut self) -> Currency {
        let all: Vec<Currency> = Currency::all().collect();
        *self.pick(&all)
    }

    fn date(&mut self) -> Date {
        let from = if self.one_of(30) { 2_000 } else { 19_724 };
        let day = self.rng.random_range(from..21_915);
        // From 1975 to 2029, so one that exists.
        Date::from_unix_ms(day * 86_400_000).unwrap_or_else(|_| unreachable!("a day of this century"))
    }

    /// A seller without its country, and the country. It often is registered where the buyer is.
    fn seller(&mut self, buyer: &str, region: Option<&str>) -> (Seller, String) {
        let home = match self.rng.random_range(0..20) {
            0 => self.country(),
            1..6 => buyer.to_owned(),
            _ => (*self.pick(&SELLERS)).to_owned(),
        };
        let mut registrations = Vec::new();
        if self.rng.random_ratio(4, 5) {
            registrations.push(home.clone());
        }
        for (registration, times) in [("EU-OSS", 2), ("EU-IOSS", 3), ("XI", 8), ("ES-CN", 6), ("GB", 4), ("CA", 3)] {
            if self.one_of(times) {
                registrations.push(registration.to_owned());
            }
        }
        if self.one_of(3) {
            registrations.push(buyer.to_owned());
        }
        if let Some(region) = region.filter(|_| self.one_of(2)) {
            // Few parts of countries tax by themselves: of others such a registration is refused.
            if matches!(buyer, "US" | "CA") || self.one_of(20) {
                registrations.push(format!("{buyer}-{region}"));
            }
        }
        if self.one_of(100) {
            registrations.push("the moon".to_owned());
        }
        let region = match home.as_str() {
            "CA" => Some(self.word(PROVINCES)),
            "US" => Some(self.word(STATES)),
            "ES" if self.one_of(3) => Some("GC".to_owned()),
            "IN" if !self.one_of(4) => Some((*self.pick(&["MH", "CH"])).to_owned()),
            _ => None,
        };
        let prices_include_tax = self.one_of(2);
        (Seller { country: String::new(), region, tax_ids: vec![], registrations, prices_include_tax }, home)
    }

    fn items(&mut self) -> Vec<Sellable> {
        (0..self.rng.random_range(1..6))
            .map(|n| Sellable {
                sku: format!("sku-{n}"),
                name: ["Harbour Lights", "紙の舟", "„Flut“ \\ \"low\"", "\u{1f3b5} no. 4"][n % 4].to_owned(),
                kind: self.kind(),
                tax_class: (*self.pick(&CLASSES)).to_owned(),
                weight_g: self.rng.random_range(0..3_000),
                length_mm: self.one_of(2).then(|| self.rng.random_range(1..900)),
                width_mm: Some(self.rng.random_range(1..900)),
                height_mm: Some(self.rng.random_range(1..900)),
                facets: Facets { product: Some(format!("product-{}", n / 2)), ..Facets::default() },
                ships_from: self.one_of(6).then(|| self.country()),
            })
            .collect()
    }

    fn kind(&mut self) -> Kind {
        if self.one_of(3) { Kind::Physical } else { Kind::Digital }
    }

    /// Minor units of a price: mostly what things cost, sometimes very much; nearly always what can be charged.
    fn minor(&mut self, currency: Currency) -> i64 {
        let any = match self.rng.random_range(0..100) {
            0 => self.rng.random_range(0..=MAX_MINOR),
            1..4 => self.rng.random_range(0..=3),
            4..10 => self.rng.random_range(0..100_000_000),
            _ => self.rng.random_range(1..20_000),
        };
        if self.one_of(100) { any } else { any - any % currency.processor_step() }
    }

    fn money(&mut self, currency: Currency) -> Money {
        let minor = self.minor(currency);
        // No more than the most.
        Money::new(minor, currency).unwrap_or(Money::zero(currency))
    }

    fn prices(&mut self, items: &[Sellable], market: &Market, currency: Currency, date: Date) -> PriceList {
        let mut entries = Vec::new();
        for item in items {
            for n in 0..self.rng.random_range(1..6) {
                let price = match self.rng.random_range(0..8) {
                    0 => Shape::Free,
                    1 | 2 => {
                        let step = currency.processor_step();
                        let min_minor = step * self.rng.random_range(0..2_000);
                        let suggested_minor = min_minor + step * self.rng.random_range(0..900);
                        Shape::PayWhatYouWant { min_minor, suggested_minor }
                    }
                    _ => Shape::Fixed { amount_minor: self.minor(currency) },
                };
                // The first of nearly all holds for this document.
                let any = n > 0 || self.one_of(40);
                entries.push(PriceEntry {
                    sku: item.sku.clone(),
                    region: (*self.pick(market.price_regions)).to_owned(),
                    currency: if any && self.one_of(6) { Currency::USD } else { currency },
                    valid_from: if any && self.one_of(3) { self.date() } else { date },
                    valid_to: if any && self.one_of(6) { Some(self.date()) } else { None },
                    min_quantity: if any { *self.pick(&STEPS) } else { 1 },
                    compare_at_minor: if self.one_of(4) { Some(self.minor(currency)) } else { None },
                    price,
                });
            }
        }
        PriceList { id: "list".into(), entries, until: None }
    }

    /// `catalogue` 0: ad hoc; 1: of the catalogue; 2: either.
    fn line(&mut self, catalogue: u32, prices: &PriceList, currency: Currency) -> RequestLine {
        let quantity = match self.rng.random_range(0..600) {
            0 => 0,
            1 => 1_000_001,
            2..20 => self.rng.random_range(1..=1_000_000),
            20..200 => self.rng.random_range(1..40),
            _ => 1,
        };
        let foreign = if self.one_of(400) { self.currency() } else { currency };
        if catalogue == 1 || catalogue == 2 && self.one_of(2) {
            // Every item has a price.
            let entry = self.pick(&prices.entries);
            let times = if matches!(entry.price, Shape::PayWhatYouWant { .. }) { 2 } else { 200 };
            let sku = if self.one_of(250) { "sku-none".to_owned() } else { entry.sku.clone() };
            let named_price = self.one_of(times).then(|| self.money(foreign));
            return RequestLine { sku: Some(sku), quantity, named_price, ..RequestLine::default() };
        }
        // Mostly what can be together; now and then any kind with any class, a file with a weight, a price said twice.
        let class = *self.pick(&CLASSES);
        let kind = Kind::of_class(class).filter(|_| !self.one_of(600)).unwrap_or_else(|| self.kind());
        let sent = kind == Kind::Physical || self.one_of(600);
        RequestLine {
            quantity,
            named_price: self.one_of(900).then(|| self.money(foreign)),
            name: (!self.one_of(400)).then(|| "Ad hoc".into()),
            unit_price: Some(self.money(foreign)),
            kind: Some(kind),
            tax_class: Some(class.to_owned()),
            weight_g: (sent && self.one_of(2)).then(|| self.rng.random_range(0..5_000)),
            ships_from: (sent && self.one_of(8)).then(|| self.country()),
            ..RequestLine::default()
        }
    }

    /// Mostly somewhere to the buyer, in bands of weight.
    fn shipping(&mut self, buyer: &str, currency: Currency) -> ShippingTable {
        let mut zones =
            vec![Zone { id: "near".into(), countries: vec![buyer.to_owned(), "DE".into()], ..Zone::default() }];
        if self.one_of(3) {
            zones.remove(0);
        }
        if !self.one_of(8) {
            zones.push(Zone { id: "far".into(), countries: vec!["*".into()], ..Zone::default() });
        }
        let mut rates = Vec::new();
        let express = self.one_of(3);
        for zone in &zones {
            for up_to_g in [500, 5_000, 4_000_000_000] {
                let foreign = if self.one_of(500) { Currency::USD } else { currency };
                let amount = self.money(foreign);
                let free_over = self.one_of(3).then(|| self.money(foreign));
                let up_to_mm = self.one_of(9).then(|| [(); 3].map(|()| self.rng.random_range(1..900)));
                let method = (express && self.one_of(3)).then(|| "express".to_owned());
                rates.push(Rate {
                    method,
                    up_to_g: Some(up_to_g),
                    up_to_mm,
                    free_over,
                    handling: self.one_of(6).then(|| self.money(currency)),
                    handling_per_item: self.one_of(6).then(|| self.money(currency)),
                    ..Rate::flat(zone.id.clone(), amount)
                });
            }
        }
        let method =
            |id: &str, dim_divisor| Method { id: id.to_owned(), name: id.to_owned(), dim_divisor, ..Method::default() };
        let methods = match express {
            true => vec![method("standard", None), method("express", Some(5_000))],
            false => vec![],
        };
        ShippingTable { zones, rates, methods, ..ShippingTable::default() }
    }

    /// Breaks one value, so that its reader must say where and why.
    fn misspell(&mut self, case: &mut Value) {
        let request = &mut case["request"];
        // Some documents have no line that could be misspelt.
        let kind = match self.rng.random_range(0..10) {
            4..8 if request["lines"].as_array().is_none_or(Vec::is_empty) => 0,
            kind => kind,
        };
        match kind {
            0 => request["currency"] = "EURO".into(),
            1 => request["date"] = "2026-02-30".into(),
            2 => request["planet"] = "Mars".into(),
            3 => request["buyer"] = Value::Null,
            4 => request["lines"][0]["quantity"] = json!(-1),
            5 => request["lines"][0]["quantity"] = json!(1.5),
            6 => {
                request["lines"][0]["unit_price"] = json!({ "minor": 9_007_199_254_740_992u64, "currency": "EUR" });
            }
            7 => {
                request["lines"][0]["unit_price"] = json!({ "minor": 100, "currency": "JPY", "exponent": 2 });
            }
            8 => request["rounding"]["scope"] = "hour".into(),
            _ => request["seller"]["prices_include_tax"] = "yes".into(),
        }
    }
}

/// Tells what an answer holds, so that a run can show what it reached: `code:..`, `status:..`, `reason:..`, `price:..`, `currency:..` ...
pub fn features(answer: &Answer, tell: &mut dyn FnMut(String)) {
    let quote = match answer {
        Answer::Quote(quote) => quote,
        Answer::Refused { code, .. } => return tell(format!("code:{code}")),
        Answer::Unreadable(_) => return tell("unreadable".into()),
    };
    // Codes as they are in JSON.
    let name =
        |value: Result<Value, _>| value.ok().and_then(|v: Value| v.as_str().map(str::to_owned)).unwrap_or_default();
    tell("quote".into());
    tell(format!("currency:{}", quote.currency));
    tell(format!("market:{}", quote.market));
    let scope = name(serde_json::to_value(quote.rounding.scope));
    let mode = name(serde_json::to_value(quote.rounding.mode));
    let inclusive = if quote.prices_include_tax { "inclusive" } else { "exclusive" };
    tell(format!("rounding:{inclusive}:{scope}:{mode}"));
    for (of, accuracy) in [("all", quote.accuracy), ("shipping", quote.shipping_accuracy)] {
        accuracy.into_iter().for_each(|a| tell(format!("accuracy of {of}:{}", name(serde_json::to_value(a)))));
    }
    for line in &quote.lines {
        tell(format!("status:{}", name(serde_json::to_value(line.tax_status))));
        tell(format!("accuracy:{}", name(serde_json::to_value(line.accuracy))));
    }
    for step in &quote.explain {
        match step.kind {
            StepKind::Price => tell(format!("price:{}", step.rule)),
            StepKind::Treatment => tell(format!("reason:{}", step.rule)),
            StepKind::Shipping => tell("shipping".into()),
            StepKind::Strip => tell("strip".into()),
            StepKind::Discount => tell("discount".into()),
            StepKind::CodeSkipped => tell(format!("skipped:{}", step.rule.split(':').next().unwrap_or_default())),
            StepKind::CashRounding => tell("cash".into()),
            StepKind::Tax | StepKind::Total => {}
        }
    }
    if quote.totals.taxes.len() > 1 {
        tell("several taxes".into());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use vitrine_pricing::tax::REASONS;

    use super::*;
    use crate::BUILT_IN;

    #[test]
    fn a_seed_makes_the_same_documents() {
        let made = |seed| {
            let mut maker = Maker::new(seed);
            (0..50).map(|_| maker.case()).collect::<Vec<_>>()
        };
        assert_eq!(made(7), made(7));
        assert_ne!(made(7), made(8));
    }

    #[test]
    fn documents_reach_every_currency_market_rounding_status_reason_and_refusal() {
        let mut maker = Maker::new(1);
        let (mut seen, mut quotes) = (BTreeSet::new(), 0);
        for _ in 0..10_000 {
            let answer = BUILT_IN.1.answered(&maker.case());
            quotes += u32::from(matches!(answer, Answer::Quote(_)));
            features(&answer, &mut |feature| {
                seen.insert(feature);
            });
        }
        let mut wanted: Vec<String> = Currency::all().map(|c| format!("currency:{c}")).collect();
        wanted.extend(MARKETS.iter().map(|m| format!("market:{}", m.id)));
        // Two of them never have a quote.
        let refused = ["region_unknown", "territory_without_table"];
        wanted.extend(REASONS.iter().filter(|r| !refused.contains(r)).map(|r| format!("reason:{r}")));
        let codes = "invalid impossible unknown_country unknown_sku not_for_sale below_minimum not_shipped no_tax_rule too_large";
        wanted.extend(codes.split(' ').map(|c| format!("code:{c}")));
        let statuses = "taxed reverse_charged zero_rated not_registered outside_scope no_rule";
        wanted.extend(statuses.split(' ').map(|s| format!("status:{s}")));
        wanted.extend("fixed free pay_what_you_want ad_hoc".split(' ').map(|p| format!("price:{p}")));
        wanted.extend(
            "accuracy:full accuracy:state accuracy:provider shipping strip unreadable".split(' ').map(str::to_owned),
        );
        for of in ["all", "shipping"] {
            wanted.extend(["full", "state", "provider"].map(|accuracy| format!("accuracy of {of}:{accuracy}")));
        }
        wanted.extend(["several taxes", "cash"].map(str::to_owned));
        for scope in ["unit", "line", "document"] {
            for mode in ["half_up", "half_even"] {
                wanted.extend(["inclusive", "exclusive"].map(|i| format!("rounding:{i}:{scope}:{mode}")));
            }
        }
        let missing: Vec<&String> = wanted.iter().filter(|w| !seen.contains(*w)).collect();
        assert!(missing.is_empty(), "{missing:?} of {seen:?}");
        assert!((6_000..8_500).contains(&quotes), "{quotes} quotes");
    }
}
