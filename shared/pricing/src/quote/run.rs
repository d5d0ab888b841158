use super::discount::{self, Barred, Discounts};
use super::error::QuoteError;
use super::external;
use super::find::Shelf;
use super::kind::Kind;
use super::place::{appraise, treat};
use super::shapes::*;
use super::shipping::{add_shipping, check_shipping};
use crate::cash::Tender;
use crate::date::Moment;
use crate::market::{Market, is_country};
use crate::money::{Currency, Money, MoneyError, RoundingMode};
use crate::price::Shape;
use crate::promotion::Facets;
use crate::shipping::Sides;
use crate::tax::{Accuracy, TaxRules, TaxStatus, Treatment, Value, WholeStatus};
use crate::territory::has_region;

pub(super) const MILLION: i64 = 1_000_000;
/// Of a region, a postcode, a tax id: longer ones are none.
pub const MOST_PLACE_BYTES: usize = 64;
/// Registrations of a seller: there are some 250 places to be registered in.
pub const MOST_REGISTRATIONS: usize = 300;

/// A line after pricing, before tax.
pub(super) struct Priced<'a> {
    pub(super) name: String,
    pub(super) sku: Option<String>,
    pub(super) kind: Kind,
    pub(super) quantity: u32,
    pub(super) unit: Money,
    compare_at: Option<Money>,
    /// As listed, times quantity.
    pub(super) list: Money,
    /// `list` less what promotions took off.
    pub(super) paid: Money,
    pub(super) off: Vec<DiscountAmount>,
    pub(super) facets: Option<&'a Facets>,
    pub(super) weight_g: u64,
    /// Of all pieces; 0 if their size is not known.
    pub(super) sides: Option<Sides>,
    pub(super) class: &'a str,
    pub(super) ships_from: &'a str,
    /// Of goods from abroad, without tax.
    pub(super) value: Option<Value>,
}

/// An amount under one treatment: a line, or a share of shipping (`line` is `None`).
pub(super) struct Part<'a> {
    pub(super) line: Option<usize>,
    /// As listed, less what promotions took off: what tax is computed on.
    pub(super) list: Money,
    pub(super) units: i64,
    pub(super) treatment: Treatment<'a>,
    pub(super) net: Money,
    /// In the order of the treatment's rules.
    pub(super) taxes: Vec<Money>,
    /// What a tax service said in place of rules.
    pub(super) given: Vec<TaxAmount>,
}

pub(super) fn invalid(field: impl Into<String>, detail: impl Into<String>) -> QuoteError {
    QuoteError::Invalid { field: field.into(), detail: detail.into() }
}

fn impossible(field: impl Into<String>, detail: impl Into<String>) -> QuoteError {
    QuoteError::Impossible { field: field.into(), detail: detail.into() }
}

pub(super) fn at(field: &str) -> impl Fn(MoneyError) -> QuoteError + '_ {
    move |source| QuoteError::Money { field: field.to_owned(), source }
}

/// Totals with their explanation. Pure; the same on server and client.
///
/// # Errors
/// [`QuoteError`], naming the field.
pub fn quote(request: &QuoteRequest, context: &Context<'_>) -> Result<Quote, QuoteError> {
    check(request)?;
    let market = match &request.market {
        Some(id) => Market::by_id(id).ok_or_else(|| invalid("market", "unknown market"))?,
        None => Market::of_country(&request.buyer.country),
    };
    discount::check(request, context)?;
    let shelf = Shelf::new(context.items, context.prices);
    let mut barred = Barred::default();
    loop {
        if let Some(quote) = attempt(request, context, &shelf, market, &mut barred)? {
            return Ok(quote);
        }
    }
}

