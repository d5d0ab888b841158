//! Placing: from a cart that was seen to orders that wait for money.

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use vitrine_payments::NewSession;
use vitrine_pricing::market::Market;
use vitrine_pricing::money::Currency;
use vitrine_queue::NewJob;
use vitrine_shared::Problem;
use vitrine_shared::catalog::ProductKind;
use vitrine_shared::id::{CheckoutId, CustomerId, OrderId};
use vitrine_shared::orders::{CheckoutState, Fulfilment};
use vitrine_shared::views::card::Place;
use vitrine_shared::views::trade::CheckoutForm;
use vitrine_table::{Condition, Item, Key, Put, Transact, TransactOp, retry};

use super::charge::chargeable;
use super::store::{self, Checkout, Order, OrderLine, TaxRecord};
use super::{ATTEMPT_SECS, Checkouts, EXPIRE, HOLD_MS, address, asked, identity, placed, taxes};
use crate::cart::currency::currency_of;
use crate::cart::view::{Destination, Priced, check_country, price};
use crate::catalog::offers::Found;
use crate::ctx::{Caller, OpCtx};
use crate::fault::{self, Result};
use crate::{audit, ids, promotions, stock};

/// An attempt without an answer is another request's until then, milliseconds; no request takes longer.
const IN_FLIGHT_MS: i64 = 35_000;

/// What the buyer sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Placing {
    /// Bound to the attempt, `[A-Za-z0-9_-]{16,64}`.
    pub attempt: String,
    /// What was typed.
    pub form: CheckoutForm,
    /// Minor units the buyer saw on the button.
    pub seen_minor: i64,
    /// ISO 4217 of what they saw; `None`: that of the cart as it is shown to them.
    #[serde(default)]
    pub seen_currency: Option<String>,
    /// Minor units they saw that are left to pay after stored value; `None`: all of `seen_minor`.
    #[serde(default)]
    pub due_minor: Option<i64>,
    /// The page they saw had looked at what their account owns, and had nothing to ask. Whoever says so wrongly asks themselves nothing.
    #[serde(default)]
    pub nothing_owned: bool,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Placed {
    /// The checkout.
    pub id: CheckoutId,
    /// Opens the order's page for a guest; part of its address.
    pub secret: String,
    /// The provider's page; `None`: nothing is to be paid.
    pub pay_url: Option<String>,
}

/// How long it is remembered which checkout holds stock for a cart, seconds: longer than it can hold any.
const HELD_SECS: i64 = 24 * 60 * 60;

/// What a placing leaves behind besides what is bought.
pub(super) struct Marks {
    /// That this attempt made this checkout.
    pub(super) attempt: Item,
    /// The checkout that held stock for the cart before, as it was read.
    pub(super) earlier: Option<String>,
    /// The writes by which its orders take what a tax service answered.
    pub(super) answers: Vec<TransactOp>,
}

/// Code of a placing that lost the race to make its account's customer.
pub(super) const CUSTOMER_MADE: &str = "customer_made";
/// Code of a placing whose answer of a tax service another one took at this moment.
const TAXES_TAKEN: &str = "taxes_taken";

pub(super) fn hash(text: &str) -> String {
    data_encoding::BASE32HEX_NOPAD.encode(&Sha256::digest(text.as_bytes())).to_ascii_lowercase()
}

/// Index partition of the customers that gave this normalised address; the address itself is not kept there.
pub(super) fn email_partition(email: &str) -> String {
    format!("CUSTOMEREMAIL#{}", hash(email))
}

/// Where the form says it goes.
pub fn destination(form: &CheckoutForm) -> Destination {
    Destination {
        country: form.country.to_ascii_uppercase(),
        region: address::region(form),
        postcode: address::postcode(form),
        business: None,
        ways: form.shipping.clone(),
        taxes: Vec::new(),
    }
}

