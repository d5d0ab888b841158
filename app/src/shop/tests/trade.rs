//! Pages of buying and owning with awkward contents.

use dioxus::prelude::*;
use vitrine_shared::views::owned::*;
use vitrine_shared::views::trade::*;
use vitrine_shared::views::value::*;
use vitrine_shared::views::{LicenceLine, MomentView, Named, PriceView};

use super::{card, image, named, play, price};
use crate::shop::pages::{CartBody, CheckoutBody, InvoiceBody, InvoicesBody, LibraryBody, OrderBody, OwnedBody};

#[derive(Clone)]
pub(super) enum Sample {
    Cart(CartView, Option<String>, bool),
    Checkout(Box<CheckoutView>),
    Order(OrderView),
    Library(LibraryView),
    Owned(Box<OwnedView>),
    Invoices(InvoicesView),
    Invoice(Box<InvoiceView>),
}

pub(super) fn body(sample: Sample) -> Element {
    match sample {
        Sample::Cart(view, trouble, undo) => rsx! { CartBody { view, trouble, undo } },
        Sample::Checkout(view) => rsx! { CheckoutBody { view: *view } },
        Sample::Order(view) => rsx! { OrderBody { view, secret: Some("s\"><b>".to_owned()) } },
        Sample::Library(view) => rsx! { LibraryBody { view } },
        Sample::Owned(view) => rsx! { OwnedBody { view: *view } },
        Sample::Invoices(view) => rsx! { InvoicesBody { view } },
        Sample::Invoice(view) => rsx! { InvoiceBody { view: *view } },
    }
}

fn amount(key: &str, detail: &str, text: &str) -> AmountView {
    AmountView { key: key.into(), detail: detail.into(), text: text.into() }
}

fn sums() -> Vec<AmountView> {
    vec![
        amount("sum-items", "", "€15.40"),
        amount("sum-shipping", "", "€2.90"),
        amount("sum-discount", "WINTER", "-€1.40"),
        amount("sum-tax-included", "USt 19% (DE)", "€2.70"),
        amount("sum-total", "", "€16.90"),
    ]
}

fn line(n: u8, trouble: Option<&str>) -> CartLineView {
    CartLineView {
        variant: format!("v_{n}"),
        title: "A Title That Is Rather Long, So That It Wraps On Every Phone There Is".into(),
        href: "/albums/a-w_1".into(),
        by: "موسيقى هادئة".into(),
        edition: "CD · Digipak".into(),
        cover: Some(image(n, 600, 600)),
        quantity: 2,
        max_quantity: 5,
        physical: n.is_multiple_of(2),
        stock: n.is_multiple_of(2).then_some(3),
        unit: sample_price(),
        total: "€14.00".into(),
        trouble: trouble.map(str::to_owned),
        notice: None,
    }
}

fn sample_price() -> PriceView {
    price("€1.00", false).expect("a price")
}

