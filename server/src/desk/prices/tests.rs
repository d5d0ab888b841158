use std::path::Path;

use vitrine_queue::JobState;
use vitrine_shared::catalog::{LegalEntity, Work};
use vitrine_shared::id::{TenantId, UserId};
use vitrine_shared::pricelist::Typed;
use vitrine_shared::views::prices::SeeAsk;

use super::*;
use crate::catalog::exchange::Importer;
use crate::catalog::jobs::PRICE_DUE;
use crate::config::Config;
use crate::ctx::{Caller, User};
use crate::state::{Adapters, App, mark_demo};

const DAY: i64 = 24 * 60 * 60 * 1000;

struct House {
    desk: Desk,
    app: App,
    nord: TenantId,
    now: i64,
    _dir: tempfile::TempDir,
}

impl House {
    async fn open() -> Self {
        Self::of_platform(None).await
    }

    /// Where the marketplace sells what the law presumes it does.
    async fn of_platform(platform: Option<LegalEntity>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        mark_demo(dir.path()).unwrap();
        let config = Config { data_dir: dir.path().to_path_buf(), platform, ..Config::default() };
        let app = App::open(config, Adapters::default()).await.unwrap();
        let market = Path::new(env!("CARGO_MANIFEST_DIR")).join("../e2e/fixtures/market");
        let rows = std::fs::read_to_string(market.join("catalog.jsonl")).unwrap();
        let (now, records) = (app.clock.now_ms(), app.catalog.records().clone());
        let importer = Importer::new(records.clone(), app.blob.clone(), app.media.clone(), app.queue.clone(), market);
        importer.run(&OpCtx::system("test", now), &rows, |_| {}).await.unwrap();
        let nord = records.store_by_handle("nordlicht").await.unwrap().unwrap().tenant;
        Self { desk: Desk::new(app.clone()), app, nord, now, _dir: dir }
    }

    fn person(&self, number: u128, roles: &[&str], tenants: &[TenantId]) -> OpCtx {
        let user = User {
            id: UserId::from_bits(number),
            email: "a@b.example".into(),
            verified: true,
            name: "A".into(),
            roles: roles.iter().map(|r| (*r).to_owned()).collect(),
            tenants: tenants.to_vec(),
            session: None,
        };
        let base = OpCtx::system("test", self.now);
        OpCtx { caller: Caller::User(user), market: "de".into(), country: "DE".into(), ..base }
    }

    fn seller(&self) -> OpCtx {
        self.person(1, &["creator"], std::slice::from_ref(&self.nord))
    }

    async fn tenant(&self, handle: &str) -> TenantId {
        self.app.catalog.records().store_by_handle(handle).await.unwrap().unwrap().tenant
    }

    async fn edition(&self, tenant: &TenantId, sku: &str) -> (String, WorkBundle) {
        let records = self.app.catalog.records();
        let (variant, work) = records.by_sku(tenant, &[sku]).await.unwrap()[sku].clone();
        (variant.to_string(), records.bundle(&work).await.unwrap().unwrap())
    }

    /// Looks at a change and confirms it as seen.
    async fn confirm(&self, ctx: &OpCtx, attempt: &str) -> Result<String> {
        let seen = self.desk.changes_view(ctx, attempt).await.unwrap().seen;
        self.desk.carry_out(ctx, attempt, &seen).await
    }

    /// What one piece costs in Germany at a moment, minor units.
    async fn asked(&self, sku: &str, at: i64) -> Option<i64> {
        let (variant, bundle) = self.edition(&self.nord, sku).await;
        let market = vitrine_pricing::market::Market::by_id("de").unwrap();
        let variant = variant.parse().unwrap();
        let price = vitrine_shared::views::card::price_for(&bundle.prices, &variant, market, Currency::EUR, at, 1);
        price.map(|p| p.amount_minor)
    }

