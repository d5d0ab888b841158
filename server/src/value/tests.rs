use futures::future::join_all;
use vitrine_clock::Clock;
use vitrine_pricing::money::Currency;
use vitrine_table::{Transact, TransactOp};

use super::ledger::amount;
use super::store::{self, account_key, code_key};
use super::*;
use crate::ctx::OpCtx;
use crate::testing::{NOW, Shop};

const DAY: i64 = 24 * 60 * 60 * 1000;

fn euro() -> Currency {
    Currency::all().find(|c| c.code() == "EUR").unwrap()
}

fn credit(attempt: &str, amount: &str) -> NewCredit {
    NewCredit {
        attempt: format!("{attempt:x<16}"),
        amount: amount.into(),
        currency: "EUR".into(),
        reason: "sorry".into(),
        ..NewCredit::default()
    }
}

/// A customer: somebody who signed in and bought something.
async fn customer(shop: &Shop, number: u128) -> (OpCtx, CustomerId) {
    let who = shop.user(number, &format!("u{number}@example.org"), &["buyer"], &[]);
    let ctx = shop.fill(&who, &["Free Tide"]).await;
    let placed = shop.place(&ctx).await.unwrap();
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    (ctx, checkout.customer)
}

async fn sums(shop: &Shop, id: &ValueId) -> (i64, i64, i64) {
    let account = shop.values.account(id).await.unwrap().unwrap();
    let entries = shop.values.entries(id).await.unwrap();
    (account.available, account.held, entries.iter().map(|e| e.delta_minor).sum())
}

#[tokio::test]
async fn given_top_up_17_9699999999_when_posted_must_give_equal_ledger_entry_and_balance_17_97() {
    for shop in Shop::both().await {
        let (_, customer) = customer(&shop, 1).await;
        let staff = shop.staff();
        let id = shop.values.give_credit(&staff, &customer, &credit("top-up", "17.9699999999")).await.unwrap();
        let entries = shop.values.entries(&id).await.unwrap();
        assert_eq!(entries.iter().map(|e| e.delta_minor).collect::<Vec<_>>(), [1797]);
        assert_eq!(sums(&shop, &id).await, (1797, 0, 1797));
        assert_eq!(shop.violations().await, []);
    }
}

#[test]
fn amounts_are_rounded_half_up_before_they_are_posted() {
    let yen = Currency::all().find(|c| c.code() == "JPY").unwrap();
    for (text, currency, wanted) in [
        ("17.9699999999", euro(), 1797),
        ("0.005", euro(), 1),
        ("17.965", euro(), 1797),
        ("17.9649999", euro(), 1796),
        (" 25 ", euro(), 2500),
        ("1.5", yen, 2),
        ("1.4", yen, 1),
        ("1000000", euro(), MAX_ENTRY),
    ] {
        assert_eq!(amount("amount", text, currency).unwrap(), wanted, "{text}");
    }
    for wrong in ["", "0", "0.004", "-1", "-0.999", "1e3", "1,5", "1.x99", "1.99x", "1000000.01", "1000000.005", "."] {
        assert_eq!(amount("amount", wrong, euro()).unwrap_err().status, 422, "{wrong}");
    }
    assert!(amount("amount", &"9".repeat(200), euro()).is_err());
}

#[tokio::test]
async fn ten_parallel_debits_on_5_allow_5() {
    for shop in Shop::both().await {
        let (id, _) = shop.card(5).await;
        let source = Source { account: id.clone(), kind: Kind::GiftCard, last4: String::new(), amount_minor: 1 };
        let debit = async |number: usize| {
            let entry = store::payment(&source, &format!("co_{number}"), "EUR", NOW);
            let ops = store::redeem_unheld(&source, &entry, NOW).unwrap().to_vec();
            vitrine_table::retry::retrying(|| shop.table.transact(Transact { ops: ops.clone(), token: None })).await
        };
        let done = join_all((0..10).map(debit)).await;
        assert_eq!(done.iter().filter(|d| d.is_ok()).count(), 5, "{done:?}");
        assert_eq!(sums(&shop, &id).await, (0, 0, 0));
    }
}