/// The context with the market and the currency of where it goes: delivered to one place is sold at the prices of that place, whatever place
/// the pages are shown for. A chosen currency stays, and so does the country of the visitor, which is evidence of where they are. A country
/// that is none changes nothing.
pub(super) fn sold_at(ctx: &OpCtx, to: &Destination) -> OpCtx {
    if !vitrine_pricing::market::is_country(&to.country) {
        return ctx.clone();
    }
    let market = Market::of_country(&to.country).id.to_owned();
    OpCtx { market, currency: Some(ctx.wish_for(&to.country)), ..ctx.clone() }
}

/// Whether what it comes to is what the buyer saw; nothing is nothing in any currency.
fn was_seen(priced: &Priced, placing: &Placing, shown: Currency) -> bool {
    let currency = placing.seen_currency.as_deref().unwrap_or(shown.code());
    let total = priced.view.total_minor;
    total == placing.seen_minor && (total == 0 || priced.view.currency == currency)
}

/// Whether the buyer must agree that supply of paid files begins at once and the right to withdraw ends with it, where the law of
/// their country gives that right (`vitrine_places::point_of_sale`). Who says to be a business is asked too: nothing proves it.
pub(super) fn needs_waiver(priced: &Priced, country: &str) -> bool {
    vitrine_places::point_of_sale(country).withdrawal.waiver && has_paid_files(priced)
}

/// Whether a file is sold for money.
pub(super) fn has_paid_files(priced: &Priced) -> bool {
    let mut lines = priced.sellers.iter().flat_map(|s| s.lines.iter().zip(&s.quote.lines));
    lines.any(|(l, q)| l.product.kind != ProductKind::Physical && q.amounts.gross.minor() > 0)
}

/// Remembers that this attempt made this checkout.
pub(super) fn attempt_item(checkout: &Checkout, scope: &str, body: &str) -> Item {
    let mut item = Item::new();
    let key = store::attempt_key(scope);
    item.insert("pk".into(), key.pk.into());
    item.insert("sk".into(), key.sk.into());
    item.insert("body".into(), body.into());
    item.insert("checkout".into(), checkout.id.to_string().into());
    item.insert("ttl".into(), json!(checkout.placed_ms / 1000 + ATTEMPT_SECS));
    item.insert("_v".into(), 1.into());
    item
}

/// Remembers that this checkout holds stock, and uses of promotions, for this cart.
fn held_item(cart: &str, checkout: &Checkout, orders: &[Order]) -> Item {
    let mut item = Item::new();
    let key = store::held_key(cart);
    item.insert("pk".into(), key.pk.into());
    item.insert("sk".into(), key.sk.into());
    item.insert("checkout".into(), checkout.id.to_string().into());
    let uses: Vec<String> = promotions::uses(orders).into_iter().map(|u| u.of.promotion).collect();
    item.insert("uses".into(), uses.into());
    item.insert("ttl".into(), json!(checkout.placed_ms / 1000 + HELD_SECS));
    item.insert("_v".into(), 1.into());
    item
}

/// Faults of the form: field and code; none: it is complete.
pub fn check_form(
    form: &CheckoutForm,
    needs_address: bool,
    has_licence: bool,
    needs_waiver: bool,
) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    let mut say = |field: &str, code: &str| faults.push((field.to_owned(), code.to_owned()));
    if vitrine_identity::account::normalise_email(&form.email).is_err() {
        say("email", "fault-email");
    }
    if !vitrine_pricing::market::is_country(&form.country.to_ascii_uppercase()) {
        say("country", "fault-country");
    }
    for (field, code) in address::faults(form, needs_address || form.business) {
        say(field, code);
    }
    // Its invoice must name it.
    if form.business && form.organisation.trim().is_empty() {
        say("organisation", "fault-company");
    }
    if form.texts().any(|v| v.chars().count() > 200 || v.chars().any(char::is_control)) {
        say("name", "fault-long");
    }
    if has_licence && !form.accept_licence {
        say("accept_licence", "fault-licence");
    }
    if needs_waiver && !form.accept_waiver {
        say("accept_waiver", "fault-waiver");
    }
    faults
}

