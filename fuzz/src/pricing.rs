//! Documents of the pricing door, tax identities, and files of exchange rates.

use std::sync::LazyLock;

use tokio::runtime::{Builder, Runtime};
use vitrine_pricing::fx::{FxTable, ecb};
use vitrine_pricing::money::{Currency, Money};
use vitrine_pricing::quote::{Amounts, Quote};
use vitrine_pricing::tax_id::{Checked, KINDS, check, kinds_of};
use vitrine_server::ctx::OpCtx;
use vitrine_server::pricing::{Quotes, read};
use vitrine_server::rates::{hmrc, own};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Builder::new_current_thread().build().unwrap());

fn adds_up(amounts: &Amounts) {
    let sum = |all: &mut dyn Iterator<Item = Money>| Money::sum(amounts.gross.currency(), all).unwrap();
    assert_eq!(sum(&mut amounts.taxes.iter().map(|t| t.amount)), amounts.tax);
    assert_eq!(amounts.net.checked_add(amounts.tax).unwrap(), amounts.gross);
    let off = sum(&mut amounts.discounts.iter().map(|d| d.amount));
    assert!(!off.is_negative() && !amounts.list.checked_sub(off).unwrap().is_negative(), "{amounts:?}");
    for amount in [amounts.list, amounts.net, amounts.tax, amounts.gross] {
        assert!(!amount.is_negative(), "{amounts:?}");
    }
}

/// What is no document names what is wrong with it; what is one has an answer, and what that says adds up and can be sent.
pub(crate) fn quote(bytes: &[u8]) {
    let answer = read(bytes).and_then(|document| {
        RUNTIME.block_on(Quotes::detached().quote(&OpCtx::system("fuzz", 1_790_000_000_000), document))
    });
    match answer {
        Ok(quote) => {
            quote.lines.iter().for_each(|line| adds_up(&line.amounts));
            quote.shipping.iter().for_each(adds_up);
            adds_up(&quote.totals);
            let sent = serde_json::to_vec(&quote).unwrap();
            assert_eq!(serde_json::from_slice::<Quote>(&sent).unwrap(), quote);
        }
        Err(problem) => {
            let fits = match problem.status {
                400 | 404 => problem.fields.is_empty(),
                422 => problem.fields.len() == 1 && problem.fields.keys().all(|field| !field.is_empty()),
                _ => false,
            };
            assert!(fits, "{problem:?}");
        }
    }
}

/// A right number is itself in its stored form; the first byte says of which kind it is taken to be.
pub(crate) fn tax_id(bytes: &[u8]) {
    let [first, rest @ ..] = bytes else { return };
    let (kind, typed) = (&KINDS[usize::from(*first) % KINDS.len()], super::text(rest));
    if let Checked::Ok(stored) = check(kind.code, &typed) {
        assert!(stored.bytes().all(|b| b.is_ascii_alphanumeric()), "{stored:?}");
        assert_eq!(check(kind.code, &stored), Checked::Ok(stored.clone()), "{} {typed:?}", kind.code);
        assert!(kinds_of(kind.country).any(|k| k.code == kind.code));
    }
    assert_eq!(check("no such kind", &typed), Checked::Unknown(typed.trim().to_owned()));
}

/// The same of files that are for invoices.
fn books(bytes: &[u8]) {
    let on = |table: &FxTable, day| {
        let stored = serde_json::to_string(table).unwrap();
        assert_eq!(serde_json::from_str::<FxTable>(&stored).unwrap(), *table);
        for currency in table.currencies() {
            let _ = table.in_books(Money::new(1_234, currency).unwrap(), Currency::GBP, day, 31);
        }
    };
    if hmrc::is_one(bytes) {
        match hmrc::read(bytes) {
            Ok((month, unknown)) => {
                assert!(month.covers(month.until) && month.covers(month.table.date()));
                assert!(unknown.iter().all(|code| code.parse::<Currency>().is_err()));
                on(&month.table, month.until);
            }
            Err(why) => assert!(!why.code().is_empty() && !why.to_string().is_empty()),
        }
    }
    if own::is_one(bytes) {
        match own::read(bytes) {
            Ok(own) => {
                assert!(own.covers(own.from) && own.covers(own.until) && !own.source.is_empty());
                for (currency, _) in &own.rates {
                    on(&own.table_of(*currency).unwrap(), own.until);
                }
            }
            Err(why) => assert!(!why.code().is_empty() && !why.to_string().is_empty()),
        }
    }
}

/// What is no file of rates says why; what is one is a table that is itself again in its stored form, and converts or says why not.
pub(crate) fn rates(bytes: &[u8]) {
    books(bytes);
    let read = match ecb::read(bytes) {
        Ok(read) => read,
        Err(why) => return assert!(!why.code().is_empty() && !why.to_string().is_empty()),
    };
    let stored = serde_json::to_string(&read.table).unwrap();
    assert_eq!(serde_json::from_str::<FxTable>(&stored).unwrap(), read.table);
    assert!(read.table.currencies().all(|currency| currency != Currency::EUR));
    assert!(read.unknown.iter().all(|code| code.len() == 3 && code.parse::<Currency>().is_err()));
    let (price, on) = (Money::new(1_234, Currency::EUR).unwrap(), read.table.date());
    for currency in read.table.currencies() {
        let _ = read.table.convert_for_display(price, currency, on);
        let back = Money::new(1_234, currency).unwrap();
        let _ = read.table.convert_for_display(back, Currency::EUR, on);
    }
}
