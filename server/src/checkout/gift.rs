//! Gift cards bought: a purchase of its own, of one shop's cards for one recipient.
//!
//! Invariants: no cart, so that no discount is taken off it and no gift card or store credit pays for it; the amount is one the shop sells
//! when it is placed; who it is for is sealed from the first write on, under the key of who buys, so that a purchase that is never paid keeps
//! nothing readable of either once that is destroyed; tax is charged on nothing (`vitrine_pricing::tax::VOUCHER`).
//!
//! Not here: what becomes of cards once they are paid (`given`), the ledger (`crate::value`).

use vitrine_identity::account::normalise_email;
use vitrine_pricing::cash::Tender;
use vitrine_pricing::date::Date;
use vitrine_pricing::format::format_money;
use vitrine_pricing::money::{Currency, Money};
use vitrine_pricing::price::PriceList;
use vitrine_pricing::quote::{Buyer, Context, Kind, Quote, QuoteRequest, RequestLine, quote};
use vitrine_pricing::shipping::ShippingTable;
use vitrine_pricing::tax::VOUCHER;
use vitrine_shared::Problem;
use vitrine_shared::catalog::{GiftCards, Store, Tenant};
use vitrine_shared::id::{CheckoutId, OrderId, VariantId, WorkId};
use vitrine_shared::orders::{CheckoutState, Fulfilment};
use vitrine_shared::views::Named;
use vitrine_shared::views::card::Place;
use vitrine_shared::views::gift::{GiftForm, GiftView};
use vitrine_shared::views::trade::CheckoutForm;
use vitrine_table::{Consistency, Key};

use super::charge::chargeable;
use super::person::Customer;
use super::place::{CUSTOMER_MADE, Marks, Placed, attempt_item, hash};
use super::store::{self, Checkout, Gift, Order, OrderLine, Person, TaxRecord};
use super::{Checkouts, HOLD_MS};
use crate::catalog::people::gift_currency;
use crate::catalog::settings::is_payable;
use crate::ctx::{Caller, OpCtx, Scope};
use crate::fault::{self, Result};
use crate::mails::Words;
use crate::promotions::ForQuote;
use crate::value::sold::card_id;
use crate::value::{MAX_MESSAGE, Recipient, plain};
use crate::{ids, pricing, typed, withdrawal};

/// Most cards of one purchase.
const MOST_CARDS: u32 = 10;
/// Longest name of who gives or gets a card, characters.
const MAX_NAME: usize = 100;
/// When cards are sent on their day, milliseconds after midnight UTC: 10:00 is in the same day from Hawaii to New Zealand, so that the day
/// is the buyer's whatever their zone.
const HOUR_MS: i64 = 10 * 60 * 60 * 1000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Furthest day they can be sent on, days from now.
const FURTHEST_DAYS: i64 = 366;
/// How long a form that was refused is kept, seconds.
const KEPT_SECS: i64 = 3600;

/// What a refused form leaves behind.
type Refused = (GiftForm, Vec<(String, String)>, Option<String>);

/// A shop with the cards it sells here.
struct Shop {
    store: Store,
    tenant: Tenant,
    cards: Option<GiftCards>,
}

/// Who the cards of an order are for.
pub(super) enum To {
    /// It has none.
    Nobody,
    /// Them.
    Them(Box<Recipient>),
    /// Its buyer was erased meanwhile, with what they said of others.
    Erased,
}

/// A form without faults.
struct Asked {
    each_minor: i64,
    pieces: u32,
    email: String,
    to: Recipient,
    due_ms: i64,
}

fn form_key(name: &str) -> Key {
    Key::new(format!("GIFTFORM#{}", hash(name)), "FORM#")
}

fn seal_place(order: &OrderId) -> String {
    format!("gift/{order}")
}

fn href(store: &Store) -> String {
    format!("/gift-cards/{}", store.handle)
}

