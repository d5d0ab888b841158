//! The pages in HTML: plain forms, no script, no inline style; one question each and a way back.

use maud::{DOCTYPE, Markup, html};

use super::cards::{CARDS, Fate, Fault, Form, ISSUED};
use super::locale::Locale;
use super::store::Record;
use crate::PaymentState;

/// Where the sheet of all pages is served.
pub(crate) const STYLE_PATH: &str = "/simulator/style.css";

/// The form of a payment. `form` is what was typed before, `faults` what is wrong with it; a decline is told from the
/// record.
pub(crate) fn pay(l: Locale, record: &Record, form: &Form, faults: &[Fault]) -> Markup {
    let amount = total(l, record);
    let failure = record.session.failure.as_deref().filter(|_| record.session.state == PaymentState::Failed);
    let title = l.with("sim-title", &[("amount", &amount)]);
    let declined = failure.and_then(declined).map(|fault| [fault]);
    let faults = if faults.is_empty() { declined.as_ref().map_or(faults, <[Fault; 1]>::as_slice) } else { faults };
    let wrong = failure.is_some() || !faults.is_empty();
    let action = format!("/simulator/pay/{}", record.session.id);
    let methods = record.methods();
    let has = |method: &str| methods.contains(&method);
    // What was chosen before, else the usual one.
    let chosen = methods.iter().find(|m| **m == form.method).or(methods.first()).copied().unwrap_or_default();
    let body = html! {
        @if wrong { (summary(l, failure, faults)) }
        div.columns {
            div {
                form.panel method="post" action=(action) id="form" {
                    fieldset {
                        legend { (l.text("sim-how")) }
                        @for method in &methods {
                            (choice("method", method, &l.text(&format!("sim-method-{method}")), *method == chosen, None))
                        }
                    }
                    @if has("card") { (card_fields(l, form, faults)) }
                    @if has("bank_debit") { (debit_fields(l, form, faults)) }
                    button type="submit" { (l.with("sim-pay", &[("amount", &amount)])) }
                }
                form method="post" action={ (action) "/cancel" } {
                    button.second type="submit" { (l.text("sim-cancel")) }
                }
            }
            div {
                (order(l, record, &amount))
                @if has("card") { (test_cards(l)) }
            }
        }
    };
    let title_tag = if wrong { l.with("sim-title-error", &[("title", &title)]) } else { title.clone() };
    frame(l, &title_tag, &title, None, body)
}

/// The card issuer's question.
pub(crate) fn confirm(l: Locale, record: &Record, last4: &str) -> Markup {
    let amount = total(l, record);
    let title = l.text("sim-confirm-title");
    let body = html! {
        div.panel.narrow {
            p { (l.with("sim-confirm-text", &[("amount", &amount), ("last4", last4)])) }
            form method="post" action={ "/simulator/pay/" (record.session.id) "/confirm" } id="form" {
                button type="submit" name="answer" value="confirm" { (l.text("sim-confirm-yes")) }
                button.second type="submit" name="answer" value="refuse" { (l.text("sim-confirm-no")) }
            }
        }
    };
    frame(l, &title, &title, None, body)
}

/// The same-origin page that ends every form: `form-action` also binds redirects after a POST, so a redirect to the
/// shop's origin would be blocked, while a refresh is a navigation of its own.
pub(crate) fn done(l: Locale, record: &Record, target: &str) -> Markup {
    let title = l.text(match record.session.state {
        PaymentState::Captured => "sim-done-captured",
        PaymentState::Settling => "sim-done-settling",
        PaymentState::Authorised => "sim-done-authorised",
        _ => "sim-done-over",
    });
    let body = html! {
        div.panel.narrow {
            p { (l.text("sim-done-text")) }
            p { a href=(target) { (l.text("sim-done-link")) } }
        }
    };
    frame(l, &title, &title, Some(target), body)
}

/// A page that only says something.
pub(crate) fn message(l: Locale, title: &str, text: &str) -> Markup {
    let title = l.text(title);
    frame(l, &title, &title, None, html! { p { (l.text(text)) } })
}

fn frame(l: Locale, title_tag: &str, title: &str, refresh: Option<&str>, body: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(l.tag()) dir="ltr" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                // At once: a refresh after a while would take the page away from somebody who is still reading.
                @if let Some(target) = refresh { meta http-equiv="refresh" content={ "0;url=" (target) }; }
                title { (title_tag) }
                link rel="stylesheet" href=(STYLE_PATH);
            }
            body {
                a.skip href="#main" { (l.text("sim-skip")) }
                header { p.notice { strong { (l.text("sim-test-badge")) } ". " (l.text("sim-test-notice")) } }
                main id="main" {
                    h1 { (title) }
                    (body)
                }
            }
        }
    }
}

fn summary(l: Locale, failure: Option<&str>, faults: &[Fault]) -> Markup {
    html! {
        div.fault role="alert" {
            h2 { (l.text("sim-errors")) }
            @if faults.is_empty() {
                @if let Some(code) = failure { p { a href="#method-card" { (l.text(&format!("sim-failure-{code}"))) } } }
            } @else {
                ul {
                    @for (field, message) in faults {
                        li { a href={ "#" (anchor(field)) } { (l.text(&format!("sim-{message}"))) } }
                    }
                }
            }
        }
    }
}

