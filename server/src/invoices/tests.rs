use vitrine_pricing::refund::{LineWish, RefundWish, Take};
use vitrine_shared::views::owned::{BusinessForm, InvoiceView};

use vitrine_table::{Index, Query};

use super::*;
use crate::checkout::store::{Order, Person};
use crate::testing::Shop;

async fn seen(shop: &Shop, ctx: &OpCtx, id: &InvoiceId, key: Option<&str>) -> InvoiceView {
    let place = shop.catalog.place(ctx);
    shop.invoices.view(ctx, &shop.checkouts, &place, id.as_str(), key).await.unwrap()
}

async fn invoiced(shop: &Shop) -> (OpCtx, String, InvoiceId) {
    invoiced_for(shop, "Paper Boats").await
}

pub(super) async fn invoiced_for(shop: &Shop, title: &str) -> (OpCtx, String, InvoiceId) {
    let ctx = shop.fill(&shop.guest(), &[title]).await;
    let placed = shop.place(&ctx).await.unwrap();
    shop.pay(&placed, "4242424242424242").await;
    shop.checkouts.refresh(&ctx, &placed.id).await.unwrap();
    shop.work().await;
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    (ctx, placed.secret, id_of(&checkout.orders[0]))
}

fn business(company: &str) -> Business {
    Business {
        company: company.into(),
        tax_id: "DE123456789".into(),
        address: " Weg 1 \r\n\r\n10115 Berlin\nDE".into(),
    }
}

#[tokio::test]
async fn business_details_come_as_a_document_of_their_own_once() {
    for shop in Shop::both().await {
        let (ctx, secret, id) = invoiced(&shop).await;
        let before = shop.invoices.get(&id).await.unwrap().unwrap();
        let add = |name: &'static str| {
            let (shop, ctx, secret, id) = (&shop, &ctx, &secret, &id);
            async move { shop.invoices.amend(ctx, &shop.checkouts, id, Some(secret), &business(name)).await }
        };
        let (first, again) = tokio::join!(add("Aurora GmbH"), add("Aurora GmbH"));
        let (first, again) = (first.unwrap(), again.unwrap());
        assert_eq!((&first.number, first.kind), (&again.number, Kind::Amendment));
        assert_eq!((first.corrects.as_ref(), first.totals.gross.minor()), (Some(&before.number), 0));
        assert!(first.number.contains("A-2026-00001"), "{}", first.number);
        let view = seen(&shop, &ctx, &first.id, Some(&secret)).await;
        assert_eq!(view.buyer, ["Aurora GmbH", "Weg 1", "10115 Berlin", "DE", "DE123456789"]);
        assert_eq!(shop.invoices.get(&id).await.unwrap().unwrap(), before, "the invoice stays as it was");
        for name in ["b", "c", "d", "e"] {
            add(name).await.unwrap();
        }
        assert_eq!(add("f").await.unwrap_err().code, "amended_often");
        assert_eq!(shop.invoices.amendments(&id).await.unwrap().len(), 5);
        // An invoice's series has no gap from it.
        let (_, _, next) = invoiced(&shop).await;
        assert!(shop.invoices.get(&next).await.unwrap().unwrap().number.ends_with("-00002"));
    }
}

