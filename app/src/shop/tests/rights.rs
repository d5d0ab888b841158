//! What pages say of the right to withdraw: as many days as the data of the country has, or that it has none.

use dioxus::prelude::*;
use vitrine_shared::views::gift::GiftView;
use vitrine_shared::views::trade::CheckoutView;
use vitrine_shared::views::{LicenceView, RightView};

use super::{draw, named, trade};
use crate::shop::pages::{GiftBody, RightBody};

#[derive(Clone)]
pub(super) enum Sample {
    Policy(LicenceView),
    Gift(Box<GiftView>),
}

pub(super) fn body(sample: Sample) -> Element {
    match sample {
        Sample::Policy(view) => rsx! { RightBody { view } },
        Sample::Gift(view) => rsx! { GiftBody { view: *view } },
    }
}

fn right(country: &str, locale: &str) -> RightView {
    vitrine_server::withdrawal::right(country, locale)
}

fn policy(country: &str, locale: &str) -> LicenceView {
    let form = vitrine_server::withdrawal::form_page(country, locale);
    crate::serve::rights::view(&right(country, locale), &form, locale)
}

fn gift(right: RightView) -> Sample {
    let amounts = vec![("1500".to_owned(), "€15.00".to_owned())];
    Sample::Gift(Box::new(GiftView { shop: named("Aurora", None, "/@aurora"), amounts, right, ..GiftView::default() }))
}

pub(super) fn all() -> Vec<(&'static str, Sample)> {
    vec![
        ("rights-de", Sample::Policy(policy("DE", "en-US"))),
        ("rights-gb", Sample::Policy(policy("GB", "en-US"))),
        ("rights-br", Sample::Policy(policy("BR", "en-US"))),
        ("rights-us", Sample::Policy(policy("US", "en-US"))),
        ("gift-de", gift(right("DE", "en-US"))),
        ("gift-gb", gift(right("GB", "en-US"))),
        ("gift-us", gift(right("US", "en-US"))),
    ]
}

/// The page's text has all of the first and none of the second.
fn says(sample: super::Sample, locale: &str, has: &[&str], lacks: &[&str]) {
    let html = draw("rights", locale, sample).replace('\u{a0}', " ");
    for words in has {
        assert!(html.contains(words), "{words} in {html}");
    }
    for words in lacks {
        assert!(!html.contains(words), "{words} in {html}");
    }
}

#[test]
fn the_policy_says_the_days_of_the_country_or_that_there_are_none() {
    let policy = |country, locale| super::Sample::Rights(Sample::Policy(policy(country, locale)));
    let germany =
        ["Germany: consumers may withdraw from a purchase within 14 days", "within 14 days.", "For files this"];
    says(policy("DE", "en-US"), "en-US", &germany, &["no law", "tell the shop that is named"]);
    let brazil =
        ["Brazil: consumers", "within 7 days without", "For files, too, this right lasts 7 days", "back at once"];
    says(policy("BR", "en-US"), "en-US", &brazil, &["14 days", "The checkout asks"]);
    let britain = ["United Kingdom: consumers", "within 14 days", "tell the shop that is named on your order"];
    says(policy("GB", "en-US"), "en-US", &britain, &["Withdraw from the contract here"]);
    let south_africa =
        ["within 7 days without", "came, within 30 days.", "some books, magazines and unsealed recordings"];
    says(policy("ZA", "en-US"), "en-US", &south_africa, &["14 days"]);
    let japan = [
        "Japan: consumers may withdraw from a purchase of goods within 8 days after the parcel arrived",
        "Of files, gift cards",
        "You pay for sending",
        "Withdraw from the contract here",
        "back at once",
    ];
    says(policy("JP", "en-US"), "en-US", &japan, &["For files, too", "no law", "agreed to that beforehand"]);
    says(
        policy("JP", "de-DE"),
        "de-DE",
        &["Kauf von Waren binnen 8 Tagen nach", "Rücksendung tragen Sie"],
        &["Auch bei"],
    );
    says(
        policy("JP", "fr-FR"),
        "fr-FR",
        &["de biens dans un délai de 8 jours après", "à votre charge"],
        &["aussi, ce"],
    );
    let none = ["United States: no law is known to us", "A shop may take something back all the same"];
    says(policy("US", "en-US"), "en-US", &none, &["days", "consumers may withdraw", "not recorded"]);
    let open = ["Taiwan: whether the law there lets you", "is not recorded here", "ask the shop"];
    says(policy("TW", "en-US"), "en-US", &open, &["no law", "days", "no more than the law", "unsealed"]);
    says(policy("TR", "de-DE"), "de-DE", &["Ob Sie einen Kauf", "nicht verzeichnet"], &["kein Gesetz"]);
    says(policy("KR", "fr-FR"), "fr-FR", &["pas indiqué ici si la loi"], &["pas de loi"]);
    says(
        policy("BR", "de-DE"),
        "de-DE",
        &["Brasilien: Verbraucher", "binnen 7 Tagen ohne", "7 Tage lang"],
        &["14 Tage"],
    );
    says(
        policy("BR", "fr-FR"),
        "fr-FR",
        &["Brésil : les", "dans un délai de 7 jours", "repart aussitôt"],
        &["14 jours"],
    );
    let day = RightView { days: 1, refund_days: 1, country: "X".into(), ..RightView::default() };
    let of_day = |locale| Sample::Policy(crate::serve::rights::view(&day, "", locale));
    let one = |locale, has: &[&str]| says(super::Sample::Rights(of_day(locale)), locale, has, &[]);
    one("en-US", &["within one day without", "lasts one day from", "came, within one day."]);
    one("de-DE", &["binnen einem Tag ohne", "einen Tag lang", "kommt binnen einem Tag auf"]);
    one("fr-FR", &["dans un délai de 1 jour sans", "dure 1 jour à", "dans un délai de 1 jour."]);
}

