//! Rules that hold for every amount and every document.

use proptest::prelude::*;
use vitrine_pricing::cash::Tender;
use vitrine_pricing::date::Date;
use vitrine_pricing::format::{Locale, currency_symbol, format_money};
use vitrine_pricing::money::{Currency, MAX_MINOR, Money, MoneyError, RoundingMode};
use vitrine_pricing::price::PriceList;
use vitrine_pricing::promotion::{
    Benefit, BundleMember, BundlePrice, CodeStatus, Facets, ItemScope, Promotion, Promotions, Stacking,
};
use vitrine_pricing::quote::*;
use vitrine_pricing::refund::{LineWish, RefundAmounts, RefundQuote, RefundWish, Take, refund, refundable};
use vitrine_pricing::shipping::{Rate, ShippingTable, Zone};
use vitrine_pricing::tax::{TaxRules, TaxStatus, WholeStatus};

fn request() -> impl Strategy<Value = QuoteRequest> {
    let class = prop::sample::select(vec!["ebook", "digital_music", "printed_book", "goods", "unheard_of"]);
    let from = prop::sample::select(vec![None, Some("US"), Some("FR"), Some("GB")]);
    let line =
        (class, 0i64..5_000_000, 1u32..50, any::<bool>(), from).prop_map(|(class, minor, quantity, physical, from)| {
            let kind = Kind::of_class(class).unwrap_or(if physical { Kind::Physical } else { Kind::Digital });
            let sent = kind == Kind::Physical;
            RequestLine {
                ships_from: from.filter(|_| sent).map(Into::into),
                name: Some(class.into()),
                tax_class: Some(class.into()),
                unit_price: Some(Money::new(minor, Currency::EUR).unwrap()),
                kind: Some(kind),
                weight_g: sent.then_some(100),
                quantity,
                ..RequestLine::default()
            }
        });
    let places = vec![
        ("DE", None),
        ("FR", None),
        ("HU", None),
        ("GB", None),
        ("CH", None),
        ("US", Some("NY")),
        ("CA", Some("QC")),
        ("CA", Some("ON")),
        ("BR", None),
        ("ES", None),
        ("AU", None),
        ("RE", None),
        ("JE", None),
        ("IN", Some("MH")),
        ("IN", Some("KA")),
    ];
    // Of the second one sales at home are under two taxes of one rate.
    let seller = prop::sample::select(vec![("DE", None), ("IN", Some("MH"))]);
    let registrations = prop::sample::subsequence(
        vec!["DE", "EU-OSS", "GB", "CH", "US-NY", "CA", "CA-QC", "EU-IOSS", "ES-CN", "IN"],
        0..=10,
    );
    let scope = prop::sample::select(vec![RoundingScope::Unit, RoundingScope::Line, RoundingScope::Document]);
    let mode = prop::sample::select(vec![RoundingMode::HalfUp, RoundingMode::HalfEven]);
    let tax_id = prop::sample::select(vec![
        "FR40303265045",
        "DE136695976",
        "XI123456789",
        "GB980780684",
        "CHE-107.787.577",
        "51824753556",
    ]);
    let flags = (any::<bool>(), any::<bool>(), seller, tax_id);
    let postcode = prop::sample::select(vec![None, Some("35001"), Some("78266"), Some("97400"), Some("BT1 1AA")]);
    (prop::collection::vec(line, 1..8), prop::sample::select(places), registrations, scope, mode, flags, postcode)
        .prop_map(
            |(
                lines,
                (country, region),
                registrations,
                scope,
                mode,
                (inclusive, business, seller, tax_id),
                postcode,
            )| {
                QuoteRequest {
                    currency: Currency::EUR,
                    date: "2026-11-22".parse().unwrap(),
                    market: None,
                    seller: Seller {
                        country: seller.0.into(),
                        region: seller.1.map(Into::into),
                        tax_ids: vec![],
                        registrations: registrations.into_iter().map(Into::into).collect(),
                        prices_include_tax: inclusive,
                    },
                    buyer: Buyer {
                        country: country.into(),
                        region: region.map(Into::into),
                        postcode: postcode.map(Into::into),
                        business,
                        tax_id: business.then(|| tax_id.into()),
                        tax_id_state: if business { TaxIdState::Valid } else { TaxIdState::None },
                    },
                    lines,
                    codes: vec![],
                    promotions: None,
                    customer: None,
                    shipping: None,
                    shipping_method: None,
                    rounding: Rounding { scope, mode },
                    no_rule: NoRulePolicy::Export,
                    external_taxes: None,
                    tender: Tender::Electronic,
                }
            },
        )
}