#[tokio::test]
async fn concurrent_credits_are_not_doubled() {
    for shop in Shop::both().await {
        let (_, customer) = customer(&shop, 1).await;
        let staff = shop.staff();
        let give = async |attempt: &str, amount: &str| {
            for _ in 0..10 {
                match shop.values.give_credit(&staff, &customer, &credit(attempt, amount)).await {
                    Err(problem) if problem.code == "changed_meanwhile" => {}
                    done => return done.unwrap(),
                }
            }
            panic!("it never came through")
        };
        let ids = join_all((0..8).map(|_| give("same", "3.00"))).await;
        assert_eq!(sums(&shop, &ids[0]).await, (300, 0, 300), "one attempt is one entry");
        let names: Vec<String> = (0..8).map(|n| format!("other-{n}")).collect();
        join_all(names.iter().map(|name| give(name, "1.00"))).await;
        assert_eq!(sums(&shop, &ids[0]).await, (1100, 0, 1100));
    }
}

#[tokio::test]
async fn of_a_code_only_a_keyed_hash_is_kept_and_a_resent_one_ends_it() {
    for shop in Shop::both().await {
        let (id, code) = shop.card(2500).await;
        let typed = Code::typed(&code).unwrap();
        assert_eq!(shop.values.by_code(&typed).await.unwrap().unwrap().id, id);
        for key in [account_key(&id), code_key(&typed.hash(&shop.values.secret))] {
            let item = shop.table.get(&key, vitrine_table::Consistency::Strong).await.unwrap().unwrap();
            let text = serde_json::to_string(&item).unwrap().replace('-', "");
            assert!(!text.contains(&code.replace('-', "")) && !text.contains("kim@"), "{text}");
        }
        let trail = crate::audit::of(&*shop.table, id.as_str()).await.unwrap();
        assert!(!serde_json::to_string(&trail).unwrap().contains(&code));
        let staff = shop.staff();
        for _ in 0..2 {
            shop.values.resend(&staff, &id, &"again".repeat(4)).await.unwrap();
        }
        let second = shop.sent_code(&id).await;
        assert_ne!(second, code);
        assert_eq!(shop.values.by_code(&typed).await.unwrap(), None, "the old code opens nothing");
        assert_eq!(shop.values.by_code(&Code::typed(&second).unwrap()).await.unwrap().unwrap().id, id);
        assert_eq!(sums(&shop, &id).await, (2500, 0, 2500), "a code is no money");
    }
}

#[tokio::test]
async fn a_card_is_sent_on_its_day_and_once() {
    for shop in Shop::both().await {
        let staff = shop.staff();
        let new = NewCard {
            attempt: "a".repeat(16),
            amount: "25".into(),
            currency: "EUR".into(),
            recipient: "kim@example.org".into(),
            message: "For you\nfrom me".into(),
            deliver_ms: Some(NOW + DAY),
            ends_ms: Some(NOW + 400 * DAY),
            locale: "de-DE".into(),
            reason: "won".into(),
            ..NewCard::default()
        };
        let id = shop.values.issue(&staff, &new).await.unwrap();
        assert_eq!(shop.values.issue(&staff, &new).await.unwrap(), id, "one attempt is one card");
        let other = NewCard { amount: "26".into(), ..new.clone() };
        assert_eq!(shop.values.issue(&staff, &other).await.unwrap_err().code, "attempt_reused");
        for other in [
            NewCard { recipient: "lou@example.org".into(), ..new.clone() },
            NewCard { message: "For somebody else".into(), ..new.clone() },
            NewCard { ends_ms: None, ..new.clone() },
        ] {
            assert_eq!(shop.values.issue(&staff, &other).await.unwrap_err().code, "attempt_reused");
        }
        let mails = async || shop.mails(handlers(shop.values.clone()), &["gift/"]).await;
        assert_eq!(mails().await.len(), 0, "not before its day");
        assert_eq!(shop.values.sent_ms(&id).await.unwrap(), None);
        shop.clock.advance_ms(DAY);
        let sent = mails().await;
        assert_eq!(sent.len(), 1);
        assert!(sent[0].text.contains("> For you\n> from me") && sent[0].subject.contains("25,00"), "{sent:?}");
        let ctx = OpCtx::system("test", shop.clock.now_ms());
        shop.values.deliver(&ctx, &id, "first").await.unwrap();
        assert_eq!(mails().await.len(), 0, "once, whatever is repeated");
        assert_eq!(shop.values.sent_ms(&id).await.unwrap(), Some(NOW + DAY));
    }
}