/// A quote without what is barred; `None` if there is now more of that, and another attempt may take more off.
fn attempt(
    request: &QuoteRequest,
    context: &Context<'_>,
    shelf: &Shelf<'_>,
    market: &Market,
    barred: &mut Barred,
) -> Result<Option<Quote>, QuoteError> {
    // A line has a price, a treatment and mostly one tax; then the total.
    let mut explain = Vec::with_capacity(3 * request.lines.len() + 4);
    let mut lines = Vec::with_capacity(request.lines.len());
    for (i, line) in request.lines.iter().enumerate() {
        lines.push(price(i, line, request, shelf, market, &mut explain)?);
    }
    let mut discounts = Discounts::of_lines(&mut lines, request, context, barred, &mut explain)?;
    appraise(&mut lines, request, context)?;
    let mut parts = Vec::with_capacity(lines.len() + 1);
    let mut treated = Recent::default();
    for (i, line) in lines.iter().enumerate() {
        let treatment = treated.or_else((line.class, line.kind, line.ships_from, line.value), || {
            treat(line, line.class, request, context)
        })?;
        explain
            .push(Step { line: Some(i), ..step(StepKind::Treatment, treatment.reason, status_code(treatment.status)) });
        parts.push(Part {
            line: Some(i),
            list: line.paid,
            units: i64::from(line.quantity),
            net: line.paid,
            taxes: vec![],
            given: vec![],
            treatment,
        });
    }
    let methods = add_shipping(&lines, &mut parts, request, context, &mut explain)?;
    if !discounts.take_off_shipping(&mut parts, barred, &mut explain)? {
        return Ok(None);
    }
    match &request.external_taxes {
        Some(given) => {
            external::put(given, &mut parts, &lines, request, &mut explain)?;
            external::count(given, &mut parts, request, &mut explain)?;
        }
        None => tax(&mut parts, request, &mut explain).map_err(at("lines"))?,
    }
    let quote = assemble(request, context, market, lines, &parts, discounts, explain).map_err(at("lines"))?;
    Ok(Some(Quote { shipping_methods: methods, ..quote }))
}

fn check(request: &QuoteRequest) -> Result<(), QuoteError> {
    let country = |field: &str, code: &str| match is_country(code) {
        true => Ok(()),
        false => Err(QuoteError::UnknownCountry { field: field.to_owned(), country: code.chars().take(12).collect() }),
    };
    let (seller, buyer) = (&request.seller, &request.buyer);
    country("seller.country", &seller.country)?;
    country("buyer.country", &buyer.country)?;
    for (field, text) in [
        ("seller.region", &seller.region),
        ("buyer.region", &buyer.region),
        ("buyer.postcode", &buyer.postcode),
        ("buyer.tax_id", &buyer.tax_id),
    ] {
        // They are read once a line.
        if text.as_ref().is_some_and(|text| text.len() > MOST_PLACE_BYTES) {
            return Err(invalid(field, "at most 64 bytes"));
        }
    }
    if seller.registrations.len() > MOST_REGISTRATIONS {
        return Err(invalid("seller.registrations", "at most 300"));
    }
    for (field, country, region) in
        [("seller.region", &seller.country, &seller.region), ("buyer.region", &buyer.country, &buyer.region)]
    {
        let Some(region) = region else { continue };
        if has_region(country, region) == Some(false) {
            let region = region.chars().take(12).collect();
            return Err(QuoteError::UnknownRegion { field: field.into(), country: country.clone(), region });
        }
    }
    for (i, registration) in seller.registrations.iter().enumerate() {
        if !TaxRules::is_registration(registration) {
            return Err(invalid(
                format!("seller.registrations[{i}]"),
                "not a country, EU-OSS, EU-IOSS, XI, or a part of a country that taxes by itself (US-NY, CA-QC, ES-CN)",
            ));
        }
    }
    if request.buyer.tax_id_state == TaxIdState::Valid && (request.buyer.tax_id.is_none() || !request.buyer.business) {
        return Err(impossible("buyer.tax_id_state", "valid needs tax_id and business"));
    }
    if request.buyer.tax_id_state != TaxIdState::None && request.buyer.tax_id.is_none() {
        return Err(impossible("buyer.tax_id_state", "a state needs the tax_id it is of"));
    }
    if request.lines.is_empty() || request.lines.len() > 1000 {
        return Err(invalid("lines", "1 to 1000 lines"));
    }
    check_shipping(request)
}