    async fn grid(&self, ctx: &OpCtx, at: &str, changes: &[(&str, &str, &str)]) -> GridForm {
        let ask = GridAsk { seller: self.nord.to_string(), at: at.into(), ..GridAsk::default() };
        let view = self.desk.prices_view(ctx, &ask, false).await.unwrap();
        let cells = view.rows.iter().flat_map(|row| {
            view.columns.iter().zip(&row.cells).map(|(column, cell)| {
                let change = changes.iter().find(|(sku, place, _)| {
                    row.sku == *sku && *place == format!("{} {}", column.region, column.currency)
                });
                let typed = change.map_or(cell.value.as_str(), |(_, _, amount)| amount).to_owned();
                Cell { field: cell.field.clone(), typed, was: cell.was.clone() }
            })
        });
        GridForm { ask: ask.clone(), cells: cells.collect(), revs: view.revs.iter().cloned().collect() }
    }
}

#[tokio::test]
async fn a_list_is_its_sellers_alone() {
    let house = House::open().await;
    let paper = house.tenant("paper").await;
    let (theirs, _) = house.edition(&paper, "PB-1").await;
    let ctx = house.seller();
    let ask = |seller: &TenantId| GridAsk { seller: seller.to_string(), ..GridAsk::default() };
    let status = |e: Problem| e.status;
    let desk = &house.desk;
    assert_eq!(desk.prices_view(&ctx, &ask(&paper), false).await.map_err(status).unwrap_err(), 404);
    assert_eq!(desk.edition_prices(&ctx, &theirs, "", false).await.map_err(status).unwrap_err(), 404);
    assert_eq!(desk.propose_price(&ctx, &theirs, &Typed::default(), "", 1).await.map_err(status).unwrap_err(), 404);
    assert_eq!(desk.prices_csv(&ctx, paper.as_str()).await.map_err(status).unwrap_err(), 404);
    let see = SeeAsk { seller: paper.to_string(), ..SeeAsk::default() };
    assert_eq!(desk.see_prices(&ctx, &see).await.map_err(status).unwrap_err(), 404);
    let rows = "sku,region,currency,amount\nPB-1,eu,EUR,1\n";
    assert_eq!(desk.propose_csv(&ctx, paper.as_str(), rows).await.map_err(status).unwrap_err(), 404);
    // Another's number in one's own file is an unknown one, and another's edition in one's own form is none.
    let attempt = desk.propose_csv(&ctx, house.nord.as_str(), rows).await.unwrap();
    assert_eq!(desk.changes_view(&ctx, &attempt).await.unwrap().refused[0].code, "fault-price-sku");
    let cell = Cell { field: format!("{theirs}-eu-EUR"), typed: "1".into(), was: String::new() };
    let form = GridForm { ask: ask(&house.nord), cells: vec![cell], ..GridForm::default() };
    assert_eq!(desk.propose_grid(&ctx, &form).await.map_err(status).unwrap_err(), 404);
    // A change is the one's who made it.
    let other = house.person(2, &["creator"], std::slice::from_ref(&house.nord));
    assert_eq!(desk.changes_view(&other, &attempt).await.map_err(status).unwrap_err(), 404);
    assert_eq!(desk.carry_out(&other, &attempt, "").await.map_err(status).unwrap_err(), 404);
    for (ctx, want) in [
        (house.person(3, &["buyer"], &[]), 403),
        (house.person(4, &["staff"], &[]), 403),
        (OpCtx { caller: Caller::Anonymous, ..house.seller() }, 401),
    ] {
        assert_eq!(desk.prices_view(&ctx, &GridAsk::default(), false).await.map_err(status).unwrap_err(), want);
    }
    let admin = house.person(5, &["admin"], &[]);
    assert_eq!(desk.prices_view(&admin, &ask(&paper), false).await.unwrap().rows[0].sku, "PB-1");
}

