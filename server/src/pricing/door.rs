//! A document that asks for totals, answered from the shop's own records.

use std::collections::{BTreeSet, HashMap};

use vitrine_pricing::date::Date;
use vitrine_pricing::market::{Market, is_country};
use vitrine_pricing::money::{Currency, Money};
use vitrine_pricing::price::PriceList;
use vitrine_pricing::promotion::{MOST_CODES, SkipReason};
use vitrine_pricing::quote::{
    Buyer, Context, Document, Kind, Quote, QuoteError, RequestLine, Sellable, TaxIdState, quote,
};
use vitrine_pricing::record::SellerOfRecord;
use vitrine_pricing::shipping::ShippingTable;
use vitrine_pricing::tax::is_business_id;
use vitrine_pricing::tax_id::{Checked, check};
use vitrine_pricing::territory::has_region;
use vitrine_shared::Problem;
use vitrine_shared::cart::MAX_LINES;
use vitrine_shared::catalog::{LegalEntity, PriceRecord, Status, Store, Tenant};
use vitrine_shared::id::{TenantId, VariantId};
use vitrine_shared::views::card::{changes_at, ladder, on_sale, price_for};

use super::{Deal, DealLine, entry, rules, sellable, seller, shipping_table, until};
use crate::authz;
use crate::catalog::offers::{Found, Offer, Offers};
use crate::ctx::{OpCtx, Scope};
use crate::fault::{self, Result};
use crate::promotions::{ForQuote, Promotions, Who};
use crate::tax_ids::{candidates, stored};

/// Noon of a day, milliseconds after its midnight: what holds on a day holds then.
const NOON_MS: i64 = 12 * 60 * 60 * 1000;

/// Lines of one document; of who may not simulate as many as a cart holds ([`MAX_LINES`]).
const MOST_LINES: usize = 1000;

/// Answers documents. Cheap to clone.
#[derive(Clone)]
pub struct Quotes {
    offers: Option<Offers>,
    promotions: Option<Promotions>,
}

/// What the shop's records say of a document.
#[derive(Default)]
struct Known {
    shop: Option<(Tenant, Store)>,
    items: Vec<Sellable>,
    prices: PriceList,
    /// The marketplace as a seller, where it is one.
    platform: Option<LegalEntity>,
    /// By line, where it names an edition: what one piece costs, the buyer's own price aside.
    units: Vec<Option<PriceRecord>>,
}

impl Quotes {
    /// Over the catalogue's offers.
    pub fn new(offers: Offers) -> Self {
        Self { offers: Some(offers), promotions: None }
    }

    /// With what the sellers take off. Without, a document is asked with its own promotions only.
    pub fn with_promotions(self, promotions: Promotions) -> Self {
        Self { promotions: Some(promotions), ..self }
    }

    /// Without a shop: documents that say everything themselves.
    pub fn detached() -> Self {
        Self { offers: None, promotions: None }
    }

    /// Totals with their explanation. Reads only.
    ///
    /// # Errors
    /// 422 naming the field for what cannot be; 403 naming the fields for what only a simulation may say; 404 for a storefront that is
    /// none or not the caller's to see; the table's.
    pub async fn quote(&self, ctx: &OpCtx, mut document: Document) -> Result<Quote> {
        let today = Date::from_unix_ms(ctx.now_ms).map_err(|e| fault::internal("a date", &e))?;
        let most = if authz::simulate(ctx, None).is_ok() { MOST_LINES } else { MAX_LINES };
        if document.lines.len() > most {
            let title = format!("lines: {} of them, at most {most}", document.lines.len());
            return Err(Problem::invalid("lines", "too_many", title));
        }
        let market = self::market(&document)?;
        check_region(&document.buyer)?;
        let buyer = &mut document.buyer;
        buyer.tax_id = buyer.tax_id.take().map(|typed| stored(&buyer.country, &typed));
        let currency = document.currency.unwrap_or(market.currency);
        let date = document.date.unwrap_or(today);
        let known = self.known(ctx, &document, market, currency, date, today).await?;
        let simulated = document.simulated(today);
        if !simulated.is_empty() {
            authz::simulate(ctx, known.shop.as_ref().map(|(tenant, _)| &tenant.id)).map_err(|refused| {
                simulated.iter().fold(refused, |problem, path| problem.field(path.clone(), "needs_pricing_simulate"))
            })?;
        }
        if document.buyer.tax_id_state == TaxIdState::None {
            document.buyer.tax_id_state = state_of(&document.buyer);
        }
        let shipping = match &known.shop {
            Some((_, store)) => {
                document.rounding.get_or_insert(store.rounding);
                document.no_rule.get_or_insert(store.no_rule);
                shipping_table(store, currency)?
            }
            None => ShippingTable::default(),
        };
        let (seller, record) = match (document.seller.take(), &known.shop) {
            (Some(seller), _) => (seller, None),
            (None, Some((tenant, _))) => {
                let deal = deal(&known, tenant, &document.buyer, date);
                let record = sold_by(&deal, &known, &document, currency)?;
                let seller = seller(deal.legal(record), market);
                leave_from_the_shop(&mut document, tenant);
                (seller, Some(record))
            }
            (None, None) => {
                let title = "Lines without sku need a seller: name the store, or describe the seller.";
                return Err(Problem::invalid("seller", "missing", title));
            }
        };
        let given = self.given(ctx, &document, known.shop.as_ref().map(|(tenant, _)| &tenant.id)).await?;
        let handle = known.shop.as_ref().map_or("", |(_, store)| store.handle.as_str());
        let context = Context {
            rules: rules(),
            items: &known.items,
            prices: &known.prices,
            shipping: &shipping,
            promotions: given.given(handle),
        };
        let quote = quote(&document.request(currency, date, seller), &context).map_err(|why| problem(&why))?;
        let quote = match record {
            Some(record) => quote.sold_as(record),
            None => quote,
        };
        // Why a code is not valid is for who sells.
        let sells = authz::simulate(ctx, known.shop.as_ref().map(|(tenant, _)| &tenant.id)).is_ok();
        if sells {
            return Ok(quote);
        }
        // Codes are not found by trying: wrong ones are counted as wrong secrets are.
        let quote = quote.for_buyer();
        if quote.codes.iter().any(|code| code.reason == Some(SkipReason::NotValid)) {
            ctx.guess.mark_wrong();
        }
        Ok(quote)
    }

