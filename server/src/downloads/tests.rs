use std::io::Read;

use bytes::Bytes;
use futures::TryStreamExt;
use secrecy::SecretString;
use serde_json::Value;
use vitrine_blob::dir::{DirBlob, SignKeys};
use vitrine_blob::{ByteRange, PutOptions};
use vitrine_clock::FixedClock;
use vitrine_shared::access::Grant;
use vitrine_shared::catalog::Product;
use vitrine_shared::id::{OrderId, ProductId, TenantId, VariantId};
use vitrine_table::Consistency;

use super::*;
use crate::catalog::store::items;

const NOW: i64 = 1_800_000_000_000;

struct Shop {
    _dir: tempfile::TempDir,
    clock: Arc<FixedClock>,
    table: Arc<dyn Table>,
    downloads: Downloads,
}

fn customer(n: u128) -> CustomerId {
    CustomerId::from_bits(n)
}

fn asset_id(n: u128) -> AssetId {
    AssetId::from_bits(n)
}

fn grant(n: u128, of: u128, assets: &[u128]) -> Grant {
    Grant {
        id: GrantId::from_bits(n),
        customer: customer(of),
        work: WorkId::from_bits(1),
        variant: VariantId::from_bits(1),
        assets: assets.iter().map(|a| asset_id(*a)).collect(),
        order: OrderId::from_bits(n),
        line: 0,
        since_ms: NOW,
        revoked: None,
        licence: None,
    }
}

fn content(n: u128) -> Vec<u8> {
    (0..5000u32).map(|i| (i as u8).wrapping_mul(7).wrapping_add(n as u8)).collect()
}

impl Shop {
    /// On a plain table, and on one with the troubles of a distributed store.
    async fn both() -> [Self; 2] {
        [Self::with(None).await, Self::with(Some(11)).await]
    }

    async fn with(chaos: Option<u64>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = FixedClock::at(NOW);
        let table = crate::testing::table(&dir, clock.clone(), chaos);
        let keys = SignKeys::new("k", SecretString::from("s".repeat(32)));
        let blob: Arc<dyn Blob> =
            Arc::new(DirBlob::open_at(dir.path().join("b"), keys, "http://files.example", clock.clone()).unwrap());
        for n in 1..=3 {
            let bytes = content(n);
            blob.put_bytes(&format!("a/{n}"), Bytes::from(bytes), PutOptions::new("audio/ogg")).await.unwrap();
        }
        let secret = Secret { kid: "abc".into(), bytes: vec![9; 32] };
        let urls = ("http://shop.example".to_owned(), "http://files.example".to_owned());
        let downloads = Downloads::new(table.clone(), blob, secret, urls.0, urls.1, false);
        let shop = Self { _dir: dir, clock, table, downloads };
        for n in 1..=3 {
            shop.asset(n, AssetState::Clean).await;
        }
        shop
    }

    async fn write(&self, op: TransactOp) {
        self.table.transact(Transact { ops: vec![op], token: None }).await.unwrap();
    }

    async fn asset(&self, n: u128, state: AssetState) {
        use sha2::Digest;
        let bytes = content(n);
        let asset = Asset {
            id: asset_id(n),
            tenant: TenantId::from_bits(1),
            work: WorkId::from_bits(1),
            key: format!("a/{n}"),
            file_name: "Tränen.ogg".into(),
            content_type: "audio/ogg".into(),
            format: "Ogg Vorbis".into(),
            size: bytes.len() as u64,
            sha256: crate::media::hex(&sha2::Sha256::digest(&bytes)),
            crc32: crc32fast::hash(&bytes),
            length_ms: None,
            state,
        };
        self.write(crate::catalog::store::put(items::asset(&asset).unwrap())).await;
    }

    async fn grant(&self, grant: &Grant) {
        self.write(grants::put_op(grant).unwrap()).await;
    }

    async fn revoke(&self, grant: &Grant) {
        self.write(grants::revoke_op(grant, NOW, "refunded")).await;
    }