/// Any currency of ISO 4217.
fn currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(Currency::all().collect::<Vec<_>>())
}

/// Any document in any currency.
fn requests() -> impl Strategy<Value = QuoteRequest> {
    (request(), currency()).prop_map(|(asked, currency)| in_currency(asked, currency))
}

/// The same with promotions and codes.
fn discounts() -> impl Strategy<Value = QuoteRequest> {
    (discounted(), currency()).prop_map(|(asked, currency)| in_currency(asked, currency))
}

/// The same in another currency: prices times its step, all else with the numbers that it has.
fn in_currency(mut asked: QuoteRequest, currency: Currency) -> QuoteRequest {
    let named = |minor: i64| Money::new(minor, currency).unwrap();
    for line in &mut asked.lines {
        line.unit_price = line.unit_price.map(|price| named(price.minor() * currency.processor_step()));
    }
    for promotion in asked.promotions.iter_mut().flatten() {
        for amount in promotion.minimum.iter_mut() {
            *amount = named(amount.minor());
        }
        let amounts = match &mut promotion.benefit {
            Benefit::Percent { at_most, .. } | Benefit::FreeShipping { at_most } => at_most,
            Benefit::Amount { amounts } => amounts,
            Benefit::Bundle { at: BundlePrice::Prices(prices), .. } => prices,
            _ => continue,
        };
        amounts.iter_mut().for_each(|amount| *amount = named(amount.minor()));
    }
    QuoteRequest { currency, ..asked }
}

fn run(request: &QuoteRequest) -> Result<Quote, QuoteError> {
    let rate = Money::new(491 * request.currency.processor_step(), request.currency).unwrap();
    let shipping = ShippingTable {
        zones: vec![Zone { id: "all".into(), countries: vec!["*".into()], ..Zone::default() }],
        rates: vec![Rate { up_to_g: Some(1_000_000), ..Rate::flat("all", rate) }],
        ..ShippingTable::default()
    };
    quote(
        request,
        &Context {
            rules: &TaxRules::built_in(),
            items: &[],
            prices: &PriceList::default(),
            shipping: &shipping,
            promotions: Promotions::default(),
        },
    )
}

/// Every kind of promotion, for lines that [`request`] makes.
fn promotions() -> impl Strategy<Value = Vec<Promotion>> {
    let names = prop::sample::subsequence(vec!["ebook", "digital_music", "printed_book", "goods"], 0..=3);
    let scope = names
        .prop_map(|names| ItemScope { products: names.into_iter().map(Into::into).collect(), ..ItemScope::default() });
    let eur = |minor: i64| vec![Money::new(minor, Currency::EUR).unwrap()];
    let cap = prop::option::of(1i64..1_000_000).prop_map(move |cap| cap.map(eur).unwrap_or_default());
    let times = || prop::option::of(1u32..4);
    let rate = || prop_oneof![1i64..=1_000_000, Just(1_000_000)];
    let member = (prop::sample::select(vec!["ebook", "goods", "digital_music"]), 1u32..4);
    let members = prop::collection::btree_map(member.clone().prop_map(|m| m.0), member.prop_map(|m| m.1), 1..3);
    let members = members.prop_map(|all| {
        all.into_iter().map(|(sku, quantity)| BundleMember { sku: sku.into(), quantity }).collect::<Vec<_>>()
    });
    let at = prop_oneof![
        (1i64..1_000_000).prop_map(move |minor| BundlePrice::Prices(eur(minor))),
        rate().prop_map(BundlePrice::RatePpm),
    ];
    let got = prop::option::of(Just(ItemScope { products: vec!["ebook".into()], ..ItemScope::default() }));
    let benefit = prop_oneof![
        (rate(), cap.clone()).prop_map(|(rate_ppm, at_most)| Benefit::Percent { rate_ppm, at_most }),
        (1i64..20_000_000).prop_map(move |minor| Benefit::Amount { amounts: eur(minor) }),
        cap.prop_map(|at_most| Benefit::FreeShipping { at_most }),
        (1u32..5, 1u32..5, rate(), got, times()).prop_map(|(buy, get, rate_ppm, got, times)| Benefit::BuyXGetY {
            buy,
            get,
            rate_ppm,
            got,
            times
        }),
        (members, at, times()).prop_map(|(members, at, times)| Benefit::Bundle { members, at, times }),
    ];
    let stacking = prop::sample::select(vec![
        Stacking::Combines,
        Stacking::Combines,
        Stacking::OneOf("a".into()),
        Stacking::OneOf("b".into()),
        Stacking::Alone,
    ]);
    let minimum = prop::option::of(1i64..10_000_000).prop_map(move |minor| minor.map(eur).unwrap_or_default());
    let excludes = prop::option::of(prop::sample::select(vec!["p0", "p1", "p2"]));
    let rules = (stacking, minimum, excludes, -1i32..2, any::<bool>(), any::<bool>());
    prop::collection::vec((benefit, scope, rules), 0..5).prop_map(|all| {
        let made = all.into_iter().enumerate().map(|(n, (benefit, items, rules))| {
            let (stacking, minimum, excludes, priority, coded, allow_zero) = rules;
            let json = serde_json::json!({ "id": format!("p{n}"), "benefit": { "kind": "free_shipping" } });
            Promotion {
                code: coded.then(|| format!("CODE{}", n % 2)),
                benefit,
                items,
                minimum,
                priority,
                stacking,
                excludes: excludes.into_iter().map(Into::into).collect(),
                allow_zero,
                ..serde_json::from_value(json).unwrap()
            }
        });
        made.collect()
    })
}

