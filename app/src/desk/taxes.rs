//! What of a month's sales is tax.

use dioxus::prelude::*;
use vitrine_shared::views::taxes::{TaxDesk, TaxReportView};
use vitrine_ui::prelude::*;

use super::{amount_cell, use_desk};
use crate::i18n::text_or;
use crate::platform::Head;
use crate::shop::pages::drawn;
use crate::shop::parts::{Page, param};
use crate::t;

/// The reports of a month.
#[component]
pub(super) fn Taxes(query: String) -> Element {
    let view = use_desk(move |desk, ctx| {
        let (month, country) =
            (param(&query, "month").unwrap_or_default(), param(&query, "country").unwrap_or_default());
        async move { desk.taxes(&ctx, &month, &country).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &TaxReportView| {
        let months =
            view.months.iter().map(|m| SelectOption { value: m.clone(), label: m.clone() }).collect::<Vec<_>>();
        rsx! {
            Page { head: Head { title: t!("desk-taxes"), private: true, ..Head::default() },
                div { class: "wrap trade",
                    h1 { {t!("desk-taxes")} }
                    p { {t!("desk-taxes-text")} }
                    form { class: "fault-search", method: "get", action: "/studio/tax", "aria-label": t!("desk-month"),
                        Select { name: "month", label: t!("desk-month"), value: view.month.clone(), options: months }
                        Button { kind: ButtonKind::Primary, r#type: "submit", {t!("desk-show")} }
                    }
                    for desk in view.desks.iter().cloned() {
                        OneReport { key: "{desk.tenant}", desk, month: view.month.clone() }
                    }
                    Thresholds { view: view.clone() }
                }
            }
        }
    })
}

#[component]
fn OneReport(desk: TaxDesk, month: String) -> Element {
    let column = |key: &str, number: bool| Column { title: t!(key), number };
    rsx! {
        section { class: "trade-part",
            h2 { bdi { "{desk.name}" } }
            if desk.too_many {
                p { {t!("desk-taxes-many")} }
                p {
                    a { class: "button", href: "/studio/tax.csv?tenant={desk.tenant}&month={month}", {t!("desk-csv")} }
                }
            } else if desk.rows.is_empty() {
                EmptyState { title: t!("desk-no-taxes"), text: t!("desk-no-taxes-text") }
            } else {
                Table {
                    caption: t!("desk-taxes-of", month = month.clone()),
                    columns: vec![
                        column("desk-buyer-country", false),
                        column("desk-tax", false),
                        column("invoice-rate", true),
                        column("sum-net", true),
                        column("sum-tax", true),
                        column("desk-documents", true),
                    ],
                    for (i , row) in desk.rows.iter().enumerate() {
                        tr { key: "{i}",
                            td {
                                {text_or(&format!("country-{}", row.country), &row.country)}
                                if !row.region.is_empty() {
                                    br {}
                                    small {
                                        bdi { "{row.region}" }
                                    }
                                }
                            }
                            td {
                                if row.tax.is_empty() {
                                    {t!(&row.status)}
                                } else {
                                    bdi { "{row.tax}" }
                                }
                            }
                            td { class: "end", "{row.rate}" }
                            td { class: amount_cell(&row.net), "{row.net}" }
                            td { class: amount_cell(&row.amount), "{row.amount}" }
                            td { class: "end",
                                "{row.documents}"
                                if row.stood_in > 0 {
                                    br {}
                                    small { {t!("desk-taxes-stood-in", documents = row.stood_in)} }
                                }
                            }
                        }
                    }
                }
                p {
                    a { class: "button", href: "/studio/tax.csv?tenant={desk.tenant}&month={month}", {t!("desk-csv")} }
                }
            }
        }
    }
}

/// From which sales on to register where.
#[component]
fn Thresholds(view: TaxReportView) -> Element {
    let country = |code: &str| text_or(&format!("country-{code}"), code);
    let mut options: Vec<SelectOption> =
        view.countries.iter().map(|c| SelectOption { value: c.clone(), label: country(c) }).collect();
    options.sort_by(|a, b| a.label.cmp(&b.label));
    let column = |key: &str| Column { title: t!(key), number: false };
    rsx! {
        section { class: "trade-part", id: "thresholds",
            h2 { {t!("desk-thresholds")} }
            p {
                {t!("desk-thresholds-text")}
                " "
                a { href: "/studio/tax-settings", {t!("taxset-title")} }
            }
            form { class: "fault-search", method: "get", action: "/studio/tax#thresholds", "aria-label": t!("desk-thresholds"),
                input { r#type: "hidden", name: "month", value: "{view.month}" }
                Select { name: "country", label: t!("desk-buyer-country"), value: view.country.clone(), options }
                Button { kind: ButtonKind::Plain, r#type: "submit", {t!("desk-show")} }
            }
            if view.unfinished {
                Notice { {t!("desk-sold-unfinished")} }
            }
            if !view.thresholds.is_empty() {
                p { {t!("desk-sold-text")} }
                Table {
                    caption: t!("desk-thresholds-of", place = country(&view.country)),
                    columns: vec![
                        column("desk-threshold-place"),
                        column("desk-threshold-what"),
                        column("desk-threshold-from"),
                        column("desk-threshold-sold"),
                        column("desk-threshold-law"),
                    ],
                    for (i , row) in view.thresholds.iter().enumerate() {
                        tr { key: "{i}",
                            td { "{row.place}" }
                            td { {t!(&row.kind)} }
                            td {
                                for amount in row.amounts.iter() {
                                    if amount.is_empty() {
                                        div { {t!("desk-threshold-first")} }
                                    } else if row.sales {
                                        div { {t!("desk-threshold-sales", count = amount.clone())} }
                                    } else {
                                        div { bdi { "{amount}" } }
                                    }
                                }
                                if !row.period.is_empty() {
                                    small { {t!(&row.period)} }
                                }
                            }
                            td {
                                for (i , sold) in row.sold.iter().enumerate() {
                                    div { key: "{i}",
                                        if !sold.seller.is_empty() {
                                            bdi { "{sold.seller}" }
                                            " "
                                        }
                                        small {
                                            match sold.year {
                                                Some(year) => t!("desk-sold-year", year = year.to_string()),
                                                None => t!("desk-sold-months"),
                                            }
                                        }
                                        " "
                                        if !row.sales && !sold.about.is_empty() {
                                            bdi { class: "num", "{sold.about}" }
                                        } else {
                                            {t!("desk-threshold-sales", count = sold.sales)}
                                        }
                                    }
                                }
                            }
                            td { class: "desk-words",
                                div { lang: "en", dir: "auto", "{row.source}" }
                                if !row.note.is_empty() {
                                    small { lang: "en", dir: "auto", "{row.note}" }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use vitrine_pricing::format::Locale;
    use vitrine_pricing::thresholds::{countries, thresholds_in};
    use vitrine_shared::views::taxes::ThresholdView;

    use crate::i18n::{LOCALES, Texts};

    #[test]
    fn every_threshold_has_its_words() {
        for tag in LOCALES {
            let texts = Texts::of(tag);
            for row in countries()
                .into_iter()
                .flat_map(thresholds_in)
                .map(|t| ThresholdView::of(&t, Locale::for_buyer(tag, "DE")))
            {
                assert!(texts.has(&row.kind), "{tag}: {}", row.kind);
                assert!(row.period.is_empty() || texts.has(&row.period), "{tag}: {}", row.period);
                assert_eq!(row.amounts.is_empty(), row.kind == "threshold-no-tax", "{row:?}");
            }
        }
    }
}
