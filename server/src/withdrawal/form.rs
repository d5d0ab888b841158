//! The form of law to withdraw with (Directive 2011/83/EU Annex I part B; SI 2013/3134 Schedule 3 part B): on the page of the policy, to be
//! printed, and in the mail that confirms an order, made out to who sells it. Its words are the law's own in each language, with nothing left out.

use maud::html;
use vitrine_places::{ModelForm, country_name, point_of_sale};
use vitrine_shared::catalog::LegalEntity;

use super::granted;
use crate::checkout::store::Order;
use crate::mails::{Block, Words};

/// What is written in by hand.
const BLANKS: [&str; 5] =
    ["mail-form-ordered", "mail-form-name", "mail-form-address", "mail-form-signature", "mail-form-date"];

/// What a form is called, and how its statement begins.
fn words_of(form: ModelForm) -> [&'static str; 2] {
    match form {
        ModelForm::Withdrawal => ["mail-form-title", "mail-form-notice"],
        ModelForm::Cancellation => ["mail-form-title-gb", "mail-form-notice-gb"],
    }
}

/// Name, address and e-mail address, as the law wants them written in.
fn trader(legal: &LegalEntity, locale: &str) -> String {
    let country = country_name(&legal.country, locale).unwrap_or(&legal.country);
    let mut parts: Vec<&str> = vec![&legal.name];
    parts.extend(legal.address.iter().map(String::as_str));
    parts.extend([country, legal.email.as_str()]);
    parts.retain(|part| !part.trim().is_empty());
    parts.join(", ")
}

/// The form of a country (ISO 3166-1) as HTML, in a BCP 47 language; empty: its law has none. Who sells is left to the order.
pub fn page(country: &str, locale: &str) -> String {
    let Some(form) = point_of_sale(country).withdrawal.form else { return String::new() };
    let words = Words::of(locale);
    let say = |id: &str| words.say(id, &[]);
    let [title, notice] = words_of(form);
    let to = words.say("mail-form-to", &[("trader", &say("mail-form-trader"))]);
    html! {
        h2 id="form" { (say(title)) }
        p { (say("mail-form-hint")) }
        p { (say("mail-form-only")) }
        ul {
            li { (to) }
            @for id in [notice].iter().chain(&BLANKS) {
                // A line to write on.
                li { (say(id)) hr aria-hidden="true"; }
            }
        }
        p { (say("mail-form-delete")) }
    }
    .into_string()
}

/// The form that the buyer of an order is to get; `None`: they have no such right, or their law no such form.
pub(crate) fn form_of(order: &Order, waived: bool) -> Option<ModelForm> {
    point_of_sale(&order.country).withdrawal.form.filter(|_| granted(order, waived))
}

/// A form in a mail, made out to who sells in law.
pub(crate) fn blocks(form: ModelForm, seller: &LegalEntity, words: &Words) -> [Block; 3] {
    let [title, notice] = words_of(form);
    let trader = trader(seller, words.tag());
    let item = |text: String| format!("– {text}");
    let mut lines = vec![words.say("mail-form-only", &[]), item(words.say("mail-form-to", &[("trader", &trader)]))];
    lines.extend([notice].iter().chain(&BLANKS).map(|id| item(words.say(id, &[]))));
    lines.push(words.say("mail-form-delete", &[]));
    [
        Block::Title(words.say(title, &[])),
        Block::Text(words.say("mail-form-hint", &[])),
        Block::Lines(lines.join("\n\n")),
    ]
}