/// A document whose lines are products of their class, with promotions and codes.
fn discounted() -> impl Strategy<Value = QuoteRequest> {
    let codes = prop::sample::subsequence(vec!["code0", "CODE1", "NONE"], 0..=3);
    (request(), promotions(), codes, any::<bool>()).prop_map(|(mut request, promotions, codes, alike)| {
        for line in &mut request.lines {
            line.facets = Some(Facets { product: line.name.clone(), ..Facets::default() });
            if alike {
                // Few prices and quantities: lines that differ in their tax only.
                let minor = line.unit_price.unwrap().minor() % 4 * 333;
                line.unit_price = Money::new(minor, Currency::EUR).ok();
                line.quantity = line.quantity % 3 + 1;
            }
        }
        request.promotions = Some(promotions);
        request.codes = codes.into_iter().map(Into::into).collect();
        request
    })
}

/// So many minor units of every currency, and the nearest amount below that can be charged.
fn as_is_and_in_steps(minor: i64) -> impl Iterator<Item = Money> {
    Currency::all().flat_map(move |currency| {
        let amount = Money::new(minor, currency).unwrap();
        [amount, amount.down_to_step()]
    })
}

fn off(a: &Amounts) -> i64 {
    a.discounts.iter().map(|d| d.amount.minor()).sum()
}

fn steps(quote: &Quote, kind: StepKind) -> impl Iterator<Item = &Step> {
    quote.explain.iter().filter(move |step| step.kind == kind)
}

fn exact(a: &Amounts) -> bool {
    let tax: i64 = a.taxes.iter().map(|t| t.amount.minor()).sum();
    let parts = [a.list, a.net, a.tax, a.gross];
    tax == a.tax.minor() && a.net.minor() + tax == a.gross.minor() && parts.iter().all(|m| !m.is_negative())
}

/// What a document comes to is the sum of its parts, on every line and in total.
fn adds_up(request: &QuoteRequest) -> Result<(), TestCaseError> {
    let quote = run(request).unwrap();
    let all: Vec<&Amounts> = quote.lines.iter().map(|l| &l.amounts).chain(&quote.shipping).collect();
    prop_assert!(all.iter().all(|a| exact(a)) && exact(&quote.totals));
    for pick in [|a: &Amounts| a.net, |a: &Amounts| a.tax, |a: &Amounts| a.gross, |a: &Amounts| a.list] {
        prop_assert_eq!(all.iter().map(|a| pick(a).minor()).sum::<i64>(), pick(&quote.totals).minor());
    }
    let stripped = quote.explain.iter().any(|s| s.kind == StepKind::Strip);
    if request.seller.prices_include_tax && !stripped {
        prop_assert_eq!(quote.totals.gross, quote.totals.list);
    }
    // Two halves of one tax differ by no more than one step a line.
    for a in &all {
        let of = |part: &'static str| a.taxes.iter().filter(move |t| t.jurisdiction == part);
        for (mine, other) in of("IN-CGST").zip(of("IN-SGST")) {
            prop_assert_eq!((mine.rate_ppm, mine.base), (other.rate_ppm, other.base));
            let off = mine.amount.minor() - other.amount.minor();
            prop_assert!(off.abs() <= request.currency.processor_step(), "{:?}", a.taxes);
        }
    }
    let told: i64 =
        quote.explain.iter().filter(|s| s.kind == StepKind::Tax).filter_map(|s| s.amount).map(Money::minor).sum();
    prop_assert_eq!(told, quote.totals.tax.minor(), "every tax has its step");
    Ok(())
}

