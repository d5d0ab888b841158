//! Which gift cards a shop sells: currencies, amounts to choose from, amounts that buyers name.
//!
//! Rules are those of the import (`catalog::settings`). A shop that sells none keeps in its trail what it sold, so that it can be sold again.

use serde_json::json;
use vitrine_pricing::money::Currency;
use vitrine_shared::Problem;
use vitrine_shared::catalog::{GiftCards, Store, Tenant};
use vitrine_shared::id::StoreId;
use vitrine_shared::pricelist;
use vitrine_shared::views::shops::{GiftRow, GiftSettingView, ShopRow, ShopsView};

use super::shipping::{BY_ROW, Faults, Fields, MOST_HISTORY, currencies, refused, shown};
use super::stores::{bounded, changed_meanwhile, named};
use super::{Desk, history};
use crate::audit::{self, Entry};
use crate::catalog::settings::{self, Unfit};
use crate::ctx::OpCtx;
use crate::fault::Result;

/// The word of a trail for a shop that stopped selling.
const OFF: &str = "gift_cards.off";
/// What all of them begin with.
const ACTS: &str = "gift_cards.";

fn form_name(store: &StoreId, was: &str) -> String {
    format!("GIFTS#{store}#{was}")
}

fn decimal(minor: i64, currency: &str) -> String {
    let currency = currency.parse::<Currency>().ok();
    let money = currency.and_then(|c| vitrine_pricing::money::Money::new(minor, c).ok());
    money.map(|m| m.to_decimal()).unwrap_or_default()
}

/// A row as its form has it.
pub fn fields_of(row: &GiftCards) -> Fields {
    let amounts: Vec<String> = row.amounts.iter().map(|minor| decimal(*minor, &row.currency)).collect();
    let mut fields = Fields::new();
    fields.insert("amounts".to_owned(), amounts.join(" "));
    fields.insert("currency".to_owned(), row.currency.clone());
    if let Some((least, most)) = row.named {
        fields.insert("least".to_owned(), decimal(least, &row.currency));
        fields.insert("most".to_owned(), decimal(most, &row.currency));
    }
    fields
}

/// The only row of a shop, of its form.
///
/// # Errors
/// What is wrong with it, by field.
pub fn alone(typed: &Fields) -> std::result::Result<GiftCards, Faults> {
    let cards = [read(typed)?];
    let looked = settings::check_gift_cards(&cards, &[]);
    let [row] = cards.clone();
    looked.map(|()| row).map_err(|unfit| fault_of(&unfit, 0, &cards).unwrap_or_default())
}

/// The row of a form.
fn read(typed: &Fields) -> std::result::Result<GiftCards, Faults> {
    let text = |name: &str| typed.get(name).map_or("", |text| text.trim());
    let mut faults = Faults::default();
    let Ok(currency) = text("currency").parse::<Currency>() else {
        faults.say("currency", "fault-price-currency", "");
        return Err(faults);
    };
    let mut amounts = Vec::new();
    // A comma parts cents, so amounts are parted by spaces, semicolons or lines.
    for word in text("amounts").split(|c: char| c.is_whitespace() || c == ';').filter(|word| !word.is_empty()) {
        match pricelist::amount(word, currency) {
            // More than a row takes are refused by the rules.
            Ok(minor) if amounts.len() < 100 && !amounts.contains(&minor) => amounts.push(minor),
            Ok(_) => {}
            Err(code) => faults.say("amounts", code, word),
        }
    }
    let mut bound = |name: &str| match text(name) {
        "" => {
            faults.say(name, "fault-gift-both", "");
            None
        }
        typed => pricelist::amount(typed, currency).map_err(|code| faults.say(name, code, "")).ok(),
    };
    let named = match (text("least"), text("most")) {
        ("", "") => None,
        _ => bound("least").zip(bound("most")),
    };
    let row = GiftCards { currency: currency.code().to_owned(), amounts, named };
    if faults.codes.is_empty() { Ok(row) } else { Err(faults) }
}

