//! A promotion as a form has it: named fields of text, in both directions. What cannot be read is named by its field.

use std::collections::BTreeMap;

use vitrine_pricing::date::Date;
use vitrine_pricing::money::{Currency, Money};
use vitrine_pricing::promotion::{Benefit, BundleMember, BundlePrice, ItemScope, Limits, Promotion, Stacking};
use vitrine_shared::id::{MakerId, VariantId, WorkId};

use super::scopes;

/// Fields and what is in them; a box that is ticked is there.
pub type Fields = BTreeMap<String, String>;

/// Kinds of benefits, as the form and the engine name them.
pub const KINDS: [&str; 5] = ["percent", "amount", "free_shipping", "buy_x_get_y", "bundle"];

/// What the names of boxes begin with that choose a group of customers; the group's name follows.
pub const GROUP_FIELD: &str = "group_";

/// The name of the box that chooses a collection for a scope: `items`, `except`, `got`.
pub fn collection_field(scope: &str, collection: &str) -> String {
    format!("{scope}_in_{collection}")
}

/// The scope and the collection that a box of this name chooses.
pub fn chosen_collection(field: &str) -> Option<(&'static str, &str)> {
    SCOPES.into_iter().find_map(|scope| Some((scope, field.strip_prefix(scope)?.strip_prefix("_in_")?)))
}

/// Most bytes of a form that is kept.
pub const MOST_BYTES: usize = 64 * 1024;

/// Fields of scopes.
const SCOPES: [&str; 3] = ["items", "except", "got"];
const WHOLE_PPM: i64 = 1_000_000;
/// Millionths of one percent.
const PERCENT_PPM: i64 = 10_000;

fn percent(ppm: i64) -> String {
    let (whole, part) = (ppm / PERCENT_PPM, ppm % PERCENT_PPM);
    if part == 0 { whole.to_string() } else { format!("{whole}.{part:04}").trim_end_matches('0').to_owned() }
}

fn read_percent(text: &str) -> Option<i64> {
    let text = text.trim().trim_end_matches('%').trim_end().replace(',', ".");
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || part.len() > 4 || !digits(whole) || !digits(part) {
        return None;
    }
    let ppm = whole.parse::<i64>().ok()? * PERCENT_PPM + format!("{part:0<4}").parse::<i64>().ok()?;
    (1..=WHOLE_PPM).contains(&ppm).then_some(ppm)
}

/// One amount a line, such as `5.00 EUR`.
fn amounts(list: &[Money]) -> String {
    list.iter().map(|m| format!("{} {}", m.to_decimal(), m.currency().code())).collect::<Vec<_>>().join("\n")
}

fn read_amounts(text: &str) -> Option<Vec<Money>> {
    let one = |line: &str| {
        let (amount, code) = line.trim().rsplit_once(char::is_whitespace)?;
        let currency: Currency = code.to_ascii_uppercase().parse().ok()?;
        Money::parse(&amount.trim().replace(',', "."), currency).ok().filter(|m| m.minor() > 0)
    };
    text.lines().filter(|line| !line.trim().is_empty()).map(one).collect()
}

fn lines(list: &[String]) -> String {
    list.join("\n")
}

fn read_lines(text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !all.iter().any(|known| known == line) {
            all.push(line.to_owned());
        }
    }
    all
}

fn put_scope(fields: &mut Fields, name: &str, scope: &ItemScope) {
    let all: Vec<String> = scope.products.iter().chain(&scope.artists).cloned().collect();
    fields.insert(name.to_owned(), lines(&all));
    for collection in &scope.collections {
        fields.insert(collection_field(name, collection), "1".to_owned());
    }
}