    fn ctx(&self) -> OpCtx {
        use vitrine_clock::Clock;
        OpCtx::system("test", self.clock.now_ms())
    }

    async fn link(&self, of: u128, assets: &[u128]) -> Result<Link> {
        self.downloads.link(&self.ctx(), &[customer(of)], assets.iter().map(|a| asset_id(*a)).collect()).await
    }

    async fn token(&self, assets: &[u128]) -> String {
        self.link(1, assets).await.unwrap().url.rsplit_once('/').unwrap().1.to_owned()
    }

    async fn get(&self, token: &str, ask: Ask) -> Result<Vec<u8>> {
        match self.downloads.open(&self.ctx(), token, ask).await? {
            Opened::Content(c) => {
                let parts: Vec<Bytes> = c.bytes.unwrap().try_collect().await.unwrap();
                Ok(parts.concat())
            }
            _ => panic!("no content"),
        }
    }

    async fn code(&self, token: &str, ask: Ask) -> String {
        self.get(token, ask).await.err().map(|p| p.code).unwrap_or_default()
    }

    /// Why openings of a link were refused, as its trail has it.
    async fn refusals(&self, token: &str) -> Vec<String> {
        let trail = audit::of(&*self.table, &trail(&proof::stored(token))).await.unwrap();
        trail.into_iter().filter(|e| e.act == "download.refused").map(|e| e.why).collect()
    }

    /// Whether an opening ends before all of it came.
    async fn breaks(&self, token: &str, ask: Ask) -> bool {
        match self.downloads.open(&self.ctx(), token, ask).await {
            Ok(Opened::Content(c)) => c.bytes.unwrap().try_collect::<Vec<Bytes>>().await.is_err(),
            Ok(_) => false,
            Err(problem) => {
                assert!(["file_damaged", "not_found"].contains(&problem.code.as_str()), "{problem:?}");
                true
            }
        }
    }

    /// Where the store keeps a file's bytes.
    fn stored_file(&self, n: u128) -> std::path::PathBuf {
        let mut folders = vec![self._dir.path().join("b")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if std::fs::read(&path).unwrap() == content(n) {
                    return path;
                }
            }
        }
        panic!("file {n} is not there");
    }

    async fn uses_left(&self, token: &str) -> i64 {
        let item = self.table.get(&link_key(&proof::stored(token)), Consistency::Strong).await.unwrap().unwrap();
        item["uses_left"].as_i64().unwrap()
    }
}

fn range(first: u64, last: u64) -> Ask {
    Ask { range: Some(ByteRange::Between(first, last)), address: Some([10, 0, 0, 1].into()), ..Ask::default() }
}

#[tokio::test]
async fn case_36_access_is_the_union_and_ends_with_the_last_grant() {
    for shop in Shop::both().await {
        let (a, b) = (grant(1, 1, &[1]), grant(2, 1, &[1, 2]));
        shop.grant(&a).await;
        shop.grant(&b).await;
        shop.revoke(&a).await;
        assert_eq!(shop.get(&shop.token(&[1]).await, Ask::default()).await.unwrap(), content(1));
        let token = shop.token(&[1, 2]).await;
        shop.revoke(&b).await;
        assert_eq!(shop.code(&token, Ask::default()).await, "access_revoked");
        assert_eq!(shop.link(1, &[1]).await.unwrap_err().code, "access_revoked");
        assert_eq!(shop.link(1, &[3]).await.unwrap_err().status, 404);
        assert_eq!(shop.link(2, &[1]).await.unwrap_err().status, 404);
        assert_eq!(shop.refusals(&token).await, ["access_revoked"]);
    }
}