fn price<'a>(
    i: usize,
    line: &'a RequestLine,
    request: &'a QuoteRequest,
    shelf: &Shelf<'a>,
    market: &Market,
    explain: &mut Vec<Step>,
) -> Result<Priced<'a>, QuoteError> {
    let field = |name: &str| format!("lines[{i}].{name}");
    if line.quantity == 0 || line.quantity > 1_000_000 {
        return Err(invalid(field("quantity"), "1 to 1000000"));
    }
    for (name, amount) in [("unit_price", line.unit_price), ("named_price", line.named_price)] {
        if amount.is_some_and(|a| a.is_negative() || a.currency() != request.currency) {
            return Err(invalid(field(name), "not negative, in the currency of the document"));
        }
    }
    let home = request.seller.country.as_str();
    let mut priced = if let Some(sku) = &line.sku {
        let ad_hoc = [
            ("name", line.name.is_some()),
            ("unit_price", line.unit_price.is_some()),
            ("kind", line.kind.is_some()),
            ("tax_class", line.tax_class.is_some()),
            ("weight_g", line.weight_g.is_some()),
            ("length_mm", line.length_mm.is_some()),
            ("width_mm", line.width_mm.is_some()),
            ("height_mm", line.height_mm.is_some()),
            ("ships_from", line.ships_from.is_some()),
            ("facets", line.facets.is_some()),
        ];
        if let Some((name, _)) = ad_hoc.iter().find(|(_, is)| *is) {
            return Err(impossible(field(name), "a line has either sku or ad hoc fields"));
        }
        let item = shelf.item(sku).ok_or_else(|| QuoteError::UnknownSku { field: field("sku"), sku: sku.clone() })?;
        let found = shelf.price(sku, market.price_regions, request.currency, request.date, line.quantity);
        let (index, entry) = found.ok_or_else(|| QuoteError::NotForSale {
            field: field("sku"),
            sku: sku.clone(),
            currency: request.currency,
        })?;
        let money = |minor: i64| {
            Money::new(minor, request.currency).map_err(|source| QuoteError::Money { field: field("sku"), source })
        };
        let (rule, unit) = match entry.price {
            Shape::Fixed { amount_minor } => ("fixed", money(amount_minor)?),
            Shape::Free => ("free", money(0)?),
            Shape::PayWhatYouWant { min_minor, suggested_minor } => {
                let minimum = money(min_minor)?;
                let named = match line.named_price {
                    Some(named) => named,
                    None => money(suggested_minor)?,
                };
                if named < minimum {
                    return Err(QuoteError::BelowMinimum { field: field("named_price"), minimum });
                }
                ("pay_what_you_want", named)
            }
        };
        if line.named_price.is_some() && rule != "pay_what_you_want" {
            return Err(invalid(field("named_price"), "this price is not named by the buyer"));
        }
        if !unit.is_in_steps() {
            let named = line.named_price.is_some();
            return Err(QuoteError::not_in_steps(field(if named { "named_price" } else { "sku" }), request.currency));
        }
        if unit.is_negative() || (rule == "fixed" && unit.is_zero()) {
            return Err(invalid(field("sku"), "a fixed price is above zero"));
        }
        let source = format!("{}#{index} {} {}", shelf.list(), entry.region, entry.valid_from);
        let (region, min_quantity, since) = (entry.region.clone(), entry.min_quantity, entry.valid_from);
        let price = Some(FoundPrice { region, min_quantity, since });
        explain.push(Step { line: Some(i), base: Some(unit), price, ..step(StepKind::Price, rule, &source) });
        Priced {
            name: item.name.clone(),
            sku: Some(sku.clone()),
            kind: item.kind,
            quantity: line.quantity,
            unit,
            compare_at: entry.compare_at_minor.map(money).transpose()?,
            list: unit,
            paid: unit,
            off: Vec::new(),
            facets: Some(&item.facets),
            weight_g: u64::from(item.weight_g),
            sides: sides([item.length_mm, item.width_mm, item.height_mm]),
            class: item.kind.taxed_as(&item.tax_class),
            ships_from: item.ships_from.as_deref().unwrap_or(home),
            value: None,
        }
    } else {
        let missing = |name: &str| invalid(field(name), "needed without sku");
        let kind = line.kind.ok_or_else(|| missing("kind"))?;
        let class = line.tax_class.as_deref().ok_or_else(|| missing("tax_class"))?;
        possible(line, kind, class, &field)?;
        let unit = line.unit_price.ok_or_else(|| missing("unit_price"))?;
        if !unit.is_in_steps() {
            return Err(QuoteError::not_in_steps(field("unit_price"), request.currency));
        }
        if line.facets.as_ref().is_some_and(|facets| !facets.is_bounded()) {
            return Err(invalid(field("facets"), "at most 20 collections and artists, ids of 1 to 64 bytes"));
        }
        explain.push(Step { line: Some(i), base: Some(unit), ..step(StepKind::Price, "ad_hoc", "lines.unit_price") });
        Priced {
            name: line.name.clone().ok_or_else(|| missing("name"))?,
            sku: None,
            kind,
            quantity: line.quantity,
            unit,
            compare_at: None,
            list: unit,
            paid: unit,
            off: Vec::new(),
            facets: line.facets.as_ref(),
            weight_g: u64::from(line.weight_g.unwrap_or(0)),
            sides: sides([line.length_mm, line.width_mm, line.height_mm]),
            class,
            ships_from: line.ships_from.as_deref().unwrap_or(home),
            value: None,
        }
    };
    if priced.ships_from != home && !is_country(priced.ships_from) {
        let country = priced.ships_from.chars().take(12).collect();
        return Err(QuoteError::UnknownCountry { field: field("ships_from"), country });
    }
    priced.list = priced.unit.checked_mul(i64::from(line.quantity)).map_err(at(&field("quantity")))?;
    priced.paid = priced.list;
    if let Some(last) = explain.last_mut() {
        last.amount = Some(priced.list);
    }
    Ok(priced)
}