/// First and last day cards can be sent on.
fn days(now_ms: i64) -> Result<(Date, Date)> {
    // Somewhere it is still yesterday.
    let at = |ms| Date::from_unix_ms(ms).map_err(|e| fault::internal("a date", &e));
    Ok((at(now_ms - DAY_MS / 2)?, at(now_ms + FURTHEST_DAYS * DAY_MS)?))
}

/// When cards of this day are sent.
fn due(day: &str, now_ms: i64) -> Result<Option<i64>> {
    if day.is_empty() {
        return Ok(Some(now_ms));
    }
    let (first, last) = days(now_ms)?;
    let day: Option<Date> = day.parse().ok().filter(|day| (first..=last).contains(day));
    Ok(day.map(|day| (day.unix_ms() + HOUR_MS).max(now_ms)))
}

/// What of a shop's cards can be bought: amounts from before their currency had a step cannot.
fn payable(cards: GiftCards) -> GiftCards {
    let is_payable = |minor: &i64| is_payable(*minor, &cards.currency);
    let step = cards.currency.parse().map_or(1, Currency::processor_step);
    let named = cards.named.map(|(least, most)| (least.saturating_add(step - 1) / step * step, most / step * step));
    let named = named.filter(|(least, most)| least <= most);
    GiftCards { amounts: cards.amounts.iter().copied().filter(is_payable).collect(), named, ..cards }
}

/// What was typed, or its faults by field.
fn read(
    form: &GiftForm,
    cards: &GiftCards,
    shop: &Store,
    currency: Currency,
    ctx: &OpCtx,
) -> Result<std::result::Result<Asked, Vec<(String, String)>>> {
    let mut faults = Vec::new();
    let mut say = |field: &str, code: &str| faults.push((field.to_owned(), code.to_owned()));
    let chosen = match form.amount.as_str() {
        "named" => Money::parse(&form.named.trim().replace(',', "."), currency).ok().map(Money::minor),
        amount => amount.parse().ok(),
    };
    let each_minor = chosen.filter(|minor| cards.sells(*minor) && is_payable(*minor, currency.code()));
    if each_minor.is_none() {
        say(if form.amount == "named" { "named" } else { "amount" }, "fault-gift-amount");
    }
    let pieces = if form.pieces.trim().is_empty() { Some(1) } else { form.pieces.trim().parse().ok() };
    let pieces = pieces.filter(|pieces| (1..=MOST_CARDS).contains(pieces));
    if pieces.is_none() {
        say("pieces", "fault-gift-pieces");
    }
    let email = normalise_email(&form.email).ok();
    if email.is_none() {
        say("email", "fault-email");
    }
    let to = if form.to_self { email.clone() } else { normalise_email(&form.recipient_email).ok() };
    if to.is_none() && !form.to_self {
        say("recipient_email", "fault-email");
    }
    let mut text = |field: &str, text: &str, most, lines| {
        plain(field, text, most, lines).map_err(|_| say(field, "fault-long")).unwrap_or_default()
    };
    let name = text("recipient", &form.recipient, MAX_NAME, false);
    let from = text("sender", &form.sender, MAX_NAME, false);
    let message = text("message", &form.message, MAX_MESSAGE, true);
    let due_ms = due(form.day.trim(), ctx.now_ms)?;
    if due_ms.is_none() {
        say("day", "fault-gift-day");
    }
    let complete = (each_minor, pieces, email, to, due_ms);
    let (Some(each_minor), Some(pieces), Some(email), Some(to), Some(due_ms)) = complete else {
        return Ok(Err(faults));
    };
    if !faults.is_empty() {
        return Ok(Err(faults));
    }
    let shop = Some((shop.name.clone(), format!("/@{}", shop.handle)));
    let to = Recipient { email: to, message, locale: ctx.locale.clone(), name, from, shop };
    Ok(Ok(Asked { each_minor, pieces, email, to, due_ms }))
}

