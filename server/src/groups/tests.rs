use serde_json::Value;
use vitrine_pricing::promotion::{Benefit, Promotion};
use vitrine_table::Consistency;

use super::*;
use crate::authz;
use crate::testing::{NOW, Shop, promotion};

async fn desk(shop: &Shop) -> TenantDesk {
    let tenant = shop.seller_of("Harbour Lights").await;
    authz::tenant_desk(&OpCtx::system("test", NOW), &tenant).unwrap()
}

fn groups(shop: &Shop) -> Groups {
    shop.checkouts.promotions().groups().clone()
}

fn emails(all: &[&str]) -> Vec<String> {
    all.iter().map(|email| (*email).to_owned()).collect()
}

#[tokio::test]
async fn members_come_and_go_once_and_are_counted() {
    for shop in Shop::both().await {
        let (desk, groups, ctx) = (desk(&shop).await, groups(&shop), OpCtx::system("test", NOW));
        groups.create(&ctx, &desk, "regulars", " Regulars ").await.unwrap();
        for (name, title, field, code) in [
            ("Regulars", "x", "name", "fault-group-name"),
            ("", "x", "name", "fault-group-name"),
            ("regulars", "x", "name", "fault-group-taken"),
            ("others", " ", "title", "fault-empty"),
            ("others", &"x".repeat(101), "title", "fault-long"),
        ] {
            let refused = groups.create(&ctx, &desk, name, title).await.unwrap_err();
            assert_eq!(refused.fields.get(field).map(String::as_str), Some(code), "{name} {title}");
        }
        let many: Vec<String> = (0..95).map(|n| format!("Reader{n:02}@Example.org")).collect();
        assert_eq!(groups.put_in(&ctx, &desk, "regulars", &many).await.unwrap(), 95);
        let again = emails(&["reader00@example.org", "new@example.org"]);
        assert_eq!(groups.put_in(&ctx, &desk, "regulars", &again).await.unwrap(), 1);
        assert_eq!(groups.get(&desk, "regulars").await.unwrap().count, 96);
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let (page, next) = groups.members(&desk, "regulars", after.as_deref()).await.unwrap();
            seen.extend(page.into_iter().map(|m| m.email));
            after = next;
            if after.is_none() {
                break;
            }
        }
        seen.sort();
        assert_eq!((seen.len(), seen[0].as_str(), seen[95].as_str()), (96, "Reader00@Example.org", "new@example.org"));
        assert_eq!(groups.delete(&ctx, &desk, "regulars", None).await.unwrap_err().code, "group_not_empty");
        assert_eq!(groups.take_out(&ctx, &desk, "regulars", &many).await.unwrap(), 95);
        assert_eq!(groups.take_out(&ctx, &desk, "regulars", &again).await.unwrap(), 1);
        assert_eq!(groups.take_out(&ctx, &desk, "regulars", &again).await.unwrap(), 0);
        groups.delete(&ctx, &desk, "regulars", None).await.unwrap();
        assert_eq!(groups.get(&desk, "regulars").await.unwrap_err().status, 404);
        assert_eq!(groups.put_in(&ctx, &desk, "regulars", &many).await.unwrap_err().status, 404);
        assert_eq!(shop.violations().await, []);
    }
}

#[tokio::test]
async fn nothing_kept_says_who_a_member_is() {
    let shop = Shop::open().await;
    let (desk, groups, ctx) = (desk(&shop).await, groups(&shop), OpCtx::system("test", NOW));
    groups.create(&ctx, &desk, "regulars", "Regulars").await.unwrap();
    groups.put_in(&ctx, &desk, "regulars", &emails(&["kim.secret@example.org"])).await.unwrap();
    let tenant = desk.tenant();
    let who = groups.name_of("kim.secret@example.org").unwrap();
    let mut all = Vec::new();
    for partition in [format!("GROUPS#{tenant}"), format!("GROUP#{tenant}#regulars")] {
        let page = shop.table.query(Query::new(Index::Base, partition)).await.unwrap();
        all.extend(page.items);
    }
    let trail = audit::of(&*shop.table, &trail_of(tenant, "regulars")).await.unwrap();
    assert_eq!((all.len(), trail.len()), (3, 2));
    let kept = serde_json::to_string(&(all, trail.iter().map(|e| &e.what).collect::<Vec<&Value>>())).unwrap();
    assert!(kept.contains(&who) && !kept.contains("kim") && !kept.contains("secret"), "{kept}");
    // Out again, the person's own item says no group.
    groups.take_out(&ctx, &desk, "regulars", &emails(&["KIM.secret@example.org"])).await.unwrap();
    let item = shop.table.get(&person_key(tenant, &who), Consistency::Strong).await.unwrap().unwrap();
    assert_eq!(names_of(&item), Vec::<String>::new());
}

#[test]
fn a_pasted_list_is_read_whole_or_not_at_all() {
    let read = |text: &str| addresses(text);
    assert_eq!(read("a@x.example\r\n b@x.example ;A@X.example,c@x.example\n").unwrap().len(), 3);
    for (text, code) in [(" \n,", "fault-empty"), ("a@x.example\nnobody", "fault-addresses")] {
        assert_eq!(read(text).unwrap_err().fields["addresses"], code, "{text}");
    }
    assert_eq!(read("a@x.example,nobody,b c").unwrap_err().detail, "nobody, b c");
    let many: String = (0..1001).map(|n| format!("a{n}@x.example\n")).collect();
    assert_eq!(read(&many).unwrap_err().fields["addresses"], "fault-too-many-addresses");
}

#[tokio::test]
async fn a_promotion_for_a_group_is_for_its_members_alone() {
    for shop in Shop::both().await {
        let (desk, groups, ctx) = (desk(&shop).await, groups(&shop), OpCtx::system("test", NOW));
        groups.create(&ctx, &desk, "regulars", "Regulars").await.unwrap();
        groups.put_in(&ctx, &desk, "regulars", &emails(&["kim@example.org"])).await.unwrap();
        for (n, code) in [(1, Some("CLUB")), (2, None)] {
            let quarter = Benefit::Percent { rate_ppm: 250_000, at_most: Vec::new() };
            let club = Promotion { groups: vec!["regulars".into()], ..promotion(n, code, quarter) };
            shop.promote(desk.tenant(), club).await;
        }
        let total = async |who: &OpCtx, code: bool| {
            let ctx = shop.fill(who, &["Harbour Lights"]).await;
            if code {
                shop.carts.add_code(&ctx, ctx.cart.as_deref(), "CLUB").await.unwrap();
            }
            let view = shop.checkouts.cart_view(&ctx).await.unwrap();
            (view.total_minor, view.codes.first().and_then(|c| c.reason.clone()))
        };
        let member = shop.user(1, "Kim@Example.org", &["buyer"], &[]);
        assert_eq!(total(&member, false).await, (600, None), "what applies by itself");
        assert_eq!(total(&member, true).await, (450, None));
        let mut unproved = shop.user(2, "kim@example.org", &["buyer"], &[]);
        if let Caller::User(user) = &mut unproved.caller {
            user.verified = false;
        }
        let reason = Some("code-skipped-not-your-group".to_owned());
        for who in [shop.guest(), unproved, shop.user(3, "other@example.org", &["buyer"], &[])] {
            assert_eq!(total(&who, true).await, (800, reason.clone()), "{:?}", who.caller);
        }
        groups.take_out(&ctx, &desk, "regulars", &emails(&["kim@example.org"])).await.unwrap();
        assert_eq!(total(&member, true).await, (800, reason));
    }
}