#[tokio::test]
async fn case_40_leaked_expired_and_used_up_links_refuse() {
    for shop in Shop::both().await {
        shop.grant(&grant(1, 1, &[1])).await;
        let token = shop.token(&[1]).await;
        let other = Ask { viewer: Some(vec![customer(2)]), ..Ask::default() };
        assert_eq!(shop.code(&token, other).await, "not_yours");
        let mine = Ask { viewer: Some(vec![customer(2), customer(1)]), ..Ask::default() };
        assert_eq!(shop.code(&token, mine).await, "");
        for _ in 1..LINK_USES {
            assert_eq!(shop.code(&token, Ask::default()).await, "");
        }
        assert_eq!(shop.code(&token, Ask::default()).await, "link_used_up");
        let mut why = shop.refusals(&token).await;
        why.sort_unstable();
        assert_eq!(why, ["link_used_up", "not_yours"]);
        let token = shop.token(&[1]).await;
        shop.clock.advance_ms(LINK_MS);
        assert_eq!(shop.code(&token, Ask::default()).await, "link_expired");
        assert_eq!(shop.refusals(&token).await, ["link_expired"]);
        assert_eq!(shop.code("nothing", Ask::default()).await, "not_found");
    }
}

#[tokio::test]
async fn case_40_after_a_refund_its_link_is_refused_and_logged_and_no_new_one_is_made() {
    for market in crate::testing::Shop::both().await {
        let secret = Secret { kid: "abc".into(), bytes: vec![9; 32] };
        let (urls, files) = ("http://shop.example".into(), "http://files.example".into());
        let downloads = Downloads::new(market.table.clone(), market.blob.clone(), secret, urls, files, false);
        let ctx = market.fill(&market.guest(), &["Harbour Lights"]).await;
        let placed = market.place(&ctx).await.unwrap();
        market.pay(&placed, "4242424242424242").await;
        market.checkouts.refresh(&ctx, &placed.id).await.unwrap();
        let checkout = market.checkouts.get(&placed.id).await.unwrap().unwrap();
        let order = market.checkouts.orders(&checkout).await.unwrap().remove(0);
        let granted = market.grants.grants_for_work(&checkout.customer, &order.lines[0].work).await.unwrap();
        let files = vec![granted[0].assets.first().unwrap().clone()];
        let link = async || downloads.link(&ctx, std::slice::from_ref(&checkout.customer), files.clone()).await;
        let url = link().await.unwrap().url;
        let token = url.rsplit_once('/').unwrap().1;
        let open = async |last: u8| {
            let ask = Ask { address: Some([10, 0, 0, last].into()), ..Ask::default() };
            downloads.open(&ctx, token, ask).await.err().map(|p| p.code).unwrap_or_default()
        };
        // Another address alone denies nobody: a telephone changes it between two cells, and who has the link may be at home and away. What
        // bounds a link that went round are its uses, its end and the session that came along.
        assert_eq!((open(1).await, open(2).await), (String::new(), String::new()));
        let wish = crate::checkout::Wish {
            attempt: "refund".into(),
            what: vitrine_pricing::refund::RefundWish::whole(&[0], false),
            restock: false,
            reason: "Asked for it".into(),
        };
        market.checkouts.refund(&market.staff(), &order.id, &wish).await.unwrap();
        for last in [1, 3] {
            assert_eq!(open(last).await, "access_revoked");
        }
        let entries = audit::of(&*market.table, &trail(&proof::stored(token))).await.unwrap();
        let refused = entries.iter().filter(|e| e.act == "download.refused").map(|e| e.why.as_str());
        assert_eq!(refused.collect::<Vec<_>>(), ["access_revoked"; 2]);
        assert_eq!(link().await.unwrap_err().code, "access_revoked");
    }
}