#[tokio::test]
async fn a_letter_with_a_code_waits_sealed() {
    for shop in Shop::both().await {
        let new = NewCard {
            attempt: "a".repeat(16),
            amount: "5".into(),
            currency: "EUR".into(),
            recipient: "kim@example.org".into(),
            locale: "en-US".into(),
            reason: "won".into(),
            ..NewCard::default()
        };
        let id = shop.values.issue(&shop.staff(), &new).await.unwrap();
        shop.values.deliver(&OpCtx::system("test", NOW), &id, "first").await.unwrap();
        let key = vitrine_table::Key::new(format!("JOB#{}#gift/{id}/first", crate::accounts::SEND), "JOB");
        let item = shop.table.get(&key, vitrine_table::Consistency::Strong).await.unwrap().unwrap();
        let waits = serde_json::to_string(&item).unwrap();
        let last4 = shop.values.account(&id).await.unwrap().unwrap().last4;
        assert!(
            waits.contains("sealed") && !waits.contains("kim@") && !waits.contains(&format!("-{last4}")),
            "{waits}"
        );
        assert_eq!(shop.sent_code(&id).await[15..], last4);
    }
}

#[tokio::test]
async fn one_attempt_gives_one_credit_to_one_customer() {
    for shop in Shop::both().await {
        let staff = shop.staff();
        let (_, first) = customer(&shop, 1).await;
        let (_, second) = customer(&shop, 2).await;
        let wish = credit("once", "3.00");
        let id = shop.values.give_credit(&staff, &first, &wish).await.unwrap();
        assert_eq!(shop.values.give_credit(&staff, &first, &wish).await.unwrap(), id);
        let reason = NewCredit { reason: "another".into(), ..wish.clone() };
        let amount = credit("once", "4.00");
        for (whom, what) in [(&first, &reason), (&first, &amount), (&second, &wish)] {
            let refused = shop.values.give_credit(&staff, whom, what).await.unwrap_err();
            assert_eq!((refused.status, refused.code.as_str()), (422, "attempt_reused"));
        }
        assert_eq!(sums(&shop, &id).await, (300, 0, 300));
        assert_eq!(shop.violations().await, []);
    }
}

#[tokio::test]
async fn nothing_is_stranded_on_a_card_that_is_over() {
    for shop in Shop::both().await {
        let of = |amount: &str| NewCard { amount: amount.into(), ends_ms: Some(NOW + DAY), ..NewCard::default() };
        let (id, _) = shop.card_like(of("10")).await;
        let source = Source { account: id.clone(), kind: Kind::GiftCard, last4: String::new(), amount_minor: 400 };
        let transact = async |ops: Vec<TransactOp>| shop.table.transact(Transact { ops, token: None }).await;
        let entry = store::payment(&source, "co_1", "EUR", NOW);
        transact(store::redeem_unheld(&source, &entry, NOW).unwrap().to_vec()).await.unwrap();
        transact(vec![store::hold(&source, NOW)]).await.unwrap();
        shop.clock.advance_ms(DAY);
        shop.work().await;
        assert_eq!(sums(&shop, &id).await, (0, 400, 400), "what is held is the payment's");
        // Let go, and a refund decided by a clock that is behind.
        transact(vec![store::let_go(&source)]).await.unwrap();
        let buyer = CustomerId::from_bits(3);
        shop.values.give_back(NOW + DAY - 1, &buyer, "EUR", "rf_1", std::slice::from_ref(&source)).await.unwrap();
        assert_eq!(sums(&shop, &id).await, (800, 0, 800));
        shop.work().await;
        assert_eq!(sums(&shop, &id).await, (0, 0, 0));
        // One that sees the end gives store credit instead.
        shop.values.give_back(NOW + DAY, &buyer, "EUR", "rf_2", std::slice::from_ref(&source)).await.unwrap();
        assert_eq!(
            (sums(&shop, &id).await, sums(&shop, &store::credit_id(&buyer, "EUR", None)).await),
            ((0, 0, 0), (400, 0, 400))
        );
        let mut late = entry.clone();
        (late.key, late.delta_minor, late.at_ms) = ("late".into(), 1, NOW + DAY);
        assert!(transact(store::credit(&late).unwrap().to_vec()).await.is_err(), "nothing comes into what is over");
    }
}

