//! From records to cards and prices: pure, the same on server and offline client.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vitrine_pricing::date::Date;
use vitrine_pricing::format::{Locale, format_date, format_money};
use vitrine_pricing::market::{Market, TaxDisplay};
use vitrine_pricing::money::{Currency, Money};
use vitrine_pricing::price::{Asked, winner};

use super::about::{AboutView, Rates};
use super::{CardView, ImageView, Named, PlayView, PriceView};
use crate::catalog::{Image, MakerRef, Preview, PriceRecord, Product, Status, Store, Variant, Work, WorkKind};
use crate::id::VariantId;

/// What a list needs of a work, for every market; stored with the search index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CardData {
    /// Work id.
    pub id: String,
    /// What it is.
    pub kind: WorkKind,
    /// For its address.
    pub slug: String,
    /// In its own script.
    pub title: String,
    /// In Latin letters.
    pub latin: Option<String>,
    /// Tag of the content's language.
    pub language: String,
    /// Makers.
    pub makers: Vec<MakerRef>,
    /// Cover.
    pub cover: Option<Image>,
    /// Year of release.
    pub year: Option<i32>,
    /// First preview and its outline.
    pub preview: Option<(Preview, String, Vec<u8>)>,
    /// Handle and name of the shop.
    pub store: (String, String),
    /// Least prices by market and currency.
    pub prices: CardPrices,
}

/// Least prices by market and currency. Most markets share one of a few prices, so each stands once, with the ids of its markets between
/// spaces: every card of a list is read from this.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CardPrices(Vec<(CardPrice, String)>);

impl CardPrices {
    /// Adds a market's price.
    pub fn add(&mut self, market: &str, price: CardPrice) {
        match self.0.iter_mut().find(|(known, _)| *known == price) {
            Some((_, markets)) => {
                markets.push_str(market);
                markets.push(' ');
            }
            None => self.0.push((price, format!(" {market} "))),
        }
    }

    /// The price in a market, in the first of these currencies that has one.
    pub fn of(&self, market: &str, pays_in: &[Currency]) -> Option<&CardPrice> {
        let here = |price: &CardPrice, markets: &str| {
            let at = pays_in.iter().position(|c| *c == price.currency)?;
            markets.split_ascii_whitespace().any(|name| name == market).then_some(at)
        };
        let found = self.0.iter().filter_map(|(price, markets)| Some((here(price, markets)?, price)));
        found.min_by_key(|(at, _)| *at).map(|(_, price)| price)
    }

    /// Markets with their prices, each as often as it has currencies.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &CardPrice)> {
        self.0.iter().flat_map(|(price, markets)| markets.split_ascii_whitespace().map(move |market| (market, price)))
    }
}

/// The least price in one market and currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardPrice {
    /// Of the amounts.
    pub currency: Currency,
    /// Minor units; for name-your-price the suggestion.
    pub minor: i64,
    /// Name-your-price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<i64>,
    /// Struck through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare_at: Option<i64>,
    /// Lowest of the thirty days before a reduction, where the law wants it said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lowest: Option<i64>,
    /// There are dearer ones.
    #[serde(default)]
    pub from: bool,
    /// What of tax is in it.
    #[serde(default, skip_serializing_if = "InIt::is_markets")]
    pub tax: InIt,
}

/// What of tax is in a price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InIt {
    /// What the market says of its prices.
    #[default]
    Markets,
    /// None, nor will any come.
    Nothing,
    /// None: the buyer pays it where the parcel comes into the country.
    AtImport,
}

impl InIt {
    /// The market's word holds.
    pub fn is_markets(&self) -> bool {
        *self == Self::Markets
    }
}

/// Key of the words beside prices of a market.
pub fn tax_word(market: &Market) -> &'static str {
    match (market.tax_display, market.id) {
        (TaxDisplay::Exclusive, _) => "tax-excl",
        // Laws want one price; whether a tax is in it, and which, is not known here.
        (TaxDisplay::Inclusive, "rowtax") => "tax-final",
        (TaxDisplay::Inclusive, "jp") => "tax-incl-ct",
        (TaxDisplay::Inclusive, "au" | "nz" | "sg" | "in") => "tax-incl-gst",
        (TaxDisplay::Inclusive, _) => "tax-incl-vat",
    }
}