impl Checkouts {
    async fn gift_shop(&self, ctx: &OpCtx, handle: &str) -> Result<Shop> {
        let missing = || Problem::not_found("shop");
        let records = self.catalog.records();
        let store = records.store_by_handle(handle).await?.ok_or_else(missing)?;
        let tenant = records.tenant(&store.tenant).await?.ok_or_else(missing)?;
        let here = match &ctx.scope {
            Scope::Marketplace => tenant.listed,
            Scope::Tenant(id) => tenant.id == *id,
        };
        if !here || store.gift_cards.is_empty() || self.values.is_none() {
            return Err(missing());
        }
        let currency = self.gift_place(ctx, &store).currency.code();
        let cards = store.gift_cards.iter().find(|row| row.currency == currency).cloned();
        Ok(Shop { store, tenant, cards })
    }

    /// The visitor's place, in the first currency that is paid in there and has cards of this shop.
    fn gift_place(&self, ctx: &OpCtx, store: &Store) -> Place {
        let place = self.catalog.place(ctx);
        let currency = gift_currency(store, &place).unwrap_or(place.currency);
        Place { currency, ..place }
    }

    /// The page where a shop's cards are bought; `kept` names a form that was refused.
    ///
    /// # Errors
    /// 404 for a shop that sells none; the stores'.
    pub async fn gift_view(&self, ctx: &OpCtx, handle: &str, kept: Option<&str>) -> Result<GiftView> {
        let Shop { store, cards, .. } = self.gift_shop(ctx, handle).await?;
        let place = self.gift_place(ctx, &store);
        let (mut form, faults, trouble) = match kept {
            Some(name) => self.kept_gift(ctx, name).await?.unwrap_or_default(),
            None => Refused::default(),
        };
        if let (true, Caller::User(user)) = (form == GiftForm::default(), &ctx.caller) {
            form.email.clone_from(&user.email);
            form.sender.clone_from(&user.name);
        }
        let said = |minor: i64| shown(minor, &place);
        let cards = payable(cards.unwrap_or(GiftCards { currency: String::new(), amounts: Vec::new(), named: None }));
        // An amount of another currency is chosen anew.
        let currency = place.currency.code().to_owned();
        if std::mem::replace(&mut form.currency, currency.clone()) != currency {
            form.amount.clear();
            form.named.clear();
        }
        if form.amount.is_empty() {
            form.amount = cards.amounts.first().map_or_else(|| "named".to_owned(), i64::to_string);
        }
        let (first, last) = days(ctx.now_ms)?;
        Ok(GiftView {
            shop: Named { name: store.name.clone(), latin: None, href: format!("/@{}", store.handle) },
            action: format!("{}/buy", href(&store)),
            amounts: cards.amounts.iter().map(|m| Ok((m.to_string(), said(*m)?))).collect::<Result<_>>()?,
            named: cards.named.map(|(least, most)| Ok::<_, Problem>((said(least)?, said(most)?))).transpose()?,
            currency,
            most: MOST_CARDS,
            days: (first.to_string(), last.to_string()),
            form,
            faults,
            trouble,
            attempt: ids::secret(),
            right: withdrawal::right_unsent(&ctx.country, &ctx.locale),
        })
    }

    /// Keeps a form that was refused, sealed, for an hour; answers the name that opens it.
    ///
    /// # Errors
    /// The table's.
    pub async fn keep_gift(&self, ctx: &OpCtx, form: GiftForm, problem: &Problem) -> Result<String> {
        let name = ids::secret();
        let trouble = problem.fields.is_empty().then(|| problem.code.clone());
        let faults: Vec<(String, String)> = problem.fields.clone().into_iter().collect();
        let kept: Refused = (form, faults, trouble);
        let place = format!("gift-form/{name}");
        let ends = ctx.now_ms / 1000 + KEPT_SECS;
        typed::keep(&*self.table, &self.master, (form_key(&name), &place), ends, &kept).await?;
        Ok(name)
    }

