//! All prices of one edition: add one, change one, end one.

use std::collections::BTreeMap;

use vitrine_pricing::format::Locale;
use vitrine_pricing::market::{MARKETS, Market};
use vitrine_pricing::money::Currency;
use vitrine_shared::Problem;
use vitrine_shared::catalog::{PriceRecord, Status};
use vitrine_shared::pricelist::{self, Act, Typed, Wish};
use vitrine_shared::views::MomentView;
use vitrine_shared::views::card::lowest_before;
use vitrine_shared::views::prices::{EditionPrices, PriceEntry};

use super::change::Draft;
use super::{changed_meanwhile, edition_of, money, refused};
use crate::catalog::store::WorkBundle;
use crate::ctx::OpCtx;
use crate::desk::Desk;
use crate::fault::Result;

/// Ended records shown.
const PAST: usize = 50;

/// The end of a price, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndForm {
    /// The record.
    pub key: String,
    /// When, UTC; empty: as soon as it is confirmed.
    pub at: String,
    /// Version of the work that was shown.
    pub rev: i64,
}

fn key_of(price: &PriceRecord) -> String {
    format!("{}-{}-{}-{}", price.region, price.currency, price.min_quantity, price.valid_from_ms)
}

fn record<'a>(bundle: &'a WorkBundle, variant: &str, key: &str) -> Option<&'a PriceRecord> {
    bundle.prices.iter().find(|p| p.variant.as_str() == variant && key_of(p) == key)
}

/// The market whose law a region's price is under, as far as one is.
fn market_of(price: &PriceRecord) -> Option<&'static Market> {
    let pays = |m: &&Market| m.currency.code() == price.currency;
    Market::by_id(&price.region).filter(pays)
}

pub(super) fn entry(price: &PriceRecord, all: &[PriceRecord], now_ms: i64, locale: Locale) -> PriceEntry {
    let text = |minor: i64| money(minor, &price.currency, locale);
    let alive = price.valid_to_ms.is_none_or(|to| to > now_ms);
    let winner = pricelist::at_moment(all, &price.variant, &price.region, &price.currency, price.min_quantity, now_ms);
    let state = match (alive, price.valid_from_ms > now_ms) {
        (false, _) => "price-ended",
        (true, true) => "price-to-come",
        (true, false) if winner == Some(price) => "price-in-force",
        (true, false) => "price-below",
    };
    let free = price.amount_minor == 0 && price.minimum_minor.is_none();
    PriceEntry {
        key: key_of(price),
        region: price.region.clone(),
        currency: price.currency.clone(),
        min_quantity: price.min_quantity,
        amount: if free { String::new() } else { text(price.amount_minor) },
        minimum: price.minimum_minor.map(text),
        compare_at: price.compare_at_minor.map(text),
        from: Some(price.valid_from_ms).filter(|at| *at > 0).map(|at| MomentView::of(at, locale)),
        to: price.valid_to_ms.map(|at| MomentView::of(at, locale)),
        state: state.to_owned(),
        unasked: !pricelist::is_asked(&price.region, &price.currency),
        lowest: market_of(price).and_then(|m| lowest_before(all, price, m)).map(text),
    }
}