/// The price of a variant in a market and currency at a time for so many pieces: the market's own region, then its group, then the world;
/// within one the highest step of quantity that is reached, of that the latest that has begun.
pub fn price_for<'a>(
    prices: &'a [PriceRecord],
    variant: &VariantId,
    market: &Market,
    currency: Currency,
    now_ms: i64,
    quantity: u32,
) -> Option<&'a PriceRecord> {
    winner(prices.iter(), market.price_regions, quantity, |p| {
        let asked = p.variant == *variant && p.currency == currency.code() && p.holds(now_ms);
        asked.then_some(Asked { region: &p.region, min_quantity: p.min_quantity, begun: p.valid_from_ms })
    })
}

/// When a variant's price in a market and currency for so many pieces is another record's, or none's: the next moment, UTC milliseconds, at
/// which one begins or ends and with that another wins. `None`: as far as the records know it stays.
pub fn changes_at(
    prices: &[PriceRecord],
    variant: &VariantId,
    market: &Market,
    currency: Currency,
    now_ms: i64,
    quantity: u32,
) -> Option<i64> {
    let asked = |at: i64| price_for(prices, variant, market, currency, at, quantity);
    let now = asked(now_ms);
    let own = prices.iter().filter(|p| p.variant == *variant && p.currency == currency.code());
    let mut moments: Vec<i64> = own.flat_map(|p| [Some(p.valid_from_ms), p.valid_to_ms]).flatten().collect();
    moments.retain(|at| *at > now_ms);
    moments.sort_unstable();
    moments.into_iter().find(|at| asked(*at) != now)
}

/// The currency of a variant's price in a market, and the price: the first of `pays_in` ([`Market::pays_in`]) that has one.
pub fn price_here<'a>(
    prices: &'a [PriceRecord],
    variant: &VariantId,
    market: &Market,
    pays_in: &[Currency],
    now_ms: i64,
    quantity: u32,
) -> Option<(Currency, &'a PriceRecord)> {
    pays_in.iter().find_map(|currency| {
        price_for(prices, variant, market, *currency, now_ms, quantity).map(|price| (*currency, price))
    })
}

fn of_region<'a>(
    prices: &'a [PriceRecord],
    variant: &VariantId,
    currency: Currency,
    region: &str,
) -> impl Iterator<Item = &'a PriceRecord> {
    prices.iter().filter(move |p| p.variant == *variant && p.region == region && p.currency == currency.code())
}

/// The prices of a variant in a market and currency at a time by quantity, each once, from the lowest step.
pub fn ladder<'a>(
    prices: &'a [PriceRecord],
    variant: &VariantId,
    market: &Market,
    currency: Currency,
    now_ms: i64,
) -> Vec<&'a PriceRecord> {
    let mut counts: Vec<u32> = prices.iter().filter(|p| p.variant == *variant).map(|p| p.min_quantity).collect();
    counts.sort_unstable();
    counts.dedup();
    let mut out: Vec<&PriceRecord> =
        counts.into_iter().filter_map(|count| price_for(prices, variant, market, currency, now_ms, count)).collect();
    out.dedup();
    out
}

/// The lowest price of the thirty days before a price that is announced as a reduction began, minor units of its currency: what traders in
/// the European Union must say beside it (Directive 98/6/EC art. 6a). `None`: nothing is announced, the law is not of this place, or there
/// was no price before.
pub fn lowest_before(prices: &[PriceRecord], price: &PriceRecord, market: &Market) -> Option<i64> {
    const DAYS_30: i64 = 30 * 24 * 60 * 60 * 1000;
    let announced = price.compare_at_minor.is_some_and(|before| before > price.amount_minor);
    // A market whose first country is of the Union has the Union's law on prices in all of its countries.
    if !announced || !market.countries.first().is_some_and(|country| vitrine_pricing::market::is_eu(country)) {
        return None;
    }
    let currency: Currency = price.currency.parse().ok()?;
    let (from, to) = (price.valid_from_ms - DAYS_30, price.valid_from_ms);
    let regions = market.price_regions.iter();
    let all = regions.flat_map(|region| of_region(prices, &price.variant, currency, region));
    // What buyers of this market were asked for at every moment at which it may have changed, whichever region it was of.
    let changes = all.flat_map(|p| [Some(p.valid_from_ms), p.valid_to_ms]).flatten();
    let moments = changes.chain([from]).filter(|at| (from..to).contains(at));
    let asked = |at: i64| price_for(prices, &price.variant, market, currency, at, 1);
    moments.filter_map(asked).map(|p| p.amount_minor).min()
}

/// Variants on sale with their products: published and of a kind this shop sells.
pub fn on_sale(products: &[Product]) -> impl Iterator<Item = (&Product, &Variant)> {
    products
        .iter()
        .filter(|p| p.status == Status::Published && p.kind.is_sellable())
        .flat_map(|p| p.variants.iter().map(move |v| (p, v)))
}