    /// What the seller takes off for the caller, unless the document says it.
    async fn given(&self, ctx: &OpCtx, document: &Document, seller: Option<&TenantId>) -> Result<ForQuote> {
        let (Some(promotions), Some(seller), None) = (&self.promotions, seller, &document.promotions) else {
            return Ok(ForQuote::default());
        };
        if document.codes.len() > MOST_CODES {
            return Err(Problem::invalid("codes", "invalid", "codes: at most 20"));
        }
        let names = promotions.names(ctx, "")?;
        let sellers = HashMap::from([(seller.clone(), promotions.records().automatic(seller).await?)]);
        let member = promotions.groups().who(ctx)?;
        let who = Who { names: &names, member: member.as_deref(), cart: None };
        let offered = promotions.of_sellers(sellers, &document.codes, who).await?;
        Ok(offered.of(seller, &[]))
    }

    async fn known(
        &self,
        ctx: &OpCtx,
        document: &Document,
        market: &'static Market,
        currency: Currency,
        date: Date,
        today: Date,
    ) -> Result<Known> {
        let asked: Vec<(usize, &str)> =
            document.lines.iter().enumerate().filter_map(|(i, l)| Some((i, l.sku.as_deref()?))).collect();
        let Some(offers) = &self.offers else {
            return match (asked.first(), &document.store) {
                (Some((i, _)), _) => Err(unknown(*i)),
                (None, Some(_)) => Err(Problem::not_found("storefront")),
                (None, None) => Ok(Known::default()),
            };
        };
        let mut known =
            Known { platform: offers.platform().cloned(), units: vec![None; document.lines.len()], ..Known::default() };
        if let Some(handle) = &document.store {
            let store = offers.records().store_by_handle(handle).await?;
            let store = store.ok_or_else(|| Problem::not_found("storefront"))?;
            let tenant = offers.records().tenant(&store.tenant).await?;
            let tenant = tenant.filter(|t| is_seen(ctx, t)).ok_or_else(|| Problem::not_found("storefront"))?;
            known.shop = Some((tenant, store));
        }
        let variants: BTreeSet<VariantId> = asked.iter().filter_map(|(_, sku)| sku.parse().ok()).collect();
        let found = offers.kept(&variants.iter().cloned().collect::<Vec<_>>()).await?;
        let when_ms = if date == today { ctx.now_ms } else { date.unix_ms() + NOON_MS };
        let mut changes = Vec::new();
        for (i, sku) in asked {
            let (offer, variant) = on_offer(ctx, &found, sku).ok_or_else(|| unknown(i))?;
            match &known.shop {
                Some((tenant, _)) if tenant.id != offer.tenant.id => {
                    let title = "One quote is one seller's: ask for each seller's lines by themselves.";
                    return Err(Problem::invalid(&format!("lines[{i}].sku"), "other_seller", title));
                }
                Some((_, store)) if store.id != offer.store.id => {
                    let title = "One quote is one storefront's, with its policies: ask for each storefront's lines by themselves.";
                    return Err(Problem::invalid(&format!("lines[{i}].sku"), "other_store", title));
                }
                Some(_) => {}
                None => known.shop = Some((offer.tenant.clone(), offer.store.clone())),
            }
            let quantity = document.lines[i].quantity;
            changes.extend(changes_at(&offer.bundle.prices, &variant, market, currency, when_ms, quantity));
            known.units[i] = price_for(&offer.bundle.prices, &variant, market, currency, when_ms, quantity).cloned();
            if known.items.iter().any(|item| item.sku == sku) {
                continue;
            }
            let Some((product, edition)) = offer.bundle.variant(&variant) else { return Err(unknown(i)) };
            known.items.push(sellable(&offer.bundle.work, product, edition, &offer.store));
            // Without any the pricing function says that it is not for sale there.
            let steps = ladder(&offer.bundle.prices, &variant, market, currency, when_ms);
            for price in steps {
                known.prices.entries.push(entry(price, currency)?);
            }
        }
        known.prices.until = until(changes.into_iter())?;
        known.prices.id = known.shop.as_ref().map(|(tenant, _)| tenant.id.to_string()).unwrap_or_default();
        Ok(known)
    }
}