impl Checkouts {
    /// Places the caller's cart, at the prices of where it goes.
    ///
    /// # Errors
    /// 422 for a form with faults (in `fields`) or another body under the same attempt, 409 `price_changed` with the new
    /// total, or what is left of it to pay, in `detail`, 409 `sold_out` if somebody else was first, 409 `cart_not_ready`, 409 `paid_meanwhile` if an earlier
    /// attempt of this cart turns out to be paid, 409 `payment_settling` while the money of one is on its way, 429 `free_wait` for too many free orders to one address, 503 if the provider
    /// is away, or the tax service that a store does not sell without (nothing is held then).
    pub async fn place(&self, ctx: &OpCtx, placing: &Placing) -> Result<Placed> {
        match self.place_once(ctx, placing).await {
            // The account's customer is there now; what another one took is asked for anew.
            Err(problem) if [CUSTOMER_MADE, TAXES_TAKEN].contains(&problem.code.as_str()) => {
                self.place_once(ctx, placing).await
            }
            done => done,
        }
    }

    async fn place_once(&self, ctx: &OpCtx, placing: &Placing) -> Result<Placed> {
        ids::attempt(&placing.attempt)?;
        let body = (&placing.form, placing.seen_minor, &placing.seen_currency, placing.due_minor);
        let body = hash(&serde_json::to_string(&body).unwrap_or_default());
        // All guests have one name, so the cart is part of whose attempt it is, and its secret: the answer that is remembered
        // opens the order. The cart itself may be gone by the time an attempt is repeated.
        let cart = self.carts.proven(ctx, ctx.cart.as_deref()).unwrap_or_default();
        let scope = format!("{}#{cart}#{}", ctx.caller.audit_name(), placing.attempt);
        let [attempt, cart, known, held, settling, applied] = self.read(ctx, &scope).await?;
        if let Some(answer) = self.remembered(ctx, &placing.form, attempt, &scope, &body).await? {
            return Ok(answer);
        }
        let cart = self.carts.opened(ctx, ctx.cart.as_deref(), cart)?;
        let earlier = held.and_then(|i| i.get("checkout").and_then(|v| v.as_str()).map(str::to_owned));
        // Whoever only knows the cart's name ends nothing of it.
        if let (Some(id), true) = (earlier.as_deref().and_then(|id| id.parse::<CheckoutId>().ok()), cart.rev > 0) {
            self.let_go(ctx, &id).await?;
        }
        let to = self.bound_for(ctx, &placing.form).await?;
        let page = ctx;
        let ctx = &sold_at(page, &to);
        let place = self.catalog.place(ctx);
        let variants: Vec<_> = cart.lines.iter().map(|l| l.variant.clone()).collect();
        let offers = self.catalog.offers().read(&variants).await?;
        // As the cart itself is shown, before it is known where it goes.
        let here = Destination { country: page.country.clone(), ..Destination::default() };
        let shown = currency_of(&offers, page, &self.catalog.place(page), &cart.lines, &here);
        let offered = self.offered(ctx, &offers, &cart, &placing.form.email).await?;
        let mut priced = price(&offers, ctx, &place, &cart.lines, &to, &offered, cart.rev)?;
        let asked = self.with_taxes(ctx, &priced, &placing.form, &to).await?;
        if let Some(asked) = asked.as_ref() {
            priced = price(&offers, ctx, &place, &cart.lines, asked, &offered, cart.rev)?;
        }
        let to = asked.unwrap_or(to);
        let licences = priced.sellers.iter().flat_map(|s| &s.lines).any(|l| l.variant.licence.is_some());
        let waiver = needs_waiver(&priced, &to.country);
        let mut faults = check_form(&placing.form, priced.view.needs_address, licences, waiver);
        let sold = asked::Sold::of(&priced);
        faults.extend(asked::faults(&placing.form, sold));
        address::unsent(&placing.form, &priced.view, true, &mut faults);
        if !placing.form.confirm_place && identity::contradicted(ctx, &priced, &to).is_some() {
            faults.push(("confirm_place".to_owned(), "fault-place".to_owned()));
        }
        let gone = priced.view.sellers.iter().filter(|part| part.sending.gone);
        faults.extend(gone.map(|part| (part.sending.field(), "fault-shipping".to_owned())));
        self.not_settling(settling.as_ref(), &priced).await?;
        let owned_asked = placing.form.buy_again || placing.nothing_owned;
        if !owned_asked && !self.owned(ctx, &priced).await?.is_empty() {
            faults.push(("buy_again".to_owned(), "fault-owned".to_owned()));
        }
        taxes::may_place(&to.taxes, &mut faults)?;
        if !faults.is_empty() {
            let mut problem = Problem::new(422, "invalid", "Some fields need another look.");
            problem.fields = faults.into_iter().collect();
            return Err(problem);
        }
        check_country(&to)?;
        if !priced.view.ready {
            return Err(Problem::conflict(
                "cart_not_ready",
                "Something in the cart cannot be bought now. Look at it again.",
            ));
        }
        if !was_seen(&priced, placing, shown) {
            return Err(Problem::conflict("price_changed", "The total changed.").detail(priced.view.total.clone()));
        }
        let applied = super::value::applied(applied.as_ref());
        let tender = self.tender(ctx, &priced, &applied, placing.form.use_credit, &[]).await?;
        if tender.due_minor != placing.due_minor.unwrap_or(placing.seen_minor) {
            let due = tender.due(&Place { currency: priced.currency, ..place })?;
            return Err(Problem::conflict("price_changed", "What is left to pay changed.").detail(due));
        }
        chargeable(tender.due_minor, priced.currency, place.locale)?;
        if priced.view.total_minor == 0 {
            self.may_mail(ctx, &placing.form.email).await?;
        }
        let (customer, made) = self.customer(ctx, &placing.form.email, known.as_ref()).await?;
        let (mut checkout, mut orders, secret) = self.built(ctx, &priced, &offers, &customer.id, &to)?;
        checkout.attempt = Some(scope.clone());
        checkout.known_by = self.promotions.names(ctx, &placing.form.email)?;
        tender.settle(&mut checkout, &mut orders);
        let confirmed = match identity::waits(&to) {
            true => {
                let to = identity::once_confirmed(&to);
                Some(price(&offers, ctx, &place, &cart.lines, &to, &offered, cart.rev)?)
            }
            false => None,
        };
        let records = identity::records(ctx, &priced, confirmed.as_ref(), &to, placing.form.confirm_place);
        for ((order, record), seller) in orders.iter_mut().zip(records).zip(&priced.sellers) {
            order.tax = record;
            taxes::note(&mut order.tax, seller, &to);
        }
        self.hold_for_place(&mut checkout, &orders);
        let mut person = address::said(&placing.form, &ctx.locale);
        person.phone = asked::phone(&placing.form, sold);
        person.numbers = asked::numbers(&placing.form, sold);
        person.tax_id = to.business.as_ref().map(|b| b.number.clone()).unwrap_or_default();
        let sealed = customer.seal(&person)?;
        let answers = to.taxes.iter().filter_map(|asked| Some(asked.kept.as_ref()?.take())).collect();
        let marks = Marks { attempt: attempt_item(&checkout, &scope, &body), earlier, answers };
        self.hold(ctx, &checkout, &orders, sealed, made, marks).await?;
        self.begin(ctx, checkout, &placing.form, secret, &scope).await
    }