/// A work's card for these markets; `in_it` says what of tax is in a price.
pub fn card_data(
    work: &Work,
    store: &Store,
    products: &[Product],
    prices: &[PriceRecord],
    in_it: impl Fn(&Product, &Market, Money) -> InIt,
    markets: &[Market],
    now_ms: i64,
) -> CardData {
    let mut by_market = CardPrices::default();
    let mut currencies: Vec<Currency> = prices.iter().filter_map(|p| p.currency.parse().ok()).collect();
    currencies.sort_unstable();
    currencies.dedup();
    for (market, currency) in markets.iter().flat_map(|m| currencies.iter().map(move |c| (m, *c))) {
        let here = |v: &VariantId| price_for(prices, v, market, currency, now_ms, 1);
        let all: Vec<(&Product, &PriceRecord)> =
            on_sale(products).filter_map(|(product, v)| Some((product, here(&v.id)?))).collect();
        let worth = |p: &PriceRecord| (p.minimum_minor.unwrap_or(p.amount_minor), p.amount_minor);
        if let Some((product, least)) = all.iter().min_by_key(|(_, p)| worth(p)) {
            let from = all.iter().any(|(_, p)| p.amount_minor > least.amount_minor);
            let amount = Money::new(least.amount_minor, currency);
            by_market.add(
                market.id,
                CardPrice {
                    currency,
                    minor: least.amount_minor,
                    minimum: least.minimum_minor,
                    compare_at: least.compare_at_minor,
                    lowest: lowest_before(prices, least, market),
                    from,
                    tax: amount.map_or_else(|_| InIt::default(), |amount| in_it(product, market, amount)),
                },
            );
        }
    }
    CardData { prices: by_market, ..unpriced(work, store) }
}

/// A work's card where no price is said.
pub fn unpriced(work: &Work, store: &Store) -> CardData {
    let preview = work.parts.iter().find_map(|p| p.preview.clone().map(|v| (v, p.title.clone(), p.peaks.clone())));
    CardData {
        id: work.id.to_string(),
        kind: work.kind,
        slug: work.slug.clone(),
        title: work.title.clone(),
        latin: work.latin.clone(),
        language: work.language.clone(),
        makers: work.makers.clone(),
        cover: work.cover.clone(),
        year: year_of(&work.released),
        preview,
        store: (store.handle.clone(), store.name.clone()),
        prices: CardPrices::default(),
    }
}

/// `YYYY` of `YYYY-MM-DD`.
pub fn year_of(date: &str) -> Option<i32> {
    date.get(..4)?.parse().ok()
}

/// Where a page stands for: market, currency, locale, origin of files.
#[derive(Clone, Debug)]
pub struct Place {
    /// Price regions, tax words, currencies.
    pub market: &'static Market,
    /// What its amounts are in; of an order's page that of the order.
    pub currency: Currency,
    /// What the visitor would like to see amounts in.
    pub wish: Currency,
    /// What amounts are about worth in `wish`, and the day it is asked on; none: nothing is said of it.
    pub rates: Option<(Arc<Rates>, Date)>,
    /// Formats.
    pub locale: Locale,
    /// Origin of covers and previews, without a final slash.
    pub files_url: String,
}

impl Place {
    /// Currencies that a price may be in here, the best first.
    pub fn pays_in(&self) -> [Currency; 4] {
        self.market.pays_in(self.wish)
    }

    /// The same place for what was agreed in a market and currency. A code that is none stands for the market's.
    pub fn agreed(self, market: &'static Market, currency: &str) -> Self {
        Self { market, currency: currency.parse().unwrap_or(market.currency), rates: None, ..self }
    }

    /// Address of a public object.
    pub fn file(&self, key: &str) -> String {
        format!("{}/m/{}", self.files_url, key.strip_prefix("public/").unwrap_or(key))
    }

    /// A civil date in words; a text that is none stays as it is.
    pub fn date(&self, iso: &str) -> String {
        iso.parse::<Date>().map_or_else(|_| iso.to_owned(), |d| format_date(d, self.locale))
    }

    /// An amount in words.
    pub fn money(&self, minor: i64, currency: Currency) -> String {
        Money::new(minor, currency).map(|m| format_money(m, self.locale)).unwrap_or_default()
    }

    /// What an amount is about worth in the currency that the visitor would like to see.
    pub fn about(&self, minor: i64, currency: Currency) -> Option<AboutView> {
        let (rates, on) = self.rates.as_ref().filter(|_| currency != self.wish)?;
        rates.about(Money::new(minor, currency).ok()?, self.wish, *on, self.locale)
    }

