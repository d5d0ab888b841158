//! Where a seller charges tax, and how a shop has it worked out.
//!
//! Invariants: what is chosen here could stand in an imported row; a form is of one revision of what it changes, and the same form again
//! changes nothing. What is changed holds for what is priced from then on, never for what was ordered.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::json;
use vitrine_pricing::quote::{MOST_REGISTRATIONS, Rounding};
use vitrine_pricing::tax::{TaxRule, TaxRules};
use vitrine_pricing::territory::{Place, Regime, has_region, resolve};
use vitrine_shared::Problem;
use vitrine_shared::catalog::{LegalEntity, Store, Tenant};
use vitrine_shared::id::{StoreId, TenantId};
use vitrine_shared::views::shops::{RegistrationRow, ShopRow, ShopsView, TaxSettingView};
use vitrine_table::{Consistency, Item, TableError, Transact};

use super::shipping::{Faults, Fields, MOST_HISTORY, refused};
use super::stores::{bounded, changed_meanwhile};
use super::tax::word;
use super::{Desk, history};
use crate::audit::{self, Entry};
use crate::catalog::settings;
use crate::catalog::store::tenant_key;
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::pricing;

/// The Union's one-stop shop for what its sellers send or let download across borders.
const OSS: &str = "EU-OSS";
/// Registrations that no row of the tables is named after.
const SCHEMES: [&str; 3] = [OSS, "EU-IOSS", "XI"];
/// Of the trail of a shop.
const SAVED: &str = "tax.settings_saved";
/// Of the trail of a seller.
const ADDED: &str = "tax.registration_added";
const ENDED: &str = "tax.registration_ended";

fn form_name(store: &StoreId) -> String {
    format!("TAX#{store}")
}

/// A registration with what people call it by.
fn row(code: &str) -> RegistrationRow {
    let scheme = SCHEMES.contains(&code);
    let (country, part) = if scheme { ("", "") } else { code.split_once('-').unwrap_or((code, "")) };
    let named = |part: &str| {
        let known = vitrine_places::region_of(country, part);
        known.map_or_else(|| part.to_owned(), |region| region.latin.to_owned())
    };
    let region = if part.is_empty() { String::new() } else { named(part) };
    RegistrationRow { code: code.to_owned(), country: country.to_owned(), region }
}

/// Every registration that decides something by the tables.
fn known() -> BTreeSet<String> {
    let mut all: BTreeSet<String> = SCHEMES.iter().map(|&scheme| scheme.to_owned()).collect();
    // Where a row says that there is no tax, nobody is registered for it.
    for rule in TaxRules::built_in().rules().iter().filter(|rule| rule.name != "none") {
        let country = rule.jurisdiction.split_once('-').map_or(rule.jurisdiction.as_str(), |(country, _)| country);
        // In the United States it is the states that tax; the provinces' part of the HST is the federation's.
        let codes = match country {
            "US" => vec![rule.jurisdiction.as_str()],
            "CA" if rule.name == "HST" => vec![country],
            _ => vec![rule.jurisdiction.as_str(), country],
        };
        all.extend(codes.into_iter().filter(|code| TaxRules::is_registration(code)).map(str::to_owned));
    }
    all
}