    async fn kept_gift(&self, ctx: &OpCtx, name: &str) -> Result<Option<Refused>> {
        let place = format!("gift-form/{name}");
        typed::kept(&*self.table, &self.master, (&form_key(name), &place), ctx.now_ms).await
    }

    /// Buys a shop's cards: places the order and begins its payment. The same attempt again is the same purchase.
    ///
    /// # Errors
    /// 404 for a shop that sells none; 422 for a form with faults (in `fields`) or another one under this attempt; 409 `gift_changed` for
    /// amounts of another currency than they are sold in here by now, or for money that cannot be charged; 503 if the provider is away, and nothing is held then; the stores'.
    pub async fn buy_gift(&self, ctx: &OpCtx, handle: &str, attempt: &str, form: &GiftForm) -> Result<Placed> {
        match self.buy_gift_once(ctx, handle, attempt, form).await {
            // The account's customer is there now.
            Err(problem) if problem.code == CUSTOMER_MADE => self.buy_gift_once(ctx, handle, attempt, form).await,
            done => done,
        }
    }

    async fn buy_gift_once(&self, ctx: &OpCtx, handle: &str, attempt: &str, form: &GiftForm) -> Result<Placed> {
        ids::attempt(attempt)?;
        let shop = self.gift_shop(ctx, handle).await?;
        let place = self.gift_place(ctx, &shop.store);
        let scope = format!("{}#gift#{attempt}", ctx.caller.audit_name());
        let body = (handle, form);
        let body = hash(&serde_json::to_string(&body).unwrap_or_default());
        let paying = CheckoutForm { email: form.email.clone(), ..CheckoutForm::default() };
        let known = self.table.get(&store::attempt_key(&scope), Consistency::Strong).await.map_err(fault::table)?;
        if let Some(answer) = self.remembered(ctx, &paying, known, &scope, &body).await? {
            return Ok(answer);
        }
        let not_here = || Problem::conflict("gift_currency", "This shop sells no gift cards in this currency.");
        let cards = shop.cards.as_ref().ok_or_else(not_here)?;
        if form.currency != place.currency.code() {
            return Err(Problem::conflict("gift_changed", "These gift cards are sold in another currency by now.")
                .detail(place.currency.code().to_owned()));
        }
        let asked = read(form, cards, &shop.store, place.currency, ctx)?.map_err(|faults| {
            let mut problem = Problem::new(422, "invalid", "Some fields need another look.");
            problem.fields = faults.into_iter().collect();
            problem
        })?;
        let known = match Self::known_customer(ctx) {
            Some(key) => self.table.get(&key, Consistency::Strong).await.map_err(fault::table)?,
            None => None,
        };
        let title = Words::of(&ctx.locale).say("mail-gift-card", &[]);
        let quoted = self.gift_quote(ctx, &place, &shop, &title, &asked)?;
        chargeable(quoted.totals.gross.minor(), quoted.currency, place.locale)?;
        let (customer, made) = self.customer(ctx, &asked.email, known.as_ref()).await?;
        let person = Person { email: asked.email.clone(), name: asked.to.from.clone(), ..Person::default() };
        let sealed = customer.seal(&person)?;
        let (checkout, order, secret) =
            self.gift_built(ctx, &place, &shop, &customer, quoted, (title, &asked), &scope)?;
        let marks = Marks { attempt: attempt_item(&checkout, &scope, &body), earlier: None, answers: Vec::new() };
        self.hold(ctx, &checkout, &[order], sealed, made, marks).await?;
        self.begin(ctx, checkout, &paying, secret, &scope).await
    }