    /// What placing begins with, in one read: the attempt, the cart, the account's customer, what holds stock for the cart, what of it
    /// is paid with money on its way, which codes were applied to it.
    async fn read(&self, ctx: &OpCtx, scope: &str) -> Result<[Option<Item>; 6]> {
        let cart = self.carts.key(ctx, ctx.cart.as_deref());
        let held = cart.as_ref().map(|cart| store::held_key(&cart.pk));
        let settling = cart.as_ref().map(|cart| store::settling_key(&cart.pk));
        let applied = cart.as_ref().map(|cart| crate::value::store::applied_key(&cart.pk));
        let keys = [Some(store::attempt_key(scope)), cart, Self::known_customer(ctx), held, settling, applied];
        let asked: Vec<Key> = keys.iter().flatten().cloned().collect();
        let mut items = retry::get_each(&*self.table, asked).await.map_err(fault::table)?.into_iter();
        Ok(keys.map(|key| key.and_then(|_| items.next().flatten())))
    }

    pub(super) async fn remembered(
        &self,
        ctx: &OpCtx,
        form: &CheckoutForm,
        item: Option<Item>,
        scope: &str,
        body: &str,
    ) -> Result<Option<Placed>> {
        let Some(item) = item else { return Ok(None) };
        if item.get("body").and_then(|v| v.as_str()) != Some(body) {
            return Err(Problem::new(
                422,
                "attempt_reused",
                "This attempt was made with other details. Begin a new one.",
            ));
        }
        match item.get("answer").and_then(|v| v.as_str()) {
            Some(sealed) => {
                let plain = self.master.open(&format!("attempt/{scope}"), sealed);
                let plain = plain.map_err(|e| fault::internal("an attempt", &e))?;
                serde_json::from_slice(&plain).map(Some).map_err(|e| fault::internal("an attempt", &e))
            }
            None => self.taken_up(ctx, &item, form, scope).await.map(Some),
        }
    }