#[tokio::test]
async fn a_changed_cell_is_shown_and_then_written_once() {
    let house = House::open().await;
    let ctx = house.seller();
    let form = house.grid(&ctx, "", &[("HL-D", "eu EUR", "6,50"), ("FT-D", "eu EUR", "2.00")]).await;
    let attempt = house.desk.propose_grid(&ctx, &form).await.unwrap();
    let view = house.desk.changes_view(&ctx, &attempt).await.unwrap();
    let told: Vec<(String, String)> = view
        .changes
        .iter()
        .map(|c| (c.old.clone().unwrap_or_default().amount, c.new.clone().unwrap_or_default().amount))
        .collect();
    assert_eq!(view.count, 2);
    assert!(
        told.contains(&("€8.00".into(), "€6.50".into())) && told.contains(&(String::new(), "€2.00".into())),
        "{told:?}"
    );
    assert_eq!(house.asked("HL-D", ctx.now_ms).await, Some(800), "nothing is written yet");
    house.desk.carry_out(&ctx, &attempt, &view.seen).await.unwrap();
    assert_eq!(house.asked("HL-D", ctx.now_ms).await, Some(650));
    let (_, once) = house.edition(&house.nord, "HL-D").await;
    // The same press again: nothing more, whatever it says it saw.
    house.desk.carry_out(&ctx, &attempt, &view.seen).await.unwrap();
    house.desk.carry_out(&ctx, &attempt, "").await.unwrap();
    let (_, twice) = house.edition(&house.nord, "HL-D").await;
    assert_eq!(once, twice);
    let of: Vec<_> = once.prices.iter().filter(|p| p.region == "eu").map(|p| (p.amount_minor, p.valid_to_ms)).collect();
    assert_eq!(of, [(800, Some(ctx.now_ms)), (650, None)], "the old one has an end and is there");
    let trail = audit::of(&*house.app.table, once.work.id.as_str()).await.unwrap();
    assert_eq!(trail.iter().filter(|e| e.act == "prices.changed").count(), 1, "{trail:?}");
    // Typed as it is: nothing to change.
    let form = house.grid(&ctx, "", &[("HL-D", "eu EUR", " 6.50 ")]).await;
    assert_eq!(house.desk.propose_grid(&ctx, &form).await.unwrap_err().code, "price_nothing");
}

#[tokio::test]
async fn who_was_slower_is_told_and_loses_nothing() {
    let house = House::open().await;
    let ctx = house.seller();
    let form = house.grid(&ctx, "", &[("HL-D", "eu EUR", "6.50"), ("FT-D", "eu EUR", "2.00")]).await;
    let late = house.desk.propose_grid(&ctx, &form).await.unwrap();
    let seen = house.desk.changes_view(&ctx, &late).await.unwrap().seen;
    let other = house.person(2, &["creator"], std::slice::from_ref(&house.nord));
    let quick = house.grid(&other, "", &[("HL-D", "eu EUR", "7.00")]).await;
    let quick = house.desk.propose_grid(&other, &quick).await.unwrap();
    house.confirm(&other, &quick).await.unwrap();
    let refused = house.desk.carry_out(&ctx, &late, &seen).await.unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (409, "changed_meanwhile"));
    assert_eq!(house.asked("HL-D", ctx.now_ms + 9).await, Some(700));
    // It is shown anew from what is there now, and may be confirmed.
    let view = house.desk.changes_view(&ctx, &late).await.unwrap();
    assert!(view.changes.iter().any(|c| c.old.as_ref().is_some_and(|p| p.amount == "€7.00")), "{view:?}");
    house.desk.carry_out(&ctx, &late, &view.seen).await.unwrap();
    assert_eq!(house.asked("HL-D", ctx.now_ms + 9).await, Some(650));
    // A page that shows an older version cannot propose; what was typed stays.
    let refused = house.desk.propose_grid(&ctx, &form).await.unwrap_err();
    assert_eq!(refused.code, "changed_meanwhile");
    house.desk.keep_grid(&ctx, &form, &refused.fields).await.unwrap();
    let view = house.desk.prices_view(&ctx, &form.ask, true).await.unwrap();
    assert!(view.kept && view.rows.iter().flat_map(|r| &r.cells).any(|c| c.value == "2.00"));
}