/// The fields of a promotion.
pub fn fields(promotion: &Promotion) -> Fields {
    let mut fields = Fields::new();
    let mut put = |name: &str, value: String| drop(fields.insert(name.to_owned(), value));
    put("title", promotion.title.clone());
    put("code", promotion.code.clone().unwrap_or_default());
    match &promotion.benefit {
        Benefit::Percent { rate_ppm, at_most } => {
            put("kind", "percent".into());
            put("rate", percent(*rate_ppm));
            put("at_most", amounts(at_most));
        }
        Benefit::Amount { amounts: list } => {
            put("kind", "amount".into());
            put("amounts", amounts(list));
        }
        Benefit::FreeShipping { at_most } => {
            put("kind", "free_shipping".into());
            put("at_most", amounts(at_most));
        }
        Benefit::BuyXGetY { buy, get, rate_ppm, got: _, times } => {
            put("kind", "buy_x_get_y".into());
            put("buy", buy.to_string());
            put("get", get.to_string());
            put("rate", percent(*rate_ppm));
            put("times", times.map(|n| n.to_string()).unwrap_or_default());
        }
        Benefit::Bundle { members, at, times } => {
            put("kind", "bundle".into());
            let member = |m: &BundleMember| format!("{} {}", m.quantity, m.sku);
            put("members", members.iter().map(member).collect::<Vec<_>>().join("\n"));
            match at {
                BundlePrice::Prices(prices) => put("amounts", amounts(prices)),
                BundlePrice::RatePpm(ppm) => put("rate", percent(*ppm)),
            }
            put("times", times.map(|n| n.to_string()).unwrap_or_default());
        }
    }
    put("stores", lines(&promotion.stores));
    put("valid_from", promotion.valid_from.map(|d| d.to_string()).unwrap_or_default());
    put("valid_to", promotion.valid_to.map(|d| d.to_string()).unwrap_or_default());
    put("minimum", amounts(&promotion.minimum));
    put(
        "minimum_quantity",
        Some(promotion.minimum_quantity).filter(|n| *n > 0).map(|n| n.to_string()).unwrap_or_default(),
    );
    put("total", promotion.limits.total.map(|n| n.to_string()).unwrap_or_default());
    put("per_customer", promotion.limits.per_customer.map(|n| n.to_string()).unwrap_or_default());
    put("priority", promotion.priority.to_string());
    let (stacking, group) = match &promotion.stacking {
        Stacking::Combines => ("combines", ""),
        Stacking::OneOf(group) => ("one_of", group.as_str()),
        Stacking::Alone => ("alone", ""),
    };
    put("stacking", stacking.into());
    put("stack_group", group.into());
    put("excludes", lines(&promotion.excludes));
    for group in &promotion.groups {
        put(&format!("{GROUP_FIELD}{group}"), "1".into());
    }
    for (name, on) in [("first_order", promotion.first_order), ("allow_zero", promotion.allow_zero)] {
        if on {
            put(name, "1".into());
        }
    }
    for (name, scope) in scopes(promotion) {
        put_scope(&mut fields, name, scope);
    }
    fields
}

/// Reads fields one by one and remembers which could not be.
struct Reader<'a> {
    fields: &'a Fields,
    faults: Fields,
}

impl<'a> Reader<'a> {
    fn text(&self, name: &str) -> &'a str {
        self.fields.get(name).map_or("", |text| text.trim())
    }

    fn fault<T: Default>(&mut self, name: &str, code: &str) -> T {
        self.faults.entry(name.to_owned()).or_insert_with(|| code.to_owned());
        T::default()
    }

    fn number(&mut self, name: &str) -> Option<u32> {
        let text = self.text(name);
        if text.is_empty() {
            return None;
        }
        match text.parse() {
            Ok(number) => Some(number),
            Err(_) => self.fault(name, "fault-number"),
        }
    }

    fn rate(&mut self, name: &str) -> i64 {
        match read_percent(self.text(name)) {
            Some(ppm) => ppm,
            None => self.fault(name, "fault-percent"),
        }
    }

    fn amounts(&mut self, name: &str) -> Vec<Money> {
        match read_amounts(self.text(name)) {
            Some(list) => list,
            None => self.fault(name, "fault-amounts"),
        }
    }

    fn day(&mut self, name: &str) -> Option<Date> {
        let text = self.text(name);
        if text.is_empty() {
            return None;
        }
        match text.parse() {
            Ok(day) => Some(day),
            Err(_) => self.fault(name, "fault-day"),
        }
    }

    /// Ids of works, editions and makers, and collections by the boxes that are ticked; what is no id is left for who knows the SKUs.
    fn scope(&mut self, name: &str) -> ItemScope {
        let (artists, products) =
            read_lines(self.text(name)).into_iter().partition(|line| line.parse::<MakerId>().is_ok());
        let chosen = self.fields.keys().filter_map(|field| chosen_collection(field));
        let collections = chosen.filter(|(scope, _)| *scope == name).map(|(_, name)| name.to_owned()).collect();
        ItemScope { products, collections, artists }
    }

    fn members(&mut self) -> Vec<BundleMember> {
        let one = |line: String| match line.split_once(char::is_whitespace).map(|(n, sku)| (n.parse::<u32>(), sku)) {
            Some((Ok(quantity), sku)) => BundleMember { sku: sku.trim().to_owned(), quantity },
            _ => BundleMember { sku: line, quantity: 1 },
        };
        read_lines(self.text("members")).into_iter().map(one).collect()
    }

    fn benefit(&mut self) -> Benefit {
        match self.text("kind") {
            "amount" => Benefit::Amount { amounts: self.amounts("amounts") },
            "free_shipping" => Benefit::FreeShipping { at_most: self.amounts("at_most") },
            "buy_x_get_y" => Benefit::BuyXGetY {
                buy: self.number("buy").unwrap_or(0),
                get: self.number("get").unwrap_or(0),
                rate_ppm: if self.text("rate").is_empty() { WHOLE_PPM } else { self.rate("rate") },
                got: Some(self.scope("got")).filter(|got| !got.is_empty()),
                times: self.number("times"),
            },
            "bundle" => Benefit::Bundle {
                members: self.members(),
                at: if self.text("amounts").is_empty() {
                    BundlePrice::RatePpm(self.rate("rate"))
                } else {
                    BundlePrice::Prices(self.amounts("amounts"))
                },
                times: self.number("times"),
            },
            _ => Benefit::Percent { rate_ppm: self.rate("rate"), at_most: self.amounts("at_most") },
        }
    }
}

