//! Rules that hold for every amount and every document.

use proptest::prelude::*;
use vitrine_pricing::money::{Currency, MAX_MINOR, Money};
use vitrine_pricing::price::PriceList;
use vitrine_pricing::quote::*;
use vitrine_pricing::shipping::{Rate, ShippingTable, Zone};
use vitrine_pricing::tax::TaxRules;

fn request() -> impl Strategy<Value = QuoteRequest> {
    let class = prop::sample::select(vec!["ebook", "digital_music", "printed_book", "goods", "unheard_of"]);
    let from = prop::sample::select(vec![None, Some("US"), Some("FR"), Some("GB")]);
    let line =
        (class, 0i64..5_000_000, 1u32..50, any::<bool>(), from).prop_map(|(class, minor, quantity, physical, from)| {
            RequestLine {
                ships_from: from.map(Into::into),
                name: Some(class.into()),
                tax_class: Some(class.into()),
                unit_price: Some(Money::new(minor, Currency::EUR).unwrap()),
                kind: Some(if physical { Kind::Physical } else { Kind::Digital }),
                weight_g: Some(100),
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
        ("US", None),
        ("CA", Some("QC")),
        ("CA", Some("ON")),
        ("BR", None),
        ("ES", None),
        ("AU", None),
        ("RE", None),
        ("JE", None),
    ];
    let registrations =
        prop::sample::subsequence(vec!["DE", "EU-OSS", "GB", "CH", "US-NY", "CA", "CA-QC", "EU-IOSS", "ES-CN"], 0..=9);
    let scope = prop::sample::select(vec![RoundingScope::Unit, RoundingScope::Line, RoundingScope::Document]);
    let mode = prop::sample::select(vec![
        vitrine_pricing::money::RoundingMode::HalfUp,
        vitrine_pricing::money::RoundingMode::HalfEven,
    ]);
    let flags = (any::<bool>(), any::<bool>());
    let postcode = prop::sample::select(vec![None, Some("35001"), Some("78266"), Some("97400"), Some("BT1 1AA")]);
    (prop::collection::vec(line, 1..8), prop::sample::select(places), registrations, scope, mode, flags, postcode)
        .prop_map(|(lines, (country, region), registrations, scope, mode, (inclusive, business), postcode)| {
            QuoteRequest {
                currency: Currency::EUR,
                date: "2026-11-22".parse().unwrap(),
                market: None,
                seller: Seller {
                    country: "DE".into(),
                    region: None,
                    tax_ids: vec![],
                    registrations: registrations.into_iter().map(Into::into).collect(),
                    prices_include_tax: inclusive,
                },
                buyer: Buyer {
                    country: country.into(),
                    region: region.map(Into::into),
                    postcode: postcode.map(Into::into),
                    business,
                    tax_id: business.then(|| "X".into()),
                    tax_id_state: if business { TaxIdState::Valid } else { TaxIdState::None },
                    },
                lines,
                codes: vec![],
                shipping: None,
                rounding: Rounding { scope, mode },
                no_rule: NoRulePolicy::Export,
            }
        })
}

fn run(request: &QuoteRequest) -> Result<Quote, QuoteError> {
    let shipping = ShippingTable {
        zones: vec![Zone { id: "all".into(), countries: vec!["*".into()] }],
        rates: vec![Rate {
            zone: "all".into(),
            up_to_g: 1_000_000,
            amount: Money::new(491, Currency::EUR).unwrap(),
            free_over: None,
        }],
    };
    quote(
        request,
        &Context { rules: &TaxRules::built_in(), items: &[], prices: &PriceList::default(), shipping: &shipping },
    )
}

fn exact(a: &Amounts) -> bool {
    let tax: i64 = a.taxes.iter().map(|t| t.amount.minor()).sum();
    let parts = [a.list, a.net, a.tax, a.gross];
    tax == a.tax.minor() && a.net.minor() + tax == a.gross.minor() && parts.iter().all(|m| !m.is_negative())
}

proptest! {
    #[test]
    fn quotes_add_up(request in request()) {
        let quote = run(&request).unwrap();
        let all: Vec<&Amounts> = quote.lines.iter().map(|l| &l.amounts).chain(&quote.shipping).collect();
        prop_assert!(all.iter().all(|a| exact(a)) && exact(&quote.totals));
        for pick in [|a: &Amounts| a.net, |a: &Amounts| a.tax, |a: &Amounts| a.gross, |a: &Amounts| a.list] {
            prop_assert_eq!(all.iter().map(|a| pick(a).minor()).sum::<i64>(), pick(&quote.totals).minor());
        }
        let stripped = quote.explain.iter().any(|s| s.kind == StepKind::Strip);
        if request.seller.prices_include_tax && !stripped {
            prop_assert_eq!(quote.totals.gross, quote.totals.list);
        }
        let told: i64 = quote.explain.iter().filter(|s| s.kind == StepKind::Tax).filter_map(|s| s.amount).map(Money::minor).sum();
        prop_assert_eq!(told, quote.totals.tax.minor(), "every tax has its step");
    }

    #[test]
    fn order_of_lines_changes_no_total(request in request()) {
        let mut turned = request.clone();
        turned.lines.reverse();
        prop_assert_eq!(run(&request).unwrap().totals, run(&turned).unwrap().totals);
    }

    #[test]
    fn no_document_panics(country in "[A-Z]{2}", region in "[A-Z]{0,2}", minor in 0..=MAX_MINOR, quantity in any::<u32>(), base in request()) {
        let mut request = base;
        request.buyer.country = country;
        request.buyer.region = Some(region);
        request.lines[0].unit_price = Money::new(minor, Currency::EUR).ok();
        request.lines[0].quantity = quantity;
        if let Ok(quote) = run(&request) {
            prop_assert!(exact(&quote.totals));
        }
    }

    #[test]
    fn shares_sum_and_do_not_depend_on_order(minor in -MAX_MINOR..=MAX_MINOR, mut weights in prop::collection::vec(0i64..1_000_000, 1..20)) {
        weights.push(1);
        let amount = Money::new(minor, Currency::JPY).unwrap();
        let mut shares: Vec<_> = weights.iter().copied().zip(amount.allocate(&weights).unwrap().iter().map(|m| m.minor()).collect::<Vec<_>>()).collect();
        prop_assert_eq!(shares.iter().map(|s| s.1).sum::<i64>(), minor);
        weights.reverse();
        let mut turned: Vec<_> = weights.iter().copied().zip(amount.allocate(&weights).unwrap().iter().map(|m| m.minor()).collect::<Vec<_>>()).collect();
        shares.sort_unstable();
        turned.sort_unstable();
        prop_assert_eq!(shares, turned);
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