#[tokio::test]
async fn faults_stand_at_their_cells_and_fields() {
    let house = House::open().await;
    let ctx = house.seller();
    for (typed, code) in
        [("-1", "negative"), ("10000000.01", "high"), ("1.234", "decimals"), ("x", "amount"), ("", "empty")]
    {
        let form = house.grid(&ctx, "", &[("HL-D", "eu EUR", typed)]).await;
        let refused = house.desk.propose_grid(&ctx, &form).await.unwrap_err();
        let (variant, _) = house.edition(&house.nord, "HL-D").await;
        assert_eq!(
            (refused.status, refused.fields[&format!("{variant}-eu-EUR")].as_str()),
            (422, &*format!("fault-price-{code}"))
        );
        house.desk.keep_grid(&ctx, &form, &refused.fields).await.unwrap();
        let kept = house.desk.prices_view(&ctx, &form.ask, true).await.unwrap();
        let cell = kept.rows.iter().flat_map(|r| &r.cells).find(|c| c.fault.is_some()).unwrap();
        assert_eq!(cell.value, typed);
    }
    let (variant, bundle) = house.edition(&house.nord, "HL-D").await;
    let typed = Typed {
        region: "eu".into(),
        currency: "EUR".into(),
        amount: "5".into(),
        minimum: "6".into(),
        compare_at: "4".into(),
        ..Typed::default()
    };
    let refused = house.desk.propose_price(&ctx, &variant, &typed, "", bundle.work.rev).await.unwrap_err();
    let fields: Vec<&str> = refused.fields.keys().map(String::as_str).collect();
    assert_eq!(fields, ["compare_at", "minimum"]);
    house.desk.keep_price(&ctx, &variant, &typed, "", &refused.fields).await.unwrap();
    assert_eq!(house.desk.edition_prices(&ctx, &variant, "", true).await.unwrap().form, typed);
    // Yesterday is looked at, not changed.
    let past = vitrine_shared::pricelist::moment_text(ctx.now_ms - DAY);
    let form = house.grid(&ctx, &past, &[("HL-D", "eu EUR", "5")]).await;
    assert_eq!(house.desk.propose_grid(&ctx, &form).await.unwrap_err().fields["at"], "fault-price-past");
}

#[tokio::test]
async fn a_scheduled_price_takes_effect_and_its_moment_is_heard() {
    let house = House::open().await;
    let ctx = house.seller();
    let (variant, bundle) = house.edition(&house.nord, "HL-D").await;
    let begins = (ctx.now_ms / DAY + 3) * DAY;
    let typed = Typed {
        region: "eu".into(),
        currency: "EUR".into(),
        kind: "fixed".into(),
        amount: "5.00".into(),
        compare_at: "8.00".into(),
        from: vitrine_shared::pricelist::moment_text(begins),
        to: vitrine_shared::pricelist::moment_text(begins + DAY),
        ..Typed::default()
    };
    let attempt = house.desk.propose_price(&ctx, &variant, &typed, "", bundle.work.rev).await.unwrap();
    let view = house.desk.changes_view(&ctx, &attempt).await.unwrap();
    assert!(view.changes[0].at.is_some() && view.changes[0].to.is_some(), "{view:?}");
    house.confirm(&ctx, &attempt).await.unwrap();
    let mut seen = Vec::new();
    for at in [begins - 1, begins, begins + DAY - 1, begins + DAY] {
        seen.push(house.asked("HL-D", at).await);
    }
    assert_eq!(seen, [800, 500, 500, 800].map(Some));
    for at in [begins, begins + DAY] {
        let state = house.app.queue.state(PRICE_DUE, &format!("{}/{at}", bundle.work.id)).await.unwrap();
        assert_eq!(state, Some(JobState::Waiting), "pages hear of it");
    }
    // The grid shows it on its day, and a buyer of that day sees it with the lowest price of the thirty days before.
    let at = vitrine_shared::pricelist::moment_text(begins);
    let ask = GridAsk { seller: house.nord.to_string(), at, q: "harbour lights".into(), ..GridAsk::default() };
    let grid = house.desk.prices_view(&ctx, &ask, false).await.unwrap();
    assert!(
        grid.rows[0].cells.iter().any(|c| c.value == "5.00" && c.compare_at.as_deref() == Some("8.00")),
        "{grid:?}"
    );
    let day = vitrine_pricing::date::Date::from_unix_ms(begins).unwrap().to_string();
    let see = SeeAsk { skus: "HL-D".into(), country: "DE".into(), date: day, ..SeeAsk::default() };
    let seen = house.desk.see_prices(&ctx, &see).await.unwrap();
    let line = &seen.lines[0];
    assert_eq!((line.unit.clone().unwrap().amount.as_str(), line.lowest.as_deref()), ("€5.00", Some("€8.00")));
    // It is ended before it begins.
    let (_, bundle) = house.edition(&house.nord, "HL-D").await;
    let key = house.desk.edition_prices(&ctx, &variant, "", false).await.unwrap();
    let key = key.entries.iter().find(|e| e.state == "price-to-come").unwrap().key.clone();
    let end = EndForm { key, at: String::new(), rev: bundle.work.rev };
    let attempt = house.desk.propose_end(&ctx, &variant, &end).await.unwrap();
    house.confirm(&ctx, &attempt).await.unwrap();
    assert_eq!(house.asked("HL-D", begins + 1).await, Some(800));
}

