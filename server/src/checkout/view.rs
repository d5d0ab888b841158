//! The checkout page and the order page.

use vitrine_pricing::format::format_money;
use vitrine_pricing::market::Market;
use vitrine_pricing::money::Money;
use vitrine_pricing::promotion::is_same_code;
use vitrine_shared::Problem;
use vitrine_shared::cart::{MAX_LINES, MAX_QUANTITY};
use vitrine_shared::catalog::Store;
use vitrine_shared::id::{CheckoutId, OrderId, VariantId};
use vitrine_shared::orders::{CheckoutState, Fulfilment};
use vitrine_shared::views::card::Place;
use vitrine_shared::views::preview::Pieces;
use vitrine_shared::views::sums::{explain, sent_by, sums, undiscounted};
use vitrine_shared::views::trade::{
    CartView, CheckoutView, OrderLineView, OrderPartView, OrderView, PayState, TaxFallbackView,
};
use vitrine_shared::views::{MomentView, Named};

use super::store::{Checkout, Order};
use super::{CARD_USED, Checkouts, asked, countries, evidence, identity, placed};
use crate::cart::view::{Destination, Priced, price};
use crate::cart::{CartRecord, carried};
use crate::catalog::offers::Found as Offers;
use crate::ctx::{Caller, OpCtx};
use crate::fault::{self, Result};
use crate::taxes::Outcome;
use crate::{audit, authz, ids};

/// Bytes of what a page carries to price by itself; a cart of very many shops asks the server.
const MOST_CARRIED: usize = 60_000;

fn variants(cart: &CartRecord) -> Vec<VariantId> {
    cart.lines.iter().map(|l| l.variant.clone()).collect()
}

impl Checkouts {
    /// The caller's cart, priced for the place of the page.
    pub async fn cart_view(&self, ctx: &OpCtx) -> Result<CartView> {
        let cart = self.carts.load(ctx, ctx.cart.as_deref()).await?;
        self.view_of(ctx, &cart).await
    }

    /// The same for the cart's page, with what a browser needs to price other numbers of pieces.
    pub async fn cart_page(&self, ctx: &OpCtx) -> Result<CartView> {
        let cart = self.carts.load(ctx, ctx.cart.as_deref()).await?;
        let (offers, place, priced) = self.priced(ctx, &cart).await?;
        let pricing = carried(&offers, ctx, &place, &priced)?;
        let written = pricing.map(|pricing| serde_json::to_string(&pricing)).transpose();
        let written = written.map_err(|e| fault::internal("a cart's pricing", &e))?;
        let mut view = self.with_it(ctx, priced).await?;
        view.pricing = written.filter(|text| text.len() <= MOST_CARRIED);
        Ok(view)
    }

    /// A cart as it was just read or written, priced for the place of the page. Placing reads every record anew.
    pub async fn view_of(&self, ctx: &OpCtx, cart: &CartRecord) -> Result<CartView> {
        let (_, _, priced) = self.priced(ctx, cart).await?;
        self.with_it(ctx, priced).await
    }

    /// The caller's cart as it would be with other numbers of pieces. Changes nothing.
    ///
    /// # Errors
    /// 404 for a line that is not in it, 422 for no pieces, too many, or a line that is named twice. What is too much of the stock is the line's
    /// trouble.
    pub async fn cart_as(&self, ctx: &OpCtx, pieces: &[Pieces]) -> Result<CartView> {
        let mut cart = self.carts.load(ctx, ctx.cart.as_deref()).await?;
        let twice = |i: usize, asked: &Pieces| pieces[..i].iter().any(|before| before.variant == asked.variant);
        if pieces.len() > MAX_LINES || pieces.iter().enumerate().any(|(i, asked)| twice(i, asked)) {
            return Err(Problem::invalid("pieces", "repeated", "Name each line once."));
        }
        let many =
            || Problem::invalid("quantity", "too_many", format!("Ask for 1 to {MAX_QUANTITY} pieces, of files for 1."));
        for asked in pieces {
            let line = cart.lines.iter_mut().find(|l| !l.later && l.variant.as_str() == asked.variant);
            let line = line.ok_or_else(|| Problem::not_found("cart line"))?;
            if !(1..=MAX_QUANTITY).contains(&asked.quantity) {
                return Err(many());
            }
            line.quantity = asked.quantity;
        }
        let view = self.priced(ctx, &cart).await?.2.view;
        if view.sellers.iter().flat_map(|s| &s.lines).any(|line| !line.physical && line.quantity > 1) {
            return Err(many());
        }
        Ok(view)
    }