#[tokio::test]
async fn a_file_that_is_damaged_costs_no_use_of_its_link() {
    let damages: [fn(&std::path::Path); 3] = [
        |file| std::fs::write(file, &content(2)[..4000]).unwrap(),
        |file| std::fs::remove_file(file).unwrap(),
        // Its length is right: that shows only once all of it was read.
        |file| std::fs::write(file, content(3)).unwrap(),
    ];
    for (n, damage) in damages.into_iter().enumerate() {
        for shop in Shop::both().await {
            shop.grant(&grant(1, 1, &[1, 2])).await;
            let (file, zip) = (shop.token(&[2]).await, shop.token(&[1, 2]).await);
            let path = shop.stored_file(2);
            // A range that came is one use, whatever comes of the next.
            assert_eq!(shop.get(&file, range(0, 9)).await.unwrap(), content(2)[..10]);
            assert_eq!(shop.uses_left(&file).await, LINK_USES - 1);
            damage(&path);
            for token in [&file, &zip] {
                let before = shop.uses_left(token).await;
                for _ in 0..LINK_USES + 1 {
                    assert!(shop.breaks(token, Ask::default()).await, "damage {n}");
                }
                assert_eq!(shop.uses_left(token).await, before, "damage {n}");
            }
            if n < 2 {
                // Ranges of one opening: its use comes back once.
                std::fs::write(&path, content(2)).unwrap();
                for _ in 0..2 {
                    shop.get(&file, Ask::default()).await.unwrap();
                }
                shop.get(&file, range(0, 9)).await.unwrap();
                let before = shop.uses_left(&file).await;
                damage(&path);
                let (one, two) = tokio::join!(shop.breaks(&file, range(10, 19)), shop.breaks(&file, range(20, 29)));
                assert!(one && two);
                assert_eq!(shop.uses_left(&file).await, before + 1);
            }
            std::fs::write(&path, content(2)).unwrap();
            assert!(shop.get(&zip, Ask::default()).await.unwrap().len() > 10_000);
            assert_eq!(shop.uses_left(&zip).await, LINK_USES - 1, "what is whole counts");
        }
    }
}

#[tokio::test]
async fn only_what_was_given_to_nobody_is_a_guess() {
    let shop = Shop::with(None).await;
    shop.grant(&grant(1, 1, &[1])).await;
    let token = shop.token(&[1]).await;
    let stream = shop.downloads.stream_link(&shop.ctx(), &[customer(1)], &asset_id(1)).await.unwrap().url;
    let stream = stream.rsplit_once('/').unwrap().1;
    shop.clock.advance_ms(LINK_MS);
    for (known, of_link, of_stream) in [(true, token.as_str(), stream), (false, "nothing", "noth.ing")] {
        let ctx = shop.ctx();
        assert!(shop.downloads.open(&ctx, of_link, Ask::default()).await.is_err());
        assert_eq!(ctx.guess.is_wrong(), !known, "{of_link}");
        let ctx = shop.ctx();
        assert!(shop.downloads.open_stream(&ctx, of_stream, Ask::default()).await.is_err());
        assert_eq!(ctx.guess.is_wrong(), !known, "{of_stream}");
    }
}

#[tokio::test]
async fn each_changed_part_is_noticed() {
    for shop in Shop::both().await {
        shop.grant(&grant(1, 1, &[1, 2])).await;
        shop.grant(&grant(2, 1, &[3])).await;
        let other = serde_json::to_value([GrantRef {
            customer: customer(1),
            work: WorkId::from_bits(1),
            grant: GrantId::from_bits(2),
        }]);
        let customer2 = serde_json::to_value([GrantRef {
            customer: customer(2),
            work: WorkId::from_bits(1),
            grant: GrantId::from_bits(1),
        }]);
        let changes: [(&str, Value); 5] = [
            ("assets", json!([asset_id(2)])),
            ("grants", other.unwrap()),
            ("grants", customer2.unwrap()),
            ("exp_ms", json!(NOW + 10 * LINK_MS)),
            ("kid", json!("other.1")),
        ];
        for (attribute, value) in changes {
            let token = shop.token(&[1]).await;
            shop.write(TransactOp::Update(UpdateItem {
                key: link_key(&proof::stored(&token)),
                updates: vec![Update::Set(attribute.into(), value)],
                condition: None,
            }))
            .await;
            assert_eq!(shop.code(&token, Ask::default()).await, "link_damaged", "{attribute}");
        }
    }
}

