//! The policy of withdrawing: how long, of what, how, and when the money is back by the law of a country, and its form. Its words are messages of the
//! locale files; it is put together here and not in the client, which shows it as it is.

use std::fmt::Write as _;

use fluent_bundle::FluentArgs;
use vitrine_shared::views::{LicenceView, RightView};

use crate::i18n::Texts;
use crate::platform::escaped;

/// What a right is said to be, in a BCP 47 language; `form` is HTML.
pub(crate) fn view(right: &RightView, form: &str, locale: &str) -> LicenceView {
    let texts = Texts::of(locale);
    let say = |key: &str, days: u16| {
        let mut args = FluentArgs::new();
        args.set("country", right.country.as_str());
        args.set("days", days);
        texts.get(key, Some(&args))
    };
    let days = |key: &str| say(key, right.days);
    let mut said = if right.unknown {
        vec![days("policy-withdrawal-unknown")]
    } else if right.days == 0 {
        vec![days("policy-withdrawal-none"), days("policy-withdrawal-shop")]
    } else {
        let mut said = vec![days(if right.goods_only { "policy-withdrawal-goods" } else { "policy-withdrawal-right" })];
        if right.media_excepted {
            said.push(days("policy-withdrawal-media"));
        }
        if !right.goods_only {
            said.push(days(if right.waiver { "policy-withdrawal-waiver" } else { "policy-withdrawal-files" }));
        }
        said.push(days(if right.function { "policy-withdrawal-here" } else { "policy-withdrawal-tell" }));
        if right.buyer_returns {
            said.push(days("policy-withdrawal-returns"));
        }
        said.push(match right.refund_days {
            0 => days("policy-withdrawal-money-now"),
            days => say("policy-withdrawal-money", days),
        });
        said
    };
    said.extend([days("policy-withdrawal-faults"), days("policy-withdrawal-country")]);
    let mut body_html = String::new();
    for text in said {
        let _ = write!(body_html, "<p>{}</p>", escaped(&text));
    }
    body_html.push_str(form);
    let canonical = "/policies/withdrawal".to_owned();
    LicenceView { title: texts.get("policy-withdrawal", None), body_html, canonical, ..LicenceView::default() }
}