    async fn priced(&self, ctx: &OpCtx, cart: &CartRecord) -> Result<(Offers, Place, Priced)> {
        let to = Destination { country: ctx.country.clone(), ..Destination::default() };
        let place = self.catalog.place(ctx);
        let offers = self.catalog.offers().kept(&variants(cart)).await?;
        let offered = self.offered(ctx, &offers, cart, "").await?;
        let priced = price(&offers, ctx, &place, &cart.lines, &to, &offered, cart.rev)?;
        Ok((offers, place, priced))
    }

    /// The page's view with what goes with what is in it.
    async fn with_it(&self, ctx: &OpCtx, priced: Priced) -> Result<CartView> {
        let mut view = priced.view;
        let lines = priced.sellers.iter().flat_map(|s| &s.lines);
        let works: Vec<_> = lines.map(|l| (l.work.id.clone(), l.work.makers.clone())).collect();
        if !works.is_empty() {
            view.with_it = self.catalog.goes_with(ctx, &works).await?;
            view.with_it.retain(|card| !view.later.iter().any(|l| l.href == card.href));
        }
        Ok(view)
    }

    /// Keeps a discount code with the caller's cart. One that is valid in none of its shops is kept all the same, so that the page says so, and
    /// counts as a guess.
    ///
    /// # Errors
    /// As `Carts::add_code`; 429 `code_wait` for who guessed too often.
    pub async fn apply_discount(&self, ctx: &OpCtx, code: &str) -> Result<()> {
        if self.free.has_guessed(ctx.peer) {
            return Err(Problem::new(429, "code_wait", "Too many codes that cannot be used were tried from here."));
        }
        let cart = self.carts.add_code(ctx, ctx.cart.as_deref(), code).await?;
        if self.is_wrong_code(ctx, &cart, code).await? {
            ctx.guess.mark_wrong();
        }
        Ok(())
    }

    /// Whether a code of a cart is valid in none of its shops, here and today.
    ///
    /// # Errors
    /// The stores'.
    pub(crate) async fn is_wrong_code(&self, ctx: &OpCtx, cart: &CartRecord, code: &str) -> Result<bool> {
        let (_, _, priced) = self.priced(ctx, cart).await?;
        let mut codes = priced.view.codes.iter().filter(|c| is_same_code(&c.code, code));
        Ok(codes.any(|c| c.reason.as_deref() == Some("code-skipped-not-valid")))
    }