/// The document as the law looks at it.
fn deal<'a>(known: &'a Known, tenant: &'a Tenant, buyer: &'a Buyer, date: Date) -> Deal<'a> {
    let to = (buyer.country.as_str(), buyer.region.as_deref(), buyer.postcode.as_deref());
    let counts = buyer.tax_id.as_ref().is_some_and(|id| is_business_id(id, to, true));
    Deal {
        platform: known.platform.as_ref(),
        shop: &tenant.legal,
        country: &buyer.country,
        region: buyer.region.as_deref(),
        postcode: buyer.postcode.as_deref(),
        business: buyer.business && buyer.tax_id_state == TaxIdState::Valid && counts,
        date,
    }
}

/// Who sells all of a document's lines in law.
///
/// # Errors
/// 422 naming the marketplace's lines where the shop sells the others.
fn sold_by(deal: &Deal<'_>, known: &Known, document: &Document, currency: Currency) -> Result<SellerOfRecord> {
    let item = |sku: &str| known.items.iter().find(|item| item.sku == sku);
    let lines = document.lines.iter().zip(&known.units).map(|(line, price)| {
        let item = line.sku.as_deref().and_then(item);
        let listed = || Money::new(price.as_ref()?.amount_minor, currency).ok();
        let named = line.named_price.filter(|_| price.as_ref().is_some_and(|p| p.minimum_minor.is_some()));
        DealLine {
            // Without any the pricing function says so.
            kind: item.map(|item| item.kind).or(line.kind).unwrap_or(Kind::Digital),
            class: item.map(|item| item.tax_class.as_str()).or(line.tax_class.as_deref()).unwrap_or_default(),
            ships_from: item
                .and_then(|item| item.ships_from.as_deref())
                .or(line.ships_from.as_deref())
                .unwrap_or(&deal.shop.country),
            unit: line.unit_price.or(named).or_else(listed),
            quantity: line.quantity,
            sold: true,
        }
    });
    let sellers = deal.sellers(currency, &lines.collect::<Vec<_>>());
    let platforms: Vec<usize> = (0..sellers.len()).filter(|i| sellers[*i] == SellerOfRecord::Platform).collect();
    match platforms.len() {
        0 => Ok(SellerOfRecord::Tenant),
        all if all == sellers.len() => Ok(SellerOfRecord::Platform),
        _ => {
            let paths: Vec<String> = platforms.iter().map(|i| format!("lines[{i}]")).collect();
            let title = format!(
                "In law the marketplace sells {}, the shop the others: ask for each part by itself.",
                paths.join(", ")
            );
            let problem = Problem::invalid(&paths[0], "mixed_sellers", title);
            Err(paths.into_iter().skip(1).fold(problem, |problem, path| problem.field(path, "mixed_sellers")))
        }
    }
}

/// Goods described in the document leave from where the shop is, whoever sells them in law.
fn leave_from_the_shop(document: &mut Document, tenant: &Tenant) {
    let described = |line: &&mut RequestLine| line.sku.is_none() && line.kind == Some(Kind::Physical);
    for line in document.lines.iter_mut().filter(described) {
        line.ships_from.get_or_insert_with(|| tenant.legal.country.clone());
    }
}

/// Whether a seller is one of the caller's place: the marketplace shows listed ones, a seller's own host that seller.
fn is_seen(ctx: &OpCtx, tenant: &Tenant) -> bool {
    match &ctx.scope {
        Scope::Marketplace => tenant.listed,
        Scope::Tenant(id) => tenant.id == *id,
    }
}