#[tokio::test]
async fn only_staff_issue_resend_and_end() {
    let shop = Shop::open().await;
    let (id, _) = shop.card(100).await;
    let (buyer, customer) = customer(&shop, 1).await;
    let new = NewCard { attempt: "a".repeat(16), amount: "1".into(), currency: "EUR".into(), ..NewCard::default() };
    let key = OpCtx {
        caller: crate::ctx::Caller::Key {
            id: "key_x".into(),
            tenant: None,
            scopes: crate::rest::keys::SCOPES.iter().map(|s| (*s).to_owned()).collect(),
        },
        ..shop.guest()
    };
    let creator = shop.user(7, "c@example.org", &["creator"], &[]);
    for (who, status) in [(&shop.guest(), 401), (&buyer, 403), (&creator, 403), (&key, 403)] {
        let wish = credit("theirs", "1");
        assert_eq!(shop.values.issue(who, &new).await.unwrap_err().status, status);
        assert_eq!(shop.values.give_credit(who, &customer, &wish).await.unwrap_err().status, status);
        assert_eq!(shop.values.end(who, &id, "x").await.unwrap_err().status, status);
        assert_eq!(shop.values.resend(who, &id, &"r".repeat(16)).await.unwrap_err().status, status);
    }
    let nobody = CustomerId::from_bits(7);
    let missing = shop.values.give_credit(&shop.staff(), &nobody, &credit("x", "1")).await.unwrap_err();
    assert_eq!(missing.status, 404);
}

#[tokio::test]
async fn what_expires_or_is_ended_is_posted_as_such() {
    for shop in Shop::both().await {
        let lasting = shop.card(300).await.0;
        let ending =
            shop.card_like(NewCard { amount: "2".into(), ends_ms: Some(NOW + DAY), ..NewCard::default() }).await.0;
        let ended = shop.card(400).await.0;
        let staff = shop.staff();
        assert_eq!(shop.values.end(&staff, &ended, " ").await.unwrap_err().status, 422, "not without a reason");
        for _ in 0..2 {
            shop.values.end(&staff, &ended, "stolen").await.unwrap();
        }
        assert_eq!(shop.values.resend(&staff, &ended, &"r".repeat(16)).await.unwrap_err().code, "value_over");
        shop.work().await;
        assert_eq!(sums(&shop, &ending).await.0, 200, "not before its time");
        shop.clock.advance_ms(DAY);
        shop.work().await;
        let houses = async |id: &ValueId| {
            shop.values.entries(id).await.unwrap().iter().map(|e| (e.house, e.delta_minor)).collect::<Vec<_>>()
        };
        assert_eq!(houses(&ending).await, [(House::Issued, 200), (House::Expired, -200)]);
        assert_eq!(houses(&ended).await, [(House::Issued, 400), (House::Ended, -400)]);
        assert_eq!(houses(&lasting).await, [(House::Issued, 300)]);
        let acts = crate::audit::of(&*shop.table, ended.as_str()).await.unwrap();
        assert_eq!(acts.iter().filter(|a| a.act == "value.ended").count(), 1);
        assert_eq!(shop.violations().await, []);
    }
}

#[tokio::test]
async fn erasure_keeps_totals() {
    for shop in Shop::both().await {
        let (ctx, customer) = customer(&shop, 1).await;
        let id = shop.values.give_credit(&shop.staff(), &customer, &credit("first", "9.00")).await.unwrap();
        let before = (sums(&shop, &id).await, shop.values.entries(&id).await.unwrap());
        let destroy = vitrine_table::UpdateItem {
            key: crate::checkout::store::customer_key(&customer),
            updates: vec![vitrine_table::Update::Remove("key".into())],
            condition: None,
        };
        shop.table.update(destroy).await.unwrap();
        assert_eq!(shop.checkouts.person(&customer).await.unwrap(), None, "erased");
        assert_eq!((sums(&shop, &id).await, shop.values.entries(&id).await.unwrap()), before);
        assert_eq!(shop.violations().await, []);
        let _ = ctx;
    }
}