    /// The checkout page for what was typed so far, with the prices of where it goes.
    pub async fn checkout_view(&self, ctx: &OpCtx) -> Result<CheckoutView> {
        let cart = self.carts.load(ctx, ctx.cart.as_deref()).await?;
        let typed = self.kept_form(ctx).await?;
        let mut form = typed.form;
        if form.country.is_empty() {
            form.country.clone_from(&ctx.country);
        }
        if let (true, Caller::User(user)) = (form.email.is_empty(), &ctx.caller) {
            form.email.clone_from(&user.email);
            form.name.clone_from(&user.name);
        }
        let to = self.bound_for(ctx, &form).await?;
        let ctx = &super::place::sold_at(ctx, &to);
        let place = self.catalog.place(ctx);
        let offers = self.catalog.offers().read(&variants(&cart)).await?;
        let offered = self.offered(ctx, &offers, &cart, &form.email).await?;
        let mut priced = price(&offers, ctx, &place, &cart.lines, &to, &offered, cart.rev)?;
        let asked = self.with_taxes(ctx, &priced, &form, &to).await?;
        if let Some(asked) = asked.as_ref() {
            priced = price(&offers, ctx, &place, &cart.lines, asked, &offered, cart.rev)?;
        }
        let to = asked.unwrap_or(to);
        if identity::waits(&to) {
            let confirmed = identity::once_confirmed(&to);
            let confirmed = price(&offers, ctx, &place, &cart.lines, &confirmed, &offered, cart.rev)?;
            identity::say_what_stays(&mut priced, &confirmed);
        }
        let mut licences: Vec<(String, String)> = Vec::new();
        for id in priced.sellers.iter().flat_map(|s| &s.lines).filter_map(|l| l.variant.licence.as_ref()) {
            let href = format!("/eula/{id}");
            if !licences.iter().any(|(_, h)| *h == href)
                && let Some(licence) = offers.licence(id)
            {
                licences.push((licence.title.clone(), href));
            }
        }
        let waiver = super::place::needs_waiver(&priced, &to.country);
        let whole_address = priced.view.needs_address || form.business;
        let (mut fields, regions) = super::address::fields(&form, whole_address);
        if to.taxes.iter().any(|asked| asked.outcome == Outcome::Postcode) {
            fields.iter_mut().filter(|field| field.name == "postcode").for_each(|field| field.required = true);
        }
        let called = |country: &str| vitrine_places::country_name(country, &ctx.locale).unwrap_or(country).to_owned();
        let other_place = identity::contradicted(ctx, &priced, &to).map(called);
        let sold = asked::Sold::of(&priced);
        let right = &vitrine_places::point_of_sale(&to.country).withdrawal;
        let days = |sells: bool, days: u16| if sells && !form.business { days } else { 0 };
        let place = Place { currency: priced.currency, ..place };
        let value = self.value_view(ctx, &place, &priced, form.use_credit).await?;
        // Nothing can be pressed that would say it.
        let mut faults = typed.faults;
        super::address::unsent(&form, &priced.view, false, &mut faults);
        // As the page asks for them, from its top.
        let asked = |name: &str| fields.iter().position(|field| field.name == name);
        faults.sort_by_key(|(name, _)| match name.as_str() {
            "email" => 0,
            "country" => 1,
            "phone" => 100,
            "confirm_place" | "business" | "tax_id" => 102,
            "accept_licence" => 103,
            "buy_again" => 104,
            "accept_waiver" => 105,
            name => asked(name).map_or(101, |at| 2 + at),
        });
        Ok(CheckoutView {
            waiver,
            withdrawal_days: days(sold.parcel, right.days),
            withdrawal_file_days: days(super::place::has_paid_files(&priced), right.file_days()),
            phone: asked::phone_field(&form, sold),
            identities: if form.business { Vec::new() } else { asked::identity_fields(&form, sold, false) },
            business_identities: asked::identity_fields(&form, sold, true),
            country_name: called(&to.country),
            whole_address,
            tax_id: identity::shown(&to),
            other_place,
            place_alone: evidence::address_alone(ctx, &to, identity::is_by_place(&priced, &to)),
            owned: self.owned(ctx, &priced).await?,
            value,
            cart: priced.view,
            faults,
            countries: countries::offered(ctx, &offers, &cart.lines, &to.country)?,
            regions,
            fields,
            licences,
            attempt: ids::secret(),
            declined: typed.trouble.or_else(|| offered.is_refused().then(|| CARD_USED.to_owned())),
            signed_in: matches!(ctx.caller, Caller::User(_)),
            form,
        })
    }

    /// A checkout for who may see it: its secret's bearer, its account, staff. `id` is its own or one of its orders'.
    ///
    /// # Errors
    /// 404 for everybody else.
    pub async fn seen(&self, ctx: &OpCtx, id: &str, secret: Option<&str>) -> Result<Checkout> {
        let seen = self.looked_up(ctx, id, secret).await;
        if secret.is_some() && seen.as_ref().is_err_and(|problem| problem.status == 404) {
            ctx.guess.mark_wrong();
        }
        seen
    }

    async fn looked_up(&self, ctx: &OpCtx, id: &str, secret: Option<&str>) -> Result<Checkout> {
        let missing = || Problem::not_found("order");
        let id = match id.parse::<OrderId>() {
            Ok(order) => self.order(&order).await?.ok_or_else(missing)?.checkout,
            Err(_) => id.parse::<CheckoutId>().map_err(|_| missing())?,
        };
        let checkout = self.get(&id).await?.ok_or_else(missing)?;
        if secret.is_some_and(|s| Self::opens(&checkout, s)) || authz::staff(ctx, "orders:read").is_ok() {
            return Ok(checkout);
        }
        if self.bought(ctx, &checkout, secret).await? { Ok(checkout) } else { Err(missing()) }
    }