/// The edition, if the caller may see that it is sold.
fn on_offer<'a>(ctx: &OpCtx, found: &'a Found, sku: &str) -> Option<(&'a Offer, VariantId)> {
    let variant: VariantId = sku.parse().ok()?;
    let offer = found.offer(&variant)?;
    let sold = on_sale(&offer.bundle.products).any(|(_, v)| v.id == variant);
    let seen = is_seen(ctx, &offer.tenant) && offer.bundle.work.status == Status::Published;
    (sold && seen).then_some((&**offer, variant))
}

/// What is known of an id that no register was asked about: tax is charged in any case.
fn state_of(buyer: &Buyer) -> TaxIdState {
    let Some(typed) = &buyer.tax_id else { return TaxIdState::None };
    let to = (buyer.country.as_str(), buyer.region.as_deref(), buyer.postcode.as_deref());
    let (mut known, mut right) = (false, false);
    for kind in candidates(&buyer.country, typed) {
        known = true;
        if let Checked::Ok(_) = check(kind.code, typed) {
            right = true;
            if !kind.register.is_empty() && is_business_id(kind.written, to, true) {
                return TaxIdState::Pending;
            }
        }
    }
    // What no register confirms is words for an invoice.
    if known && !right { TaxIdState::Invalid } else { TaxIdState::None }
}

/// Countries whose regions have two levels in ISO 3166-2, of which addresses name one.
const TWO_LEVELS: [&str; 6] = ["ES", "IE", "IT", "KN", "PH", "TH"];

/// A region that its country does not have, where the pricing function does not know it itself. Where no list of them is kept, or only a part of them is in it, all are taken.
fn check_region(buyer: &Buyer) -> Result<()> {
    let (country, Some(region)) = (buyer.country.as_str(), &buyer.region) else { return Ok(()) };
    let form = vitrine_places::form_of(country);
    let regions = form.field(vitrine_places::Field::Region).map(|field| field.regions.as_slice()).unwrap_or_default();
    let coded = form.country == country && !regions.is_empty() && regions.iter().all(|r| !r.code.is_empty());
    let known = || TWO_LEVELS.contains(&country) || regions.iter().any(|r| r.code.eq_ignore_ascii_case(region));
    if has_region(country, region).is_none() && coded && !known() {
        let region: String = region.chars().take(12).collect();
        let title = format!("buyer.region: {country} has no region {region:?} (ISO 3166-2, without the country)");
        return Err(Problem::invalid("buyer.region", "unknown_region", title));
    }
    Ok(())
}

fn market(document: &Document) -> Result<&'static Market> {
    match &document.market {
        Some(id) => Market::by_id(id)
            .ok_or_else(|| Problem::invalid("market", "unknown_market", "There is no market of this name.")),
        None if is_country(&document.buyer.country) => Ok(Market::of_country(&document.buyer.country)),
        None => {
            let title = "buyer.country: not an ISO 3166-1 alpha-2 country code";
            Err(Problem::invalid("buyer.country", "unknown_country", title))
        }
    }
}

fn unknown(line: usize) -> Problem {
    let path = format!("lines[{line}].sku");
    let title = format!("{path}: there is no such edition for sale");
    Problem::invalid(&path, "unknown_sku", title)
}

/// Why there is no quote, as 422 naming the field.
pub fn problem(why: &QuoteError) -> Problem {
    Problem::invalid(why.field(), why.code(), why.to_string())
}

/// A document from JSON.
///
/// # Errors
/// 400 for what is no JSON, 422 naming the field: `unknown_field`, `missing`, `unknown_currency`, `bad_value`.
pub fn read(json: &[u8]) -> Result<Document> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let document: Document = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let (path, why) = (error.path().to_string(), error.into_inner());
        if !why.is_data() {
            return Problem::new(400, "bad_json", "The body is not JSON.").detail(why.to_string());
        }
        let said = why.to_string();
        let (name, code) = match said.split_once('`').zip(said.split_once(' ')) {
            Some(((_, rest), ("unknown", _))) if said.starts_with("unknown field") => (named(rest), "unknown_field"),
            Some(((_, rest), ("missing", _))) => (named(rest), "missing"),
            _ if said.contains("ISO 4217") => (None, "unknown_currency"),
            _ => (None, "bad_value"),
        };
        let path = match (path.as_str(), name) {
            // The root, or a field without a name in it.
            ("." | "", None | Some("")) => ".".to_owned(),
            ("." | "", Some(name)) => name.to_owned(),
            (path, Some(name)) if code == "missing" || !path.ends_with(name) => format!("{path}.{name}"),
            (path, _) => path.to_owned(),
        };
        Problem::invalid(&path, code, format!("{path}: {said}"))
    })?;
    reader.end().map_err(|why| Problem::new(400, "bad_json", "The body is not JSON.").detail(why.to_string()))?;
    Ok(document)
}

/// The name before the closing tick.
fn named(rest: &str) -> Option<&str> {
    rest.split_once('`').map(|(name, _)| name)
}
