//! What of tax is in the price of one piece, for pages on which nobody has said yet where it goes: a market's consumers stand for its buyers.

use vitrine_pricing::date::Date;
use vitrine_pricing::market::Market;
use vitrine_pricing::money::{Money, RoundingMode};
use vitrine_pricing::quote::{Kind, Seller};
use vitrine_pricing::record::SellerOfRecord;
use vitrine_pricing::tax::{Supply, Value, measured_in};
use vitrine_shared::catalog::{LegalEntity, Product, Store};
use vitrine_shared::views::card::{CardData, InIt, card_data, tax_word};
use vitrine_shared::views::sums::is_import;

use super::in_law::{Deal, DealLine};
use super::{class_of, kind_of, rules, seller};
use crate::catalog::store::WorkBundle;
use crate::fault::{self, Result};

const MILLION: i64 = 1_000_000;

/// A shop's prices before there is a cart.
pub(crate) struct InPrice<'a> {
    platform: Option<(&'a LegalEntity, Seller)>,
    shop: (&'a LegalEntity, Seller),
    ships_from: &'a str,
    date: Date,
}

impl<'a> InPrice<'a> {
    /// Of what a storefront of a seller sells on the day of `now_ms`; `platform` is the marketplace, where it sells by itself.
    ///
    /// # Errors
    /// Never for the time of a clock.
    pub(crate) fn of(
        platform: Option<&'a LegalEntity>,
        shop: &'a LegalEntity,
        store: &'a Store,
        now_ms: i64,
    ) -> Result<Self> {
        let date = Date::from_unix_ms(now_ms).map_err(|e| fault::internal("today", &e))?;
        let sells = |legal: &'a LegalEntity| (legal, seller(legal, Market::of_country(&legal.country)));
        Ok(Self { platform: platform.map(sells), shop: sells(shop), ships_from: &store.ships_from, date })
    }

    /// A work's card for these markets.
    pub(crate) fn card(&self, bundle: &WorkBundle, store: &Store, markets: &[Market], now_ms: i64) -> CardData {
        let in_it = |product: &Product, market: &Market, unit| self.in_it(product, market, unit);
        card_data(&bundle.work, store, &bundle.products, &bundle.prices, in_it, markets, now_ms)
    }

    /// What of tax is in the price of one piece for a market's consumers: as long as one of them pays a tax, what the market says.
    pub(crate) fn in_it(&self, product: &Product, market: &Market, unit: Money) -> InIt {
        // Where a tax comes on top, or only that none does is said, nothing is said to be inside.
        if matches!(tax_word(market), "tax-excl" | "tax-final") {
            return InIt::Markets;
        }
        let of = |country: &&str| self.for_country(product, country, unit).unwrap_or_default();
        if market.countries.iter().any(|country| of(country) == InIt::Markets) {
            return InIt::Markets;
        }
        // Islands of a market may be outside of its tax; most of its buyers are in its first country.
        market.countries.first().map(of).unwrap_or_default()
    }

    /// `None`: it is sold in another currency there, or cannot be said.
    fn for_country(&self, product: &Product, country: &str, unit: Money) -> Option<InIt> {
        let platform = self.platform.as_ref().map(|(legal, _)| *legal);
        let (shop, date) = (self.shop.0, self.date);
        let deal = Deal { platform, shop, country, region: None, postcode: None, business: false, date };
        let (kind, class) = (kind_of(product), class_of(product));
        let parcel = kind == Kind::Physical;
        let line = DealLine { kind, class, ships_from: self.ships_from, unit: Some(unit), quantity: 1, sold: true };
        let seller = match (deal.sellers(unit.currency(), &[line]).first()?, &self.platform) {
            (SellerOfRecord::Platform, Some((_, platform))) => platform,
            _ => &self.shop.1,
        };
        if parcel {
            let own = measured_in(self.ships_from, (country, None, None), &seller.registrations);
            if deal.measured_in(self.ships_from).or(own).is_some_and(|currency| currency != unit.currency()) {
                return None;
            }
        }
        let supply = Supply {
            seller: &seller.country,
            seller_region: seller.region.as_deref(),
            registrations: &seller.registrations,
            country,
            region: None,
            postcode: None,
            valid_business: false,
            tax_id: None,
            ships_from: parcel.then_some(self.ships_from),
            value: None,
            class,
            date,
        };
        // Limits of import schemes are of worth without tax.
        let whole = MILLION.checked_add(rules().consumer_rate_ppm(&supply))?;
        let item = unit.mul_ratio(MILLION, whole, RoundingMode::HalfUp).ok()?;
        let supply = Supply { value: parcel.then_some(Value { item, consignment: item }), ..supply };
        let treatment = rules().treat(&supply);
        let taxed = treatment.rules.iter().any(|rule| rule.rate_ppm > 0);
        Some(match taxed {
            true => InIt::Markets,
            false if is_import(treatment.reason) => InIt::AtImport,
            false => InIt::Nothing,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use vitrine_pricing::market::{MARKETS, TaxDisplay};
    use vitrine_shared::query::ListQuery;
    use vitrine_shared::views::PriceView;
    use vitrine_table::Transact;

    use super::*;
    use crate::catalog::settings;
    use crate::ctx::OpCtx;
    use crate::testing::Shop;

    /// Name, country, registrations of a seller; how many carts could be compared, and how many prices have no tax in them.
    type Counted = (&'static str, &'static str, &'static [&'static str], (usize, usize));

    const TITLES: [&str; 4] = ["Song", "Vinyl", "Pages", "Box"];

    /// A seller of music, a record, a book and a box that is worth more than every import scheme takes, with prices in two currencies.
    fn rows(name: &str, country: &str, registrations: &[&str]) -> String {
        let product = |kind: &str, class: &str, minor: i64| {
            let prices: Vec<_> = [("EUR", minor), ("GBP", minor * 9 / 10), ("AUD", minor * 5 / 3)]
                .map(|(currency, minor)| json!({ "region": "world", "currency": currency, "minor": minor }))
                .into();
            let sent = if kind == "physical" { (json!(60), json!(280)) } else { (json!(null), json!(null)) };
            let mut variant = json!({ "sku": format!("{name}-{class}-{minor}"), "prices": prices });
            if kind == "physical" {
                (variant["stock"], variant["weight_g"]) = sent;
            }
            json!([{ "ref": "p", "kind": kind, "title": "Edition", "tax_class": class, "variants": [variant] }])
        };
        let part = json!([{ "title": "One", "files": [{ "file": "files/1.ogg", "format": "Ogg Vorbis" }] }]);
        let work = |title: &str, kind: &str, products| {
            json!({ "type": "work", "ref": format!("{name}-{title}"), "store": name, "kind": kind, "title": format!("{name} {title}"), "makers": [name],
                "released": "2024-03-01", "language": "en", "parts": if kind == "album" { part.clone() } else { json!([]) }, "products": products })
        };
        let legal = json!({ "name": name, "address": ["Street 1"], "country": country, "region": if country == "US" { json!("NY") } else { json!(null) },
            "email": format!("shop@{name}.example"), "invoice_prefix": name.to_uppercase(), "registrations": registrations });
        let shipping = json!([{ "zone": "*", "up_to_g": 9000, "amount_minor": 500, "currency": "EUR" },
            { "zone": "*", "up_to_g": 9000, "amount_minor": 500, "currency": "GBP" }, { "zone": "*", "up_to_g": 9000, "amount_minor": 900, "currency": "AUD" }]);
        let rows = [
            json!({ "type": "tenant", "ref": name, "name": name, "legal": legal, "currency": "EUR", "locale": "en-US", "fee_bps": 1000 }),
            json!({ "type": "store", "ref": name, "tenant": name, "handle": name, "name": name, "ships_from": country, "shipping": shipping }),
            json!({ "type": "maker", "ref": name, "tenant": name, "kind": "artist", "name": name }),
            work("Song", "album", product("digital", "digital_music", 500)),
            work("Vinyl", "album", product("physical", "physical_music", 2500)),
            work("Pages", "book", product("physical", "printed_book", 1000)),
            work("Box", "album", product("physical", "physical_music", 90_000)),
        ];
        rows.map(|row| row.to_string()).join("\n")
    }

    fn buyer(shop: &Shop, country: &str) -> OpCtx {
        let market = Market::of_country(country).id.into();
        OpCtx { country: country.into(), market, ..shop.guest() }
    }

    async fn on_its_page(shop: &Shop, ctx: &OpCtx, title: &str) -> PriceView {
        let edition = shop.edition(title).await;
        let offers = shop.catalog.offers().kept(std::slice::from_ref(&edition)).await.unwrap();
        let work = offers.offer(&edition).unwrap().bundle.work.id.clone();
        shop.catalog.item(ctx, &work).await.unwrap().editions[0].price.clone().unwrap()
    }

    async fn on_its_card(shop: &Shop, ctx: &OpCtx, title: &str) -> PriceView {
        let list = ListQuery { q: title.to_owned(), page: 1, ..ListQuery::default() };
        let found = shop.catalog.search(ctx, &list).await.unwrap();
        let card = found.works.cards.iter().find(|card| card.title == title);
        card.and_then(|card| card.price.clone()).unwrap_or_else(|| panic!("no card of {title}"))
    }

    /// Every price of a seller says in its list and on its page what the cart says of it.
    async fn say_what_carts_say(shop: &Shop, name: &str) -> (usize, usize) {
        let (mut compared, mut untaxed) = (0, 0);
        for market in MARKETS.iter().filter(|market| market.tax_display == TaxDisplay::Inclusive) {
            let country = market.countries[0];
            let ctx = buyer(shop, country);
            for title in TITLES.map(|title| format!("{name} {title}")) {
                let cart = shop.checkouts.cart_view(&shop.fill(&ctx, &[&title]).await).await.unwrap();
                let line = &cart.sellers[0].lines[0];
                let page = on_its_page(shop, &ctx, &title).await;
                // What is sold in another currency is said there.
                if line.trouble.is_none() && line.unit.currency == page.currency {
                    assert_eq!(page.tax_word, line.unit.tax_word, "{title} in {country}");
                    (compared, untaxed) = (compared + 1, untaxed + usize::from(page.tax_word != tax_word(market)));
                }
                assert_eq!(on_its_card(shop, &ctx, &title).await.tax_word, page.tax_word, "{title} in {country}");
            }
        }
        (compared, untaxed)
    }

    #[tokio::test]
    async fn pages_and_lists_say_of_tax_what_carts_say() {
        let shop = Shop::open().await;
        // Of 14 markets that have tax inside and four things: how many carts could be compared, and how many prices have none in them.
        let sellers: [Counted; 6] = [
            ("small", "DE", &[], (56, 56)),
            // All but AT, DE, EU, FR.
            ("large", "DE", &["DE", "EU-OSS"], (56, 40)),
            ("far", "US", &["US-NY"], (56, 56)),
            // But the box, which is worth too much, though not in AU; and books in GB, which are at zero.
            ("known", "US", &["US-NY", "EU-OSS", "EU-IOSS", "GB", "AU"], (56, 39)),
            ("isle", "GB", &["GB"], (56, 53)),
            // Parcels to NO, NZ and SG are sold in the currencies of their schemes, which these prices do not have.
            ("all", "DE", &["DE", "EU-OSS", "GB", "CH", "NO", "IS", "AU", "NZ", "JP", "SG", "IN", "ZA"], (47, 18)),
        ];
        for (name, country, registrations, _) in sellers {
            shop.import(&rows(name, country, registrations)).await;
        }
        shop.indexer.catch_up().await.unwrap();
        for (name, .., counts) in sellers {
            assert_eq!(say_what_carts_say(&shop, name).await, counts, "{name}");
        }
    }

    #[tokio::test]
    async fn what_the_marketplace_sells_has_its_tax_in_it() {
        let shop = Shop::of_platform(LegalEntity {
            name: "Platform SA".into(),
            country: "IE".into(),
            registrations: ["IE", "EU-OSS", "EU-IOSS", "GB"].map(str::to_owned).to_vec(),
            ..LegalEntity::default()
        })
        .await;
        shop.import(&rows("far", "US", &["US-NY"])).await;
        shop.indexer.catch_up().await.unwrap();
        // By itself the seller has none in any of 56; what the law presumes is the marketplace's is taxed in AT, DE, EU, FR and GB, books
        // in GB at zero.
        assert_eq!(say_what_carts_say(&shop, "far").await, (56, 56 - 5 * 3 + 1));
    }

    #[tokio::test]
    async fn who_registers_has_other_words_on_pages_and_in_lists() {
        let shop = Shop::open().await;
        shop.import(&rows("small", "DE", &[])).await;
        shop.indexer.catch_up().await.unwrap();
        let ctx = buyer(&shop, "DE");
        let words = async || {
            let (page, card) =
                (on_its_page(&shop, &ctx, "small Pages").await, on_its_card(&shop, &ctx, "small Pages").await);
            [page.tax_word, card.tax_word]
        };
        assert_eq!(words().await, ["tax-none"; 2]);
        let was = shop.catalog.records().tenant(&shop.seller_of("small Pages").await).await.unwrap().unwrap();
        let mut now = was.clone();
        now.legal.registrations.push("DE".into());
        let op = settings::seller_written(&now, true, None, shop.clock_ms()).unwrap();
        shop.table.transact(Transact { ops: vec![op], token: None }).await.unwrap();
        shop.indexer.catch_up().await.unwrap();
        assert_eq!(words().await, ["tax-incl-vat"; 2]);
    }
}
