//! What the buyer's country asks besides an address: telephone and identity numbers, by the data of `vitrine_places::point_of_sale`.
//!
//! Only of who pays or gets a parcel: what costs nothing and is a file needs nobody's number.

use vitrine_places::{Holder, IdRule, Need, PointOfSale, point_of_sale};
use vitrine_pricing::tax_id::{Checked, check, kind};
use vitrine_shared::views::trade::{CheckoutForm, IdentityField, PlaceField};

use super::store::IdNumber;
use crate::cart::view::Priced;

/// How a telephone number is written in faults; ITU-T E.123.
const PHONE_EXAMPLE: &str = "+49 30 123456";

/// What is sold, as far as it decides what is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sold {
    /// Something comes in a parcel.
    pub(super) parcel: bool,
    /// Something costs money.
    pub(super) paid: bool,
}

impl Sold {
    pub(super) fn of(priced: &Priced) -> Self {
        Self { parcel: priced.view.needs_address, paid: priced.view.total_minor > 0 }
    }

    fn phone(self, point: &PointOfSale) -> Need {
        if self.parcel { point.phone.parcels } else { Need::Never }
    }

    fn numbers(self, point: &'static PointOfSale, business: bool) -> Vec<&'static IdRule> {
        let of = if business { Holder::Business } else { Holder::Person };
        if self.parcel || self.paid { point.asks(of).collect() } else { Vec::new() }
    }
}

/// Name of a number's field in forms and faults.
fn field(rule: &IdRule) -> String {
    if rule.tax_id { "tax_id".to_owned() } else { format!("id_{}", rule.kind) }
}

fn typed<'f>(form: &'f CheckoutForm, rule: &IdRule) -> &'f str {
    let typed = if rule.tax_id { Some(&form.tax_id) } else { form.ids.get(&rule.kind) };
    typed.map_or("", |typed| typed.trim())
}

/// Digits and the signs people put between them.
fn is_phone(typed: &str) -> bool {
    let digits = typed.chars().filter(char::is_ascii_digit).count();
    let rest = typed.strip_prefix('+').unwrap_or(typed);
    (5..=15).contains(&digits) && rest.chars().all(|c| c.is_ascii_digit() || " -./()".contains(c))
}

/// What is wrong: field and key of the fault.
pub(super) fn faults(form: &CheckoutForm, sold: Sold) -> Vec<(String, String)> {
    let point = point_of_sale(&form.country);
    let mut faults = Vec::new();
    let mut say = |field: &str, code: &str| faults.push((field.to_owned(), code.to_owned()));
    match (sold.phone(point), form.phone.trim()) {
        (Need::Never, _) | (Need::Optional, "") => {}
        (Need::Required, "") => say("phone", "fault-empty"),
        (_, phone) if is_phone(phone) => {}
        _ => say("phone", "fault-phone"),
    }
    for rule in sold.numbers(point, form.business).into_iter().filter(|rule| rule.need == Need::Required) {
        match typed(form, rule) {
            "" => say(&field(rule), "fault-empty"),
            number if matches!(check(&rule.kind, number), Checked::Ok(_) | Checked::Unknown(_)) => {}
            _ => say(&field(rule), "fault-identity"),
        }
    }
    faults
}

/// The telephone number to keep: none where none is asked.
pub(super) fn phone(form: &CheckoutForm, sold: Sold) -> String {
    let asked = sold.phone(point_of_sale(&form.country)) != Need::Never;
    if asked { form.phone.trim().to_owned() } else { String::new() }
}

/// The numbers to keep, as they are stored where they are right and as typed where they are not. Tax ids are kept apart.
pub(super) fn numbers(form: &CheckoutForm, sold: Sold) -> Vec<IdNumber> {
    let rules = sold.numbers(point_of_sale(&form.country), form.business).into_iter().filter(|rule| !rule.tax_id);
    let said = rules.filter_map(|rule| {
        let typed = Some(typed(form, rule)).filter(|t| !t.is_empty())?;
        let number = match check(&rule.kind, typed) {
            Checked::Ok(number) | Checked::Unknown(number) => number,
            Checked::WrongFormat | Checked::WrongCheckDigits => typed.to_owned(),
        };
        Some(IdNumber { kind: rule.kind.clone(), number, invoice: rule.invoice, parcel: rule.parcel })
    });
    said.collect()
}

/// The field for the telephone number, if it is asked.
pub(super) fn phone_field(form: &CheckoutForm, sold: Sold) -> Option<PlaceField> {
    let need = sold.phone(point_of_sale(&form.country));
    (need != Need::Never).then(|| PlaceField {
        name: "phone".to_owned(),
        label: "checkout-phone".to_owned(),
        value: form.phone.clone(),
        required: need == Need::Required,
        example: Some(PHONE_EXAMPLE.to_owned()),
        digits: false,
        hint: None,
    })
}