    fn gift_quote(&self, ctx: &OpCtx, place: &Place, shop: &Shop, title: &str, asked: &Asked) -> Result<Quote> {
        let currency = place.currency;
        let price = Money::new(asked.each_minor, currency).map_err(|e| fault::internal("a price", &e))?;
        let request = QuoteRequest {
            currency,
            date: Date::from_unix_ms(ctx.now_ms).map_err(|e| fault::internal("a date", &e))?,
            market: Some(place.market.id.to_owned()),
            seller: pricing::seller(&shop.tenant.legal, place.market),
            buyer: Buyer { country: ctx.country.clone(), ..Buyer::default() },
            lines: vec![RequestLine {
                quantity: asked.pieces,
                name: Some(title.to_owned()),
                unit_price: Some(price),
                kind: Some(Kind::Digital),
                tax_class: Some(VOUCHER.to_owned()),
                ..RequestLine::default()
            }],
            codes: Vec::new(),
            promotions: None,
            customer: None,
            shipping: None,
            shipping_method: None,
            rounding: shop.store.rounding,
            no_rule: shop.store.no_rule,
            external_taxes: None,
            tender: Tender::Electronic,
        };
        let (prices, shipping) =
            (PriceList { id: shop.tenant.id.to_string(), ..PriceList::default() }, ShippingTable::default());
        let nothing = ForQuote::default();
        let context = Context {
            rules: pricing::rules(),
            items: &[],
            prices: &prices,
            shipping: &shipping,
            promotions: nothing.given(&shop.store.handle),
        };
        quote(&request, &context).map_err(|e| fault::internal("a quote of gift cards", &e))
    }

    #[expect(clippy::too_many_arguments, reason = "one caller; each is a different thing")]
    fn gift_built(
        &self,
        ctx: &OpCtx,
        place: &Place,
        shop: &Shop,
        customer: &Customer,
        quoted: Quote,
        (title, asked): (String, &Asked),
        scope: &str,
    ) -> Result<(Checkout, Order, String)> {
        let id = CheckoutId::from_bits(ids::new_bits(ctx.now_ms));
        let order = OrderId::from_bits(ids::new_bits(ctx.now_ms));
        let secret = ids::secret();
        let seal = |at: &str, text: &[u8]| self.master.seal(at, text).map_err(|e| fault::internal("a checkout", &e));
        // No work is behind it: ids of its own, so that what looks for one finds none.
        let of = |kind: &str| ids::derived_bits(&["gift", kind, shop.tenant.id.as_str()]);
        let line = OrderLine {
            variant: VariantId::from_bits(of("variant")),
            work: WorkId::from_bits(of("work")),
            title,
            edition: shop.store.name.clone(),
            href: href(&shop.store),
            quantity: asked.pieces,
            physical: false,
            stocked: false,
            assets: Vec::new(),
            licence: None,
            seller_of_record: "tenant".into(),
            state: Fulfilment::Unpaid,
            tracking: None,
            shipped_ms: None,
            gift: Some(Gift {
                cards: (0..asked.pieces).map(|number| card_id(&order, number)).collect(),
                each_minor: asked.each_minor,
                due_ms: asked.due_ms,
                sealed: customer.seal_other(&seal_place(&order), &asked.to)?,
            }),
        };
        let checkout = Checkout {
            secret_sealed: seal(&format!("checkout/{id}"), secret.as_bytes())?,
            secret_hash: hash(&secret),
            customer: customer.id.clone(),
            state: CheckoutState::PendingPayment,
            orders: vec![order.clone()],
            sellers: vec![shop.tenant.id.clone()],
            currency: place.currency.code().to_owned(),
            total_minor: quoted.totals.gross.minor(),
            exponent: place.currency.exponent(),
            provider: self.provider(),
            session: None,
            charge: None,
            failure: None,
            paid_with: String::new(),
            sources: Vec::new(),
            locale: ctx.locale.clone(),
            market: place.market.id.to_owned(),
            placed_ms: ctx.now_ms,
            held_until_ms: ctx.now_ms + HOLD_MS,
            waived: false,
            guest: !matches!(ctx.caller, Caller::User(_)),
            cart: None,
            attempt: Some(scope.to_owned()),
            methods: self.methods(&ctx.country, place.currency.code()),
            pay_url: None,
            authorise: false,
            or_at_once: false,
            asked: None,
            refused: Vec::new(),
            known_by: Vec::new(),
            rev: 1,
            id: id.clone(),
        };
        let order = Order {
            id: order,
            checkout: id,
            tenant: shop.tenant.id.clone(),
            store: Some(shop.store.id.clone()),
            customer: customer.id.clone(),
            paid: false,
            lines: vec![line],
            quote: quoted,
            country: ctx.country.clone(),
            region: String::new(),
            tax: TaxRecord::default(),
            refunded_minor: 0,
            sources: Vec::new(),
            payment_provider: self.provider(),
            provider_charge_id: None,
            placed_ms: ctx.now_ms,
            paid_ms: None,
            rev: 1,
        };
        Ok((checkout, order, secret))
    }