/// Groups by the boxes that are ticked.
fn read_groups(fields: &Fields) -> Vec<String> {
    fields.keys().filter_map(|name| name.strip_prefix(GROUP_FIELD)).map(str::to_owned).collect()
}

/// The form's field of a path in a promotion.
fn field_of(path: &str) -> &str {
    match path {
        "benefit.rate_ppm" | "benefit.at.rate_ppm" => "rate",
        "benefit.at_most" => "at_most",
        "benefit.amounts" | "benefit.at.prices" => "amounts",
        "stacking.one_of" => "stack_group",
        other => other.strip_prefix("benefit.").unwrap_or(other),
    }
}

/// Reads a promotion of this id. SKUs in scopes and bundles are as typed.
///
/// # Errors
/// Field and key of its fault.
pub fn read(id: &str, fields: &Fields) -> Result<Promotion, Fields> {
    let mut reader = Reader { fields, faults: Fields::new() };
    let benefit = reader.benefit();
    let priority = match reader.text("priority") {
        "" => 0,
        text => text.parse().unwrap_or_else(|_| reader.fault("priority", "fault-number")),
    };
    let promotion = Promotion {
        id: id.to_owned(),
        code: Some(reader.text("code").to_owned()).filter(|code| !code.is_empty()),
        title: reader.text("title").to_owned(),
        benefit,
        items: reader.scope("items"),
        except: reader.scope("except"),
        stores: read_lines(reader.text("stores")),
        groups: read_groups(fields),
        first_order: fields.contains_key("first_order"),
        valid_from: reader.day("valid_from"),
        valid_to: reader.day("valid_to"),
        minimum: reader.amounts("minimum"),
        minimum_quantity: reader.number("minimum_quantity").unwrap_or(0),
        limits: Limits { total: reader.number("total"), per_customer: reader.number("per_customer") },
        priority,
        stacking: match reader.text("stacking") {
            "one_of" => Stacking::OneOf(reader.text("stack_group").to_owned()),
            "alone" => Stacking::Alone,
            _ => Stacking::Combines,
        },
        excludes: read_lines(reader.text("excludes")),
        allow_zero: fields.contains_key("allow_zero"),
    };
    if promotion.code.is_none() && promotion.title.is_empty() {
        reader.fault::<()>("title", "fault-promotion-name");
    }
    if let Err(error) = promotion.check() {
        reader.fault::<()>(field_of(error.field), "fault-promotion");
    }
    if reader.faults.is_empty() { Ok(promotion) } else { Err(reader.faults) }
}