fn cart() -> CartView {
    let step = |key: &str, rule: &str| ExplainView {
        rule: rule.into(),
        key: key.into(),
        args: [("source", "UStG § 12"), ("base", "€14.20"), ("rate", "19%"), ("amount", "€2.70")]
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .into(),
    };
    let mut listed = step("explain-price-listed", "fixed");
    let found = [("region", "eu"), ("steps", "some"), ("pieces", "3"), ("dated", "yes"), ("since", "Nov 22, 2026")];
    listed.args.extend(found.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let part = |n: u8, trouble: Option<&str>| SellerPart {
        sold_by: None,
        store: named("Aurora", None, "/@aurora"),
        lines: vec![line(n, None), line(n + 1, trouble)],
        sending: SendingView {
            part: format!("t_{n}"),
            ways: vec![
                WayView { id: "standard".into(), price: "€4.90".into(), days: Some((2, 4)), ..WayView::default() },
                WayView {
                    id: "fast".into(),
                    name: "Express <b>".into(),
                    days: Some((1, 1)),
                    free: true,
                    chosen: true,
                    ..WayView::default()
                },
            ],
            gone: trouble.is_some(),
        },
        sums: sums(),
        explain: ["price", "shipping", "strip", "tax", "total"]
            .map(|k| step(&format!("explain-{k}"), "r"))
            .into_iter()
            .chain(["domestic", "oss", "no_registration"].map(|r| step("explain-treatment", r)))
            .chain(["gross", "tax", "net", "total"].map(|k| {
                let mut step = step(&format!("explain-refund-{k}"), "refund_all_left");
                let found = [
                    ("paid", "€9.00"),
                    ("before", "€1.00"),
                    ("left", "€0.00"),
                    ("earlier", "yes"),
                    ("stays", "no"),
                    ("tax", "VAT"),
                ];
                step.args.extend(found.map(|(name, value)| (name.to_owned(), value.to_owned())));
                step
            }))
            .chain([listed.clone(), step("explain-discount", "p_1"), step("explain-code-skipped", "not_valid")])
            .collect(),
        tax_note: Some("tax-note-not-registered".into()),
        tax_notice: (n > 0).then(|| "tax-service-fallback".into()),
    };
    CartView {
        sellers: vec![part(0, None), part(2, Some("line-fewer"))],
        count: 8,
        total: "€33.80".into(),
        total_minor: 3380,
        about: None,
        currency: "EUR".into(),
        tax_word: "tax-incl-vat".into(),
        place: "DE".into(),
        place_name: "Germany".into(),
        needs_address: true,
        ready: true,
        rev: 3,
        codes: vec![
            CodeView { code: "WINTER".into(), applied: true, off: "€2.00".into(), ..CodeView::default() },
            code("\"<b>", "code-skipped-not-valid"),
            CodeView { other: "WINTER".into(), ..code("EXTRA", "code-skipped-excluded-by") },
            code("LATER", "code-skipped-waits"),
        ],
        later: vec![line(6, None), line(7, Some("line-sold-out"))],
        pricing: None,
        with_it: vec![card(1), card(2)],
    }
}

fn code(code: &str, reason: &str) -> CodeView {
    CodeView { code: code.into(), reason: Some(reason.into()), ..CodeView::default() }
}

fn field(name: &str, label: &str, value: &str) -> PlaceField {
    let [name, label, value] = [name, label, value].map(str::to_owned);
    PlaceField { name, label, value, required: true, ..PlaceField::default() }
}

fn identity(name: &str, called: &str) -> IdentityField {
    let (name, called, example) = (name.into(), called.into(), "123.456.789-09".into());
    IdentityField { name, called, example, invoice: true, ..IdentityField::default() }
}

pub(super) fn checkout() -> CheckoutView {
    CheckoutView {
        cart: cart(),
        form: CheckoutForm { email: "no\"address".into(), country: "US".into(), ..CheckoutForm::default() },
        faults: [
            ("email", "fault-email"),
            ("postcode", "fault-postcode"),
            ("phone", "fault-phone"),
            ("id_br_cpf", "fault-identity"),
            ("tax_id", "fault-empty"),
            ("accept_licence", "fault-licence"),
        ]
        .map(|(field, code)| (field.to_owned(), code.to_owned()))
        .to_vec(),
        fields: vec![
            field("name", "place-name", "Ada \"<b>"),
            field("region", "place-region-state", "CA"),
            PlaceField {
                example: Some("95014".into()),
                digits: true,
                ..field("postcode", "place-postcode-zip", "9501")
            },
            PlaceField { required: false, ..field("line2", "place-line2", "") },
        ],
        regions: vec![("CA".into(), "California".into()), ("NY".into(), "New York".into())],
        countries: vec![("DE".into(), "Germany".into()), ("US".into(), "United States".into())],
        country_name: "United States".into(),
        phone: Some(PlaceField { example: Some("+49 30 123456".into()), ..field("phone", "checkout-phone", "1") }),
        identities: vec![identity("id_br_cpf", "CPF")],
        business_identities: vec![identity("tax_id", "CNPJ"), identity("id_it_sdi", "codice destinatario")],
        withdrawal_days: 14,
        licences: vec![("Personal use".into(), "/eula/lic_1".into())],
        attempt: "a".repeat(32),
        declined: Some("price_changed".into()),
        waiver: true,
        ..CheckoutView::default()
    }
}

/// A checkout with gift cards and store credit, which leave this to pay.
fn stored(due_minor: i64) -> CheckoutView {
    let card = |n: u8| AppliedView {
        account: format!("sv_{n}"),
        last4: format!("WX0{n}"),
        takes: "€10.00".into(),
        stays: "€2.50".into(),
    };
    CheckoutView {
        place_alone: true,
        faults: vec![("code".into(), "fault-code".into())],
        declined: Some("code_wait".into()),
        value: ValueView {
            offered: true,
            codes: vec![card(1), card(2)],
            full: false,
            credit: Some(CreditView {
                balance: "€20.00".into(),
                takes: "€3.80".into(),
                ends: vec![("€5.00".into(), "Jan 12, 2027".into())],
                used: true,
            }),
            due: "€10.00".into(),
            due_minor,
        },
        ..checkout()
    }
}

fn paid() -> Vec<PaidView> {
    let part = |key: &str, detail: &str| PaidView { key: key.into(), detail: detail.into(), amount: "€5.00".into() };
    vec![part("paid-gift_card", "WXYZ"), part("paid-store_credit", ""), part("paid-provider", "card 4242")]
}

/// What a buyer is asked while their card is approved, after they paid, and where their address alone says it.
fn place_asked(state: PayState) -> (Option<String>, Vec<(String, String)>) {
    let (key, others) = match state {
        PayState::Open => ("order-place-before", "Switzer<b>"),
        PayState::Paid => ("order-place-but", "Switzer<b>"),
        PayState::PartlyRefunded => ("order-place-alone", ""),
        _ => return (None, Vec::new()),
    };
    let countries = [("DE", "Germany"), ("CH", others)].into_iter().filter(|(_, name)| !name.is_empty());
    let countries = countries.map(|(code, name)| (code.to_owned(), name.to_owned())).collect();
    (Some(key.into()), countries)
}

fn order(state: PayState) -> OrderView {
    let line = |n: u32, physical: bool, state: &str| OrderLineView {
        line: n,
        title: "Harbour Lights".into(),
        href: "/albums/a-w_1".into(),
        edition: "Digital album".into(),
        quantity: n + 1,
        total: "€14.00".into(),
        physical,
        seller_of_record: "platform".into(),
        state: state.into(),
        tracking: physical.then(|| "DHL 123".to_owned()),
        library_href: (!physical).then(|| "/my-products/w_1".to_owned()),
        assets: if physical { String::new() } else { "a_1,a_2".into() },
        cards: Vec::new(),
    };
    let at = MomentView { iso: "2026-11-23T04:10Z".into(), text: "Nov 23, 2026, 04:10 UTC".into() };
    OrderView {
        id: "co_1".into(),
        state,
        failure: (state == PayState::Failed).then(|| "card_declined".to_owned()),
        retry_href: (state != PayState::Paid).then(|| "/cart".to_owned()),
        gift: false,
        email: "g***@example.org".into(),
        parts: vec![OrderPartView {
            id: "ord_1".into(),
            sold_by: Some("Vitrine <Marketplace> Ltd".into()),
            store: Named { name: "Aurora".into(), latin: None, href: "/@aurora".into() },
            lines: vec![
                line(0, false, "fulfil-access"),
                line(1, true, "fulfil-shipped"),
                line(2, true, "fulfil-waiting"),
                line(3, true, "fulfil-refunded"),
            ],
            sent_by: Some(WayView {
                id: "fast".into(),
                name: "Express".into(),
                days: Some((1, 2)),
                ..WayView::default()
            }),
            sums: sums(),
            explain: [("explain-place", "by"), ("explain-place-but", "by"), ("explain-place-said", "country")]
                .map(|(key, name)| ExplainView {
                    rule: String::new(),
                    key: key.into(),
                    args: vec![("country".into(), "Fr<b>".into()), (name.into(), "network".into())],
                })
                .into(),
            invoice_href: Some("/invoices/inv_1".into()),
            timeline: ["checkout-placed", "checkout-paid", "invoice-issued", "order-shipped", "order-refunded", "zzz"]
                .map(|e| (at.clone(), format!("event-{e}")))
                .into(),
            messages: [(false, Some("Is it signed?\n<b>")), (true, Some("Yes")), (false, None)]
                .map(|(shop, text)| MessageView { shop, at: at.clone(), text: text.map(str::to_owned) })
                .into(),
            may_write: true,
            withdrawal: Some(WithdrawalView {
                lines: vec![(0, "Harbour <b>".into()), (1, "Paper Boats".into())],
                stated: vec![(at.clone(), "Low Water".into())],
            }),
            tax_fallback: None,
        }],
        total: "€16.90".into(),
        paid: if state == PayState::Paid { paid() } else { Vec::new() },
        placed: at,
        guest: true,
        mine: true,
        place: place_asked(state).0,
        places: place_asked(state).1,
    }
}

fn owned(lost: Option<&str>) -> OwnedView {
    let file = |n: u32, format: &str| FileView {
        asset: format!("a_{n}"),
        name: format!("{n} - A very long file name that has to wrap somewhere.ogg"),
        format: format.into(),
        size: "6.1 MB".into(),
        number: Some(n),
    };
    OwnedView {
        card: card(0),
        parts: super::work(0)
            .parts
            .into_iter()
            .enumerate()
            .map(|(i, part)| vitrine_shared::views::PartView { play: (i < 2).then(|| play(i as u8)), ..part })
            .collect(),
        files: vec![file(1, "Ogg Vorbis"), file(2, "Ogg Vorbis"), file(3, "FLAC")],
        total_size: "20 MB".into(),
        reader: Some("http://files.example/r/x/0.html".into()),
        licence: Some(LicenceLine {
            title: "Personal use".into(),
            href: "/eula/lic_1?version=1".into(),
            summary: vec!["Keep it.".into()],
            version: 1,
        }),
        accepted: Some(vitrine_shared::views::MomentView {
            iso: "2026-11-23T09:00Z".into(),
            text: "Nov 23, 2026, 09:00 UTC".into(),
        }),
        order_href: "/orders/ord_1".into(),
        invoice_href: Some("/invoices/i_1".into()),
        lost: lost.map(str::to_owned),
    }
}

fn invoice(kind: &str) -> InvoiceView {
    InvoiceView {
        files: vec![("invoice-pdf".into(), "/invoices/x/file.pdf".into())],
        legal: vec![("Autoliquidation".into(), "fr".into(), "Reverse charge".into())],
        rounding: Some("invoice-rounding-line-half_up".into()),
        explain: Vec::new(),
        id: "inv_1".into(),
        amended: vec![("NLA-2026-00001".into(), "/invoices/inv_2".into())],
        void: (kind == "void").then(|| VoidView {
            since: "Nov 24, 2026".into(),
            reason: "<b>The wrong company</b>".into(),
            credit: ("NLC-2026-00001".into(), "/invoices/inv_3".into()),
            next: ("NL-2026-00002".into(), "/invoices/inv_4".into()),
        }),
        replaces: (kind == "simplified").then(|| "NL-2026-00000".to_owned()),
        business: Some(Default::default()),
        kind: kind.into(),
        number: "NL-2026-00001".into(),
        corrects: (kind == "credit_note").then(|| "NL-2026-00001".to_owned()),
        date: "Nov 23, 2026".into(),
        seller: vec!["Nordlicht Musik GmbH".into(), "Hafenstraße 3".into()],
        buyer: vec!["<b>Gast</b>".into()],
        lines: vec![
            InvoiceLineView {
                text: "Harbour Lights · Digital album".into(),
                by: String::new(),
                quantity: 1,
                net: "€6.72".into(),
                rate: "19%".into(),
                tax: "€1.28".into(),
                gross: "€8.00".into(),
            },
            InvoiceLineView {
                text: String::new(),
                by: "Express".into(),
                quantity: 1,
                net: "€1.00".into(),
                rate: "19%".into(),
                tax: "€0.19".into(),
                gross: "€1.19".into(),
            },
        ],
        sums: vec![
            amount("sum-net", "", "€7.72"),
            amount("sum-tax", "USt 19% (DE)", "€1.47"),
            amount("sum-total", "", "€9.19"),
        ],
        notes: vec!["tax-note-reverse-charged".into()],
        paid_with: "card 4242".into(),
        paid: if kind == "invoice" { paid() } else { Vec::new() },
        order_href: "/orders/co_1".into(),
    }
}

pub(super) fn all() -> Vec<(&'static str, Sample)> {
    let row = |number: &str, year: i32, kind: &str| InvoiceRow {
        number: number.into(),
        href: format!("/invoices/{number}"),
        seller: "Nordlicht".into(),
        date: "Nov 23, 2026".into(),
        year,
        total: "€9.19".into(),
        kind: kind.into(),
    };
    vec![
        ("cart", Sample::Cart(cart(), None, false)),
        ("cart-stuck", Sample::Cart(CartView { ready: false, ..cart() }, Some("cart_changed".into()), true)),
        ("cart-empty", Sample::Cart(CartView::default(), None, false)),
        ("checkout", Sample::Checkout(Box::new(checkout()))),
        ("checkout-stored", Sample::Checkout(Box::new(stored(1000)))),
        ("checkout-stored-all", Sample::Checkout(Box::new(stored(0)))),
        ("checkout-empty", Sample::Checkout(Box::default())),
        ("order-paid", Sample::Order(order(PayState::Paid))),
        ("order-open", Sample::Order(order(PayState::Open))),
        ("order-settling", Sample::Order(order(PayState::Settling))),
        ("order-failed", Sample::Order(order(PayState::Failed))),
        ("order-refunded", Sample::Order(order(PayState::Refunded))),
        ("order-partly", Sample::Order(order(PayState::PartlyRefunded))),
        (
            "library",
            Sample::Library(LibraryView {
                items: (0..5)
                    .map(|n| OwnedCard {
                        card: card(n),
                        since_ms: 0,
                        lost: (n == 3).then(|| "lost-refunded".to_owned()),
                        new: n == 1,
                        grown: n == 2,
                    })
                    .collect(),
                owned: 60,
                total: 49,
                query: "<i>lights".into(),
                kinds: super::facet("type", &[("album", "kinds-album", 40, true), ("book", "kinds-book", 9, false)])
                    .values,
                sorts: super::facet("sort", &[("title", "library-sort-title", 0, true)]).values,
                hidden: vec![("type".into(), "album".into())],
                clear_href: "/my-products".into(),
                page: 1,
                pages: 2,
                page_links: vec![(1, "/my-products".into()), (2, "/my-products?page=2".into())],
                next: None,
            }),
        ),
        (
            "library-nothing",
            Sample::Library(LibraryView { owned: 3, query: "zzz".into(), pages: 1, ..LibraryView::default() }),
        ),
        ("library-empty", Sample::Library(LibraryView::default())),
        ("owned", Sample::Owned(Box::new(owned(None)))),
        (
            "owned-lost",
            Sample::Owned(Box::new(OwnedView { files: vec![], reader: None, ..owned(Some("lost-refunded")) })),
        ),
        (
            "invoices",
            Sample::Invoices(InvoicesView {
                rows: vec![
                    row("NL-1", 2026, "invoice"),
                    row("NL-C-1", 2026, "credit_note"),
                    row("NL-0", 2025, "invoice"),
                ],
                more: None,
            }),
        ),
        ("invoices-empty", Sample::Invoices(InvoicesView::default())),
        ("invoice", Sample::Invoice(Box::new(invoice("invoice")))),
        ("invoice-simplified", Sample::Invoice(Box::new(invoice("simplified")))),
        ("invoice-void", Sample::Invoice(Box::new(invoice("void")))),
        ("credit-note", Sample::Invoice(Box::new(invoice("credit_note")))),
    ]
}

#[test]
fn a_button_to_pay_names_the_amount_and_faults_stand_beside_their_fields() {
    let html = super::draw("checkout", "en-US", super::Sample::Trade(Box::new(Sample::Checkout(Box::new(checkout())))));
    assert!(html.contains("Pay €33.80"));
    assert!(
        html.contains("value=\"no&#34;address\"") || html.contains("value=\"no&quot;address\""),
        "what was typed stays"
    );
    assert!(html.contains("id=\"email-error\"") && html.contains("href=\"#email\""));
}

#[test]
fn a_price_says_where_in_the_list_it_was_found() {
    let told =
        |locale: &str| super::draw("cart", locale, super::Sample::Trade(Box::new(Sample::Cart(cart(), None, false))));
    let (english, german, french) = (told("en-US"), told("de-DE"), told("fr-FR"));
    assert!(
        english.contains("price list for the region “European Union”, from 3 pieces on, since Nov 22, 2026."),
        "{english}"
    );
    assert!(german.contains("für die Region „Europäische Union“, ab 3 Stück, seit "), "{german}");
    assert!(
        french.contains("pour la région «\u{a0}Union européenne\u{a0}», à partir de 3 pièces, depuis le "),
        "{french}"
    );
}

#[test]
fn an_order_says_who_sells_where_it_is_the_marketplace() {
    let mut view = order(PayState::Paid);
    let drawn =
        |view: &OrderView| super::draw("order", "en-US", super::Sample::Trade(Box::new(Sample::Order(view.clone()))));
    let html = drawn(&view);
    assert!(html.contains("Sold by ") && html.contains("Marketplace"), "{html}");
    view.parts[0].sold_by = None;
    assert!(!drawn(&view).contains("Marketplace"));
}

#[test]
fn what_is_not_paid_offers_no_download_of_anything_else() {
    let mut view = order(PayState::Open);
    for line in &mut view.parts[0].lines {
        line.assets.clear();
    }
    let html = super::draw("order", "en-US", super::Sample::Trade(Box::new(Sample::Order(view))));
    assert!(!html.contains("/download"));
}

#[test]
fn every_word_that_a_country_has_for_a_field_is_a_text() {
    for locale in crate::i18n::LOCALES {
        let texts = crate::i18n::Texts::of(locale);
        for country in vitrine_places::countries() {
            for field in vitrine_places::form_of(country).fields {
                let key = format!("place-{}", field.label);
                assert!(texts.has(&key), "{locale} lacks {key} of {country}");
            }
        }
    }
}

#[test]
fn a_country_has_its_fields_in_its_order_and_a_fault_names_its_field() {
    let view = checkout();
    let html = super::draw("places", "en-US", super::Sample::Trade(Box::new(Sample::Checkout(Box::new(view)))));
    let at = |what: &str| html.find(what).unwrap_or_else(|| panic!("{what} in {html}"));
    assert!(at(">Name<") < at(">State<") && at(">State<") < at(">ZIP code<"));
    assert!(html.contains("ZIP code: Write it like 95014"), "{html}");
    assert!(
        html.contains("Telephone: Write it like +49 30 123456") && html.contains("CNPJ: Fill in this field"),
        "{html}"
    );
    assert!(html.contains("CPF: Check the digits. It looks like 123.456.789-09"), "{html}");
    assert!(html.contains("inputmode=\"numeric\"") && html.contains("autocomplete=\"address-level1\""));
    assert!(html.contains(">California<") && html.contains("More of the address (if needed)"));
}