    /// A checkout for who bought it: its secret's bearer, its account. Staff and keys that may look at orders open no files
    /// with that.
    ///
    /// # Errors
    /// 404 for everybody else.
    pub async fn buyers(&self, ctx: &OpCtx, id: &str, secret: Option<&str>) -> Result<Checkout> {
        let checkout = self.seen(ctx, id, secret).await?;
        if self.bought(ctx, &checkout, secret).await? { Ok(checkout) } else { Err(Problem::not_found("order")) }
    }

    /// Whether the caller is who bought it: its secret's bearer or its account.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn bought(&self, ctx: &OpCtx, checkout: &Checkout, secret: Option<&str>) -> Result<bool> {
        let bearer = secret.is_some_and(|s| Self::opens(checkout, s));
        Ok(bearer || self.customers(ctx).await?.contains(&checkout.customer))
    }

    /// The order page; asks the provider while money is not there yet.
    ///
    /// # Errors
    /// 404 for who may not see it.
    pub async fn order_view(&self, ctx: &OpCtx, id: &str, secret: Option<&str>) -> Result<OrderView> {
        self.order_view_of(ctx, id, secret).await.map(|(view, _)| view)
    }

    /// As [`Checkouts::order_view`], with the orders in the order of its parts.
    ///
    /// # Errors
    /// 404 for who may not see it.
    pub(crate) async fn order_view_of(
        &self,
        ctx: &OpCtx,
        id: &str,
        secret: Option<&str>,
    ) -> Result<(OrderView, Vec<Order>)> {
        let checkout = self.seen(ctx, id, secret).await?;
        let checkout = self.refreshed(ctx, checkout).await?;
        let (orders, timeline, person, shops, mine) = futures::try_join!(
            self.orders(&checkout),
            audit::of(&*self.table, checkout.id.as_str()),
            self.person(&checkout.customer),
            self.catalog.offers().shops(),
            self.bought(ctx, &checkout, secret),
        )?;
        let market = Market::by_id(&checkout.market).unwrap_or_else(|| Market::of_country(""));
        let place = self.catalog.place(ctx).agreed(market, &checkout.currency);
        let timeline: Vec<(MomentView, String)> = timeline
            .into_iter()
            .map(|e| (MomentView::of(e.at_ms, place.locale), format!("event-{}", e.act.replace(['.', '_'], "-"))))
            .collect();
        let mut parts: Vec<OrderPartView> = orders
            .iter()
            .map(|order| {
                let platform = self.catalog.offers().platform().filter(|_| order.is_platforms());
                let part = part(&place, order, order.sold_in(shops.iter()), timeline.clone());
                OrderPartView { sold_by: platform.map(|platform| platform.name.clone()), ..part }
            })
            .collect();
        if mine {
            for (order, part) in orders.iter().zip(&mut parts) {
                self.show_gifts(ctx, order, part, &place).await?;
                part.explain.splice(..0, placed::told(order, &ctx.locale));
            }
        }
        let paid = checkout.state == CheckoutState::Paid;
        let refunded: i64 = orders.iter().map(|o| o.refunded_minor).sum();
        let state = match checkout.state {
            CheckoutState::Paid if refunded >= checkout.total_minor && refunded > 0 => PayState::Refunded,
            CheckoutState::Paid if refunded > 0 => PayState::PartlyRefunded,
            CheckoutState::Paid => PayState::Paid,
            CheckoutState::Settling => PayState::Settling,
            CheckoutState::PendingPayment if checkout.failure.is_none() => PayState::Open,
            CheckoutState::RefundedLate => PayState::Refunded,
            CheckoutState::PendingPayment | CheckoutState::Released => PayState::Failed,
        };
        let place_asked = evidence::asked(&checkout, &orders, &ctx.locale).filter(|_| mine);
        let (place_key, places) = place_asked.unzip();
        let open = checkout.state == CheckoutState::PendingPayment
            && ctx.now_ms < checkout.held_until_ms
            && checkout.asked.is_none();
        let total = Money::new(checkout.total_minor, place.currency).map_err(|e| fault::internal("a total", &e))?;
        let person = person.unwrap_or_default();
        let view = OrderView {
            id: checkout.id.to_string(),
            state,
            failure: checkout.failure.clone().filter(|_| !paid),
            retry_href: match open {
                true => checkout.pay_url.clone(),
                // The card is approved: only the answer is missing.
                false if checkout.waits_for_place() => None,
                false => (!paid).then(|| again_href(&orders).to_owned()),
            },
            place: place_key,
            places: places.unwrap_or_default(),
            gift: orders.iter().all(Order::is_gift),
            email: masked(&person.email),
            parts,
            total: format_money(total, place.locale),
            paid: super::value::paid_view(&checkout.sources, total, &checkout.paid_with, &place)?,
            placed: MomentView::of(checkout.placed_ms, place.locale),
            guest: checkout.guest,
            mine,
        };
        Ok((view, orders))
    }
}