/// What the rules found wrong with the `index`th row, at the field of the form that has it.
fn fault_of(unfit: &Unfit, index: usize, cards: &[GiftCards]) -> std::result::Result<Faults, Problem> {
    let row = cards.get(index);
    let mut faults = Faults::default();
    match (unfit.path.strip_prefix(&format!("[{index}].")), row) {
        (Some("currency"), _) => faults.say("currency", "fault-gift-twice", ""),
        (Some("amounts"), Some(row)) if row.amounts.is_empty() => faults.say("amounts", "fault-gift-nothing", ""),
        (Some("amounts"), Some(row)) if row.amounts.len() > settings::MOST_GIFT_AMOUNTS => {
            faults.say("amounts", "fault-gift-many", "");
        }
        (Some("amounts"), Some(row)) => {
            let find = |fine: &dyn Fn(i64) -> bool| row.amounts.iter().copied().find(|minor| !fine(*minor));
            let (code, wrong) = match find(&settings::is_gift_amount) {
                Some(wrong) => ("fault-gift-range", Some(wrong)),
                None => ("fault-price-unit", find(&|minor| settings::is_payable(minor, &row.currency))),
            };
            let wrong = wrong.map(|minor| decimal(minor, &row.currency)).unwrap_or_default();
            faults.say("amounts", code, &wrong);
        }
        (Some("named"), Some(row)) => match row.named {
            Some((least, _)) if !settings::is_gift_amount(least) => faults.say("least", "fault-gift-range", ""),
            Some((_, most)) if !settings::is_gift_amount(most) => faults.say("most", "fault-gift-range", ""),
            Some((least, most)) if least > most => faults.say("most", "fault-gift-order", ""),
            Some((least, _)) if !settings::is_payable(least, &row.currency) => {
                faults.say("least", "fault-price-unit", "");
            }
            _ => faults.say("most", "fault-price-unit", ""),
        },
        // The last one of two that are the same is found, whichever of them was typed.
        _ if unfit.path.ends_with("].currency") => faults.say("currency", "fault-gift-twice", ""),
        _ => {
            let title = "Another row of the gift cards cannot be used as it is. Mend that first.";
            return Err(Problem::conflict("gift_cards_elsewhere", title).detail(unfit.to_string()));
        }
    }
    Ok(faults)
}

/// What was sold when selling was stopped, if nothing was done about it since: not at the desk, and by no row.
fn before(trail: &[Entry]) -> Vec<GiftCards> {
    let of_cards = |entry: &&Entry| entry.act.starts_with(ACTS) || entry.act.starts_with(BY_ROW);
    let last = trail.iter().rev().find(of_cards).filter(|entry| entry.act == OFF);
    last.and_then(|entry| serde_json::from_value(entry.what.get("was")?.clone()).ok()).unwrap_or_default()
}

impl Desk {
    /// The caller's shops with the currencies they sell gift cards in; of `tenant` alone where it is named.
    ///
    /// # Errors
    /// 401 for nobody, 403 for who sells nothing, 404 for others' sellers.
    pub async fn gift_shops(&self, ctx: &OpCtx, tenant: &str) -> Result<ShopsView> {
        let all = self.my_stores(ctx, tenant).await?;
        let row = |(store, seller): (Store, Tenant)| ShopRow {
            store: store.id.to_string(),
            counts: (0, 0, 0),
            currencies: store.gift_cards.into_iter().map(|row| row.currency).collect(),
            name: store.name,
            seller: seller.name,
        };
        Ok(ShopsView { rows: all.into_iter().map(row).collect() })
    }