impl Desk {
    /// An edition's prices, with the form for the record of this key or for a new one. `kept`: with what was typed into it before.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' editions.
    pub async fn edition_prices(&self, ctx: &OpCtx, id: &str, key: &str, kept: bool) -> Result<EditionPrices> {
        let (variant, bundle) = self.edition(ctx, id).await?;
        let locale = self.0.catalog.place(ctx).locale;
        let (product, edition) = bundle.variant(&variant).ok_or_else(super::no_edition)?;
        let mut list: Vec<&PriceRecord> = bundle.prices.iter().filter(|p| p.variant == variant).collect();
        let order = pricelist::regions();
        let place = |p: &PriceRecord| order.iter().position(|r| *r == p.region);
        list.sort_by(|a, b| {
            (place(a), &a.currency, a.min_quantity, a.valid_from_ms).cmp(&(
                place(b),
                &b.currency,
                b.min_quantity,
                b.valid_from_ms,
            ))
        });
        let alive = pricelist::alive(&bundle.prices, ctx.now_ms);
        let (now, mut past): (Vec<&PriceRecord>, Vec<&PriceRecord>) = list.into_iter().partition(|p| alive.contains(p));
        past.sort_by_key(|p| std::cmp::Reverse(p.valid_from_ms));
        let show = |p: &PriceRecord| entry(p, &bundle.prices, ctx.now_ms, locale);
        let changed = record(&bundle, id, key);
        let kept: Option<(Typed, String, BTreeMap<String, String>)> =
            if kept { self.kept_form(ctx, &format!("EDITION#{variant}")).await? } else { None };
        let (form, key, faults) = match (kept, changed) {
            (Some(kept), _) => kept,
            (None, Some(price)) => (Typed::of(price), key.to_owned(), BTreeMap::new()),
            (None, None) => {
                let fresh = Typed { kind: "fixed".into(), min_quantity: "1".into(), ..Typed::default() };
                (fresh, String::new(), BTreeMap::new())
            }
        };
        let mut currencies: Vec<String> = Vec::new();
        let paid = MARKETS.iter().map(|m| m.currency.code());
        for code in paid.chain(Currency::all().map(Currency::code)) {
            if !currencies.iter().any(|c| c == code) {
                currencies.push(code.to_owned());
            }
        }
        Ok(EditionPrices {
            seller: bundle.work.tenant.to_string(),
            variant: variant.to_string(),
            work: bundle.work.id.to_string(),
            title: bundle.work.title.clone(),
            edition: edition_of(product, edition),
            sku: edition.sku.clone(),
            public: bundle.work.status == Status::Published,
            entries: now.into_iter().map(show).collect(),
            past: past.into_iter().take(PAST).map(show).collect(),
            form,
            key,
            faults: faults.into_iter().collect(),
            rev: bundle.work.rev,
            regions: order.into_iter().map(str::to_owned).collect(),
            currencies,
        })
    }

    /// What a typed price would change, kept to be looked at; answers its name.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' editions, 409 `changed_meanwhile`, 422 with `fields`.
    pub async fn propose_price(&self, ctx: &OpCtx, id: &str, typed: &Typed, key: &str, rev: i64) -> Result<String> {
        let (variant, bundle) = self.edition(ctx, id).await?;
        let replaces = record(&bundle, id, key).map(|p| p.valid_from_ms);
        let wish = pricelist::read(typed, &variant, &bundle.prices, replaces, ctx.now_ms).map_err(refused)?;
        self.propose(ctx, id, &bundle, wish, rev).await
    }

    /// What the end of a price would change, kept to be looked at; answers its name.
    ///
    /// # Errors
    /// As [`Self::propose_price`]; 404 for a price that is none.
    pub async fn propose_end(&self, ctx: &OpCtx, id: &str, form: &EndForm) -> Result<String> {
        let (variant, bundle) = self.edition(ctx, id).await?;
        let price = record(&bundle, id, &form.key).ok_or_else(|| Problem::not_found("price"))?;
        let at = match form.at.trim() {
            "" => None,
            text => Some(
                pricelist::moment(text)
                    .ok_or_else(|| Problem::invalid("at", "fault-price-moment", "This is no moment."))?,
            ),
        };
        if at.is_some_and(|at| at < ctx.now_ms) {
            return Err(Problem::invalid("at", "fault-price-over", "It cannot end before now."));
        }
        let wish = Wish {
            variant,
            region: price.region.clone(),
            currency: price.currency.clone(),
            min_quantity: price.min_quantity,
            act: Act::End { began: price.valid_from_ms, at },
        };
        self.propose(ctx, id, &bundle, wish, form.rev).await
    }

    async fn propose(&self, ctx: &OpCtx, id: &str, bundle: &WorkBundle, wish: Wish, rev: i64) -> Result<String> {
        if bundle.work.rev != rev {
            return Err(changed_meanwhile());
        }
        if pricelist::plan(&mut bundle.prices.clone(), &wish, ctx.now_ms).is_none() {
            return Err(Problem::conflict("price_nothing", "No price was changed."));
        }
        let mut draft = Draft::of(&bundle.work.tenant, format!("/studio/prices/edition/{id}"));
        draft.add(&bundle.work.id, wish);
        self.keep_change(ctx, draft).await
    }

    /// Keeps what was typed, so that a fault loses nothing.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' editions.
    pub async fn keep_price(
        &self,
        ctx: &OpCtx,
        id: &str,
        typed: &Typed,
        key: &str,
        faults: &BTreeMap<String, String>,
    ) -> Result<()> {
        let (variant, _) = self.edition(ctx, id).await?;
        self.keep_form(ctx, &format!("EDITION#{variant}"), &(typed, key, faults)).await
    }
}