    /// An attempt without its answer: whoever made it is still at it, or their process ended half-way. After the time a
    /// request may take it goes on where it stopped; the provider gives the same payment for it again.
    async fn taken_up(&self, ctx: &OpCtx, attempt: &Item, form: &CheckoutForm, scope: &str) -> Result<Placed> {
        let id = attempt.get("checkout").and_then(|v| v.as_str()).and_then(|id| id.parse::<CheckoutId>().ok());
        let checkout = match &id {
            Some(id) => self.get(id).await?,
            None => None,
        };
        let Some(checkout) = checkout.filter(|c| ctx.now_ms - c.placed_ms >= IN_FLIGHT_MS) else {
            return Err(Problem::conflict("attempt_in_flight", "This attempt is still under way. Wait a moment."));
        };
        let secret = self
            .master
            .open(&format!("checkout/{}", checkout.id), &checkout.secret_sealed)
            .map_err(|e| fault::internal("a checkout", &e))?;
        let secret = String::from_utf8_lossy(&secret).into_owned();
        match checkout.state {
            CheckoutState::Released | CheckoutState::RefundedLate => {
                Err(Problem::conflict("attempt_over", "This attempt ended without a payment. Begin a new one."))
            }
            CheckoutState::PendingPayment if checkout.session.is_none() => {
                self.begin(ctx, checkout, form, secret, scope).await
            }
            _ => {
                let placed = Placed { id: checkout.id, secret, pay_url: checkout.pay_url };
                self.write(vec![self.answer(scope, &placed)?]).await?;
                Ok(placed)
            }
        }
    }