    /// A shop's gift cards with the form of `was`, a currency, or of a new one where it is empty. `typed`: with what was typed and could not
    /// be saved.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' shops.
    pub async fn gift_setting(&self, ctx: &OpCtx, id: &str, was: &str, typed: bool) -> Result<GiftSettingView> {
        let own = self.my_store(ctx, id).await?;
        let was = named(was)?;
        let store = &own.store;
        let locale = self.0.catalog.place(ctx).locale;
        let current = store.gift_cards.iter().find(|row| row.currency == was);
        let kept = match typed {
            true => self.kept_form::<(Fields, Faults)>(ctx, &form_name(&store.id, was)).await?,
            false => None,
        };
        // What is not sold any more is saved as something new.
        let was = current.map_or("", |row| row.currency.as_str());
        let usual = self.own_currency(store).await?;
        let (fields, faults) = kept.unwrap_or_else(|| {
            let mut fields = Fields::new();
            // The next one to sell in: the seller's own, unless it is there already.
            if current.is_none() && !store.gift_cards.iter().any(|row| row.currency == usual) {
                fields.insert("currency".to_owned(), usual);
            }
            if let Some(row) = current {
                fields.extend(fields_of(row));
            }
            (fields, Faults::default())
        });
        let rows = store.gift_cards.iter().map(|row| GiftRow {
            currency: row.currency.clone(),
            amounts: row.amounts.iter().map(|minor| shown(*minor, &row.currency, locale)).collect(),
            named: row.named.map(|(a, b)| (shown(a, &row.currency, locale), shown(b, &row.currency, locale))),
        });
        let mut trail = audit::newest(&*self.0.table, store.id.as_str(), MOST_HISTORY).await?;
        trail.retain(|entry| entry.act.starts_with(ACTS) || entry.act.starts_with(BY_ROW));
        let before = if store.gift_cards.is_empty() { before(&trail) } else { Vec::new() };
        Ok(GiftSettingView {
            store: store.id.to_string(),
            name: store.name.clone(),
            href: format!("/gift-cards/{}", store.handle),
            rev: store.rev,
            rows: rows.collect(),
            before: before.into_iter().map(|row| row.currency).collect(),
            was: was.to_owned(),
            fields,
            faults: faults.codes,
            wrong: faults.wrong,
            currencies: currencies(store.gift_cards.iter().map(|row| row.currency.as_str())),
            history: history(trail, locale),
        })
    }

    /// Keeps the form of a currency; with `act` `remove` its cards are sold no more, with `off` none are, with `on` those are again that
    /// were before. Cards that were sold stay good.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' shops; 409 if somebody else changed it meanwhile, `gift_cards_elsewhere`; 422 with `fields`; what was
    /// typed is kept then.
    pub async fn save_gift_setting(&self, ctx: &OpCtx, id: &str, fields: &Fields) -> Result<()> {
        let own = self.my_store(ctx, id).await?;
        bounded(fields)?;
        let text = |name: &str| fields.get(name).map_or("", |text| text.trim());
        let (was, act) = (text("was"), text("act"));
        let mut next = own.store.clone();
        let cards = &mut next.gift_cards;
        let name = form_name(&own.store.id, was);
        let mut faults = Faults::default();
        let told = match act {
            "off" => {
                cards.clear();
                Ok((OFF, json!({ "was": own.store.gift_cards })))
            }
            "on" => {
                if cards.is_empty() {
                    *cards = before(&audit::newest(&*self.0.table, own.store.id.as_str(), MOST_HISTORY).await?);
                }
                Ok(("gift_cards.on", json!({ "is": cards })))
            }
            "remove" => {
                cards.retain(|row| row.currency != was);
                // The last one is as good as all of them.
                let act = if cards.is_empty() { OFF } else { "gift_cards.removed" };
                Ok((act, json!({ "was": own.store.gift_cards })))
            }
            _ => match read(fields) {
                Err(wrong) => {
                    faults = wrong;
                    Err(None)
                }
                Ok(row) => {
                    let told = json!({ "is": row });
                    match cards.iter().position(|known| known.currency == was) {
                        Some(at) => cards.splice(at..=at, [row]).for_each(drop),
                        // The same form again.
                        None if cards.contains(&row) => {}
                        None if !was.is_empty() => return Err(changed_meanwhile()),
                        None => cards.push(row),
                    }
                    Ok(("gift_cards.saved", told))
                }
            },
        };
        let done = match told {
            Err(problem) => Err(problem),
            Ok(told) => match settings::check_gift_cards(&next.gift_cards, &own.store.gift_cards) {
                Ok(()) => Ok(told),
                Err(unfit) => {
                    let at = own.store.gift_cards.iter().position(|row| row.currency == was);
                    match fault_of(&unfit, at.unwrap_or(own.store.gift_cards.len()), &next.gift_cards) {
                        Ok(wrong) => {
                            faults = wrong;
                            Err(None)
                        }
                        Err(problem) => Err(Some(problem)),
                    }
                }
            },
        };
        let done = match done {
            Ok(told) => self.change_store(ctx, &own, &next, text("rev").parse().unwrap_or(-1), told).await,
            Err(problem) => Err(problem.unwrap_or_else(|| refused(&faults.codes))),
        };
        match &done {
            Ok(()) => self.drop_form(ctx, &name).await?,
            Err(problem) if matches!(problem.status, 409 | 422) && act.is_empty() => {
                self.keep_setting(ctx, &name, fields, &faults).await?;
            }
            Err(_) => {}
        }
        done
    }
}