/// Where what was not paid is bought again: gift cards have a page of their own, all else is still in the cart.
pub(crate) fn again_href(orders: &[Order]) -> &str {
    let gift = orders.iter().find(|order| order.is_gift()).and_then(|order| order.lines.first());
    gift.map_or("/cart", |line| line.href.as_str())
}

fn part(place: &Place, order: &Order, store: Option<&Store>, timeline: Vec<(MomentView, String)>) -> OrderPartView {
    let lines = order
        .lines
        .iter()
        .enumerate()
        .map(|(n, line)| {
            let amounts = order.quote.lines.get(n).map(|l| {
                let money = undiscounted(&l.amounts, order.quote.prices_include_tax);
                format_money(money, place.locale)
            });
            OrderLineView {
                line: u32::try_from(n).unwrap_or(u32::MAX),
                title: line.title.clone(),
                href: line.href.clone(),
                edition: line.edition.clone(),
                quantity: line.quantity,
                total: amounts.unwrap_or_default(),
                physical: line.physical,
                seller_of_record: line.seller_of_record.clone(),
                state: match (&line.gift, line.state) {
                    (Some(_), Fulfilment::Granted) => "fulfil-gift".to_owned(),
                    _ => state_key(line.state).to_owned(),
                },
                tracking: line.tracking.clone(),
                assets: if line.state == Fulfilment::Granted {
                    line.assets.iter().map(|a| a.as_str()).collect::<Vec<_>>().join(",")
                } else {
                    String::new()
                },
                library_href: (line.state == Fulfilment::Granted && line.gift.is_none())
                    .then(|| crate::library::href(&line.work)),
                cards: Vec::new(),
            }
        })
        .collect();
    OrderPartView {
        id: order.id.to_string(),
        sold_by: None,
        store: store.map_or_else(Named::default, |s| Named {
            name: s.name.clone(),
            latin: None,
            href: format!("/@{}", s.handle),
        }),
        lines,
        sent_by: sent_by(place, &order.quote),
        sums: sums(place, &order.quote),
        explain: explain(place, &order.quote),
        invoice_href: None,
        messages: Vec::new(),
        may_write: false,
        withdrawal: None,
        tax_fallback: order.tax.tax_fallback.as_ref().map(|f| TaxFallbackView {
            provider: f.provider.clone(),
            code: f.code.clone(),
            at: MomentView::of(f.at, place.locale),
        }),
        timeline,
    }
}

/// Key of the words for how far a line is.
pub fn state_key(state: Fulfilment) -> &'static str {
    match state {
        Fulfilment::Unpaid => "fulfil-unpaid",
        Fulfilment::Granted => "fulfil-access",
        Fulfilment::ToShip => "fulfil-waiting",
        Fulfilment::Shipped => "fulfil-shipped",
        Fulfilment::Refunded => "fulfil-refunded",
    }
}

/// `b***@example.org`: enough to know it again.
fn masked(email: &str) -> String {
    match email.split_once('@') {
        Some((name, host)) => format!("{}***@{host}", name.chars().next().unwrap_or('*')),
        None => String::new(),
    }
}