#[tokio::test]
async fn the_works_own_page_closes_prices_and_its_moments_are_heard() {
    let house = House::open().await;
    let ctx = house.seller();
    let (_, bundle) = house.edition(&house.nord, "HL-D").await;
    let base = bundle.prices.iter().find(|p| p.region == "eu").unwrap();
    // A reduction that runs, whose end nobody waits for, and a step that the page does not show.
    let until = ctx.now_ms + DAY;
    let sale = PriceRecord { amount_minor: 600, valid_from_ms: 5, valid_to_ms: Some(until), ..base.clone() };
    let step = PriceRecord { amount_minor: 300, valid_from_ms: 9, min_quantity: 10, ..base.clone() };
    for price in [sale, step] {
        let item = crate::catalog::store::items::price(&bundle.work.id, &price).unwrap();
        house.app.table.put(vitrine_table::Put { item, condition: None }).await.unwrap();
    }
    let work: Work = bundle.work.clone();
    let field = format!("price-{}-eu-EUR", bundle.products[0].variants[0].id);
    let edit = crate::desk::Edit {
        title: work.title.clone(),
        description: work.description_html.clone(),
        prices: [(field, "7,25".to_owned())].into_iter().collect(),
        rev: work.rev,
        ..Default::default()
    };
    house.desk.edit(&ctx, work.id.as_str(), &edit).await.unwrap();
    let seen = [house.asked("HL-D", ctx.now_ms).await, house.asked("HL-D", until).await];
    assert_eq!(seen, [Some(725), Some(800)], "the reduction is another, and ends when it would have");
    let (_, after) = house.edition(&house.nord, "HL-D").await;
    let ended =
        |amount: i64| after.prices.iter().find(|p| p.region == "eu" && p.amount_minor == amount).unwrap().valid_to_ms;
    assert_eq!((ended(600), ended(800), ended(300)), (Some(ctx.now_ms), None, None));
    let job = house.app.queue.state(PRICE_DUE, &format!("{}/{until}", work.id)).await.unwrap();
    assert_eq!(job, Some(JobState::Waiting));
}