/// What is taken off is the sum of its parts, is in order, and leaves what is right.
fn taken_off_rightly(request: &QuoteRequest) -> Result<(), TestCaseError> {
    let quote = run(request).unwrap();
    let all: Vec<&Amounts> = quote.lines.iter().map(|l| &l.amounts).chain(&quote.shipping).collect();
    prop_assert!(all.iter().all(|a| exact(a)) && exact(&quote.totals));
    for pick in [
        |a: &Amounts| a.net.minor(),
        |a: &Amounts| a.tax.minor(),
        |a: &Amounts| a.gross.minor(),
        |a: &Amounts| a.list.minor(),
        off,
    ] {
        prop_assert_eq!(all.iter().map(|a| pick(a)).sum::<i64>(), pick(&quote.totals));
    }
    // By promotion, too; each takes something off, never more than there is, and says on what.
    for total in &quote.totals.discounts {
        let parts = all.iter().flat_map(|a| &a.discounts).filter(|d| d.promotion == total.promotion);
        prop_assert_eq!(parts.map(|d| d.amount.minor()).sum::<i64>(), total.amount.minor());
        let told = steps(&quote, StepKind::Discount).filter(|s| s.rule == total.promotion);
        prop_assert_eq!(told.filter_map(|s| s.amount).map(Money::minor).sum::<i64>(), total.amount.minor());
    }
    prop_assert!(steps(&quote, StepKind::Discount).all(|s| s.amount <= s.base));
    prop_assert!(all.iter().flat_map(|a| &a.discounts).all(|d| d.amount.minor() > 0));
    // Tax is of what is left.
    let stripped = steps(&quote, StepKind::Strip).next().is_some();
    for a in &all {
        let left = a.list.minor() - off(a);
        prop_assert!(left >= 0);
        match request.seller.prices_include_tax {
            true => prop_assert!(stripped || a.gross.minor() == left),
            false => prop_assert_eq!(a.net.minor(), left),
        }
    }
    let told: i64 = steps(&quote, StepKind::Tax).filter_map(|s| s.amount).map(Money::minor).sum();
    prop_assert_eq!(told, quote.totals.tax.minor(), "every tax has its step");
    // Every code has an answer, and every promotion that counts reserves one use.
    prop_assert_eq!(quote.codes.len(), request.codes.len());
    prop_assert!(quote.codes.iter().all(|c| (c.status == CodeStatus::Skipped) == c.reason.is_some()));
    let reserved: Vec<_> = quote.reservations.iter().map(|r| &r.promotion).collect();
    prop_assert_eq!(reserved, quote.totals.discounts.iter().map(|d| &d.promotion).collect::<Vec<_>>());
    // Nothing is left to pay only if one of them may do that.
    let plain = run(&QuoteRequest { promotions: None, codes: vec![], ..request.clone() }).unwrap();
    let promotions = request.promotions.as_deref().unwrap();
    let may = |id: &str| promotions.iter().any(|p| p.id == id && p.allow_zero);
    if quote.totals.gross.is_zero() && !plain.totals.gross.is_zero() {
        prop_assert!(quote.totals.discounts.iter().any(|d| may(&d.promotion)));
    }
    // Those that are not combined are not.
    let by_id = |id: &str| promotions.iter().find(|p| p.id == id).unwrap();
    for (i, one) in quote.totals.discounts.iter().enumerate() {
        for other in quote.totals.discounts[..i].iter().map(|d| by_id(&d.promotion)) {
            let one = by_id(&one.promotion);
            prop_assert!(!one.excludes.contains(&other.id) && !other.excludes.contains(&one.id));
            prop_assert!(one.stacking == Stacking::Combines || one.stacking != other.stacking);
            prop_assert!(one.stacking != Stacking::Alone && other.stacking != Stacking::Alone);
            prop_assert!((other.priority, &other.id) < (one.priority, &one.id), "by priority, then id");
        }
    }
    Ok(())
}

