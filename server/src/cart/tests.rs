use std::sync::Arc;

use serde_json::json;
use vitrine_clock::FixedClock;
use vitrine_shared::catalog::PriceRecord;
use vitrine_shared::id::UserId;
use vitrine_table::Consistency;

use super::store::Owner;
use super::*;
use crate::catalog::store::CatalogStore;
use crate::changes::Changes;
use crate::ctx::{Caller, User};

const NOW: i64 = 1_800_000_000_000;

fn ctx() -> OpCtx {
    let mut ctx = OpCtx::system("test", NOW);
    ctx.caller = Caller::Anonymous;
    ctx
}

fn line(n: u128, quantity: u32) -> CartLine {
    CartLine {
        variant: VariantId::from_bits(n),
        quantity,
        named_minor: None,
        named_in: None,
        added_ms: NOW,
        later: false,
    }
}

fn open(dir: &tempfile::TempDir, clock: Arc<FixedClock>, chaos: Option<u64>) -> Carts {
    let records = CatalogStore::new(crate::testing::table(dir, clock, chaos));
    Carts::new(Offers::new(records, &Changes::default()))
}

async fn guest(carts: &Carts, lines: Vec<CartLine>) -> String {
    let (owner, token) = Owner::new_guest(CartId::from_bits(7), ids::secret());
    carts.store.write(&owner, CartRecord::default(), lines, NOW).await.unwrap();
    token
}

#[tokio::test]
async fn a_guests_cart_opens_only_with_its_secret_and_ends_after_sixty_days() {
    for chaos in [None, Some(5)] {
        let dir = tempfile::tempdir().unwrap();
        let clock = FixedClock::at(NOW);
        let carts = open(&dir, clock.clone(), chaos);
        let token = guest(&carts, vec![line(1, 3)]).await;
        assert_eq!(carts.count(&ctx(), Some(&token)).await.unwrap(), 3);
        assert_eq!(carts.count(&ctx(), Some(&format!("{token}x"))).await.unwrap(), 0);
        let (id, secret) = token.split_once('.').unwrap();
        let key = vitrine_table::Key::new(format!("CART#{id}"), "CART#");
        let kept = carts.offers.records().table().get(&key, Consistency::Strong).await.unwrap().unwrap();
        assert!(!json!(kept).to_string().contains(secret), "only the hash is kept");
        clock.advance_ms(60 * 86_400_000 + 1000);
        assert_eq!(carts.count(&ctx(), Some(&token)).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_change_on_an_old_rev_is_refused_and_undo_works_once() {
    for chaos in [None, Some(5)] {
        let dir = tempfile::tempdir().unwrap();
        let carts = open(&dir, FixedClock::at(NOW), chaos);
        let token = guest(&carts, vec![line(1, 3)]).await;
        let after = carts.set(&ctx(), Some(&token), &[(VariantId::from_bits(1), 0)], 1).await.unwrap();
        assert!(after.lines.is_empty());
        let stale = carts.set(&ctx(), Some(&token), &[(VariantId::from_bits(1), 0)], 1).await.unwrap_err();
        assert_eq!((stale.status, stale.code.as_str()), (409, "cart_changed"));
        let back = carts.undo(&ctx(), Some(&token), after.rev).await.unwrap();
        assert_eq!(back.lines, vec![line(1, 3)]);
        assert_eq!(carts.undo(&ctx(), Some(&token), back.rev).await.unwrap_err().code, "nothing_to_undo");
    }
}

#[tokio::test]
async fn signing_in_merges_once_and_a_wrong_token_merges_nothing() {
    for chaos in [None, Some(5)] {
        let dir = tempfile::tempdir().unwrap();
        let carts = open(&dir, FixedClock::at(NOW), chaos);
        let token = guest(&carts, vec![line(1, 1), line(2, 1)]).await;
        let mut me = ctx();
        assert_eq!(carts.merge(&me, &token).await.unwrap_err().status, 401);
        me.caller = Caller::User(User {
            id: UserId::from_bits(1),
            email: "a@b.example".into(),
            verified: true,
            name: "A".into(),
            roles: vec![],
            tenants: vec![],
            session: None,
        });
        assert!(carts.merge(&me, &format!("{token}x")).await.unwrap().lines.is_empty());
        assert_eq!(carts.merge(&me, &token).await.unwrap().lines.len(), 2);
        assert_eq!(carts.merge(&me, &token).await.unwrap().rev, 1, "the guest's cart is gone");
        assert_eq!(carts.count(&ctx(), Some(&token)).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn what_is_not_on_sale_cannot_be_put_in() {
    for chaos in [None, Some(5)] {
        let dir = tempfile::tempdir().unwrap();
        let carts = open(&dir, FixedClock::at(NOW), chaos);
        let add = Add { variant: VariantId::from_bits(9), quantity: 1, named_minor: None, named_in: None };
        assert_eq!(carts.add(&ctx(), None, &add).await.unwrap_err().status, 404);
    }
}

#[test]
fn a_named_price_is_one_that_can_be_charged() {
    let price = |currency: &str| PriceRecord {
        variant: VariantId::from_bits(1),
        region: "world".into(),
        currency: currency.into(),
        amount_minor: 20_000,
        minimum_minor: Some(5_000),
        compare_at_minor: None,
        valid_from_ms: 0,
        valid_to_ms: None,
        min_quantity: 1,
    };
    let refused = |currency: &str, named| match rules::named_price(&price(currency), Some(named)) {
        Ok(()) => String::new(),
        Err(problem) => {
            assert_eq!(problem.status, 422);
            problem.fields["price"].clone()
        }
    };
    assert_eq!([refused("TWD", 9_900), refused("TWD", 9_950)], ["", "off_step"]);
    assert_eq!([refused("KWD", 9_990), refused("KWD", 9_995)], ["", "off_step"]);
    assert_eq!([refused("EUR", 9_995), refused("JPY", 9_995)], ["", ""]);
    assert_eq!([refused("TWD", 4_950), refused("TWD", 200_000_050)], ["below_minimum", "too_high"]);
}

#[test]
fn pieces_obey_kind_stock_and_the_most() {
    assert_eq!(rules::pieces(ProductKind::Digital, 5, None).unwrap(), 1);
    assert_eq!(rules::pieces(ProductKind::Physical, 2, Some(2)).unwrap(), 2);
    assert_eq!(rules::pieces(ProductKind::Physical, 3, Some(2)).unwrap_err().code, "stock_short");
    assert_eq!(rules::pieces(ProductKind::Physical, 1, Some(0)).unwrap_err().code, "sold_out");
    assert_eq!(rules::pieces(ProductKind::Physical, 100, None).unwrap_err().status, 422);
}