#[tokio::test]
async fn a_small_sale_at_home_has_a_simplified_invoice_and_a_full_one_when_it_is_asked_for() {
    let shop = Shop::open().await;
    let (ctx, secret, id) = invoiced_for(&shop, "Harbour Lights").await;
    let invoice = shop.invoices.get(&id).await.unwrap().unwrap();
    // 8.00 euros from Hamburg to Berlin: up to 250 by § 33 UStDV.
    assert_eq!((invoice.kind, invoice.simplified.as_deref()), (Kind::Invoice, Some("UStDV § 33")));
    let view = seen(&shop, &ctx, &id, Some(&secret)).await;
    assert_eq!((view.kind.as_str(), view.buyer.as_slice()), ("simplified", &["Gast Muster".to_owned()][..]));
    let place = shop.catalog.place(&ctx);
    let rows = shop.invoices.list(&place, std::slice::from_ref(&invoice.customer), None).await.unwrap().rows;
    assert_eq!(rows[0].kind, "simplified");
    let xml = files_of(&shop, &id).await.1.unwrap();
    assert!(xml.contains("<ram:TypeCode>380<") && xml.contains("Gast Muster"), "{xml}");
    assert!(!xml.contains("Weg 1") && !xml.contains("10115"), "{xml}");
    let said = printed(&shop, &id).await;
    for text in ["Kleinbetragsrechnung", "Gast Muster", "UStG § 12 Abs. 1"] {
        assert!(said.contains(text), "{text} in {said}");
    }
    assert!(!said.contains("Weg 1"), "{said}");
    // What the buyer adds makes a full one, which says everything anew.
    let business = business("Aurora GmbH");
    let full = shop.invoices.amend(&ctx, &shop.checkouts, &id, Some(&secret), &business).await.unwrap();
    assert_eq!((full.kind, full.simplified.as_deref()), (Kind::Amendment, None));
    let said = printed(&shop, &full.id).await;
    for text in ["Berichtigte Rechnung", "Aurora GmbH", "10115 Berlin", "UStG § 12 Abs. 1", &invoice.number] {
        assert!(said.contains(text), "{text} in {said}");
    }
    let (first, again) = (view, seen(&shop, &ctx, &full.id, Some(&secret)).await);
    assert_eq!((again.kind.as_str(), again.buyer[0].as_str()), ("amendment", "Aurora GmbH"));
    assert_eq!((again.lines.len(), &again.lines, &again.sums), (1, &first.lines, &first.sums));
    assert_eq!((&again.rounding, &again.legal, &again.paid_with), (&first.rounding, &first.legal, &first.paid_with));
    assert!(!again.explain.is_empty() && again.explain == first.explain);
}

#[tokio::test]
async fn only_small_sales_at_home_to_who_buys_for_themselves_are_simplified() {
    let shop = Shop::open().await;
    let (_, _, id) = invoiced_for(&shop, "Harbour Lights").await;
    let invoice = shop.invoices.get(&id).await.unwrap().unwrap();
    let order = shop.checkouts.order(&invoice.order).await.unwrap().unwrap();
    let seller = invoice.seller_legal.unwrap();
    let buyer = Person { name: "Gast Muster".into(), ..Person::default() };
    let over = |minor: i64, currency: Currency| {
        let mut order = order.clone();
        order.quote.totals.gross = Money::new(minor, currency).unwrap();
        simplified::by(&seller, &order, &buyer)
    };
    let law = Some("UStDV § 33".to_owned());
    assert_eq!((over(25_000, Currency::EUR), over(25_001, Currency::EUR)), (law.clone(), None));
    assert_eq!(over(800, Currency::USD), None, "the law's amount is in euros");
    let by = |change: &dyn Fn(&mut Order, &mut Person)| {
        let (mut order, mut buyer) = (order.clone(), buyer.clone());
        change(&mut order, &mut buyer);
        simplified::by(&seller, &order, &buyer)
    };
    assert_eq!(by(&|_, _| {}), law);
    type Change = dyn Fn(&mut Order, &mut Person);
    let changes: [(&str, &Change); 7] = [
        ("a business", &|order, _| order.tax.business = true),
        ("a company", &|_, buyer| buyer.company = "Aurora GmbH".into()),
        ("a tax id", &|_, buyer| buyer.tax_id = "DE299000042".into()),
        ("a number for invoices", &|_, buyer| {
            buyer.numbers.push(crate::checkout::store::IdNumber { invoice: true, ..Default::default() });
        }),
        ("abroad", &|order, _| order.country = "FR".into()),
        ("tax of another place", &|order, _| {
            order.quote.lines[0].amounts.taxes[0].jurisdiction = "FR".into();
        }),
        ("not taxed", &|order, _| order.quote.lines[0].tax_status = TaxStatus::ReverseCharged),
    ];
    for (what, change) in changes {
        assert_eq!(by(change), None, "{what}");
    }
    let away = LegalEntity { country: "FR".into(), ..seller.clone() };
    assert_eq!(simplified::by(&away, &order, &buyer), None, "a seller of another country");
}