    /// Who the cards of each of these orders are for, in their order; read until they are paid.
    pub(super) async fn gift_recipients(&self, orders: &[Order]) -> Result<Vec<To>> {
        let mut all = Vec::with_capacity(orders.len());
        for order in orders {
            let Some(gift) = order.lines.iter().find_map(|line| line.gift.as_ref()) else {
                all.push(To::Nobody);
                continue;
            };
            let at = seal_place(&order.id);
            let key = self.data_key(&order.customer).await?;
            let read = key.and_then(|key| key.open_value(&at, &gift.sealed).ok());
            // Placed before it was sealed under the buyer's key.
            let read = read.or_else(|| self.master.open_value(&at, &gift.sealed).ok());
            all.push(read.map_or(To::Erased, |to| To::Them(Box::new(to))));
        }
        Ok(all)
    }
}

/// An amount in words.
pub(super) fn shown(minor: i64, place: &Place) -> Result<String> {
    let money = Money::new(minor, place.currency).map_err(|e| fault::internal("an amount", &e))?;
    Ok(format_money(money, place.locale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_the_buyers_wherever_they_are() {
        // 2026-11-29T11:30Z: in Auckland it is the 30th, in Honolulu the 29th, at Baker Island the 28th.
        let now = Date::new(2026, 11, 29).unwrap().unix_ms() + 11 * 60 * 60 * 1000 + 30 * 60 * 1000;
        let at = |text: &str| due(text, now).unwrap();
        assert_eq!(
            (at(""), at("2026-11-29"), at("2026-11-28"), at("2026-11-27")),
            (Some(now), Some(now), Some(now), None)
        );
        assert_eq!(at("2026-11-30"), Some(Date::new(2026, 11, 30).unwrap().unix_ms() + HOUR_MS));
        assert_eq!((at("2027-11-30").is_some(), at("2027-12-01"), at("soon")), (true, None, None));
        // From UTC-10 to UTC+13 the hour is within the day.
        for zone in -10..=13 {
            assert!((0..24).contains(&(HOUR_MS / 3_600_000 + zone)), "{zone}");
        }
    }

    #[test]
    fn what_cannot_be_charged_is_not_offered() {
        let cards = |currency: &str, amounts: &[i64], named| GiftCards {
            currency: currency.into(),
            amounts: amounts.to_vec(),
            named,
        };
        let offered = |cards: GiftCards| (payable(cards.clone()).amounts, payable(cards).named);
        assert_eq!(offered(cards("TWD", &[50_000, 50_050], None)), (vec![50_000], None));
        assert_eq!(offered(cards("TWD", &[], Some((9_950, 50_050)))), (vec![], Some((10_000, 50_000))));
        assert_eq!(offered(cards("TWD", &[], Some((10_001, 10_050)))), (vec![], None));
        assert_eq!(offered(cards("EUR", &[1_501], Some((101, 999)))), (vec![1_501], Some((101, 999))));
    }
}