/// The items a promotion names, with the fields they are typed in: as typed, to be replaced by ids.
pub(crate) fn items(promotion: &mut Promotion) -> Vec<(&'static str, &mut String)> {
    let mut all: Vec<(&'static str, &mut String)> = Vec::new();
    all.extend(promotion.items.products.iter_mut().map(|item| ("items", item)));
    all.extend(promotion.except.products.iter_mut().map(|item| ("except", item)));
    match &mut promotion.benefit {
        Benefit::Bundle { members, .. } => all.extend(members.iter_mut().map(|m| ("members", &mut m.sku))),
        Benefit::BuyXGetY { got: Some(got), .. } => all.extend(got.products.iter_mut().map(|item| ("got", item))),
        _ => {}
    }
    all
}

/// What an item that was typed may be.
pub(crate) enum Item {
    /// A work.
    Work(WorkId),
    /// An edition.
    Edition(VariantId),
    /// A SKU, to be looked up.
    Sku,
}

/// Reads an item.
pub(crate) fn item(text: &str) -> Item {
    match (text.parse(), text.parse()) {
        (Ok(work), _) => Item::Work(work),
        (_, Ok(edition)) => Item::Edition(edition),
        _ => Item::Sku,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn form(pairs: &[(&str, &str)]) -> Fields {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_form_is_read_and_shown_as_it_was_typed() {
        for typed in [
            form(&[("code", "WINTER"), ("kind", "percent"), ("rate", "12.5"), ("at_most", "20.00 EUR\n2500 JPY")]),
            form(&[("title", "Sale"), ("kind", "amount"), ("amounts", "5.00 EUR"), ("minimum", "30.00 EUR")]),
            form(&[("code", "SHIP"), ("kind", "free_shipping"), ("total", "0"), ("allow_zero", "1")]),
            form(&[("title", "3 for 2"), ("kind", "buy_x_get_y"), ("buy", "2"), ("get", "1"), ("rate", "100")]),
            form(&[("code", "C"), ("kind", "percent"), ("rate", "5"), ("items_in_a-1", "1"), ("except_in_in_b", "1")]),
            form(&[
                ("title", "2nd"),
                ("kind", "buy_x_get_y"),
                ("buy", "1"),
                ("get", "1"),
                ("got_in_a", "1"),
                ("items_in_b", "1"),
            ]),
            form(&[("title", "Set"), ("kind", "bundle"), ("members", "1 A-1\n2 B 2"), ("amounts", "9.00 EUR")]),
            form(&[("code", "X"), ("kind", "percent"), ("rate", "1"), ("stacking", "one_of"), ("stack_group", "g")]),
        ] {
            let promotion = read("promo_1", &typed).unwrap();
            let shown = fields(&promotion);
            for (name, value) in &typed {
                assert_eq!(shown.get(name), Some(value), "{name}");
            }
            assert_eq!(read("promo_1", &shown).unwrap(), promotion);
        }
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_field() {
        for (typed, field) in [
            (form(&[("code", "A"), ("rate", "0")]), "rate"),
            (form(&[("code", "A"), ("rate", "101")]), "rate"),
            (form(&[("code", "A B"), ("rate", "10")]), "code"),
            (form(&[("rate", "10")]), "title"),
            (form(&[("code", "A"), ("kind", "amount"), ("amounts", "5 euros")]), "amounts"),
            (form(&[("code", "A"), ("kind", "amount")]), "amounts"),
            (form(&[("code", "A"), ("kind", "buy_x_get_y"), ("buy", "2")]), "get"),
            (form(&[("code", "A"), ("kind", "bundle"), ("amounts", "5 EUR")]), "members"),
            (form(&[("code", "A"), ("rate", "10"), ("total", "-1")]), "total"),
            (form(&[("code", "A"), ("rate", "10"), ("valid_to", "tomorrow")]), "valid_to"),
            (
                form(&[("code", "A"), ("rate", "10"), ("valid_from", "2026-02-02"), ("valid_to", "2026-02-01")]),
                "valid_to",
            ),
            (form(&[("code", "A"), ("rate", "10"), ("stacking", "one_of")]), "stack_group"),
        ] {
            let faults = read("promo_1", &typed).unwrap_err();
            assert_eq!(faults.keys().map(String::as_str).collect::<Vec<_>>(), [field], "{typed:?}");
        }
    }

    proptest! {
        #[test]
        fn percentages_are_read_as_they_are_shown(ppm in 1i64..=1_000_000) {
            prop_assert_eq!(read_percent(&percent(ppm)), Some(ppm));
        }
    }
}
