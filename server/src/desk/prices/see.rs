//! What a buyer would see: the pricing door's own answer to the document that the page shows, with why each price is the one.

use serde_json::{Value, json};
use vitrine_pricing::date::Date;
use vitrine_pricing::format::{format_money, format_percent};
use vitrine_pricing::market::{MARKETS, Market, is_country};
use vitrine_pricing::money::{Currency, Money};
use vitrine_pricing::quote::{Quote, StepKind, TaxIdState};
use vitrine_pricing::record::SellerOfRecord;
use vitrine_pricing::shown_in;
use vitrine_pricing::tax::is_business_id;
use vitrine_shared::id::VariantId;
use vitrine_shared::pricelist::{self, Verdict};
use vitrine_shared::views::card::{Place, lowest_before, price_for};
use vitrine_shared::views::prices::{SeeAsk, SeeView, SeenLine, SeenTax};

use super::edition::entry;
use super::{edition_of, words};
use crate::cart::currency::{Paying, Wanted};
use crate::cart::view::Destination;
use crate::catalog::store::WorkBundle;
use crate::ctx::OpCtx;
use crate::desk::Desk;
use crate::fault::Result;
use crate::tax_ids::{Identity, stored};
use crate::{authz, pricing};
use vitrine_shared::views::sums::{explain, note, sums};

/// Editions of one look.
const MOST: usize = 50;
/// What holds on another day than today holds at its noon, as for the pricing door.
const NOON_MS: i64 = 12 * 60 * 60 * 1000;

impl Desk {
    /// What a buyer of a place and a day would see of some editions, by the pricing door's own document.
    ///
    /// # Errors
    /// 401 for nobody, 403 for who may not simulate prices, 404 for others' lists. What is typed wrong and why there is no total stand in
    /// the answer.
    pub async fn see_prices(&self, ctx: &OpCtx, ask: &SeeAsk) -> Result<SeeView> {
        let seller = self.seller(ctx, &ask.seller).await?;
        authz::simulate(ctx, Some(&seller.id))?;
        let mut ask = SeeAsk { seller: seller.id.to_string(), ..ask.clone() };
        let asked = !ask.skus.trim().is_empty();
        if ask.country.is_empty() {
            ask.country = if is_country(&ctx.country) { ctx.country.clone() } else { seller.legal.country.clone() };
        }
        let mut faults: Vec<(String, String)> = Vec::new();
        let mut fault = |field: &str, code: &str| faults.push((field.to_owned(), code.to_owned()));
        if !is_country(&ask.country) {
            fault("country", "fault-country");
        }
        let quantity = match ask.quantity.trim() {
            "" => 1,
            text => text.parse::<u32>().ok().filter(|n| (1..=pricelist::MAX_STEP).contains(n)).unwrap_or(0),
        };
        if quantity == 0 {
            fault("quantity", "fault-price-step");
        }
        let today = Date::from_unix_ms(ctx.now_ms).ok();
        let date = match ask.date.trim() {
            "" => None,
            text => {
                let date = text.parse::<Date>().ok();
                if date.is_none() {
                    fault("date", "fault-price-moment");
                }
                date
            }
        };
        let mut skus: Vec<&str> = ask.skus.split([',', '\n']).map(str::trim).filter(|s| !s.is_empty()).collect();
        if skus.len() > MOST {
            fault("skus", "fault-price-many");
            skus.truncate(MOST);
        }
        let known = self.0.catalog.records().by_sku(&seller.id, &skus).await?;
        if skus.iter().any(|sku| !known.contains_key(*sku)) {
            fault("skus", "fault-price-sku");
        }
        let market = Market::of_country(&ask.country);
        // Not the one who asks: a buyer of that country who chose no currency.
        let wish = shown_in::of_country(&ask.country);
        let at = match date.filter(|d| Some(*d) != today) {
            Some(date) => date.unix_ms() + NOON_MS,
            None => ctx.now_ms,
        };
        let mut bundles: Vec<(&VariantId, WorkBundle)> = Vec::new();
        let mut found: Vec<&VariantId> = Vec::new();
        for sku in &skus {
            let Some((variant, work)) = known.get(*sku).filter(|(v, _)| !found.contains(&v)) else { continue };
            found.push(variant);
            bundles.extend(self.bundles([work.clone()]).await?.into_iter().map(|bundle| (variant, bundle)));
        }
        let variants: Vec<VariantId> = found.iter().map(|variant| (*variant).clone()).collect();
        let offers = self.0.catalog.offers().read(&variants).await?;
        let to = destination(&ask);
        let paying = Paying { market, pays_in: market.pays_in(wish), to: &to, at_ms: at, platform: offers.platform() };
        let wanted: Vec<Wanted<'_>> = variants
            .iter()
            .filter_map(|variant| {
                let offer = &**offers.offer(variant)?;
                Some(Wanted { offer, variant, quantity: quantity.max(1), named_in: None })
            })
            .collect();
        let currency = paying.choose(&wanted);
        let place = Place { market, wish, currency, ..self.0.catalog.place(ctx) };
        let lines = bundles.iter().filter_map(|(v, b)| line(b, v, &place, at, quantity.max(1), ctx.now_ms)).collect();
        let document = document(&ask, date, quantity.max(1), currency, &found);
        let mut view = SeeView {
            name: seller.name,
            countries: countries(),
            market: market.id.to_owned(),
            regions: market.price_regions.iter().map(|r| (*r).to_owned()).collect(),
            currency: currency.code().to_owned(),
            lines,
            sold_by: None,
            sums: Vec::new(),
            taxes: Vec::new(),
            tax_note: None,
            explain: Vec::new(),
            document: String::new(),
            trouble: None,
            faults,
            ask,
        };
        if !asked || found.is_empty() || !view.faults.is_empty() {
            return Ok(view);
        }
        view.document = serde_json::to_string_pretty(&document).unwrap_or_default();
        // As the door reads it: what is shown is what is asked.
        let quoted = match pricing::read(view.document.as_bytes()) {
            Ok(read) => self.0.quotes.quote(ctx, read).await,
            Err(problem) => Err(problem),
        };
        match quoted {
            Ok(quote) => {
                let platform = offers.platform().filter(|_| quote.seller_of_record == Some(SellerOfRecord::Platform));
                view.sold_by = platform.map(|platform| platform.name.clone());
                fill(&mut view, &place, &quote);
            }
            Err(problem) if problem.status == 422 => {
                view.trouble = problem.fields.into_iter().next().or(Some((String::new(), problem.code)));
            }
            Err(problem) => return Err(problem),
        }
        Ok(view)
    }
}