fn fields_of(store: &Store) -> Fields {
    let pairs = [
        ("scope", word(store.rounding.scope)),
        ("mode", word(store.rounding.mode)),
        ("no_rule", word(store.no_rule)),
        ("provider", word(store.tax_provider)),
        ("fallback", word(store.tax_fallback)),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What a form chose, by the words of records.
fn chosen<T: DeserializeOwned + Copy>(fields: &Fields, name: &str, now: T, faults: &mut Faults) -> T {
    let Some(word) = fields.get(name) else { return now };
    serde_json::from_value(json!(word.trim())).unwrap_or_else(|_| {
        faults.say(name, "fault-tax-choice", "");
        now
    })
}

/// The store as a form wants it.
fn saved(store: &Store, fields: &Fields) -> std::result::Result<Store, Faults> {
    let mut faults = Faults::default();
    let rounding = Rounding {
        scope: chosen(fields, "scope", store.rounding.scope, &mut faults),
        mode: chosen(fields, "mode", store.rounding.mode, &mut faults),
    };
    let next = Store {
        rounding,
        no_rule: chosen(fields, "no_rule", store.no_rule, &mut faults),
        tax_provider: chosen(fields, "provider", store.tax_provider, &mut faults),
        tax_fallback: chosen(fields, "fallback", store.tax_fallback, &mut faults),
        ..store.clone()
    };
    if faults.codes.is_empty() { Ok(next) } else { Err(faults) }
}

/// Where a seller is, as tax sees it, and where it is registered.
struct Home<'a> {
    legal: &'a LegalEntity,
    place: Place<'a>,
    /// The state or province, where those tax by themselves or decide which tax it is.
    region: Option<String>,
}

impl<'a> Home<'a> {
    fn of(legal: &'a LegalEntity) -> Self {
        let place = resolve(&legal.country, legal.region.as_deref(), None, false);
        let region = pricing::region_of(legal).map(|region| region.to_ascii_uppercase());
        Self { legal, place, region }
    }

    fn has(&self, wanted: &str) -> bool {
        self.legal.registrations.iter().any(|name| name == wanted)
    }

    fn own_part(&self) -> String {
        let region = self.region.as_deref().unwrap_or_default();
        format!("{}-{region}", self.legal.country)
    }

    /// Whether any of the taxes at home is charged.
    fn is_registered(&self) -> bool {
        let part = self.own_part();
        match self.legal.country.as_str() {
            "US" => self.has(&part),
            // A province's part of the HST is the federation's.
            "CA" => self.has("CA") || self.has(&part) && known().contains(&part),
            _ => self.has(self.place.registration) || self.has(self.place.state),
        }
    }

    /// A seller of the Union that sells across its borders as below the threshold of EUR 10,000 (Directive 2006/112/EC art. 59c).
    fn is_below_threshold(&self) -> bool {
        self.place.regime == Regime::Union && self.is_registered() && !self.has(OSS)
    }

    /// A seller that charges no tax at home, where there is one: the one-stop shop charges it too.
    fn is_untaxed(&self) -> bool {
        let own = [self.place.code.to_owned(), self.own_part()];
        let taxed = |rule: &TaxRule| rule.rate_ppm > 0 && own.contains(&rule.jurisdiction);
        let oss = self.place.regime == Regime::Union && self.has(OSS);
        !self.is_registered() && !oss && TaxRules::built_in().rules().iter().any(taxed)
    }

    /// A seller of whom it is not known in which of the parts of its country it is, though the tax there goes by them.
    fn lacks_region(&self) -> bool {
        self.region.is_none() && has_region(&self.legal.country, "").is_some()
    }
}

/// Registrations that were ended and can be had again, though the tables have no row for them.
fn ended(trail: &[Entry]) -> impl Iterator<Item = &str> {
    let ended = trail.iter().filter(|entry| entry.act == ENDED);
    ended.filter_map(|entry| entry.what.get("registration")?.as_str()).filter(|code| TaxRules::is_registration(code))
}

impl Desk {
    /// The caller's shops; of `tenant` alone where it is named.
    ///
    /// # Errors
    /// 401 for nobody, 403 for who sells nothing, 404 for others' sellers.
    pub async fn taxed_shops(&self, ctx: &OpCtx, tenant: &str) -> Result<ShopsView> {
        let all = self.my_stores(ctx, tenant).await?;
        let row = |(store, seller): (Store, Tenant)| ShopRow {
            store: store.id.to_string(),
            name: store.name,
            seller: seller.name,
            ..ShopRow::default()
        };
        Ok(ShopsView { rows: all.into_iter().map(row).collect() })
    }

    async fn taxed_seller(&self, id: &TenantId) -> Result<(Tenant, Item)> {
        let item = self.0.table.get(&tenant_key(id), Consistency::Strong).await.map_err(fault::table)?;
        let item = item.ok_or_else(|| Problem::not_found("shop"))?;
        Ok((vitrine_table::from_item(item.clone()).map_err(fault::table)?, item))
    }

    /// What a shop and its seller say of tax. `typed`: with what was chosen and could not be saved.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' shops.
    pub async fn tax_setting(&self, ctx: &OpCtx, id: &str, typed: bool) -> Result<TaxSettingView> {
        let store = self.my_store(ctx, id).await?.store;
        let (seller, _) = self.taxed_seller(&store.tenant).await?;
        let locale = self.0.catalog.place(ctx).locale;
        let kept = match typed {
            true => self.kept_form::<(Fields, Faults)>(ctx, &form_name(&store.id)).await?,
            false => None,
        };
        let mut fields = fields_of(&store);
        let (typed, faults) = kept.unwrap_or_default();
        fields.extend(typed);
        let table = &*self.0.table;
        let mut trail = audit::newest(table, store.id.as_str(), MOST_HISTORY).await?;
        trail.retain(|entry| entry.act == SAVED);
        let of_seller = audit::newest(table, seller.id.as_str(), MOST_HISTORY).await?;
        let legal = &seller.legal;
        let mut others = known();
        others.extend(ended(&of_seller).map(str::to_owned));
        let home = Home::of(legal);
        trail.extend(of_seller.into_iter().filter(|entry| [ADDED, ENDED].contains(&entry.act.as_str())));
        trail.sort_by_key(|entry| entry.at_ms);
        let has = |code: &String| legal.registrations.contains(code);
        Ok(TaxSettingView {
            store: store.id.to_string(),
            name: store.name.clone(),
            rev: store.rev,
            seller_rev: seller.rev,
            registrations: legal.registrations.iter().map(|code| row(code)).collect(),
            others: others.iter().filter(|code| !has(code)).map(|code| row(code)).collect(),
            below_threshold: home.is_below_threshold(),
            not_at_home: home.is_untaxed(),
            lacks_region: home.lacks_region(),
            service: self.0.checkouts.tax_service().unwrap_or_default().to_owned(),
            seller: seller.name,
            fields,
            faults: faults.codes,
            history: history(trail, locale),
        })
    }

    /// Keeps how a shop has tax worked out: `scope` and `mode` of rounding, `no_rule`, `provider`, `fallback`, by the words of
    /// docs/import-format.md; what is not there stays.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' shops; 409 if somebody else changed it meanwhile; 422 with `fields`; what was chosen is kept then.
    pub async fn save_tax_setting(&self, ctx: &OpCtx, id: &str, fields: &Fields) -> Result<()> {
        let own = self.my_store(ctx, id).await?;
        bounded(fields)?;
        let name = form_name(&own.store.id);
        let seen = fields.get("rev").and_then(|rev| rev.trim().parse().ok()).unwrap_or(-1);
        let (done, faults) = match saved(&own.store, fields) {
            Ok(next) => {
                let told = json!({ "was": fields_of(&own.store), "is": fields_of(&next) });
                (self.change_store(ctx, &own, &next, seen, (SAVED, told)).await, Faults::default())
            }
            Err(faults) => (Err(refused(&faults.codes)), faults),
        };
        match &done {
            Ok(()) => self.drop_form(ctx, &name).await?,
            Err(problem) if matches!(problem.status, 409 | 422) => {
                self.keep_setting(ctx, &name, fields, &faults).await?;
            }
            Err(_) => {}
        }
        done
    }

    /// Adds a registration to the seller of a shop, or ends it; `seen` is the revision of the seller that its editor saw. What is so already is
    /// not written.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' shops; 409 `changed_meanwhile`, `registrations_many`; 422 `fault-registration` for what nobody is
    /// registered in.
    pub async fn change_registration(&self, ctx: &OpCtx, id: &str, code: &str, adds: bool, seen: i64) -> Result<()> {
        let store = self.my_store(ctx, id).await?.store;
        let (seller, item) = self.taxed_seller(&store.tenant).await?;
        let code = code.trim();
        let mut next = seller.clone();
        let all = &mut next.legal.registrations;
        // The rule of imports. One that they left there and nobody knows can still be ended.
        if adds && !TaxRules::is_registration(code) {
            return Err(Problem::invalid("code", "fault-registration", "Choose a place or scheme of the list."));
        }
        match adds {
            true if all.iter().any(|name| name == code) => {}
            true if all.len() >= MOST_REGISTRATIONS => {
                return Err(Problem::conflict(
                    "registrations_many",
                    "So many registrations are not kept of one seller.",
                ));
            }
            true => all.push(code.to_owned()),
            false => all.retain(|name| name != code),
        }
        if next == seller {
            return Ok(());
        }
        let meanwhile = || Problem { code: "changed_meanwhile".into(), ..changed_meanwhile() };
        if seen != seller.rev {
            return Err(meanwhile());
        }
        let act = if adds { ADDED } else { ENDED };
        let write = settings::seller_written(&next, true, Some(&item), ctx.now_ms)?;
        let ops = vec![write, audit::entry(ctx, seller.id.as_str(), act, "", json!({ "registration": code }))];
        match self.0.table.transact(Transact { ops, token: None }).await {
            Err(TableError::Cancelled(_)) => Err(meanwhile()),
            done => done.map_err(fault::table),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use serde_json::Value;
    use vitrine_pricing::quote::{Quote, RoundingScope};
    use vitrine_pricing::tax::TaxStatus;

    use super::*;
    use crate::catalog::exchange::Outcome;
    use crate::ctx::Caller;
    use crate::desk::shipping::tests::{House, form};

    async fn registered(house: &House, handle: &str) -> (Vec<String>, i64) {
        let tenant = house.store(handle).await.tenant;
        let seller = house.app.catalog.records().tenant(&tenant).await.unwrap().unwrap();
        (seller.legal.registrations, seller.rev)
    }

    /// A house whose shop in Hamburg sells its download everywhere.
    async fn open() -> House {
        let house = House::open().await;
        let (rows, market) = fixture();
        let mut row = row_of(&rows, "harbour");
        row["products"][0]["variants"][0]["prices"] = json!([{ "region": "world", "currency": "EUR", "minor": 800 }]);
        let report = house.import(&row.to_string(), &market).await;
        assert_eq!(report.rows[0].outcome, Outcome::Updated, "{report:?}");
        house
    }

    fn fixture() -> (String, PathBuf) {
        let market = Path::new(env!("CARGO_MANIFEST_DIR")).join("../e2e/fixtures/market");
        (std::fs::read_to_string(market.join("catalog.jsonl")).unwrap(), market)
    }

    fn row_of(rows: &str, name: &str) -> Value {
        let mut rows = rows.lines().map(|row| serde_json::from_str::<Value>(row).unwrap());
        rows.find(|row| row["ref"] == name).unwrap()
    }

    /// What it comes to for somebody who lives there.
    async fn quoted(house: &House, country: &str) -> Result<Quote> {
        let nord = house.store("nordlicht").await.tenant;
        let known = house.app.catalog.records().by_sku(&nord, &["HL-D"]).await.unwrap();
        let document = json!({
            "currency": "EUR", "lines": [{ "sku": known["HL-D"].0, "quantity": 1 }], "buyer": { "country": country },
        });
        let guest = OpCtx { caller: Caller::Anonymous, ..house.person(9, &[], &[]) };
        house.app.quotes.quote(&guest, serde_json::from_value(document).unwrap()).await
    }

    #[tokio::test]
    async fn what_a_shop_says_of_tax_is_its_sellers_alone() {
        let house = House::open().await;
        let (nord, ..) = house.seller("nordlicht").await;
        let (press, paper, rev) = house.seller("paper").await;
        let desk = &house.desk;
        let nobody = OpCtx { caller: Caller::Anonymous, ..nord.clone() };
        let buyer = house.person(3, &["buyer"], &[]);
        let unroled = house.person(4, &["buyer"], &[house.store("paper").await.tenant]);
        let wish = form(rev, &[("scope", "unit")]);
        for (who, status) in [(&nobody, 401), (&nord, 404), (&buyer, 404), (&unroled, 404)] {
            let refused = [
                desk.tax_setting(who, &paper, false).await.err(),
                desk.save_tax_setting(who, &paper, &wish).await.err(),
                desk.change_registration(who, &paper, "CH", true, 1).await.err(),
                desk.change_registration(who, &paper, "DE", false, 1).await.err(),
            ];
            let told: Vec<u16> = refused.into_iter().map(|problem| problem.unwrap().status).collect();
            assert_eq!(told, [status; 4], "{:?}", who.caller);
        }
        assert_eq!(registered(&house, "paper").await, (vec!["US-OR".into(), "DE".into()], 1));
        assert_eq!(house.store("paper").await.rev, rev);
        let names = |view: ShopsView| view.rows.into_iter().map(|row| row.name).collect::<Vec<_>>();
        assert_eq!(names(desk.taxed_shops(&press, "").await.unwrap()), ["Paper Press"]);
        let theirs = house.store("paper").await.tenant.to_string();
        assert_eq!(desk.taxed_shops(&nord, &theirs).await.unwrap_err().status, 404);
    }

    #[tokio::test]
    async fn where_a_seller_is_registered_decides_the_next_price() {
        let house = open().await;
        let (nord, store, _) = house.seller("nordlicht").await;
        let tax = async |country: &str| quoted(&house, country).await.unwrap().totals.taxes[0].rate_ppm;
        assert_eq!(tax("FR").await, 200_000);
        let change = async |code: &str, adds: bool| {
            let seen = registered(&house, "nordlicht").await.1;
            house.desk.change_registration(&house.later(&nord), &store, code, adds, seen).await
        };
        let view = house.desk.tax_setting(&nord, &store, false).await.unwrap();
        assert!(!view.below_threshold && !view.not_at_home && view.others.iter().all(|row| row.code != OSS));
        change(OSS, false).await.unwrap();
        // Below the threshold of the Union the sale is one at home.
        assert_eq!(tax("FR").await, 190_000);
        let view = house.desk.tax_setting(&nord, &store, false).await.unwrap();
        assert!(view.below_threshold && view.others.iter().any(|row| row.code == OSS));
        assert_eq!(quoted(&house, "CH").await.unwrap().lines[0].tax_status, TaxStatus::NotRegistered);
        change("CH", true).await.unwrap();
        assert_eq!(quoted(&house, "CH").await.unwrap().lines[0].tax_status, TaxStatus::Taxed);
        // The same again is no change, also by who saw an older one; another one by them is told.
        house.desk.change_registration(&nord, &store, "CH", true, 1).await.unwrap();
        house.desk.change_registration(&nord, &store, OSS, false, 1).await.unwrap();
        assert_eq!(registered(&house, "nordlicht").await, (vec!["DE".into(), "CH".into()], 3));
        let late = house.desk.change_registration(&nord, &store, "GB", true, 2).await.unwrap_err();
        assert_eq!((late.status, late.code.as_str()), (409, "changed_meanwhile"));
        for unknown in ["EL", "the moon", "", "DE-XX"] {
            let refused = change(unknown, true).await.unwrap_err();
            assert_eq!(refused.fields["code"], "fault-registration", "{unknown}");
        }
        let view = house.desk.tax_setting(&nord, &store, false).await.unwrap();
        let acts: Vec<&str> = view.history.iter().map(|row| row.act.as_str()).collect();
        assert_eq!(acts, [ENDED, ADDED]);
        // What was ended is offered again, also where the tables have no row for it.
        assert!(view.others.iter().all(|row| row.code != "BR"));
        change("BR", true).await.unwrap();
        change("BR", false).await.unwrap();
        let view = house.desk.tax_setting(&nord, &store, false).await.unwrap();
        assert!(view.others.iter().any(|row| row.code == "BR"));
        // A row of an import says all of it again; who saw the page before is told.
        let (rows, market) = fixture();
        let row = &row_of(&rows, "nord").to_string();
        assert_eq!(house.import(row, &market).await.rows[0].outcome, Outcome::Updated);
        assert_eq!(registered(&house, "nordlicht").await, (vec!["DE".into(), OSS.into()], 6));
        assert_eq!(house.import(row, &market).await.rows[0].outcome, Outcome::Unchanged);
        assert_eq!(house.desk.change_registration(&nord, &store, "GB", true, 5).await.unwrap_err().status, 409);
        // A row that read the seller before the desk wrote it does not write over that.
        let records = house.app.catalog.records();
        let read = records.tenant(&house.store("nordlicht").await.tenant).await.unwrap().unwrap();
        change("GB", true).await.unwrap();
        let late = settings::seller_written(&read, true, None, nord.now_ms).unwrap();
        let late = house.app.table.transact(Transact { ops: vec![late], token: None }).await;
        assert!(matches!(late, Err(TableError::Cancelled(_))), "{late:?}");
        assert_eq!(registered(&house, "nordlicht").await, (vec!["DE".into(), OSS.into(), "GB".into()], 7));
    }

    #[tokio::test]
    async fn a_shops_policies_hold_from_the_next_price_on() {
        let house = open().await;
        let (nord, store, rev) = house.seller("nordlicht").await;
        assert_eq!(quoted(&house, "BR").await.unwrap_err().status, 422, "blocked until the shop says otherwise");
        let wish = [("scope", "unit"), ("mode", "half_even"), ("no_rule", "export")];
        house.desk.save_tax_setting(&house.later(&nord), &store, &form(rev, &wish)).await.unwrap();
        let sold = quoted(&house, "BR").await.unwrap();
        assert_eq!((sold.lines[0].tax_status, sold.rounding.scope), (TaxStatus::NoRule, RoundingScope::Unit));
        // The same form again, and one of before.
        house.desk.save_tax_setting(&nord, &store, &form(rev, &wish)).await.unwrap();
        assert_eq!(house.store("nordlicht").await.rev, rev + 1);
        let late = house.desk.save_tax_setting(&nord, &store, &form(rev, &[("no_rule", "block")])).await.unwrap_err();
        assert_eq!(late.code, "setting_changed");
        let view = house.desk.tax_setting(&nord, &store, true).await.unwrap();
        assert_eq!((view.fields["no_rule"].as_str(), view.fields["scope"].as_str()), ("block", "unit"));
        // What none of the words is, is said at its field, and the rest stays as it was typed.
        let odd = form(rev + 1, &[("scope", "moon"), ("fallback", "block")]);
        let refused = house.desk.save_tax_setting(&nord, &store, &odd).await.unwrap_err();
        assert_eq!((refused.status, refused.fields["scope"].as_str()), (422, "fault-tax-choice"));
        let view = house.desk.tax_setting(&nord, &store, true).await.unwrap();
        assert_eq!((view.faults.len(), view.fields["fallback"].as_str(), view.service.as_str()), (1, "block", ""));
        let saved = house.store("nordlicht").await;
        assert_eq!((saved.rev, saved.tax_fallback), (rev + 1, vitrine_shared::catalog::TaxFallback::Engine));
        let trail = house.desk.tax_setting(&nord, &store, false).await.unwrap().history;
        assert_eq!(trail.len(), 1);
        assert!(trail[0].what.contains("half_even"), "{}", trail[0].what);
    }

    #[test]
    fn what_can_be_chosen_is_what_the_tables_know_and_imports_take() {
        let all = known();
        for code in ["DE", "GB", "EU-OSS", "EU-IOSS", "XI", "US-NY", "CA", "CA-QC", "ES-CN", "CH", "AU", "JP", "IN"] {
            assert!(all.contains(code), "{code}");
        }
        for code in ["US", "BR", "JP-SPO", "FR-GP", "PT-20", "EU", "CA-ON", "GG", "GL"] {
            assert!(!all.contains(code), "{code}");
        }
        assert!(all.iter().all(|code| TaxRules::is_registration(code)));
        let new_york = RegistrationRow { code: "US-NY".into(), country: "US".into(), region: "New York".into() };
        assert_eq!(row("US-NY"), new_york);
        assert_eq!((row("EU-OSS").country.as_str(), row("DE").region.as_str()), ("", ""));
    }

    #[test]
    fn what_a_seller_is_told_of_its_home_is_what_prices_do_there() {
        let legal = |country: &str, region: &str, names: &[&str]| LegalEntity {
            country: country.into(),
            region: Some(region.to_owned()).filter(|region| !region.is_empty()),
            registrations: names.iter().map(|name| (*name).to_owned()).collect(),
            ..LegalEntity::default()
        };
        // Below the Union's threshold, untaxed at home, of an unknown part of the country.
        for (country, region, names, told) in [
            ("DE", "", &["DE"] as &[&str], [true, false, false]),
            ("DE", "", &["DE", OSS], [false, false, false]),
            ("DE", "", &[OSS], [false, false, false]),
            ("DE", "", &[], [false, true, false]),
            ("MC", "", &["FR"], [true, false, false]),
            ("ES", "CN", &["ES-CN"], [false, false, false]),
            ("RE", "", &["FR-RE"], [false, false, false]),
            ("GB", "", &["GB"], [false, false, false]),
            ("IM", "", &["GB"], [false, false, false]),
            ("LI", "", &["CH"], [false, false, false]),
            ("CH", "", &["DE"], [false, true, false]),
            ("BR", "", &[], [false, false, false]),
            ("GG", "", &[], [false, false, false]),
            ("US", "NY", &["US-NY"], [false, false, false]),
            ("US", "ny", &["US-NJ"], [false, true, false]),
            ("US", "Oregon", &[], [false, false, false]),
            ("US", "NY", &["US"], [false, true, false]),
            ("US", "", &["US-NY"], [false, false, true]),
            ("CA", "ON", &["CA-ON"], [false, true, false]),
            ("CA", "ON", &["CA"], [false, false, false]),
            ("CA", "QC", &["CA-QC"], [false, false, false]),
            ("CA", "QC", &["CA"], [false, false, false]),
            ("CA", "QC", &["CA-BC"], [false, true, false]),
            ("IN", "Maharashtra", &["IN"], [false, false, false]),
            ("IN", "The moon", &["IN"], [false, false, true]),
        ] {
            let legal = legal(country, region, names);
            let home = Home::of(&legal);
            let said = [home.is_below_threshold(), home.is_untaxed(), home.lacks_region()];
            assert_eq!(said, told, "{country} {region} {names:?}");
        }
    }
}