/// The taxes of a quote in the shape in which a tax service answers, for the lines on which there is tax and for sending them; none if a share of
/// sending them has no tax, for which a service has one answer.
fn as_a_service_says(quote: &Quote) -> Option<ExternalTaxes> {
    let part = |of: &Amounts| ExternalPart {
        amount: Money::new(of.list.minor() - off(of), of.list.currency()).unwrap(),
        status: TaxStatus::Taxed,
        taxes: of.taxes.iter().map(tax_said).collect(),
    };
    let taxed = |line: &&QuotedLine| line.tax_status == TaxStatus::Taxed;
    let parcel = quote.lines.iter().filter(taxed).any(|line| line.kind == Kind::Physical);
    if parcel && quote.shipping_tax_status != Some(WholeStatus::Taxed) {
        return None;
    }
    Some(ExternalTaxes {
        provider: "engine".into(),
        calculation: "c1".into(),
        lines: quote.lines.iter().map(|line| Some(line).filter(taxed).map(|line| part(&line.amounts))).collect(),
        shipping: quote.shipping.as_ref().filter(|_| parcel).map(part),
    })
}

fn tax_said(tax: &TaxAmount) -> ExternalTax {
    ExternalTax {
        jurisdiction: tax.jurisdiction.clone(),
        name: tax.name.clone(),
        rate_ppm: tax.rate_ppm,
        base: tax.base,
        amount: tax.amount,
        reason: "table".into(),
    }
}

/// Which line, how, and how much of what is left of it in per mille.
fn wishes() -> impl Strategy<Value = Vec<(usize, u8, i64)>> {
    prop::collection::vec((0usize..8, 0u8..4, 0i64..=1000), 0..6)
}

/// What a document comes to can be charged, and whatever goes back of it in whatever order, in the end all of it did.
fn charged_and_refunded(asked: &QuoteRequest, wishes: &[(usize, u8, i64)]) -> Result<(), TestCaseError> {
    let currency = asked.currency;
    // Prices as they are set, in steps; amounts off, caps and prices of sets as fine as they like.
    let quote = run(asked).unwrap();
    let all = quote.lines.iter().map(|l| &l.amounts).chain(&quote.shipping).chain([&quote.totals]);
    for a in all {
        prop_assert!(exact(a), "{:?}", a);
        for amount in [a.list, a.net, a.tax, a.gross].into_iter().chain(a.taxes.iter().map(|t| t.amount)) {
            prop_assert!(amount.is_in_steps(), "{:?}", a);
        }
        prop_assert!(a.discounts.iter().all(|d| d.amount.is_in_steps() && !d.amount.is_zero()), "{:?}", a);
    }
    let mut refunds: Vec<RefundQuote> = Vec::new();
    for &(at, how, mille) in wishes {
        let line = at % quote.lines.len();
        let left = &refundable(&quote, &refunds).unwrap().lines[line];
        let part = left.amounts.gross.minor() * mille / 1000;
        let take = match how {
            0 => Take::Tax,
            1 => Take::Quantity { quantity: 1 },
            // Any amount: refused, or one that can be refunded.
            2 => Take::Amount { gross: Money::new(part, currency).unwrap() },
            _ => Take::Amount { gross: Money::new(part - part % currency.processor_step(), currency).unwrap() },
        };
        let wish = RefundWish { lines: vec![LineWish { line, take }], shipping: None };
        match refund(&quote, &refunds, &wish) {
            Ok(next) => {
                prop_assert!(next.totals.gross.is_in_steps() && next.left.gross.is_in_steps());
                refunds.push(next);
            }
            Err(why) => prop_assert!(how != 3 || part < currency.processor_step() || left.done, "{}", why),
        }
    }
    let left = refundable(&quote, &refunds).unwrap();
    let lines: Vec<usize> = (0..left.lines.len()).filter(|i| !left.lines[*i].done).collect();
    let rest = RefundWish::whole(&lines, left.shipping.is_some_and(|s| !s.done));
    if rest != RefundWish::default() {
        refunds.push(refund(&quote, &refunds, &rest).unwrap());
    }
    let back = |of: fn(&RefundAmounts) -> Money| refunds.iter().map(|r| of(&r.totals).minor()).sum::<i64>();
    prop_assert_eq!(back(|r| r.gross), quote.totals.gross.minor());
    prop_assert_eq!(back(|r| r.tax), quote.totals.tax.minor());
    for tax in &quote.totals.taxes {
        let gone = refunds.iter().flat_map(|r| &r.totals.taxes).filter(|t| t.rule == tax.rule);
        prop_assert_eq!(gone.map(|t| t.amount.minor()).sum::<i64>(), tax.amount.minor(), "{}", tax.rule);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]

    /// The tests below draw a currency; here none of them is left out.
    #[test]
    fn documents_add_up_and_go_back_in_every_single_currency(plain in request(), asked in discounted(), wishes in wishes()) {
        for currency in Currency::all() {
            let told = |why: TestCaseError| TestCaseError::fail(format!("{currency}: {why}"));
            adds_up(&in_currency(plain.clone(), currency)).map_err(told)?;
            let asked = in_currency(asked.clone(), currency);
            taken_off_rightly(&asked).map_err(told)?;
            charged_and_refunded(&asked, &wishes).map_err(told)?;
        }
    }
}