/// What a line without sku says of one thing and cannot be of another.
fn possible(line: &RequestLine, kind: Kind, class: &str, field: &impl Fn(&str) -> String) -> Result<(), QuoteError> {
    if line.named_price.is_some() {
        return Err(impossible(field("named_price"), "unit_price says what a line without sku costs"));
    }
    if !kind.fits(class) {
        let (class, detail) = (
            class.chars().take(24).collect::<String>(),
            match kind {
                Kind::Digital => "is a class of what is sent, and the line is digital",
                Kind::Physical => "is a class of what is downloaded, and the line is physical",
            },
        );
        return Err(impossible(field("tax_class"), format!("{class:?} {detail}")));
    }
    let of_parcels = [
        ("weight_g", line.weight_g.is_some()),
        ("length_mm", line.length_mm.is_some()),
        ("width_mm", line.width_mm.is_some()),
        ("height_mm", line.height_mm.is_some()),
        ("ships_from", line.ships_from.is_some()),
    ];
    match of_parcels.iter().find(|(_, is)| *is && kind == Kind::Digital) {
        Some((name, _)) => Err(impossible(field(name), "nothing is sent of a digital line")),
        None => Ok(()),
    }
}

/// Of one piece; none unless all three are known.
fn sides([length, width, height]: [Option<u32>; 3]) -> Option<Sides> {
    let sides = [length?, width?, height?];
    sides.iter().all(|side| *side > 0).then_some(sides)
}

fn group_key(t: &Treatment<'_>) -> String {
    let ids: Vec<&str> = t.rules.iter().map(|r| r.id.as_str()).collect();
    format!("{}|{}|{}|{}", ids.join(","), status_code(t.status), t.reason, t.strip_ppm)
}

/// Whether two treatments, by the same tables, are one.
fn is_same(a: &Treatment<'_>, b: &Treatment<'_>) -> bool {
    let said = (a.status, a.strip_ppm, a.rules.len()) == (b.status, b.strip_ppm, b.rules.len());
    said && a.reason == b.reason && a.rules.iter().zip(&b.rules).all(|(a, b)| std::ptr::eq(*a, *b))
}