/// Where the buyer that is asked about is.
fn destination(ask: &SeeAsk) -> Destination {
    let said = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let to = (ask.country.as_str(), Some(ask.region.trim()), Some(ask.postcode.trim()));
    let confirmed = ask.business && ask.confirmed && is_business_id(&stored(&ask.country, &ask.tax_id), to, true);
    let business = confirmed.then(|| Identity { state: TaxIdState::Valid, ..Identity::default() });
    Destination {
        country: ask.country.clone(),
        region: said(&ask.region),
        postcode: said(&ask.postcode),
        business,
        ..Destination::default()
    }
}

/// The countries of all markets, then all others.
fn countries() -> Vec<String> {
    let mut out: Vec<String> = MARKETS.iter().flat_map(|m| m.countries).map(|c| (*c).to_owned()).collect();
    for country in vitrine_places::countries().filter(|c| is_country(c)) {
        if !out.iter().any(|c| c == country) {
            out.push(country.to_owned());
        }
    }
    out
}

fn document(ask: &SeeAsk, date: Option<Date>, quantity: u32, currency: Currency, variants: &[&VariantId]) -> Value {
    let mut buyer = json!({ "country": ask.country });
    for (name, value) in [("region", &ask.region), ("postcode", &ask.postcode), ("tax_id", &ask.tax_id)] {
        let value = value.trim();
        if !value.is_empty() && (name != "tax_id" || ask.business) {
            buyer[name] = json!(value);
        }
    }
    if ask.business {
        buyer["business"] = json!(true);
        if ask.confirmed && !ask.tax_id.trim().is_empty() {
            buyer["tax_id_state"] = json!("valid");
        }
    }
    let lines: Vec<Value> = variants.iter().map(|sku| json!({ "sku": sku, "quantity": quantity })).collect();
    let mut document = json!({ "buyer": buyer, "currency": currency.code(), "lines": lines });
    if let Some(date) = date {
        document["date"] = json!(date);
    }
    document
}

fn line(
    bundle: &WorkBundle,
    variant: &VariantId,
    place: &Place,
    at: i64,
    quantity: u32,
    now_ms: i64,
) -> Option<SeenLine> {
    let (product, edition) = bundle.variant(variant)?;
    let currency = place.currency;
    let price = price_for(&bundle.prices, variant, place.market, currency, at, quantity);
    let considered = pricelist::lookup(&bundle.prices, variant, (place.market, currency), at, quantity);
    let told = considered.into_iter().filter(|c| c.verdict != Verdict::Ended);
    Some(SeenLine {
        title: [bundle.work.title.as_str(), &edition_of(product, edition)].join(" · "),
        sku: edition.sku.clone(),
        unit: price.map(|p| words(p, place.locale)),
        lowest: price.and_then(|p| lowest_before(&bundle.prices, p, place.market)).map(|m| place.money(m, currency)),
        lookup: told
            .map(|c| (entry(c.price, &bundle.prices, now_ms, place.locale), c.verdict.key().to_owned()))
            .collect(),
    })
}

fn fill(view: &mut SeeView, place: &Place, quote: &Quote) {
    let text = |m: Money| format_money(m, place.locale);
    view.sums = sums(place, quote);
    view.taxes = quote
        .totals
        .taxes
        .iter()
        .map(|tax| SeenTax {
            name: format!("{} ({})", tax.name, tax.jurisdiction),
            rate: format_percent(tax.rate_ppm, place.locale),
            base: text(tax.base),
            amount: text(tax.amount),
            rule: tax.rule.clone(),
            law: quote
                .explain
                .iter()
                .find(|step| step.kind == StepKind::Tax && step.rule == tax.rule)
                .map(|step| step.source.clone())
                .unwrap_or_default(),
        })
        .collect();
    view.tax_note = note(quote);
    view.explain = explain(place, quote);
}