#[tokio::test]
async fn a_file_comes_back_as_no_change_and_a_bad_row_stops_no_other() {
    let house = House::open().await;
    let ctx = house.seller();
    let seller = house.nord.as_str();
    let (variant, bundle) = house.edition(&house.nord, "HL-D").await;
    let later = vitrine_shared::pricelist::moment_text(ctx.now_ms + DAY);
    let step = Typed {
        region: "de".into(),
        currency: "EUR".into(),
        amount: "7".into(),
        min_quantity: "10".into(),
        from: later,
        ..Typed::default()
    };
    let attempt = house.desk.propose_price(&ctx, &variant, &step, "", bundle.work.rev).await.unwrap();
    house.confirm(&ctx, &attempt).await.unwrap();
    let form = house.grid(&ctx, "", &[("HL-D", "us USD", "9.99")]).await;
    let attempt = house.desk.propose_grid(&ctx, &form).await.unwrap();
    house.confirm(&ctx, &attempt).await.unwrap();

    let text = house.desk.prices_csv(&ctx, seller).await.unwrap();
    assert!(text.starts_with("sku,edition,region,"), "{text}");
    // As the file comes: with the mark.
    let text = format!("\u{feff}{text}");
    let rows = text.lines().count() - 1;
    let attempt = house.desk.propose_csv(&ctx, seller, &text).await.unwrap();
    let view = house.desk.changes_view(&ctx, &attempt).await.unwrap();
    assert_eq!((view.count, view.same, view.refused_count), (0, rows, 0), "{text}\n{view:?}");
    let semicolons = text.replace(',', ";");
    let attempt = house.desk.propose_csv(&ctx, seller, &semicolons).await.unwrap();
    assert_eq!(house.desk.changes_view(&ctx, &attempt).await.unwrap().same, rows);

    // Case 51: a mark, quotes, bad rows.
    let text = "\u{feff}sku;region;currency;amount;compare_at;valid_to\r\n\
                HL-D;eu;EUR;\"6,50\";8;\r\n\
                NO-1;eu;EUR;1;;\r\n\
                HL-D;mars;EUR;1;;\r\n\
                HL-D;jp;JPY;9.5;;\r\n\
                HL-D;jp\r\n\
                HL-D;jp;JPY;1200;;\r\n";
    let attempt = house.desk.propose_csv(&ctx, seller, text).await.unwrap();
    let view = house.desk.changes_view(&ctx, &attempt).await.unwrap();
    let told: Vec<(u64, &str)> =
        view.refused.iter().map(|r| (r.row, r.code.trim_start_matches("fault-price-"))).collect();
    assert_eq!(told, [(3, "sku"), (4, "region"), (5, "decimals"), (6, "row")]);
    assert_eq!(view.count, 2);
    house.confirm(&ctx, &attempt).await.unwrap();
    assert_eq!(house.asked("HL-D", ctx.now_ms + 9).await, Some(650));
    let (_, after) = house.edition(&house.nord, "HL-D").await;
    assert!(after.prices.iter().any(|p| p.currency == "JPY" && p.amount_minor == 1200));
}

#[tokio::test]
async fn what_a_buyer_sees_is_the_doors_own_answer() {
    let house = House::open().await;
    let ctx = house.seller();
    let see = SeeAsk { skus: "HL-D".into(), country: "FR".into(), quantity: "2".into(), ..SeeAsk::default() };
    let view = house.desk.see_prices(&ctx, &see).await.unwrap();
    assert_eq!((view.market.as_str(), view.trouble.clone()), ("fr", None));
    let verdicts: Vec<(&str, &str)> =
        view.lines[0].lookup.iter().map(|(p, v)| (p.region.as_str(), v.as_str())).collect();
    assert_eq!(verdicts, [("eu", "lookup-wins"), ("us", "lookup-region")]);
    assert!(view.taxes[0].rate.contains("20") && !view.taxes[0].law.is_empty(), "{:?}", view.taxes);
    // The document that is shown is the one that is answered.
    let document = crate::pricing::read(view.document.as_bytes()).unwrap();
    let quote = house.app.quotes.quote(&ctx, document).await.unwrap();
    assert_eq!(quote.totals.gross.minor(), 1600);
    assert_eq!(
        view.sums.last().unwrap().text,
        money(quote.totals.gross.minor(), "EUR", house.app.catalog.place(&ctx).locale)
    );
    let confirmed = SeeAsk { business: true, confirmed: true, tax_id: "FR40303265045".into(), ..see.clone() };
    let view = house.desk.see_prices(&ctx, &confirmed).await.unwrap();
    assert_eq!((view.taxes.len(), view.tax_note.as_deref()), (0, Some("tax-note-reverse-charged")));
    // Nothing for sale there is said, not guessed.
    let view = house.desk.see_prices(&ctx, &SeeAsk { country: "JP".into(), ..see.clone() }).await.unwrap();
    assert_eq!(view.trouble.unwrap().1, "not_for_sale");
    let view =
        house.desk.see_prices(&ctx, &SeeAsk { skus: "HL-D, NO-1".into(), date: "soon".into(), ..see }).await.unwrap();
    assert_eq!(view.faults.len(), 2);
}