    fn built(
        &self,
        ctx: &OpCtx,
        priced: &Priced,
        offers: &Found,
        customer: &CustomerId,
        to: &Destination,
    ) -> Result<(Checkout, Vec<Order>, String)> {
        let id = CheckoutId::from_bits(ids::new_bits(ctx.now_ms));
        let secret = ids::secret();
        let mut orders = Vec::new();
        let free = priced.view.total_minor == 0;
        for seller in &priced.sellers {
            let mut lines = Vec::new();
            for line in &seller.lines {
                let physical = line.product.kind == ProductKind::Physical;
                let licence = line.variant.licence.as_ref().and_then(|id| offers.licence(id));
                let licence = licence.map(|l| (l.id.to_string(), l.version));
                lines.push(OrderLine {
                    variant: line.variant.id.clone(),
                    work: line.work.id.clone(),
                    title: line.work.title.clone(),
                    edition: [line.product.title.as_str(), line.variant.title.as_str()]
                        .into_iter()
                        .filter(|t| !t.is_empty())
                        .collect::<Vec<_>>()
                        .join(" · "),
                    href: vitrine_shared::views::card::work_href(
                        line.work.kind,
                        &line.work.slug,
                        line.work.id.as_str(),
                    ),
                    quantity: line.line.quantity,
                    physical,
                    stocked: line.variant.stocked,
                    assets: line.variant.assets.clone(),
                    licence,
                    seller_of_record: seller.record.code().into(),
                    state: Fulfilment::Unpaid,
                    tracking: None,
                    shipped_ms: None,
                    gift: None,
                });
            }
            orders.push(Order {
                id: OrderId::from_bits(ids::new_bits(ctx.now_ms)),
                checkout: id.clone(),
                tenant: seller.tenant.id.clone(),
                store: Some(seller.store.id.clone()),
                customer: customer.clone(),
                paid: false,
                lines,
                quote: seller.quote.clone(),
                country: to.country.clone(),
                region: placed::supplied_in(&seller.posed.request, &seller.quote),
                tax: TaxRecord::default(),
                refunded_minor: 0,
                sources: Vec::new(),
                payment_provider: if free { String::new() } else { self.provider() },
                provider_charge_id: None,
                placed_ms: ctx.now_ms,
                paid_ms: None,
                rev: 1,
            });
        }
        let currency = &priced.view.currency;
        // A card is asked before it is charged where a customer has something once.
        let held = if promotions::once(&orders) { self.authorising(&to.country, currency) } else { Vec::new() };
        let authorise = !held.is_empty();
        let secret_sealed = self
            .master
            .seal(&format!("checkout/{id}"), secret.as_bytes())
            .map_err(|e| fault::internal("a checkout", &e))?;
        let checkout = Checkout {
            id,
            secret_sealed,
            customer: customer.clone(),
            secret_hash: hash(&secret),
            state: CheckoutState::PendingPayment,
            orders: orders.iter().map(|o| o.id.clone()).collect(),
            sellers: orders.iter().map(|o| o.tenant.clone()).collect(),
            currency: priced.view.currency.clone(),
            total_minor: priced.view.total_minor,
            exponent: priced.currency.exponent(),
            provider: if free { String::new() } else { self.provider() },
            session: None,
            charge: None,
            failure: None,
            paid_with: String::new(),
            sources: Vec::new(),
            locale: ctx.locale.clone(),
            market: ctx.market.clone(),
            placed_ms: ctx.now_ms,
            held_until_ms: ctx.now_ms + HOLD_MS,
            waived: needs_waiver(priced, &to.country),
            guest: !matches!(ctx.caller, Caller::User(_)),
            cart: self.carts.name(ctx, ctx.cart.as_deref()),
            attempt: None,
            methods: if authorise { held } else { self.methods(&to.country, currency) },
            authorise,
            or_at_once: false,
            asked: None,
            refused: Vec::new(),
            pay_url: None,
            known_by: Vec::new(),
            rev: 1,
        };
        Ok((checkout, orders, secret))
    }

    /// The country's ways to pay, as far as provider and currency have them.
    pub(super) fn methods(&self, country: &str, currency: &str) -> Vec<String> {
        let wanted = &vitrine_places::point_of_sale(country).payment.methods;
        let usable = |p: &vitrine_payments::SharedPayments| vitrine_payments::usable(wanted, p.methods(), currency);
        self.payments.as_ref().map(usable).unwrap_or_default()
    }