#[test]
fn the_policy_has_the_form_of_the_law_to_be_printed_where_the_law_has_one() {
    let policy = |country, locale| super::Sample::Rights(Sample::Policy(policy(country, locale)));
    let has = |country, locale, title: &str, notice| {
        says(policy(country, locale), locale, &[&format!("<h2 id=\"form\">{title}</h2>"), notice], &[]);
    };
    has("DE", "en-US", "Model withdrawal form", "withdraw from my/our (*) contract of sale of the following goods");
    has("NO", "en-GB", "Model withdrawal form", "withdraw from my/our (*) contract of sale of the following goods");
    has("GB", "en-GB", "Model cancellation form", "cancel my/our (*) contract of sale of the following goods");
    has("AT", "de-DE", "Muster-Widerrufsformular", "Hiermit widerrufe(n) ich/wir (*) den von mir/uns (*)");
    has("FR", "fr-FR", "Modèle de formulaire de rétractation", "ma/notre (*) rétractation du contrat portant sur");
    for country in ["BR", "ZA", "US", "CH", "TW"] {
        says(policy(country, "en-US"), "en-US", &["<h1>"], &["form</h2>", "hereby give notice"]);
    }
}

#[test]
fn the_page_of_gift_cards_says_whether_and_where_their_purchase_can_be_withdrawn_from() {
    let page = |country, locale| super::Sample::Rights(gift(right(country, locale)));
    says(page("DE", "en-US"), "en-US", &["withdraw from the purchase there, within 14 days."], &["no law"]);
    says(page("BR", "en-US"), "en-US", &["withdraw from the purchase there, within 7 days."], &["14 days"]);
    says(page("GB", "en-US"), "en-US", &["withdraw from the purchase within 14 days: tell Aurora."], &["no law"]);
    says(page("US", "en-US"), "en-US", &["United States: no law is known"], &["14 days", "7 days"]);
    let japan = super::Sample::Rights(gift(vitrine_server::withdrawal::right_unsent("JP", "en-US")));
    says(japan, "en-US", &["Japan: no law is known"], &["8 days"]);
    says(page("TW", "en-US"), "en-US", &["Taiwan: whether the law there", "Ask Aurora."], &["no law", "14 days"]);
}

#[test]
fn the_checkout_says_the_days_of_goods_and_of_files_apart() {
    let page = |goods, files| {
        let view = CheckoutView { withdrawal_days: goods, withdrawal_file_days: files, ..trade::checkout() };
        super::Sample::Trade(Box::new(trade::Sample::Checkout(Box::new(view))))
    };
    let (goods, files) = ("of goods within 7 days after they arrive.", "of files within 7 days from now.");
    says(page(7, 7), "en-US", &[goods, files], &[]);
    says(page(0, 7), "en-US", &[files], &["purchase of goods"]);
    says(page(7, 0), "en-US", &[goods], &["purchase of files"]);
    says(page(1, 1), "en-US", &["of goods within one day after", "of files within one day from now."], &[]);
}
