//! One seller's numbers under many hands: processes side by side over real stores, which refuse some of their calls.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::{join, join_all};
use vitrine_table::chaos::Chaos;

use super::*;
use crate::testing::Shop;

const ORDERS: usize = 24;
/// Every so many-th order's invoice is made void as soon as it is there.
const VOID: usize = 4;
const VOIDS: usize = ORDERS / VOID;
const PROCESSES: u64 = 3;

/// Another process over the same stores: it waits for no turn of the others, and what the table refuses is refused to whoever asked.
fn process(shop: &Shop, seed: u64) -> Invoices {
    let turns = Arc::new(std::array::from_fn(|_| Mutex::new(())));
    Invoices { table: Arc::new(Chaos::new(shop.table.clone(), seed)), turns, ..shop.invoices.clone() }
}

/// What a job does with what it was answered: refused for the moment, it asks again.
fn done<T>(answer: Result<T>, refused: &AtomicUsize) -> Option<T> {
    match answer {
        Ok(done) => Some(done),
        Err(why) if ["busy", "changed_meanwhile"].contains(&why.code.as_str()) => {
            refused.fetch_add(1, Ordering::Relaxed);
            None
        }
        Err(why) => panic!("{why:?}"),
    }
}

async fn issued(invoices: &Invoices, order: &Order, refused: &AtomicUsize) -> Invoice {
    let (ctx, buyer) = (OpCtx::system("receipt", crate::testing::NOW), Person::default());
    let issue = Issue { order, buyer: &buyer, paid_with: "card 4242", language: "en-US", refund: None };
    loop {
        if let Some(invoice) = done(invoices.issue(&ctx, &issue).await, refused) {
            break invoice;
        }
    }
}

async fn paid(shop: &Shop) -> Order {
    let ctx = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
    let placed = shop.place(&ctx).await.unwrap();
    shop.pay(&placed, "4242424242424242").await;
    shop.checkouts.refresh(&ctx, &placed.id).await.unwrap();
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    shop.checkouts.orders(&checkout).await.unwrap().remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_orders_at_once_have_each_number_once_without_a_gap_and_voids_keep_theirs() {
    for shop in Shop::both().await {
        let mut orders = Vec::new();
        for _ in 0..ORDERS {
            orders.push(paid(&shop).await);
        }
        let processes: Vec<Invoices> = (1..=PROCESSES).map(|seed| process(&shop, seed)).collect();
        let refused = Arc::new(AtomicUsize::new(0));
        let tasks = orders.iter().enumerate().map(|(n, order)| {
            let of = |n: usize| processes[n % processes.len()].clone();
            let (here, there, order, refused) = (of(n), of(n + 1), order.clone(), refused.clone());
            let (checkouts, staff) = (shop.checkouts.clone(), shop.staff());
            tokio::spawn(async move {
                // Two workers have the job of one order: it is one document.
                let (one, other) = join(issued(&here, &order, &refused), issued(&there, &order, &refused)).await;
                assert_eq!((&one.id, &one.number), (&other.id, &other.number));
                let void = async || here.void(&staff, &checkouts, &one.id, "Its seller was wrong.").await;
                if n % VOID == 0 {
                    while done(void().await, &refused).is_none() {}
                }
            })
        });
        for task in join_all(tasks).await {
            task.unwrap();
        }
        assert!(refused.load(Ordering::Relaxed) > 0, "nothing was refused in between: that is another test");
        let (mut invoices, mut credits) = (Vec::new(), Vec::new());
        for order in &orders {
            for (invoice, void) in shop.invoices.of_sale(&order.id).await.unwrap() {
                invoices.push(invoice.number);
                if let Some(void) = void {
                    credits.push(shop.invoices.get(&void.credit).await.unwrap().unwrap().number);
                }
            }
        }
        let series = |prefix: &str, most: usize| -> Vec<String> {
            (1..=most).map(|n| format!("{prefix}-2026-{n:05}")).collect()
        };
        for (numbers, expected) in [(invoices, series("NL", ORDERS + VOIDS)), (credits, series("NLC", VOIDS))] {
            let mut numbers = numbers;
            numbers.sort_unstable();
            assert_eq!(numbers, expected);
        }
        // The receipts' jobs come late and find every document there; the next sale has the next number.
        shop.work().await;
        let next = issued(&shop.invoices, &paid(&shop).await, &refused).await;
        assert_eq!(next.number, format!("NL-2026-{:05}", ORDERS + VOIDS + 1));
        shop.work().await;
        assert_eq!(shop.violations().await, []);
    }
}