/// The fault of the card number that a decline amounts to; other failures are about no field.
fn declined(code: &str) -> Option<Fault> {
    let message = match code {
        "card_declined" => "failure-card_declined",
        "insufficient_funds" => "failure-insufficient_funds",
        "expired_card" => "failure-expired_card",
        _ => return None,
    };
    Some(("number", message))
}

/// The id of the control that a fault of this field is about.
fn anchor(field: &str) -> &str {
    if field == "debit" { "debit-settles" } else { field }
}

fn card_fields(l: Locale, form: &Form, faults: &[Fault]) -> Markup {
    html! {
        fieldset.of-card {
            legend { (l.text("sim-card")) }
            (input(l, "number", &form.number, "cc-number", "numeric", faults))
            (input(l, "expiry", &form.expiry, "cc-exp", "text", faults))
            // Never sent back: a security code belongs on no page.
            (input(l, "cvc", "", "cc-csc", "numeric", faults))
        }
    }
}

fn debit_fields(l: Locale, form: &Form, faults: &[Fault]) -> Markup {
    let fault = fault_of("debit", faults);
    let described = if fault.is_some() { "debit-fault debit-hint" } else { "debit-hint" };
    html! {
        fieldset.of-debit aria-describedby=(described) {
            legend { (l.text("sim-debit")) }
            p.hint id="debit-hint" { (l.text("sim-debit-hint")) }
            @if let Some(fault) = fault { p.fault-text id="debit-fault" { (l.text(&format!("sim-{fault}"))) } }
            (choice("debit", "settles", &l.text("sim-debit-settles"), form.debit == "settles", fault))
            (choice("debit", "fails", &l.text("sim-debit-fails"), form.debit == "fails", fault))
        }
    }
}

fn fault_of(field: &str, faults: &[Fault]) -> Option<&'static str> {
    faults.iter().find(|(name, _)| *name == field).map(|(_, message)| *message)
}

fn choice(name: &str, value: &str, label: &str, checked: bool, fault: Option<&str>) -> Markup {
    let described = fault.map(|_| format!("{name}-fault"));
    html! {
        label.choice for={ (name) "-" (value) } {
            input type="radio" id={ (name) "-" (value) } name=(name) value=(value) checked[checked]
                aria-describedby=[described];
            (label)
        }
    }
}

fn input(l: Locale, id: &str, value: &str, autocomplete: &str, keyboard: &str, faults: &[Fault]) -> Markup {
    let fault = fault_of(id, faults);
    let described = if fault.is_some() { format!("{id}-fault {id}-hint") } else { format!("{id}-hint") };
    html! {
        div.field.short[id != "number"] {
            label for=(id) { (l.text(&format!("sim-{id}"))) }
            p.hint id={ (id) "-hint" } { (l.text(&format!("sim-{id}-hint"))) }
            @if let Some(fault) = fault {
                p.fault-text id={ (id) "-fault" } { (l.text(&format!("sim-{fault}"))) }
            }
            input id=(id) name=(id) type="text" inputmode=(keyboard) autocomplete=(autocomplete) value=(value)
                aria-describedby=(described) aria-invalid=[fault.map(|_| "true")];
        }
    }
}

fn total(l: Locale, record: &Record) -> String {
    l.money(record.new.amount_minor, record.new.exponent, &record.new.currency)
}

fn order(l: Locale, record: &Record, amount: &str) -> Markup {
    html! {
        section.panel aria-labelledby="order" {
            h2 id="order" { (l.text("sim-your-order")) }
            table {
                thead { tr { th scope="col" { (l.text("sim-line")) } th.amount scope="col" { (l.text("sim-line-amount")) } } }
                tbody {
                    @for (text, minor) in &record.new.lines {
                        tr { td { (text) } td.amount { (l.money(*minor, record.new.exponent, &record.new.currency)) } }
                    }
                }
                tfoot { tr { th scope="row" { (l.text("sim-total")) } td.amount { (amount) } } }
            }
            @if !record.new.email.is_empty() {
                p.hint { (l.with("sim-receipt", &[("email", &record.new.email)])) }
            }
        }
    }
}

fn test_cards(l: Locale) -> Markup {
    html! {
        section.panel aria-labelledby="cards" {
            h2 id="cards" { (l.text("sim-cards")) }
            table {
                thead { tr { th scope="col" { (l.text("sim-cards-number")) } th scope="col" { (l.text("sim-cards-does")) } } }
                tbody {
                    @for (number, fate) in CARDS {
                        tr { td.digits { (number) } td { (does(l, fate)) } }
                    }
                    @for (number, country) in ISSUED {
                        tr { td.digits { (number) } td { (l.with("sim-does-issued", &[("country", country)])) } }
                    }
                }
            }
        }
    }
}

fn does(l: Locale, fate: Fate) -> String {
    match fate {
        Fate::Succeeds => l.text("sim-does-succeeds"),
        Fate::Confirms => l.text("sim-does-confirms"),
        Fate::Fails(code) => l.text(&format!("sim-does-{code}")),
    }
}