/// The parts at these places by their treatment, in an order that is not that of the lines.
pub(super) fn grouped(parts: &[Part<'_>], places: impl Iterator<Item = usize>) -> Vec<Vec<usize>> {
    let treatment = |group: &Vec<usize>| group.first().map(|first| &parts[*first].treatment);
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for place in places {
        let of = |group: &&mut Vec<usize>| treatment(group).is_some_and(|t| is_same(t, &parts[place].treatment));
        match groups.iter_mut().find(of) {
            Some(group) => group.push(place),
            None => groups.push(vec![place]),
        }
    }
    groups.sort_by_cached_key(|group| treatment(group).map(group_key));
    groups
}

/// Answers to what was asked last: lines of a cart ask few different things.
pub(super) struct Recent<K, V>(Vec<(K, V)>);

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: PartialEq, V: Clone> Recent<K, V> {
    /// So many: what a look through them takes does not grow with the document.
    const KEPT: usize = 16;

    /// What was answered, or else the answer.
    pub(super) fn or_else<E>(&mut self, key: K, answer: impl FnOnce() -> Result<V, E>) -> Result<V, E> {
        if let Some((_, known)) = self.0.iter().find(|(of, _)| *of == key) {
            return Ok(known.clone());
        }
        let answer = answer()?;
        if self.0.len() == Self::KEPT {
            self.0.remove(0);
        }
        self.0.push((key, answer.clone()));
        Ok(answer)
    }
}

/// Fills `net` and `taxes` of every part by the rounding policy. In a currency whose charges are multiples of a step every part is one, and so is
/// every tax: nothing is left over that no card can be charged with.
pub(super) fn tax(parts: &mut [Part<'_>], request: &QuoteRequest, explain: &mut Vec<Step>) -> Result<(), MoneyError> {
    let inclusive = request.seller.prices_include_tax;
    let mode = request.rounding.mode;
    let least = request.currency.processor_step();
    // What is inside an amount, at all rates together.
    let inside = |amount: Money, rates: &[i64]| -> Result<Money, MoneyError> {
        let total: i64 = rates.iter().sum();
        amount.portion(total, MILLION.checked_add(total).ok_or(MoneyError::Overflow)?, mode)
    };
    let shared = |sum: Money, rates: &[i64]| -> Result<Vec<Money>, MoneyError> {
        if sum.is_zero() { Ok(vec![sum; rates.len()]) } else { sum.allocate(rates) }
    };
    // What comes on top of an amount, per rate.
    let on_top = |amount: Money, rates: &[i64]| -> Result<Vec<Money>, MoneyError> {
        rates.iter().map(|rate| amount.portion(*rate, MILLION, mode)).collect()
    };
    let rates_of = |t: &Treatment<'_>| -> Vec<i64> {
        // A price without tax inside has nothing to take out.
        if t.strip_ppm > 0 && inclusive { vec![t.strip_ppm] } else { t.rules.iter().map(|r| r.rate_ppm).collect() }
    };
    if request.rounding.scope == RoundingScope::Document {
        for members in grouped(parts, 0..parts.len()) {
            let rates = rates_of(&parts[members[0]].treatment);
            let sum = Money::sum(request.currency, members.iter().map(|i| parts[*i].list))?;
            for member in &members {
                parts[*member].taxes = vec![Money::zero(request.currency); rates.len()];
            }
            if sum.is_zero() {
                continue;
            }
            let weights: Vec<i64> = members.iter().map(|i| parts[*i].list.minor()).collect();
            if inclusive {
                // Shared as one amount first, so no line's taxes exceed its price.
                for (member, share) in members.iter().zip(inside(sum, &rates)?.allocate(&weights)?) {
                    parts[*member].taxes = shared(share, &rates)?;
                }
            } else {
                for (k, tax) in on_top(sum, &rates)?.into_iter().enumerate() {
                    for (member, share) in members.iter().zip(tax.allocate(&weights)?) {
                        parts[*member].taxes[k] = share;
                    }
                }
            }
        }
    } else {
        for part in parts.iter_mut() {
            let rates = rates_of(&part.treatment);
            let per_unit = request.rounding.scope == RoundingScope::Unit;
            let units = if per_unit { part.units } else { 1 };
            // A line is unit price times units, but for what a discount leaves: then `dearer` units are one step above the others.
            let (each, dearer) = (part.list.minor() / least / units, part.list.minor() / least % units);
            let unit = |steps: i64| Money::new(steps, request.currency)?.checked_mul(least);
            // Of all units: what is there of one, and of one that is dearer.
            let times =
                |one: Money, dear: Money| one.checked_mul(units - dearer)?.checked_add(dear.checked_mul(dearer)?);
            let (one, dear) = (unit(each)?, if dearer > 0 { unit(each + 1)? } else { Money::zero(request.currency) });
            part.taxes = if inclusive {
                // The line's tax is shared out once: taxes of one rate differ by one step a line, not by one a unit.
                shared(times(inside(one, &rates)?, inside(dear, &rates)?)?, &rates)?
            } else {
                let each = on_top(one, &rates)?.into_iter().zip(on_top(dear, &rates)?);
                each.map(|(one, dear)| times(one, dear)).collect::<Result<_, _>>()?
            };
        }
    }
    for part in parts.iter_mut() {
        let tax = Money::sum(request.currency, part.taxes.iter().copied())?;
        part.net = if inclusive { part.list.checked_sub(tax)? } else { part.list };
        let base = Step {
            line: part.line,
            base: Some(part.net),
            rounding: Some(request.rounding),
            ..step(StepKind::Tax, "", "")
        };
        if part.treatment.strip_ppm > 0 && inclusive {
            explain.push(Step {
                kind: StepKind::Strip,
                rule: part.treatment.reason.into(),
                source: "seller.prices_include_tax".into(),
                base: Some(part.list),
                rate_ppm: Some(part.treatment.strip_ppm),
                amount: Some(part.net),
                ..base
            });
            part.taxes.clear();
            continue;
        }
        for (rule, amount) in part.treatment.rules.iter().zip(&part.taxes) {
            explain.push(Step {
                rule: rule.id.clone(),
                source: rule.source.clone(),
                rate_ppm: Some(rule.rate_ppm),
                amount: Some(*amount),
                ..base.clone()
            });
        }
    }
    Ok(())
}

fn assemble(
    request: &QuoteRequest,
    context: &Context<'_>,
    market: &Market,
    priced: Vec<Priced<'_>>,
    parts: &[Part<'_>],
    discounts: Discounts<'_>,
    mut explain: Vec<Step>,
) -> Result<Quote, MoneyError> {
    // Parts of the lines come first, in their order; what is left is shipping.
    let (of_lines, of_shipping) = parts.split_at(priced.len());
    let mut lines = Vec::with_capacity(priced.len());
    for (line, part) in priced.into_iter().zip(of_lines) {
        lines.push(QuotedLine {
            sku: line.sku,
            name: line.name,
            kind: line.kind,
            quantity: line.quantity,
            unit_price: line.unit,
            compare_at: line.compare_at,
            amounts: amounts(request.currency, std::iter::once(part), line.off)?,
            tax_status: part.treatment.status,
            accuracy: part.treatment.accuracy,
            seller_of_record: None,
        });
    }
    let shipping = match of_shipping {
        [] => None,
        some => Some(amounts(request.currency, some.iter(), discounts.of_shipping())?),
    };
    let totals = amounts(request.currency, parts.iter(), discounts.totals())?;
    let whole = |parts: &[Part<'_>]| WholeStatus::of(parts.iter().map(|part| part.treatment.status));
    let (tax_status, shipping_tax_status) = (whole(parts), whole(of_shipping));
    let exact = |parts: &[Part<'_>]| Accuracy::of(parts.iter().map(|part| part.treatment.accuracy));
    let (accuracy, shipping_accuracy) = (exact(parts), exact(of_shipping));
    explain.push(Step {
        base: Some(totals.net),
        amount: Some(totals.gross),
        ..step(StepKind::Total, "sum", "lines+shipping")
    });
    let cash = match request.tender {
        Tender::Electronic => None,
        Tender::Cash => {
            // Laws that name a rule round halves up (see `round_to_cash`), whatever the store's policy for taxes is.
            let paid = totals.gross.round_to_cash(&request.buyer.country, RoundingMode::HalfUp)?;
            explain.push(Step {
                base: Some(totals.gross),
                amount: Some(paid.to_pay),
                ..step(StepKind::CashRounding, "cash", "tender")
            });
            Some(paid)
        }
    };
    Ok(Quote {
        currency: request.currency,
        date: request.date,
        market: market.id.to_owned(),
        rules_hash: context.rules.hash().to_owned(),
        prices_include_tax: request.seller.prices_include_tax,
        rounding: request.rounding,
        lines,
        shipping,
        shipping_tax_status,
        shipping_accuracy,
        shipping_methods: Vec::new(),
        totals,
        tax_status,
        accuracy,
        cash,
        codes: discounts.codes(),
        reservations: discounts.reservations(),
        explain,
        valid_until: Some(valid_until(request, context)),
        seller_of_record: None,
    })
}

/// Tax, registrations and promotions go by legal day; a price may end within it.
fn valid_until(request: &QuoteRequest, context: &Context<'_>) -> Moment {
    let day = Moment::end_of(request.date);
    context.prices.until.map_or(day, |until| until.min(day))
}

/// A tax of a part.
struct TaxRow<'p> {
    jurisdiction: &'p str,
    rule: &'p str,
    name: &'p str,
    rate_ppm: i64,
    base: Money,
    amount: Money,
}

impl TaxRow<'_> {
    fn add(&mut self, base: Money, amount: Money) -> Result<(), MoneyError> {
        self.base = self.base.checked_add(base)?;
        self.amount = self.amount.checked_add(amount)?;
        Ok(())
    }
}

fn amounts<'p, 'a: 'p>(
    currency: Currency,
    parts: impl Iterator<Item = &'p Part<'a>>,
    discounts: Vec<DiscountAmount>,
) -> Result<Amounts, MoneyError> {
    let zero = Money::zero(currency);
    let (mut list, mut net, mut tax) = (Money::sum(currency, discounts.iter().map(|d| d.amount))?, zero, zero);
    let mut rows: Vec<TaxRow<'_>> = Vec::new();
    for part in parts {
        list = list.checked_add(part.list)?;
        net = net.checked_add(part.net)?;
        let ruled = part.treatment.rules.iter().zip(&part.taxes).map(|(rule, tax)| TaxRow {
            jurisdiction: &rule.jurisdiction,
            rule: &rule.id,
            name: &rule.name,
            rate_ppm: rule.rate_ppm,
            base: part.net,
            amount: *tax,
        });
        let given = part.given.iter().map(|t| TaxRow {
            jurisdiction: &t.jurisdiction,
            rule: &t.rule,
            name: &t.name,
            rate_ppm: t.rate_ppm,
            base: t.base,
            amount: t.amount,
        });
        for row in ruled.chain(given) {
            // Mostly one rule of the tables for many parts; what is left apart is found when they are in order.
            let is_one = |known: &&mut TaxRow<'_>| {
                std::ptr::eq(known.rule, row.rule) && std::ptr::eq(known.jurisdiction, row.jurisdiction)
            };
            match rows.iter_mut().take(16).find(is_one) {
                Some(known) => known.add(row.base, row.amount)?,
                None => rows.push(row),
            }
        }
    }
    // By jurisdiction first: the country's tax stands before its region's.
    rows.sort_by_key(|row| (row.jurisdiction, row.rule));
    let mut sums: Vec<TaxRow<'_>> = Vec::with_capacity(rows.len());
    for row in rows {
        tax = tax.checked_add(row.amount)?;
        match sums.last_mut().filter(|last| last.rule == row.rule && last.jurisdiction == row.jurisdiction) {
            Some(last) => last.add(row.base, row.amount)?,
            None => sums.push(row),
        }
    }
    let taxes = sums.into_iter().map(|row| TaxAmount {
        rule: row.rule.to_owned(),
        jurisdiction: row.jurisdiction.to_owned(),
        name: row.name.to_owned(),
        rate_ppm: row.rate_ppm,
        base: row.base,
        amount: row.amount,
    });
    Ok(Amounts { list, discounts, net, taxes: taxes.collect(), tax, gross: net.checked_add(tax)? })
}

pub(super) fn step(kind: StepKind, rule: &str, source: &str) -> Step {
    Step {
        kind,
        line: None,
        rule: rule.into(),
        source: source.into(),
        price: None,
        base: None,
        rate_ppm: None,
        rounding: None,
        amount: None,
    }
}

pub(super) fn status_code(status: TaxStatus) -> &'static str {
    match status {
        TaxStatus::Taxed => "taxed",
        TaxStatus::ReverseCharged => "reverse_charged",
        TaxStatus::ZeroRated => "zero_rated",
        TaxStatus::NotRegistered => "not_registered",
        TaxStatus::OutsideScope => "outside_scope",
        TaxStatus::NoRule => "no_rule",
    }
}
