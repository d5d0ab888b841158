use vitrine_clock::Clock;
use vitrine_mail::Message;

use super::*;
use crate::testing::Shop;

struct Lists {
    shop: Shop,
    mailing: Mailing,
    store: StoreId,
    seller: OpCtx,
}

impl Lists {
    async fn both() -> Vec<Self> {
        let mut all = Vec::new();
        for shop in Shop::both().await {
            let mailing = Mailing {
                table: shop.table.clone(),
                catalog: shop.catalog.records().clone(),
                sender: shop.receipts.sender.clone(),
                master: Arc::new(MasterKey::from_base64(&("A".repeat(43) + "=").into()).unwrap()),
                secret: Secret { kid: "k".into(), bytes: vec![7; 32] },
                base_url: "http://shop.example".into(),
            };
            let store = mailing.catalog.stores().await.unwrap().remove(0);
            let seller = shop.user(5, "seller@example.org", &["creator"], std::slice::from_ref(&store.tenant));
            all.push(Self { shop, mailing, store: store.id, seller });
        }
        all
    }

    fn now(&self) -> OpCtx {
        OpCtx { now_ms: self.shop.clock.now_ms(), ..self.shop.guest() }
    }

    async fn ask(&self, email: &str) {
        self.mailing.ask(&self.now(), &self.store, email).await.unwrap();
    }

    fn link(&self, email: &str) -> (String, String) {
        let who = self.mailing.who(&self.store, email);
        let proof = self.mailing.proof(&self.store, &who);
        (who, proof)
    }

    async fn join(&self, email: &str) {
        self.ask(email).await;
        let (who, proof) = self.link(email);
        self.mailing.confirm(&self.now(), &self.store, &who, &proof).await.unwrap();
    }

    async fn readers(&self) -> i64 {
        // The count may be read a little late.
        let mut seen = Vec::new();
        for _ in 0..50 {
            seen.push(self.mailing.readers(&self.store).await.unwrap());
        }
        *seen.last().unwrap()
    }

    async fn send(&self, attempt: &str) -> Result<()> {
        let draft = Draft { subject: "News".into(), text: "One\r\n\r\nTwo".into(), attempt: attempt.into() };
        let ctx = OpCtx { now_ms: self.shop.clock.now_ms(), ..self.seller.clone() };
        self.mailing.send(&ctx, self.store.as_str(), &draft).await
    }

    async fn mails(&self) -> Vec<Message> {
        self.shop.mails(handlers(self.mailing.clone()), &["list/", "letter/"]).await
    }
}

#[tokio::test]
async fn nobody_is_on_a_list_before_the_press_and_nothing_is_left_after_leaving() {
    for lists in Lists::both().await {
        for _ in 0..3 {
            lists.ask("Reader@Example.org").await;
        }
        let mails = lists.mails().await;
        assert_eq!(mails.len(), 1, "one mail an hour");
        let (who, proof) = lists.link("reader@example.org");
        assert!(mails[0].text.contains(&format!("/letters/{}/{who}?proof={proof}", lists.store)));
        assert_eq!((mails[0].to.as_str(), lists.readers().await), ("Reader@Example.org", 0));
        let guessing = lists.now();
        let wrong = lists.mailing.confirm(&guessing, &lists.store, &who, "x").await.unwrap_err();
        assert_eq!((wrong.status, guessing.guess.is_wrong()), (404, true));
        for _ in 0..2 {
            lists.mailing.confirm(&lists.now(), &lists.store, &who, &proof).await.unwrap();
        }
        assert_eq!(lists.readers().await, 1);
        // Asked again they are told that they are on it already; nothing changes.
        lists.shop.clock.advance_ms(AGAIN_MS);
        lists.ask("READER@example.org").await;
        let mails = lists.mails().await;
        assert!(mails.len() == 1 && mails[0].subject.contains("already"), "{mails:?}");
        assert_eq!(mails[0].to, "Reader@Example.org", "the mailbox that came in, not the one that was typed");
        assert_eq!(lists.readers().await, 1);
        for _ in 0..2 {
            lists.mailing.leave(&lists.now(), &lists.store, &who, &proof).await.unwrap();
        }
        assert_eq!(lists.readers().await, 0);
        let item = lists.shop.table.get(&reader_key(&lists.store, &who), Consistency::Strong).await.unwrap();
        assert_eq!(item, None);
        let late = lists.now();
        let gone = lists.mailing.confirm(&late, &lists.store, &who, &proof).await.unwrap_err();
        assert_eq!((gone.status, late.guess.is_wrong()), (404, false), "the proof is right, its reader is gone");
    }
}

#[tokio::test]
async fn a_letter_reaches_every_reader_once_with_a_way_out() {
    for lists in Lists::both().await {
        assert_eq!(lists.send("a").await.unwrap_err().code, "list_empty");
        for n in 0..130 {
            lists.join(&format!("r{n}@example.org")).await;
        }
        lists.ask("undecided@example.org").await;
        lists.mails().await;
        for _ in 0..2 {
            lists.send("a").await.unwrap();
        }
        lists.join("late@example.org").await;
        let mails: Vec<Message> = lists.mails().await.into_iter().filter(|m| m.key.starts_with("letter/")).collect();
        let mut to: Vec<&str> = mails.iter().map(|m| m.to.as_str()).collect();
        to.sort_unstable();
        to.dedup();
        // The fixed clock gives the late one the same moment as the letter.
        assert!((130..=131).contains(&to.len()) && mails.len() == to.len(), "{} {}", to.len(), mails.len());
        assert!(!to.contains(&"undecided@example.org"));
        let one = &mails[0];
        let leave = one.unsubscribe.as_ref().unwrap();
        assert!(leave.contains("/leave?proof=") && one.text.contains("One\n\nTwo"), "{one:?}");
        for n in 0..3 {
            lists.shop.clock.advance_ms(60_000);
            lists.send(&format!("b{n}")).await.unwrap();
        }
        assert_eq!(lists.send("c").await.unwrap_err().code, "list_often");
    }
}

#[tokio::test]
async fn only_the_shops_own_desk_writes_and_faults_are_named() {
    let lists = Lists::both().await.remove(0);
    lists.join("reader@example.org").await;
    let id = lists.store.as_str();
    let draft = Draft { subject: "News".into(), text: "One".into(), attempt: "a".into() };
    let rival = lists.shop.user(8, "rival@example.org", &["creator"], &[]);
    for (ctx, status) in [(lists.shop.guest(), 401), (rival, 404)] {
        assert_eq!(lists.mailing.send(&ctx, id, &draft).await.unwrap_err().status, status);
    }
    for (subject, text) in [("", "x"), ("x", " "), ("a\nb", "x"), (&"x".repeat(MAX_SUBJECT + 1), "x")] {
        let bad = Draft { subject: subject.into(), text: text.into(), ..draft.clone() };
        assert_eq!(lists.mailing.send(&lists.seller, id, &bad).await.unwrap_err().status, 422, "{subject} {text}");
    }
    let kept = lists.mailing.list_view(&lists.seller, id, vitrine_pricing::format::Locale::EnUs).await.unwrap();
    assert_eq!(kept.subject.len(), MAX_SUBJECT + 1, "what was typed stays");
    let refused = lists.mailing.ask(&lists.now(), &lists.store, "no address").await.unwrap_err();
    assert_eq!(refused.status, 422);
}