    /// One transaction: attempt, checkout, orders, customer, sealed person, stock, the job that ends the hold, the trail.
    pub(super) async fn hold(
        &self,
        ctx: &OpCtx,
        checkout: &Checkout,
        orders: &[Order],
        sealed: String,
        made: Option<TransactOp>,
        marks: Marks,
    ) -> Result<()> {
        let put = |item, condition| TransactOp::Put(Put { item, condition });
        let absent = || Some(Condition::ItemAbsent);
        let person = |key: Key| {
            let mut item = Item::new();
            item.insert("pk".into(), key.pk.into());
            item.insert("sk".into(), key.sk.into());
            item.insert("customer".into(), checkout.customer.to_string().into());
            item.insert("sealed".into(), sealed.clone().into());
            item.insert("_v".into(), 1.into());
            item
        };
        let mut ops = vec![
            put(marks.attempt, absent()),
            put(store::checkout_item(checkout)?, absent()),
            put(person(store::person_key(&checkout.customer)), None),
        ];
        for order in orders {
            ops.push(put(store::order_item(order)?, absent()));
            ops.push(put(person(store::order_person_key(&order.id)), absent()));
        }
        let made_at = made.is_some().then_some(ops.len());
        ops.extend(made);
        let first_stock = ops.len();
        for line in orders.iter().flat_map(|o| &o.lines).filter(|l| l.stocked) {
            ops.push(stock::reserve(&line.variant, i64::from(line.quantity)));
        }
        let stocks = ops.len() - first_stock;
        let first_answer = ops.len();
        ops.extend(marks.answers);
        let answers = first_answer..ops.len();
        let first_value = ops.len();
        ops.extend(checkout.sources.iter().map(|source| crate::value::store::hold(source, ctx.now_ms)));
        let values = first_value..ops.len();
        let first_use = ops.len();
        ops.extend(promotions::take(orders, &checkout.known_by));
        let uses = first_use..ops.len();
        // A cart holds stock, value, uses and what a bank holds for it once: of two attempts at the same moment one goes on.
        let holds = stocks > 0 || !checkout.sources.is_empty() || !uses.is_empty() || checkout.authorise;
        let held_at = checkout.cart.as_deref().filter(|_| holds).map(|cart| {
            let earlier = marks.earlier.map_or(Condition::ItemAbsent, |id| Condition::eq("checkout", id));
            ops.push(put(held_item(cart, checkout, orders), Some(earlier)));
            ops.len() - 1
        });
        if let Some(item) = self.queue.as_item(&self.expiry(checkout)).map_err(|e| fault::internal("the queue", &e))? {
            ops.push(put(item, None));
        }
        if let Some(job) = self.identity_job(checkout, orders) {
            ops.extend(self.job_op(&job)?);
        }
        ops.push(audit::entry(
            ctx,
            checkout.id.as_str(),
            "checkout.placed",
            "",
            json!({ "total_minor": checkout.total_minor, "due_minor": checkout.due_minor() }),
        ));
        if ops.len().max(super::pay::writes(orders, &checkout.sources)) > vitrine_table::MAX_TRANSACT_ITEMS {
            return Err(Problem::conflict(
                "cart_too_large",
                "This is more than one payment can hold. Buy it in two parts.",
            ));
        }
        match self.table.transact(Transact { ops, token: None }).await {
            Ok(()) => Ok(()),
            Err(e) if e.failed_condition(0).is_some() => {
                Err(Problem::conflict("attempt_in_flight", "This attempt is still under way. Wait a moment."))
            }
            Err(e) if made_at.is_some_and(|at| e.failed_condition(at).is_some()) => {
                Err(Problem::conflict(CUSTOMER_MADE, "Another purchase of this account began at this moment. Repeat."))
            }
            Err(e) if held_at.is_some_and(|at| e.failed_condition(at).is_some()) => {
                Err(Problem::conflict("attempt_in_flight", "Another attempt of this cart is under way. Wait a moment."))
            }
            Err(e) if answers.clone().any(|op| e.failed_condition(op).is_some()) => {
                Err(Problem::conflict(TAXES_TAKEN, "The tax is worked out anew. Repeat."))
            }
            Err(e) if (first_stock..first_stock + stocks).any(|op| e.failed_condition(op).is_some()) => {
                Err(Problem::conflict("sold_out", "Somebody else was first. Look at the cart again."))
            }
            Err(e) if values.clone().any(|op| e.failed_condition(op).is_some()) => {
                Err(Problem::conflict("price_changed", "What is left to pay changed."))
            }
            Err(e) if uses.into_iter().any(|op| e.failed_condition(op).is_some()) => {
                Err(Problem::conflict("discount_gone", "A discount was used up a moment ago. Look at the total again."))
            }
            Err(e) => Err(fault::table(e)),
        }
    }