#[tokio::test]
async fn what_a_buyer_sees_names_the_marketplace_where_it_sells() {
    let platform = LegalEntity {
        name: "Vitrine Marketplace Ltd".into(),
        country: "IE".into(),
        registrations: vec!["IE".into(), "EU-OSS".into(), "US-NJ".into()],
        invoice_prefix: "VM".into(),
        ..LegalEntity::default()
    };
    let house = House::of_platform(Some(platform)).await;
    let ctx = house.seller();
    let see =
        |region: &str| SeeAsk { skus: "HL-D".into(), country: "US".into(), region: region.into(), ..SeeAsk::default() };
    let view = house.desk.see_prices(&ctx, &see("NJ")).await.unwrap();
    assert_eq!((view.sold_by.as_deref(), view.trouble.clone()), (Some("Vitrine Marketplace Ltd"), None));
    // 6.625 % of 9.00, which the shop is not registered for.
    assert!(view.taxes[0].rate.contains("6.625") && view.taxes[0].amount.contains("0.60"), "{:?}", view.taxes);
    let view = house.desk.see_prices(&ctx, &see("NY")).await.unwrap();
    assert_eq!((view.sold_by, view.taxes.len()), (None, 0));
}

#[tokio::test]
async fn what_a_buyer_sees_is_in_the_currency_that_a_cart_is_paid_in() {
    let house = House::open().await;
    let rows = r#"{"type":"tenant","ref":"far","name":"Far","legal":{"name":"Far GmbH","address":["Weg 2","20457 Hamburg"],"country":"DE","email":"shop@far.example","tax_ids":["DE123456789"],"invoice_prefix":"FA","registrations":["DE","EU-OSS"]},"currency":"EUR","locale":"de-DE","fee_bps":1000}
{"type":"store","ref":"far","tenant":"far","handle":"far","name":"Far","ships_from":"DE","no_rule":"export","shipping":[{"zone":"*","up_to_g":2000,"amount_minor":900,"currency":"USD"},{"zone":"EU","up_to_g":2000,"amount_minor":700,"currency":"EUR"}]}
{"type":"maker","ref":"who","tenant":"far","kind":"author","name":"Who"}
{"type":"work","ref":"pages","store":"far","kind":"book","title":"Far Pages","makers":["who"],"released":"2024-03-01","genres":["fiction"],"language":"en","products":[{"ref":"p","kind":"physical","title":"Paperback","tax_class":"printed_book","variants":[{"sku":"FP-1","weight_g":280,"stock":9,"prices":[{"region":"world","currency":"USD","minor":1500},{"region":"world","currency":"EUR","minor":1200}]}]}]}"#;
    let app = &house.app;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../e2e/fixtures/market");
    let records = app.catalog.records().clone();
    let importer = Importer::new(records, app.blob.clone(), app.media.clone(), app.queue.clone(), root);
    importer.run(&OpCtx::system("test", house.now), rows, |_| {}).await.unwrap();
    let far = house.tenant("far").await;
    let ctx = house.person(1, &["creator"], std::slice::from_ref(&far));
    let see = |country: &str| SeeAsk { skus: "FP-1".into(), country: country.into(), ..SeeAsk::default() };
    // Its euros are sent in the Union only.
    for (country, currency) in [("NO", "USD"), ("DE", "EUR")] {
        let view = house.desk.see_prices(&ctx, &see(country)).await.unwrap();
        assert_eq!((view.currency.as_str(), view.trouble), (currency, None), "{country}");
    }
}