/// The fields for the numbers of persons, or of businesses.
pub(super) fn identity_fields(form: &CheckoutForm, sold: Sold, business: bool) -> Vec<IdentityField> {
    let rules = sold.numbers(point_of_sale(&form.country), business).into_iter();
    let fields = rules.filter_map(|rule| {
        let known = kind(&rule.kind)?;
        Some(IdentityField {
            name: field(rule),
            called: known.name.to_owned(),
            value: typed(form, rule).to_owned(),
            // Of the other kind of buyer nothing is demanded.
            required: rule.need == Need::Required && business == form.business,
            example: known.written.to_owned(),
            invoice: rule.invoice,
        })
    });
    fields.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    const PARCEL: Sold = Sold { parcel: true, paid: true };
    const FILES: Sold = Sold { parcel: false, paid: true };
    const GIFT: Sold = Sold { parcel: false, paid: false };

    fn form(country: &str) -> CheckoutForm {
        CheckoutForm { country: country.into(), ..testing::form() }
    }

    fn with(country: &str, ids: &[(&str, &str)]) -> CheckoutForm {
        let ids = ids.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        CheckoutForm { ids, ..form(country) }
    }

    fn told(form: &CheckoutForm, sold: Sold) -> String {
        let all = faults(form, sold);
        all.iter().map(|(field, code)| format!("{field} {code}")).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn a_required_number_must_be_one_and_an_optional_one_is_taken_as_typed() {
        assert_eq!(told(&form("BR"), FILES), "id_br_cpf fault-empty");
        assert_eq!(told(&with("BR", &[("br_cpf", "123.456.789-00")]), FILES), "id_br_cpf fault-identity");
        let right = with("br", &[("br_cpf", " 123.456.789-09 ")]);
        assert_eq!(told(&right, PARCEL), "");
        let kept = numbers(&right, PARCEL).remove(0);
        assert_eq!((kept.number.as_str(), kept.invoice, kept.parcel), ("12345678909", true, true));
        // A gift needs nobody's number.
        assert_eq!((told(&form("BR"), GIFT), numbers(&right, GIFT).len()), (String::new(), 0));
        let odd = with("IT", &[("it_cf", "not one")]);
        assert_eq!((told(&odd, FILES), numbers(&odd, FILES)[0].number.as_str()), (String::new(), "not one"));
        assert_eq!(told(&form("IT"), FILES), "");
        // What the country does not ask is not kept, whatever is sent.
        assert_eq!(numbers(&with("DE", &[("br_cpf", "123.456.789-09")]), FILES), []);
    }

    #[test]
    fn businesses_have_numbers_of_their_own() {
        let firm = CheckoutForm { business: true, ..form("BR") };
        assert_eq!(told(&firm, FILES), "tax_id fault-empty");
        assert_eq!(
            told(&CheckoutForm { tax_id: "11.222.333/0001-80".into(), ..firm.clone() }, FILES),
            "tax_id fault-identity"
        );
        assert_eq!(told(&CheckoutForm { tax_id: "11.222.333/0001-81".into(), ..firm.clone() }, FILES), "");
        let names = |country: &str, business: bool, form: &CheckoutForm| {
            let fields = identity_fields(&CheckoutForm { country: country.into(), ..form.clone() }, FILES, business);
            fields
                .iter()
                .map(|f| format!("{}{}", f.name, if f.required { "!" } else { "" }))
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(names("BR", false, &form("BR")), "id_br_cpf!");
        assert_eq!(names("BR", true, &form("BR")), "tax_id");
        assert_eq!(names("BR", true, &firm), "tax_id!");
        assert_eq!(names("IT", true, &firm), "id_it_cf id_it_sdi");
        assert_eq!(names("US", true, &firm), "");
    }

    #[test]
    fn a_telephone_number_is_asked_for_parcels_alone() {
        assert_eq!((phone_field(&form("DE"), FILES), told(&form("AE"), FILES)), (None, String::new()));
        assert_eq!(phone_field(&form("DE"), PARCEL).map(|f| f.required), Some(false));
        assert_eq!(told(&form("AE"), PARCEL), "phone fault-empty");
        let typed = |country: &str, phone: &str| CheckoutForm { phone: phone.into(), ..form(country) };
        for wrong in ["call me", "123", "+1 234 567 890 123 456 7", "1+23456"] {
            assert_eq!(told(&typed("DE", wrong), PARCEL), "phone fault-phone", "{wrong}");
        }
        for right in [PHONE_EXAMPLE, "(030) 123-456", "+971.4.1234567"] {
            assert_eq!(told(&typed("AE", right), PARCEL), "", "{right}");
        }
        assert_eq!(
            (phone(&typed("DE", " 030 123456 "), PARCEL).as_str(), phone(&typed("DE", "030 123456"), FILES).as_str()),
            ("030 123456", "")
        );
    }

    #[test]
    fn every_number_and_way_to_pay_of_the_data_has_a_meaning() {
        for (country, point) in vitrine_places::points_of_sale() {
            for rule in &point.identity.ask {
                let known = kind(&rule.kind).unwrap_or_else(|| panic!("{country}: {}", rule.kind));
                assert_eq!(known.country, country, "{}", rule.kind);
                assert!(
                    matches!(check(&rule.kind, known.written), Checked::Ok(_)) || rule.need != Need::Required,
                    "{}",
                    rule.kind
                );
            }
            for method in &point.payment.methods {
                assert!(vitrine_payments::METHODS.iter().any(|m| m.name == method), "{country}: {method}");
            }
        }
    }

    #[test]
    fn prices_are_said_as_the_markets_show_them() {
        use vitrine_places::TaxIn;
        use vitrine_pricing::market::{Market, TaxDisplay};
        for code in vitrine_places::countries() {
            let (market, point) = (Market::of_country(code), point_of_sale(code));
            let included = market.tax_display == TaxDisplay::Inclusive;
            assert_eq!(point.prices.tax == TaxIn::Included, included, "{code}");
            assert_eq!(point.prices.word, vitrine_shared::views::card::tax_word(market), "{code}");
        }
    }
}