#[tokio::test]
async fn ranges_of_one_opening_are_one_use() {
    for shop in Shop::both().await {
        shop.grant(&grant(1, 1, &[1])).await;
        let token = shop.token(&[1]).await;
        for first in [0, 1000, 2000] {
            let got = shop.get(&token, range(first, first + 999)).await.unwrap();
            assert_eq!(got, &content(1)[first as usize..first as usize + 1000]);
        }
        assert_eq!(shop.uses_left(&token).await, LINK_USES - 1);
        let elsewhere = Ask { address: Some([10, 0, 0, 2].into()), ..range(0, 9) };
        shop.get(&token, elsewhere).await.unwrap();
        assert_eq!(shop.uses_left(&token).await, LINK_USES - 2);
        shop.clock.advance_ms(OPEN_MS);
        shop.get(&token, range(0, 9)).await.unwrap();
        assert_eq!(shop.uses_left(&token).await, LINK_USES - 3);
        let outside = shop.downloads.open(&shop.ctx(), &token, range(5000, 5001)).await.unwrap();
        assert!(matches!(outside, Opened::BadRange(5000)));
        assert_eq!(shop.uses_left(&token).await, LINK_USES - 3);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_never_exceed_the_uses() {
    let shop = Arc::new(Shop::with(None).await);
    shop.grant(&grant(1, 1, &[1])).await;
    let token = shop.token(&[1]).await;
    let tasks = (0..32).map(|_| {
        let (shop, token) = (shop.clone(), token.clone());
        tokio::spawn(async move { shop.code(&token, Ask::default()).await })
    });
    let codes: Vec<String> =
        futures::future::join_all(tasks).await.into_iter().map(std::result::Result::unwrap).collect();
    assert_eq!(codes.iter().filter(|c| c.is_empty()).count() as i64, LINK_USES);
    assert_eq!(codes.iter().filter(|c| *c == "link_used_up").count() as i64, 32 - LINK_USES);
    assert_eq!(shop.uses_left(&token).await, 0);
}

#[tokio::test]
async fn several_files_are_a_zip_that_opens() {
    for shop in Shop::both().await {
        shop.grant(&grant(1, 1, &[1, 2, 3])).await;
        let token = shop.token(&[1, 2, 3]).await;
        let whole = shop.get(&token, Ask::default()).await.unwrap();
        let mut archive = ::zip::ZipArchive::new(std::io::Cursor::new(whole.clone())).unwrap();
        assert_eq!(archive.len(), 3);
        for n in 0..3 {
            let mut data = Vec::new();
            archive.by_index(n).unwrap().read_to_end(&mut data).unwrap();
            assert_eq!(data, content(n as u128 + 1));
        }
        assert_eq!(shop.get(&token, range(4000, 11_000)).await.unwrap(), &whole[4000..=11_000]);
    }
}

#[tokio::test]
async fn case_38_quarantined_files_stay_in_also_after_the_link() {
    for shop in Shop::both().await {
        shop.grant(&grant(1, 1, &[1, 2])).await;
        let token = shop.token(&[1, 2]).await;
        shop.asset(2, AssetState::Quarantined).await;
        assert_eq!(shop.code(&token, Ask::default()).await, "file_quarantined");
        assert_eq!(shop.link(1, &[2]).await.unwrap_err().code, "file_quarantined");
        shop.asset(2, AssetState::Pending).await;
        assert_eq!(shop.link(1, &[2]).await.unwrap_err().code, "file_pending");
    }
}

#[tokio::test]
async fn case_38_a_deleted_file_is_gone_and_the_others_stay() {
    for shop in Shop::both().await {
        shop.grant(&grant(1, 1, &[1, 2])).await;
        let token = shop.token(&[1, 2]).await;
        let key = Key::new(format!("ASSET#{}", asset_id(2)), "META#");
        shop.write(TransactOp::Delete(vitrine_table::Delete { key, condition: None })).await;
        assert_eq!(shop.code(&token, Ask::default()).await, "file_gone");
        assert_eq!(shop.link(1, &[2]).await.unwrap_err().status, 404);
        assert_eq!(shop.get(&shop.token(&[1]).await, Ask::default()).await.unwrap(), content(1));
        assert_eq!(shop.uses_left(&token).await, LINK_USES, "a refusal takes no use");
        assert_eq!(shop.refusals(&token).await, ["file_gone"]);
    }
}

#[tokio::test]
async fn case_38_the_licence_comes_first_and_new_files_are_included() {
    for shop in Shop::both().await {
        let product = json!({
            "id": ProductId::from_bits(1), "tenant": TenantId::from_bits(1), "work": WorkId::from_bits(1), "kind": "digital",
            "title": "Digital", "tax_class": "digital_music", "status": "archived",
            "variants": [{ "id": VariantId::from_bits(1), "sku": "x", "title": "x", "assets": [asset_id(3)],
                "licence": vitrine_shared::id::LicenceId::from_bits(1) }],
        });
        let product: Product = serde_json::from_value(product).unwrap();
        let work = json!({
            "id": WorkId::from_bits(1), "tenant": TenantId::from_bits(1), "store": vitrine_shared::id::StoreId::from_bits(1),
            "kind": "album", "slug": "x", "title": "X", "makers": [], "released": "2026-01-01", "status": "archived",
        });
        let work = serde_json::from_value(work).unwrap();
        shop.write(crate::catalog::store::put(items::work(&work, NOW).unwrap())).await;
        shop.write(crate::catalog::store::put(items::product(&product).unwrap())).await;
        shop.grant(&grant(1, 1, &[1])).await;
        assert_eq!(shop.link(1, &[1]).await.unwrap_err().code, "licence_not_accepted");
        let mut accepted = grant(2, 1, &[1]);
        accepted.licence = Some(("lic".into(), 1, NOW));
        shop.grant(&accepted).await;
        assert_eq!(shop.get(&shop.token(&[1, 3]).await, range(0, 3)).await.unwrap(), b"PK\x03\x04");
    }
}

#[tokio::test]
async fn the_hourly_limit_holds_and_ends() {
    for shop in Shop::both().await {
        shop.grant(&grant(1, 1, &[1])).await;
        for _ in 0..LINKS_PER_HOUR {
            shop.link(1, &[1]).await.unwrap();
        }
        assert_eq!(shop.link(1, &[1]).await.unwrap_err().code, "too_many_links");
        shop.clock.advance_ms(3_600_000);
        shop.link(1, &[1]).await.unwrap();
    }
}

#[tokio::test]
async fn streams_are_bound_and_end() {
    for shop in Shop::both().await {
        let owned = grant(1, 1, &[1]);
        shop.grant(&owned).await;
        let link = shop.downloads.stream_link(&shop.ctx(), &[customer(1)], &asset_id(1)).await.unwrap();
        let token = link.url.rsplit_once('/').unwrap().1.to_owned();
        let code = async |token: &str, ask: Ask| match shop.downloads.open_stream(&shop.ctx(), token, ask).await {
            Ok(_) => String::new(),
            Err(p) => p.code,
        };
        assert_eq!(code(&token, range(0, 9)).await, "");
        assert_eq!(code(&token, Ask { viewer: Some(vec![customer(2)]), ..Ask::default() }).await, "not_yours");
        assert_eq!(
            code(&token.replacen(|c: char| c.is_ascii_lowercase(), "A", 1), Ask::default()).await,
            "link_damaged"
        );
        assert!(
            shop.downloads
                .open_reader(&shop.ctx(), &token, "0.html", Ask::default())
                .await
                .is_err_and(|p| p.code == "link_damaged")
        );
        shop.revoke(&owned).await;
        assert_eq!(code(&token, Ask::default()).await, "access_revoked");
        shop.clock.advance_ms(stream::STREAM_MS);
        assert_eq!(code(&token, Ask::default()).await, "link_expired");
    }
}