#[tokio::test]
async fn a_balance_that_does_not_fit_its_entries_is_a_violation() {
    let shop = Shop::open().await;
    let (id, _) = shop.card(500).await;
    let broken = |name: &str, by| {
        TransactOp::Update(vitrine_table::UpdateItem {
            key: account_key(&id),
            updates: vec![vitrine_table::Update::Add(name.to_owned(), by)],
            condition: None,
        })
    };
    for (name, by) in [("available", 1), ("held", 1), ("available", -501)] {
        for by in [by, -by] {
            shop.table.transact(Transact { ops: vec![broken(name, by)], token: None }).await.unwrap();
            let named = shop.violations().await;
            if by == -1 || by == 501 {
                assert_eq!(named, [], "mended");
            } else {
                assert!(
                    named.iter().all(|v| v.invariant == crate::check::Invariant::Value && v.keys == [id.to_string()])
                );
                assert!(!named.is_empty(), "{name} {by}");
            }
        }
    }
}

#[tokio::test]
async fn of_two_sendings_the_newer_one_counts_whichever_comes_first() {
    for shop in Shop::both().await {
        let (id, _) = shop.card(2500).await;
        let ctx = OpCtx::system("test", NOW);
        let stale = shop.values.account(&id).await.unwrap().unwrap();
        shop.values.correct(&ctx, &id, 2500, "a@example.org", 1).await.unwrap();
        let older = shop.values.delivery(&id, "again-1").await.unwrap().unwrap();
        let between = shop.values.account(&id).await.unwrap().unwrap();
        shop.values.correct(&ctx, &id, 2500, "b@example.org", 2).await.unwrap();
        shop.values.deliver(&ctx, &id, "again-2").await.unwrap();
        let live = shop.values.account(&id).await.unwrap().unwrap().code;
        assert_ne!(live, stale.code);
        // The older one was late, or had begun before the newer one was there.
        shop.values.deliver(&ctx, &id, "again-1").await.unwrap();
        shop.values.send(&ctx, &between, &older, "again-1").await.unwrap();
        assert_eq!(shop.values.account(&id).await.unwrap().unwrap().code, live);
        let sent = shop.mails(handlers(shop.values.clone()), &["gift/"]).await;
        assert_eq!(sent.iter().map(|m| m.to.as_str()).collect::<Vec<_>>(), ["b@example.org"]);
    }
}

#[tokio::test]
async fn a_card_that_staff_sent_before_its_day_goes_where_it_is_corrected_to() {
    for shop in Shop::both().await {
        let new = NewCard {
            attempt: "a".repeat(16),
            amount: "25".into(),
            currency: "EUR".into(),
            recipient: "kim@example.org".into(),
            deliver_ms: Some(NOW + DAY),
            locale: "en-US".into(),
            reason: "won".into(),
            ..NewCard::default()
        };
        let id = shop.values.issue(&shop.staff(), &new).await.unwrap();
        for _ in 0..2 {
            shop.values.resend(&shop.staff(), &id, &"s".repeat(16)).await.unwrap();
        }
        shop.values.correct(&OpCtx::system("test", NOW), &id, 2500, "b@example.org", 2).await.unwrap();
        let to = async || {
            let sent = shop.mails(handlers(shop.values.clone()), &["gift/"]).await;
            sent.into_iter().map(|m| m.to).collect::<Vec<_>>()
        };
        assert_eq!(to().await, ["b@example.org"]);
        shop.clock.advance_ms(DAY);
        assert_eq!(to().await.len(), 0, "the first one sends nothing any more");
    }
}

#[tokio::test]
async fn a_card_that_ends_while_it_is_sent_is_not_sent() {
    for shop in Shop::both().await {
        let new = NewCard {
            attempt: "a".repeat(16),
            amount: "25".into(),
            currency: "EUR".into(),
            recipient: "kim@example.org".into(),
            locale: "en-US".into(),
            reason: "won".into(),
            ..NewCard::default()
        };
        let id = shop.values.issue(&shop.staff(), &new).await.unwrap();
        let account = shop.values.account(&id).await.unwrap().unwrap();
        let delivery = shop.values.delivery(&id, "first").await.unwrap().unwrap();
        shop.values.end(&shop.staff(), &id, "lost").await.unwrap();
        shop.values.send(&OpCtx::system("test", NOW), &account, &delivery, "first").await.unwrap();
        assert_eq!(shop.values.account(&id).await.unwrap().unwrap().code, None);
        assert_eq!(shop.mails(handlers(shop.values.clone()), &["gift/"]).await.len(), 0);
    }
}