/// What the PDF of a document says.
pub(super) async fn printed(shop: &Shop, id: &InvoiceId) -> String {
    let invoice = shop.invoices.get(id).await.unwrap().unwrap();
    let words = crate::mails::Words::for_buyer("de-DE", "de");
    shop.invoices.printed(&invoice, &words).await.unwrap()
}

#[tokio::test]
async fn only_who_bought_adds_and_what_was_typed_stays() {
    let shop = Shop::open().await;
    let (ctx, secret, id) = invoiced(&shop).await;
    let good = business("Aurora GmbH");
    for (who, secret) in [(shop.guest(), None), (shop.guest(), Some("x")), (shop.staff(), None)] {
        let refused = shop.invoices.amend(&who, &shop.checkouts, &id, secret, &good).await.unwrap_err();
        assert_eq!(refused.status, 404);
    }
    let bad = Business { address: String::new(), ..good.clone() };
    let refused = shop.invoices.amend(&ctx, &shop.checkouts, &id, Some(&secret), &bad).await.unwrap_err();
    assert_eq!(refused.fields.get("address").map(String::as_str), Some("fault-empty"));
    let typed = seen(&shop, &ctx, &id, Some(&secret)).await.business.unwrap();
    assert_eq!((typed.company.as_str(), typed.faults.len()), ("Aurora GmbH", 1));
    assert_eq!(seen(&shop, &shop.staff(), &id, None).await.business, None, "staff only look");
    let amendment = shop.invoices.amend(&ctx, &shop.checkouts, &id, Some(&secret), &good).await.unwrap();
    assert_eq!(seen(&shop, &ctx, &id, Some(&secret)).await.business, Some(BusinessForm::default()));
    assert_eq!(seen(&shop, &ctx, &amendment.id, Some(&secret)).await.business, None);
    let of_it = shop.invoices.amend(&ctx, &shop.checkouts, &amendment.id, Some(&secret), &good).await.unwrap_err();
    assert_eq!(of_it.status, 404, "only invoices are amended");
}