    /// The job that ends the hold.
    pub(super) fn expiry(&self, checkout: &Checkout) -> NewJob {
        NewJob {
            kind: EXPIRE.into(),
            key: checkout.id.to_string(),
            payload: json!({ "checkout": checkout.id }),
            run_at_ms: checkout.held_until_ms,
            max_attempts: 20,
            trace: None,
        }
    }

    pub(super) async fn begin(
        &self,
        ctx: &OpCtx,
        mut checkout: Checkout,
        form: &CheckoutForm,
        secret: String,
        scope: &str,
    ) -> Result<Placed> {
        let page = format!("/orders/{}?key={secret}", checkout.id);
        let mut placed = Placed { id: checkout.id.clone(), secret, pay_url: None };
        let mut ops = Vec::new();
        if checkout.due_minor() == 0 {
            self.paid(ctx, &checkout, None).await?;
        } else {
            let Some(payments) = &self.payments else {
                self.release(ctx, &checkout, "no_provider").await?;
                return Err(Problem::new(503, "payment_unavailable", "This shop cannot take payments now.")
                    .detail("Nothing was charged."));
            };
            let session = NewSession {
                methods: checkout.methods.clone(),
                authorise: checkout.authorise,
                or_at_once: checkout.or_at_once,
                idempotency_key: format!("begin-{}", checkout.id),
                reference: checkout.id.to_string(),
                amount_minor: checkout.due_minor(),
                currency: checkout.currency.clone(),
                exponent: checkout.exponent,
                lines: vec![("Vitrine".into(), checkout.due_minor())],
                email: form.email.trim().to_owned(),
                locale: checkout.locale.clone(),
                return_url: format!("{}{page}", self.base_url),
                cancel_url: format!("{}{page}", self.base_url),
                expires_ms: checkout.held_until_ms,
            };
            let session = match payments.begin(session).await {
                Ok(session) => session,
                Err(error) => {
                    self.release(ctx, &checkout, "provider_unavailable").await?;
                    tracing::warn!(%error, checkout = %checkout.id, "a payment could not begin");
                    return Err(Problem::new(503, "payment_unavailable", "The payment service cannot be reached.")
                        .detail("Nothing was charged. Try again in a moment."));
                }
            };
            checkout.session = Some(session.id);
            checkout.pay_url = Some(session.url.clone());
            placed.pay_url = Some(session.url);
            checkout.rev += 1;
            ops.push(TransactOp::Put(Put {
                item: store::checkout_item(&checkout)?,
                condition: Some(Condition::eq("rev", checkout.rev - 1)),
            }));
        }
        ops.push(self.answer(scope, &placed)?);
        self.write(ops).await?;
        Ok(placed)
    }

    /// Keeps an attempt's answer.
    fn answer(&self, scope: &str, placed: &Placed) -> Result<TransactOp> {
        let plain = serde_json::to_vec(placed).map_err(|e| fault::internal("an attempt", &e))?;
        // The answer holds the secret of the order's page.
        let answer =
            self.master.seal(&format!("attempt/{scope}"), &plain).map_err(|e| fault::internal("an attempt", &e))?;
        Ok(TransactOp::Update(vitrine_table::UpdateItem {
            key: store::attempt_key(scope),
            updates: vec![vitrine_table::Update::Set("answer".into(), answer.into())],
            condition: Some(Condition::ItemExists),
        }))
    }

    /// Whether a secret opens a checkout's page.
    pub fn opens(checkout: &Checkout, secret: &str) -> bool {
        use subtle::ConstantTimeEq;
        bool::from(hash(secret).as_bytes().ct_eq(checkout.secret_hash.as_bytes()))
    }
}