    /// A price in words.
    pub fn price(
        &self,
        currency: Currency,
        minor: i64,
        minimum: Option<i64>,
        compare_at: Option<i64>,
        from: bool,
    ) -> PriceView {
        let text = |m: i64| self.money(m, currency);
        let free = minor == 0 && minimum.is_none_or(|m| m == 0);
        PriceView {
            text: if free { String::new() } else { text(minor) },
            tax_word: self.tax_word().to_owned(),
            compare_at: compare_at.map(text),
            lowest: None,
            about: self.about(minor, currency),
            from,
            free,
            minimum: minimum.map(text),
            minor,
            minimum_minor: minimum,
            currency: currency.code().to_owned(),
            exponent: currency.exponent(),
        }
    }

    /// Key of the words beside a price.
    pub fn tax_word(&self) -> &'static str {
        tax_word(self.market)
    }

    /// Key of the words beside a price by what of tax is in it.
    pub fn word(&self, tax: InIt) -> &'static str {
        match (tax, self.tax_word()) {
            // It says that nothing is added, whatever is in it.
            (_, "tax-final") => "tax-final",
            (InIt::Markets, word) => word,
            (InIt::Nothing, _) => "tax-none",
            (InIt::AtImport, _) => "tax-import",
        }
    }

    /// A picture with its sources.
    pub fn image(&self, image: &Image) -> ImageView {
        let mut sources = Vec::new();
        for format in ["avif", "webp", "jpeg"] {
            // Who reads neither has the one file of `src`: addresses of a third format would be a third of a list's page.
            if format == "jpeg" && !sources.is_empty() {
                continue;
            }
            let set: Vec<String> = image
                .renditions
                .iter()
                .filter(|r| r.format == format)
                .map(|r| format!("{} {}w", self.file(&r.key), r.width))
                .collect();
            if !set.is_empty() {
                sources.push((format!("image/{format}"), set.join(", ")));
            }
        }
        let jpegs = || image.renditions.iter().filter(|r| r.format == "jpeg");
        let fallback = jpegs().find(|r| r.width >= 480).or_else(|| jpegs().next_back());
        let largest = jpegs().max_by_key(|r| r.width);
        ImageView {
            alt: image.alt.clone(),
            width: largest.map_or(image.width, |r| r.width),
            height: largest.map_or(image.height, |r| r.height),
            tint: image.tint,
            color: image.color.clone(),
            src: fallback.map(|r| self.file(&r.key)).unwrap_or_default(),
            sources,
        }
    }

    /// Something to play.
    pub fn play(&self, preview: &Preview, title: &str, by: &str, peaks: &[u8]) -> PlayView {
        PlayView {
            src: self.file(&preview.key),
            content_type: preview.content_type.clone(),
            title: title.to_owned(),
            by: by.to_owned(),
            peaks: peaks.to_vec(),
            length_ms: preview.length_ms,
            captions: preview.captions.iter().map(|c| (c.language.clone(), self.file(&c.key))).collect(),
        }
    }

    /// A maker's name with its page.
    pub fn maker(&self, maker: &MakerRef) -> Named {
        Named {
            name: maker.name.clone(),
            latin: maker.latin.clone(),
            href: format!("/{}/{}", maker.kind.segment(), maker.slug),
        }
    }

    /// A card.
    pub fn card(&self, data: &CardData) -> CardView {
        let by = data.makers.iter().map(|m| m.name.as_str()).collect::<Vec<_>>().join(", ");
        CardView {
            id: data.id.clone(),
            kind: data.kind,
            href: work_href(data.kind, &data.slug, &data.id),
            title: data.title.clone(),
            latin: data.latin.clone(),
            language: data.language.clone(),
            makers: data.makers.iter().map(|m| self.maker(m)).collect(),
            cover: data.cover.as_ref().map(|c| self.image(c)),
            price: data.prices.of(self.market.id, &self.pays_in()).map(|p| PriceView {
                tax_word: self.word(p.tax).to_owned(),
                lowest: p.lowest.map(|m| self.money(m, p.currency)),
                ..self.price(p.currency, p.minor, p.minimum, p.compare_at, p.from)
            }),
            year: data.year,
            play: data
                .preview
                .as_ref()
                .filter(|(v, ..)| v.content_type.starts_with("audio/"))
                .map(|(v, title, peaks)| self.play(v, title, &by, peaks)),
            store: Named { name: data.store.1.clone(), latin: None, href: format!("/@{}", data.store.0) },
        }
    }
}

/// Canonical path of a work.
pub fn work_href(kind: WorkKind, slug: &str, id: &str) -> String {
    format!("/{}/{slug}-{id}", kind.segment())
}