#[tokio::test]
async fn a_tax_report_adds_up_by_rate_and_drops_with_refunds() {
    let shop = Shop::open().await;
    let (_, _, id) = invoiced(&shop).await;
    let invoice = shop.invoices.get(&id).await.unwrap().unwrap();
    let desk = crate::authz::tenant_desk(&OpCtx::system("test", 0), &invoice.seller).unwrap();
    let from = invoice.issued_ms;
    let report = async |to| shop.invoices.tax_report(&desk, from, to, Some(2)).await.unwrap().unwrap();
    assert_eq!(report(from).await, [], "the end is not in it");
    let rows = report(from + 1).await;
    let sum =
        |rows: &[TaxRow]| rows.iter().map(|r| (r.net_minor, r.tax_minor)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    assert_eq!(sum(&rows), (invoice.totals.net.minor(), invoice.totals.tax.minor()));
    assert!(rows.iter().all(|r| r.country == "DE" && r.documents == 1), "{rows:?}");
    let staff = shop.staff();
    let wish = crate::checkout::Wish {
        attempt: "attempt-of-a-refund".into(),
        what: RefundWish::whole(&[0], true),
        restock: false,
        reason: "asked for".into(),
    };
    shop.clock.advance_ms(1000);
    let staff = OpCtx { now_ms: shop.clock_ms(), ..staff };
    shop.checkouts.refund(&staff, &invoice.order, &wish).await.unwrap();
    shop.work().await;
    let rows = report(shop.clock_ms() + 1).await;
    assert_eq!(sum(&rows), (0, 0), "{rows:?}");
    assert!(rows.iter().all(|r| r.documents == 2 && r.tax_minor == 0), "each rate drops: {rows:?}");
    let other = shop.invoices.tax_report(&desk, 0, from, Some(0)).await.unwrap();
    assert_eq!(other.unwrap(), [], "another time has others");
    let many = shop.invoices.tax_report(&desk, from, shop.clock_ms() + 1, Some(1)).await.unwrap();
    assert_eq!(many, None, "two documents are more than one");
}

#[tokio::test]
async fn a_tax_given_back_to_who_is_no_business_leaves_a_sale_without_tax_and_no_law_of_others() {
    let shop = Shop::open().await;
    let (_, _, id) = invoiced_for(&shop, "Harbour Lights").await;
    let invoice = shop.invoices.get(&id).await.unwrap().unwrap();
    let desk = crate::authz::tenant_desk(&OpCtx::system("test", 0), &invoice.seller).unwrap();
    let refunded = async |attempt: &str, take: Take| {
        let what = RefundWish { lines: vec![LineWish { line: 0, take }], shipping: None };
        let wish = crate::checkout::Wish {
            attempt: attempt.into(),
            what,
            restock: false,
            reason: "a certificate came later".into(),
        };
        shop.clock.advance_ms(1000);
        let staff = OpCtx { now_ms: shop.clock_ms(), ..shop.staff() };
        shop.checkouts.refund(&staff, &invoice.order, &wish).await.unwrap();
        shop.work().await;
        let refunds = shop.checkouts.refunds(&invoice.order).await.unwrap();
        let last = refunds.iter().max_by_key(|r| r.at_ms).unwrap();
        let rows = shop.invoices.tax_report(&desk, 0, shop.clock_ms() + 1, None).await.unwrap().unwrap();
        let rows: Vec<_> = rows.iter().map(|r| (r.status, r.net_minor, r.tax_minor)).collect();
        (shop.invoices.get(&credit_id_of(&last.id)).await.unwrap().unwrap(), rows)
    };
    let turned_over = async || {
        let all = [Span { name: "all".into(), from_ms: 0, to_ms: shop.clock_ms() + 1 }];
        let found = shop.invoices.turnover(&desk, &all, shop.clock_ms(), &mut 100).await.unwrap();
        found.months["all"].iter().map(|row| (row.net_minor, row.business_minor, row.sales)).collect::<Vec<_>>()
    };
    let net = invoice.totals.net.minor();
    let (credit, rows) = refunded("attempt-of-tax-alone", Take::Tax).await;
    assert_eq!(rows, [(TaxStatus::Taxed, 0, 0), (TaxStatus::ZeroRated, net, 0)]);
    assert_eq!(credit.legal, [], "nothing of reverse charge");
    assert_eq!(turned_over().await, [(net, 0, 1)], "the sale stays, once");
    let (credit, rows) = refunded("attempt-of-what-is-left", Take::All).await;
    assert_eq!(rows, [(TaxStatus::Taxed, 0, 0), (TaxStatus::ZeroRated, 0, 0)]);
    assert_eq!((credit.totals.net.minor(), credit.totals.tax.minor()), (-net, 0));
    assert_eq!(turned_over().await, [(0, 0, 1)]);
    assert!(files_of(&shop, &credit.id).await.1.unwrap().contains("<ram:CategoryCode>Z<"));
}

/// What the files of a document hold.
async fn files_of(shop: &Shop, id: &InvoiceId) -> (Vec<u8>, Result<String>) {
    let staff = shop.staff();
    let made = async |form| shop.invoices.paper(&staff, &shop.checkouts, id.as_str(), None, form).await;
    let pdf = made(Form::Pdf).await.unwrap();
    assert!(pdf.name.ends_with(".pdf"));
    (pdf.bytes, made(Form::Xml).await.map(|xml| String::from_utf8(xml.bytes).unwrap()))
}

fn holds(bytes: &[u8], what: &str) -> bool {
    bytes.windows(what.len()).any(|w| w == what.as_bytes())
}

#[tokio::test]
async fn documents_are_files_that_say_the_same_for_ever() {
    let shop = Shop::open().await;
    let (ctx, secret, id) = invoiced_for(&shop, "Harbour Lights").await;
    let invoice = shop.invoices.get(&id).await.unwrap().unwrap();
    let (pdf, xml) = files_of(&shop, &id).await;
    assert!(holds(&pdf, "%PDF-"));
    let xml = xml.unwrap();
    let gross = invoice.totals.gross.to_decimal();
    for part in [&*invoice.number, "Nordlicht Musik GmbH", "Gast Muster", &gross] {
        assert!(xml.contains(part), "{part} in {xml}");
    }
    assert!(!xml.contains("<ram:SpecifiedTaxRegistration></"), "{xml}");
    assert_eq!(files_of(&shop, &id).await.0, pdf, "the same bytes");
    // A guest's key opens it, nobody else's.
    let paper = async |ctx: &OpCtx, key| shop.invoices.paper(ctx, &shop.checkouts, id.as_str(), key, Form::Pdf).await;
    assert!(paper(&ctx, Some(&secret)).await.is_ok());
    assert_eq!(paper(&shop.guest(), None).await.unwrap_err().status, 404);
    assert_eq!(paper(&shop.guest(), Some("wrong")).await.unwrap_err().status, 404);
    // Business details make a corrected invoice, a refund a credit note; both name the invoice.
    let amended =
        shop.invoices.amend(&ctx, &shop.checkouts, &id, Some(&secret), &business("Aurora GmbH")).await.unwrap();
    let (_, xml) = files_of(&shop, &amended.id).await;
    let xml = xml.unwrap();
    for part in ["<ram:TypeCode>384<", "Aurora GmbH", &*invoice.number, &gross] {
        assert!(xml.contains(part), "{part} in {xml}");
    }
    let staff = shop.staff();
    let gross = Money::new(300, Currency::EUR).unwrap();
    let some = RefundWish { lines: vec![LineWish { line: 0, take: Take::Amount { gross } }], shipping: None };
    for (attempt, what) in [("attempt-of-a-part-1", some), ("attempt-of-a-line-1", RefundWish::whole(&[0], false))] {
        let wish = crate::checkout::Wish { attempt: attempt.into(), what, restock: false, reason: "asked".into() };
        let refund = shop.checkouts.refund(&staff, &invoice.order, &wish).await.unwrap();
        shop.work().await;
        let (pdf, xml) = files_of(&shop, &credit_id_of(&refund.id)).await;
        let xml = xml.unwrap();
        assert!(holds(&pdf, "%PDF") && xml.contains("<ram:TypeCode>381<") && xml.contains(&*invoice.number), "{xml}");
    }
}

#[tokio::test]
async fn what_en_16931_cannot_say_is_a_pdf_alone() {
    let shop = Shop::open().await;
    // A seller without any tax number: the standard asks for one beside a taxed line.
    let (ctx, secret, id) = invoiced(&shop).await;
    let (pdf, xml) = files_of(&shop, &id).await;
    assert!(holds(&pdf, "%PDF-"));
    assert_eq!(xml.unwrap_err().status, 404);
    let view = seen(&shop, &ctx, &id, Some(&secret)).await;
    assert_eq!(view.files.len(), 1, "{:?}", view.files);
}

#[test]
fn what_was_sealed_before_there_were_fields_is_read_as_lines() {
    let older = papers::Buyer::read(br#"["Gast Muster","Weg 1","10115 Berlin"]"#).unwrap();
    assert_eq!((older.name.as_str(), older.address.len(), older.lines.len()), ("Gast Muster", 2, 3));
    let newer = papers::Buyer { tax_id: "DE1".into(), ..older };
    assert_eq!(papers::Buyer::read(&serde_json::to_vec(&newer).unwrap()).unwrap(), newer);
}

#[tokio::test]
async fn a_month_is_added_up_once_it_is_over_and_what_goes_back_later_counts_later() {
    let shop = Shop::open().await;
    let (_, _, id) = invoiced(&shop).await;
    let invoice = shop.invoices.get(&id).await.unwrap().unwrap();
    let desk = crate::authz::tenant_desk(&OpCtx::system("test", 0), &invoice.seller).unwrap();
    let day = 24 * 60 * 60 * 1000;
    let span = |name: &str, from_ms: i64, days: i64| Span { name: name.into(), from_ms, to_ms: from_ms + days * day };
    let from = invoice.issued_ms;
    let months = [span("later", from + day, 60), span("first", from, 1)];
    let look =
        async |mut most: usize| shop.invoices.turnover(&desk, &months, shop.clock_ms(), &mut most).await.unwrap();
    let sum = |found: &Turnover, month: &str| {
        let rows = &found.months[month];
        (rows.iter().map(|r| r.net_minor).sum::<i64>(), rows.iter().map(|r| r.sales).sum::<u64>())
    };
    let sold = invoice.totals.net.minor();
    let now = look(10).await;
    assert_eq!((sum(&now, "first"), sum(&now, "later")), ((sold, 1), (0, 0)));
    assert_eq!((now.months["first"][0].country.as_str(), now.unfinished), ("DE", false));
    let none = look(0).await;
    assert!(none.unfinished && none.months.is_empty(), "nobody waits for more than that");
    let kept = async || {
        let query = Query::new(Index::Base, format!("TURNOVER#{}", invoice.seller));
        shop.table.query(query).await.unwrap().items.len()
    };
    assert_eq!(kept().await, 0, "it is not over");
    // The state is the document's, else that of the tax it charged; of another country's tax it is none.
    let (_, _, taxed) = invoiced_for(&shop, "Harbour Lights").await;
    let taxed = shop.invoices.get(&taxed).await.unwrap().unwrap();
    let state = |country: &str, region: &str, of: &str| {
        let mut invoice = Invoice { country: country.into(), region: region.into(), ..taxed.clone() };
        invoice.totals.taxes.iter_mut().for_each(|tax| tax.jurisdiction = of.into());
        turnover::region(&invoice)
    };
    assert_eq!(state("US", "", "US-NY"), "NY");
    assert_eq!(state("US", "CA", "US-NY"), "CA");
    assert_eq!((state("DE", "", "US-NY"), state("US", "", "US")), (String::new(), String::new()));
    assert_eq!((state("IN", "", "IN-SGST").as_str(), state("IN", "MH", "IN-SGST").as_str()), ("", "MH"));
    // One that is not over and has more than somebody waits for counts when it is; one that is over counts with the first look that may read.
    invoiced(&shop).await;
    let most = look(1).await;
    assert!(most.unfinished && !most.months.contains_key("first"), "{most:?}");
    shop.clock.advance_ms(3 * day);
    let over = look(1).await;
    assert_eq!(
        (sum(&over, "first"), over.unfinished),
        ((2 * sold, 2), true),
        "nothing of the budget is left for the other"
    );
    assert!(!look(1).await.unfinished, "the next look goes on");
    let staff = OpCtx { now_ms: shop.clock_ms(), ..shop.staff() };
    let wish = crate::checkout::Wish {
        attempt: "attempt-of-a-refund".into(),
        what: RefundWish::whole(&[0], true),
        restock: false,
        reason: "asked for".into(),
    };
    shop.checkouts.refund(&staff, &invoice.order, &wish).await.unwrap();
    shop.work().await;
    let later = look(10).await;
    assert_eq!((sum(&later, "first"), sum(&later, "later")), ((2 * sold, 2), (-sold, 0)));
    assert_eq!(kept().await, 1, "the month that is over is kept, the other is not");
    // What is kept needs no document read any more.
    assert_eq!(sum(&look(0).await, "first"), (2 * sold, 2));
    assert!(look(0).await.unfinished);
}

#[test]
fn a_marketplace_that_cannot_sell_is_told_why() {
    let able = LegalEntity {
        name: "Vitrine".into(),
        country: "DE".into(),
        invoice_prefix: "VT".into(),
        registrations: vec!["DE".into(), "EU-OSS".into()],
        ..LegalEntity::default()
    };
    assert_eq!(may_sell(&able), Ok(()));
    for (wrong, field) in [
        (LegalEntity { invoice_prefix: "v t".into(), ..able.clone() }, "invoice_prefix"),
        (LegalEntity { country: "XX".into(), ..able.clone() }, "country"),
        (LegalEntity { name: " ".into(), ..able.clone() }, "name"),
        (LegalEntity { registrations: vec!["US-ZZ".into()], ..able.clone() }, "registrations"),
    ] {
        assert!(may_sell(&wrong).unwrap_err().contains(field), "{field}");
    }
}

#[tokio::test]
async fn a_list_is_read_by_the_page_over_all_customers_of_an_account() {
    let shop = Shop::open().await;
    let (_, _, id) = invoiced(&shop).await;
    let like = shop.invoices.get(&id).await.unwrap().unwrap();
    let [one, two, other] = [1, 2, 3].map(CustomerId::from_bits);
    let mut wanted = Vec::new();
    for n in 0..270u32 {
        let customer = match n % 27 {
            0 => &two,
            1 => &other,
            _ => &one,
        };
        // Several of one moment, also on both sides of a page's end.
        let invoice = Invoice {
            id: InvoiceId::from_bits(u128::from(n) * 7919 % 1009),
            number: format!("L-{n}"),
            customer: customer.clone(),
            issued_ms: like.issued_ms + i64::from(n / 7),
            ..like.clone()
        };
        if *customer != other {
            wanted.push((invoice.issued_ms, invoice.id.to_string(), invoice.number.clone()));
        }
        let put = TransactOp::Put(Put { item: item(&invoice).unwrap(), condition: None });
        shop.table.transact(Transact { ops: vec![put], token: None }).await.unwrap();
    }
    wanted.sort();
    let wanted: Vec<String> = wanted.into_iter().rev().map(|(_, _, number)| number).collect();
    let place = shop.catalog.place(&shop.guest());
    let (mine, theirs) = ([one, two], [other]);
    let list = async |of: &[CustomerId], cursor: Option<&str>| shop.invoices.list(&place, of, cursor).await;
    let cursor_in = |more: Option<String>| more.map(|to| to.strip_prefix("/invoices?cursor=").unwrap().to_owned());
    let (mut pages, mut cursor) = (Vec::new(), None);
    loop {
        shop.calls.take();
        let page = list(&mine, cursor.as_deref()).await.unwrap();
        let asked = shop.calls.take();
        let asked: Vec<&str> = asked.iter().map(|call| call.split(['#', '+']).next().unwrap()).collect();
        assert_eq!(asked, ["query CUSTOMERINVOICES", "query CUSTOMERINVOICES", "batch_get INVOICE"]);
        pages.push(page.rows.into_iter().map(|row| row.number).collect::<Vec<_>>());
        cursor = cursor_in(page.more);
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 50, 50, 50, 10]);
    assert_eq!(pages[1][1], wanted[51], "the 52nd is on the second page");
    assert_eq!(pages.concat(), wanted, "each once, newest first, and nobody else's");
    // A place in somebody else's list is a moment in one's own.
    let foreign = list(&theirs, None).await.unwrap();
    assert_eq!((foreign.rows.len(), foreign.more), (10, None));
    let newest = format!("{}.{}", like.issued_ms + 100, InvoiceId::from_bits(1));
    assert_eq!(list(&mine, Some(&newest)).await.unwrap().rows[0].number, wanted[0]);
    assert_eq!(list(&theirs, Some(&newest)).await.unwrap().rows.len(), 10);
    for bad in ["", "x", "1", "1.x", "x.y", id.as_str()] {
        let refused = list(&mine, Some(bad)).await.unwrap_err();
        assert_eq!((refused.status, refused.fields["cursor"].as_str()), (422, "bad_cursor"), "{bad}");
    }
    assert_eq!(list(&[], None).await.unwrap_err().status, 401);
}
