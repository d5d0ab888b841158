//! Who sells a shop's lines in law, for carts and documents alike: the shop, or the marketplace that the law presumes to sell.

use vitrine_pricing::date::Date;
use vitrine_pricing::money::{Currency, Money};
use vitrine_pricing::quote::Kind;
use vitrine_pricing::record::{self, Sale, SellerOfRecord};
use vitrine_shared::catalog::LegalEntity;

/// What a shop sells to one buyer at one time.
#[derive(Clone, Copy)]
pub(crate) struct Deal<'a> {
    /// The marketplace as a seller, where it is one.
    pub(crate) platform: Option<&'a LegalEntity>,
    /// The shop.
    pub(crate) shop: &'a LegalEntity,
    /// Where it goes, ISO 3166-1.
    pub(crate) country: &'a str,
    /// Subdivision without the country.
    pub(crate) region: Option<&'a str>,
    /// As written.
    pub(crate) postcode: Option<&'a str>,
    /// The buyer is a confirmed business.
    pub(crate) business: bool,
    /// Legal day.
    pub(crate) date: Date,
}

/// One line of a deal.
#[derive(Clone, Copy)]
pub(crate) struct DealLine<'a> {
    /// Files or parcels.
    pub(crate) kind: Kind,
    /// `ebook`, `digital_music` ...
    pub(crate) class: &'a str,
    /// Of parcels: where from.
    pub(crate) ships_from: &'a str,
    /// One piece, as listed or as the buyer named it; `None`: it has no price.
    pub(crate) unit: Option<Money>,
    /// Pieces.
    pub(crate) quantity: u32,
    /// What cannot be sold is in no parcel.
    pub(crate) sold: bool,
}

impl DealLine<'_> {
    fn worth(&self) -> Option<Money> {
        self.unit?.checked_mul(i64::from(self.quantity)).ok()
    }
}

impl<'a> Deal<'a> {
    /// Who sells each line. `currency` is that of their prices; all the lines that are sent are sent together.
    pub(crate) fn sellers(&self, currency: Currency, lines: &[DealLine<'_>]) -> Vec<SellerOfRecord> {
        let Some(platform) = self.platform else { return vec![SellerOfRecord::Tenant; lines.len()] };
        let parcels = lines.iter().filter(|line| line.kind == Kind::Physical && line.sold);
        let mut worth = parcels.map(DealLine::worth);
        let consignment = worth.try_fold(Money::zero(currency), |sum, worth| sum.checked_add(worth?).ok());
        // One parcel is one seller's: of a limit by the piece the dearest one decides for all that is sent.
        let units = || lines.iter().filter(|line| line.kind == Kind::Physical && line.sold).map(|line| line.unit);
        let dearest =
            units().try_fold(Money::zero(currency), |most, unit| Some(if most >= unit? { most } else { unit? }));
        let presumed = |line: &DealLine<'_>| {
            let item = if line.kind == Kind::Physical && line.sold { dearest } else { line.unit };
            let sale = Sale { consignment, item, ..self.sale(platform, line) };
            record::presumed(&sale, &platform.registrations).is_some()
        };
        let seller = |line| if presumed(line) { SellerOfRecord::Platform } else { SellerOfRecord::Tenant };
        lines.iter().map(seller).collect()
    }

    /// Whether its worth decides who sells a line.
    pub(crate) fn is_limited(&self, line: &DealLine<'_>) -> bool {
        self.platform.is_some_and(|platform| record::is_limited(&self.sale(platform, line), &platform.registrations))
    }

    /// The currency that the worth of a parcel from abroad is measured in, where it decides who sells ([`record::measured_in`]).
    pub(crate) fn measured_in(&self, ships_from: &str) -> Option<Currency> {
        let platform = self.platform?;
        let line = DealLine { kind: Kind::Physical, class: "", ships_from, unit: None, quantity: 1, sold: true };
        record::measured_in(&self.sale(platform, &line), &platform.registrations)
    }

    /// The seller in law as an entity.
    pub(crate) fn legal(&self, seller: SellerOfRecord) -> &'a LegalEntity {
        match (seller, self.platform) {
            (SellerOfRecord::Platform, Some(platform)) => platform,
            _ => self.shop,
        }
    }

    fn sale<'s>(&self, platform: &'s LegalEntity, line: &DealLine<'s>) -> Sale<'s>
    where
        'a: 's,
    {
        Sale {
            kind: line.kind,
            class: line.class,
            country: self.country,
            region: self.region,
            postcode: self.postcode,
            ships_from: line.ships_from,
            shop: &self.shop.country,
            shop_registrations: &self.shop.registrations,
            platform: &platform.country,
            business: self.business,
            item: line.unit,
            consignment: None,
            date: self.date,
        }
    }
}
