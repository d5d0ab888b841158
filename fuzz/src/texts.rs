//! Words, numbers and names that people type.

use vitrine_identity::account::normalise_email;
use vitrine_places::{Field, form_of};
use vitrine_pricing::date::Date;
use vitrine_pricing::market::is_country;
use vitrine_pricing::money::{Currency, Money};
use vitrine_server::backup;
use vitrine_server::checkout::{check_form, destination};
use vitrine_server::config::Config;
use vitrine_shared::id::{
    ApiKeyId, AssetId, CartId, CheckoutId, CustomerId, GrantId, InvoiceId, LicenceId, MakerId, OrderId, PartId,
    ProductId, StoreId, TenantId, UserId, VariantId, WorkId,
};
use vitrine_shared::search::{MAX_QUERY_TOKENS, Query, fold, key, tokens};
use vitrine_shared::slug::{id_part, is_slug, slugify};
use vitrine_shared::timed;
use vitrine_shared::views::trade::CheckoutForm;

use crate::text;

/// Ids: what is read is what was written.
pub(crate) fn ids(bytes: &[u8]) {
    let text = text(bytes);
    macro_rules! same {
        ($($id:ty),*) => {
            $(if let Ok(id) = text.parse::<$id>() {
                assert_eq!(id.to_string(), text);
                assert_eq!(text.len(), <$id>::PREFIX.len() + 27);
            })*
        };
    }
    same!(
        ApiKeyId, AssetId, CartId, CheckoutId, CustomerId, GrantId, InvoiceId, LicenceId, MakerId, OrderId, PartId,
        ProductId, StoreId, TenantId, UserId, VariantId, WorkId
    );
}

/// Slugs: folding twice changes nothing, and what comes of it is one.
pub(crate) fn slugs(bytes: &[u8]) {
    let text = text(bytes);
    if let Some(slug) = slugify(&text) {
        assert!(is_slug(&slug), "{slug:?}");
        assert_eq!(slugify(&slug).as_deref(), Some(slug.as_str()));
    }
    if let Some(id) = id_part(&text, "w") {
        assert!(id.starts_with("w_") && text.ends_with(id));
    }
}

/// Amounts that people type: written out again they are the same.
pub(crate) fn money(bytes: &[u8]) {
    let text = text(bytes);
    for currency in ["EUR", "JPY", "KWD"].into_iter().filter_map(|c| c.parse::<Currency>().ok()) {
        if let Ok(money) = Money::parse(&text, currency) {
            assert_eq!(Money::new(money.minor(), currency).ok(), Some(money));
            assert_eq!(Money::parse(&money.to_decimal(), currency).ok(), Some(money));
        }
    }
}

/// Moments in notes: what is not a link stays as it was.
pub(crate) fn moments(bytes: &[u8]) {
    let text = text(bytes);
    let linked = timed::linked(&text, "/s/x?a=1&b=\"<");
    let links = linked.matches("<a class=\"moment\"").count() - text.matches("<a class=\"moment\"").count();
    assert!(linked.len() >= text.len() && links <= text.len());
    if let Some(seconds) = timed::seconds(&text) {
        assert_eq!(timed::seconds(&timed::clock(seconds)), Some(seconds));
    }
}

/// Days and moments: written out again they are the same.
pub(crate) fn dates(bytes: &[u8]) {
    let text = text(bytes);
    if let Ok(day) = text.parse::<Date>() {
        assert_eq!(day.to_string(), text);
        assert!(day.rfc2822().ends_with("00:00:00 GMT"));
    }
    if let Some(ms) = backup::moment(&text) {
        assert_eq!(backup::moment(&backup::shown(ms)), Some(ms), "{text:?}");
    }
}

/// Words that people search for: a query is bounded, folding twice changes nothing, and a title is found by itself.
pub(crate) fn words(bytes: &[u8]) {
    let text = text(bytes);
    let folded = fold(&text);
    assert_eq!(fold(&folded), folded, "{text:?}");
    let query = Query::parse(&text);
    assert!(query.tokens.len() <= MAX_QUERY_TOKENS);
    assert_eq!(query.key, key(&text));
    assert_eq!(key(&query.key), query.key, "{text:?}");
    let (document, mut before) = (tokens(&text), 0);
    for token in &document {
        assert!(token.position >= before && !token.text.is_empty());
        before = token.position;
    }
    for token in &query.tokens {
        assert!(document.iter().any(|known| known.text.starts_with(&token.text)), "{token:?} of {text:?}");
    }
}

/// The form of a checkout, a field each line: what has no fault is short, of one line each, goes to a country there is, and has what
/// that country's addresses must have.
pub(crate) fn form(bytes: &[u8]) {
    let text = text(bytes);
    let mut lines = text.split('\n').map(str::to_owned);
    let mut next = || lines.next().unwrap_or_default();
    let form = CheckoutForm {
        email: next(),
        country: next(),
        name: next(),
        line1: next(),
        line2: next(),
        city: next(),
        region: next(),
        postcode: next(),
        accept_licence: true,
        accept_waiver: false,
        organisation: next(),
        dependent_locality: next(),
        sorting_code: next(),
        tax_id: next(),
        phone: next(),
        business: false,
        use_credit: false,
        ids: Default::default(),
        shipping: Default::default(),
        confirm_place: false,
        buy_again: false,
    };
    if !check_form(&form, true, true, false).is_empty() {
        return;
    }
    assert!(normalise_email(&form.email).is_ok());
    let to = destination(&form);
    assert!(is_country(&to.country), "{to:?}");
    assert!(to.postcode.as_ref().is_none_or(|code| !code.is_empty() && code.trim() == code));
    assert!(to.region.as_ref().is_none_or(|region| !region.is_empty() && region.trim() == region));
    for required in form_of(&to.country).fields.iter().filter(|f| f.required) {
        let text = match required.field {
            Field::Postcode => &form.postcode,
            Field::Region => &form.region,
            Field::City => &form.city,
            Field::Line1 => &form.line1,
            Field::Name => &form.name,
            Field::DependentLocality => &form.dependent_locality,
            _ => continue,
        };
        assert!(!text.trim().is_empty(), "{required:?}");
    }
    for field in form.texts() {
        assert!(field.chars().count() <= 200 && !field.chars().any(char::is_control), "{field:?}");
    }
    assert!(!check_form(&CheckoutForm::default(), true, true, false).is_empty());
}

/// Variables of the environment, `NAME=value` each line: text arrives as it was said, what is unknown is refused, and secrets are told to
/// nobody.
pub(crate) fn config(bytes: &[u8]) {
    const SECRET: &str = "bm90IGEgc2VjcmV0IGFuZCB5ZXQgb25lIG9mIG91cnM=";
    let text = text(bytes);
    let said = |name: &str, value: &str| (format!("VITRINE_{name}"), value.to_owned());
    let env: Vec<_> = text.lines().filter_map(|line| line.split_once('=')).map(|(n, v)| said(n, v)).collect();
    let load = |more: &[(String, String)]| Config::load(None, env.iter().chain(more).cloned());
    match load(&[said("MASTER_KEY", SECRET)]) {
        Ok(config) => assert!(!format!("{config:?} {}", config.shown()).contains(SECRET)),
        Err(error) => assert!(!error.to_string().contains(SECRET)),
    }
    assert!(load(&[said("NO_SUCH_KEY", "1")]).is_err());
    let heard = Config::load(None, [said("LOG", &text)].into_iter()).map(|config| config.log);
    assert_eq!(heard.ok(), Some(text));
}