proptest! {
    #[test]
    fn a_day_is_found_again(day in -719_162i64..2_932_897) {
        let date = Date::from_unix_ms(day * 86_400_000).unwrap();
        prop_assert_eq!(date.unix_ms(), day * 86_400_000);
        prop_assert_eq!(Date::from_unix_ms(date.unix_ms() + 86_399_999).unwrap(), date);
    }

    #[test]
    fn quotes_add_up(request in requests()) {
        adds_up(&request)?;
    }

    #[test]
    fn whatever_a_quote_comes_to_can_be_charged_and_refunded(asked in discounts(), wishes in wishes()) {
        charged_and_refunded(&asked, &wishes)?;
    }

    /// The tables and a tax service plug into one port: what the tables say, said by a service, is the same document to the cent.
    #[test]
    fn taxes_of_the_tables_said_by_a_service_change_no_amount(request in discounts()) {
        let tables = run(&request).unwrap();
        let Some(said) = as_a_service_says(&tables) else { return Ok(()) };
        let service = run(&QuoteRequest { external_taxes: Some(said), ..request }).unwrap();
        let amounts = |quote: &Quote| {
            let parts = quote.lines.iter().map(|line| &line.amounts).chain(&quote.shipping).chain([&quote.totals]);
            let all = parts.map(|a| {
                // In the order of the rules' ids, and a service's are others.
                let mut taxes: Vec<_> = a.taxes.iter().map(tax_said).collect();
                taxes.sort_by(|a, b| (&a.jurisdiction, &a.name, a.rate_ppm).cmp(&(&b.jurisdiction, &b.name, b.rate_ppm)));
                (a.list, a.discounts.clone(), a.net, a.tax, a.gross, taxes)
            });
            all.collect::<Vec<_>>()
        };
        prop_assert_eq!(amounts(&tables), amounts(&service));
        let why = |quote: &Quote| quote.lines.iter().map(|line| line.tax_status).collect::<Vec<_>>();
        prop_assert_eq!(why(&tables), why(&service));
        prop_assert_eq!(tables.shipping_tax_status, service.shipping_tax_status);
    }

    #[test]
    fn order_of_lines_changes_no_total(request in requests()) {
        let mut turned = request.clone();
        turned.lines.reverse();
        prop_assert_eq!(run(&request).unwrap().totals, run(&turned).unwrap().totals);
    }

    #[test]
    fn discounts_add_up(request in discounts()) {
        taken_off_rightly(&request)?;
    }

    #[test]
    fn order_of_lines_promotions_and_codes_changes_no_total(request in discounts(), seed in any::<u64>()) {
        let mut turned = request.clone();
        let mut n = 0u64;
        let mut scrambled = |_: &_| { n += 1; n.wrapping_mul(seed | 1) };
        turned.lines.sort_by_cached_key(&mut scrambled);
        turned.promotions.as_mut().unwrap().reverse();
        turned.codes.reverse();
        let (one, other) = (run(&request).unwrap(), run(&turned).unwrap());
        prop_assert_eq!(&one.totals, &other.totals);
        prop_assert_eq!(&one.shipping, &other.shipping);
        prop_assert_eq!(&one.reservations, &other.reservations);
        // A line keeps what is taken off it, wherever it stands.
        let by_line = |quote: &Quote| {
            let mut lines: Vec<String> = quote.lines.iter()
                .map(|l| format!("{} {:?} {} {} {:?}", l.name, l.kind, l.unit_price.minor(), l.quantity, l.amounts.discounts))
                .collect();
            lines.sort_unstable();
            lines
        };
        prop_assert_eq!(by_line(&one), by_line(&other));
        let (mut one, mut other) = (one.codes, other.codes);
        one.sort_by(|a, b| a.code.cmp(&b.code));
        other.sort_by(|a, b| a.code.cmp(&b.code));
        prop_assert_eq!(one, other);
    }

    #[test]
    fn no_discount_makes_a_total_dearer(request in discounts()) {
        let with = run(&request).unwrap();
        let without = run(&QuoteRequest { promotions: None, codes: vec![], ..request }).unwrap();
        let treated = |q: &Quote| steps(q, StepKind::Treatment).map(|s| (s.line, s.rule.clone())).collect::<Vec<_>>();
        // A lower price may bring goods below an import limit: then the tax is charged here that was due at the border.
        if treated(&with) == treated(&without) {
            prop_assert!(with.totals.gross <= without.totals.gross);
            prop_assert!(with.totals.tax <= without.totals.tax);
        }
        prop_assert!(with.totals.list == without.totals.list);
    }

    #[test]
    fn no_document_panics(country in "[A-Z]{2}", region in "[A-Z]{0,2}", minor in 0..=MAX_MINOR, quantity in any::<u32>(), base in requests()) {
        let mut request = base;
        request.buyer.country = country;
        request.buyer.region = Some(region);
        request.lines[0].unit_price = Money::new(minor, request.currency).ok();
        request.lines[0].quantity = quantity;
        if let Ok(quote) = run(&request) {
            prop_assert!(exact(&quote.totals));
        }
    }

    #[test]
    fn shares_sum_and_do_not_depend_on_order(minor in -MAX_MINOR..=MAX_MINOR, mut weights in prop::collection::vec(0i64..1_000_000, 1..20)) {
        weights.push(1);
        let turned: Vec<i64> = weights.iter().rev().copied().collect();
        for amount in as_is_and_in_steps(minor) {
            let shares = |weights: &[i64]| {
                let shares = amount.allocate(weights).unwrap();
                let mut shares: Vec<_> = weights.iter().copied().zip(shares.iter().map(|m| m.minor())).collect();
                shares.sort_unstable();
                shares
            };
            let given = shares(&weights);
            prop_assert_eq!(given.iter().map(|s| s.1).sum::<i64>(), amount.minor(), "{:?}", amount);
            prop_assert_eq!(given, shares(&turned), "{:?}", amount);
        }
    }

    #[test]
    fn a_share_belongs_to_its_key_in_every_order(minor in -MAX_MINOR..=MAX_MINOR, weights in prop::collection::vec(0i64..5, 1..12), seed in any::<u64>()) {
        let parts: Vec<(usize, i64)> = weights.into_iter().chain([1]).enumerate().collect();
        let total = i128::from(parts.iter().map(|p| p.1).sum::<i64>());
        // Any order: sorted by a scrambled key.
        let mut turned = parts.clone();
        turned.sort_by_key(|p| (p.0 as u64 + 1).wrapping_mul(seed | 1));
        for amount in as_is_and_in_steps(minor) {
            let shares = |parts: &[(usize, i64)]| {
                let shares = amount.allocate_by(parts).unwrap();
                let mut by_key: Vec<_> = parts.iter().map(|p| p.0).zip(shares.iter().map(|m| m.minor())).collect();
                by_key.sort_unstable();
                by_key
            };
            let given = shares(&parts);
            let least = if amount.is_in_steps() { amount.currency().processor_step() } else { 1 };
            for ((_, weight), (_, share)) in parts.iter().zip(&given) {
                // Less than one step (or minor unit) from the exact share, in steps, and never against the amount's sign.
                let off = i128::from(*share) * total - i128::from(amount.minor()) * i128::from(*weight);
                prop_assert!(off.abs() < total * i128::from(least) && share % least == 0, "{:?}", amount);
                prop_assert!(share.signum() * amount.minor().signum() >= 0 && (*weight > 0 || *share == 0));
            }
            prop_assert_eq!(shares(&turned), given, "{:?}", amount);
        }
    }

    #[test]
    fn sums_are_exact_or_an_error_in_every_currency(a in -MAX_MINOR..=MAX_MINOR, b in -MAX_MINOR..=MAX_MINOR, times in any::<i64>()) {
        let fits = |n: i128| n.abs() <= i128::from(MAX_MINOR);
        let said = |r: Result<Money, MoneyError>| r.map(|m| i128::from(m.minor()));
        let expected = |n: i128| if fits(n) { Ok(n) } else { Err(MoneyError::Overflow) };
        let (wide_a, wide_b) = (i128::from(a), i128::from(b));
        let mut other = Currency::JPY;
        for currency in Currency::all() {
            let (x, y) = (Money::new(a, currency).unwrap(), Money::new(b, currency).unwrap());
            prop_assert_eq!(said(x.checked_add(y)), expected(wide_a + wide_b));
            prop_assert_eq!(said(x.checked_sub(y)), expected(wide_a - wide_b));
            prop_assert_eq!(said(x.checked_mul(times)), expected(wide_a * i128::from(times)));
            if other != currency {
                let foreign = Money::new(b, other).unwrap();
                let mixed = MoneyError::CurrencyMismatch { left: currency, right: other };
                prop_assert_eq!(x.checked_add(foreign), Err(mixed.clone()));
                prop_assert_eq!(x.checked_sub(foreign), Err(mixed.clone()));
                prop_assert_eq!(Money::sum(currency, [x, foreign]), Err(mixed));
                prop_assert_eq!(x.partial_cmp(&foreign), None);
            }
            other = currency;
        }
    }

    #[test]
    fn steps_are_the_nearest_multiple(halves in -1_000_000i64..=1_000_000, step in 1i64..2_000, off in -1i64..=1) {
        for currency in Currency::all() {
            // Any step and the currency's own; on a half, a whole, and just beside.
            for step in [step, currency.processor_step(), currency.price_step()] {
                let minor = halves * step / 2 + off;
                let amount = Money::new(minor, currency).unwrap();
                let near = |mode| amount.round_to_step(step, mode).map(|m| (m.minor(), m.currency() == currency));
                let ((up, same), (even, also)) = (near(RoundingMode::HalfUp).unwrap(), near(RoundingMode::HalfEven).unwrap());
                prop_assert!(same && also && up % step == 0 && even % step == 0, "{:?}", amount);
                prop_assert!((up - minor).abs() * 2 <= step && (even - minor).abs() * 2 <= step, "{:?}", amount);
                if (up - minor).abs() * 2 == step {
                    prop_assert!(up.abs() > minor.abs() && (even / step) % 2 == 0, "{:?}", amount);
                } else {
                    prop_assert_eq!(up, even);
                }
                prop_assert_eq!(amount.round_to_step(1 - step, RoundingMode::HalfUp), Err(MoneyError::NoWeights));
            }
        }
    }

    #[test]
    fn every_amount_has_a_text_with_its_digits(minor in -MAX_MINOR..=MAX_MINOR, index in 0usize..155) {
        let currency = Currency::all().nth(index).unwrap();
        let amount = Money::new(minor, currency).unwrap();
        let digits: String = amount.to_decimal().chars().filter(char::is_ascii_digit).collect();
        let whole = 10i64.pow(u32::from(currency.exponent()));
        let written = if currency.is_whole() && minor % whole == 0 { (minor / whole).abs().to_string() } else { digits };
        for locale in Locale::ALL {
            let text = format_money(amount, locale);
            prop_assert_eq!(text.chars().filter(char::is_ascii_digit).collect::<String>(), written.clone());
            prop_assert!(text.contains(currency_symbol(currency, locale)));
            prop_assert_eq!(text.contains('-'), minor < 0);
        }
    }

    #[test]
    fn decimal_text_and_json_come_back(minor in -MAX_MINOR..=MAX_MINOR) {
        for currency in Currency::all() {
            let amount = Money::new(minor, currency).unwrap();
            prop_assert_eq!(Money::parse(&amount.to_decimal(), currency).unwrap(), amount);
            prop_assert_eq!(serde_json::from_str::<Money>(&serde_json::to_string(&amount).unwrap()).unwrap(), amount);
        }
    }
}
