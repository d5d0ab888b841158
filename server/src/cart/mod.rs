//! What somebody means to buy.
//!
//! Invariants: a guest's cart opens only with its secret, of which only a hash is kept; a write lands only on the `rev` it
//! read, else 409; adding and setting ask for no more than the stock had then and no less than the least price; merging
//! takes the guest's cart away in the same transaction, so it happens once. Merging and undo do not ask the stock again.
//!
//! Not here: totals (the pricing engine's), reserving stock (checkout's).

mod carried;
pub(crate) mod currency;
mod rules;
mod store;
#[cfg(test)]
mod tests;
pub mod view;
pub mod ways;

use vitrine_pricing::money::Currency;
use vitrine_pricing::promotion::{MOST_CODES, MOST_ID_BYTES, is_same_code};
use vitrine_shared::Problem;
use vitrine_shared::cart::{CartLine, MAX_LINES};
use vitrine_shared::catalog::ProductKind;
use vitrine_shared::id::{CartId, VariantId};
use vitrine_shared::views::card::{on_sale, price_here};
use vitrine_table::{Item, Key};

pub use self::carried::carried;
use self::store::CartStore;
pub use self::store::{CartRecord, Owner};
pub(crate) use self::store::{named, without};
use crate::catalog::offers::Offers;
use crate::ctx::{OpCtx, Scope};
use crate::fault::Result;
use crate::{authz, ids};

/// What to put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Add {
    /// Which edition.
    pub variant: VariantId,
    /// Pieces to add; a digital edition stays one.
    pub quantity: u32,
    /// Name-your-price: minor units of `named_in`.
    pub named_minor: Option<i64>,
    /// Its currency; `None`: the one that the edition is sold in here.
    pub named_in: Option<Currency>,
}

/// A cart after a change.
#[derive(Clone, Debug)]
pub struct Changed {
    /// As it is now.
    pub cart: CartRecord,
    /// The secret of a guest's cart that was made just now; shown only here.
    pub token: Option<String>,
}

/// The carts' service. A signed-in person's cart is theirs by account; everybody else brings a token.
#[derive(Clone)]
pub struct Carts {
    offers: Offers,
    store: CartStore,
}

impl Carts {
    /// Over the offers' table.
    pub fn new(offers: Offers) -> Self {
        let store = CartStore::new(offers.records().table().clone());
        Self { offers, store }
    }

    /// The caller's cart; empty if there is none or the token opens none.
    pub async fn load(&self, ctx: &OpCtx, token: Option<&str>) -> Result<CartRecord> {
        Ok(match self.owner(ctx, token) {
            Some(owner) => self.store.read(&owner).await?.unwrap_or_default(),
            None => CartRecord::default(),
        })
    }

    /// Partition key of the caller's cart; names it without opening it.
    pub fn name(&self, ctx: &OpCtx, token: Option<&str>) -> Option<String> {
        self.owner(ctx, token).map(|o| o.key().pk)
    }

    /// As [`Carts::name`], with the hash of the secret a guest came with: whoever knows only a cart's id, which is no secret,
    /// names another one. Needs no cart to be there any more.
    pub fn proven(&self, ctx: &OpCtx, token: Option<&str>) -> Option<String> {
        let owner = self.owner(ctx, token)?;
        let name = owner.key().pk;
        Some(match owner.token_hash() {
            "" => name,
            hash => format!("{name}.{hash}"),
        })
    }

    /// Where the caller's cart is; [`Carts::opened`] reads what was found there.
    pub fn key(&self, ctx: &OpCtx, token: Option<&str>) -> Option<Key> {
        self.owner(ctx, token).map(|o| o.key())
    }

    /// The caller's cart from its item; empty if there is none or the token does not open it.
    ///
    /// # Errors
    /// The item is not a cart.
    pub fn opened(&self, ctx: &OpCtx, token: Option<&str>, item: Option<Item>) -> Result<CartRecord> {
        let Some((owner, item)) = self.owner(ctx, token).zip(item) else { return Ok(CartRecord::default()) };
        Ok(store::opened(&owner, item)?.unwrap_or_default())
    }

    /// Takes bought editions out of a cart, by [`Carts::name`].
    pub async fn take_out(&self, name: &str, bought: &[VariantId]) -> Result<()> {
        self.store.take_out(name, bought).await
    }

    /// Pieces in the cart without those kept for later; one read.
    pub async fn count(&self, ctx: &OpCtx, token: Option<&str>) -> Result<u32> {
        Ok(self.load(ctx, token).await?.lines.iter().filter(|l| !l.later).map(|l| l.quantity).sum())
    }

    /// Puts an edition in; makes a guest's cart if the caller has none.
    ///
    /// # Errors
    /// 404 if it is not on sale here, 422 for a quantity or named price that cannot be, 409 if the stock is short or
    /// the cart changed meanwhile.
    pub async fn add(&self, ctx: &OpCtx, token: Option<&str>, add: &Add) -> Result<Changed> {
        let known = match self.owner(ctx, token) {
            Some(owner) => self.store.read(&owner).await?.map(|cart| (owner, cart)),
            None => None,
        };
        let (owner, cart, fresh) = match (known, ctx.caller.user()) {
            (Some((owner, cart)), _) => (owner, cart, None),
            (None, Some(user)) => (Owner::User(user.id.clone()), CartRecord::default(), None),
            (None, None) => {
                let (owner, token) = Owner::new_guest(CartId::from_bits(ids::new_bits(ctx.now_ms)), ids::secret());
                (owner, CartRecord::default(), Some(token))
            }
        };
        let line = cart.lines.iter().find(|l| l.variant == add.variant);
        let have = line.filter(|l| !l.later).map_or(0, |l| l.quantity);
        if line.is_none() && cart.lines.len() >= MAX_LINES {
            return Err(Problem::conflict("cart_full", "The cart is full. Take something out first."));
        }
        let want = have.saturating_add(add.quantity);
        if add.quantity == 0 {
            return Err(Problem::invalid("quantity", "too_few", "At least one piece can be put in."));
        }
        let (quantity, named_in) = self.allowed(ctx, &add.variant, want, add.named_minor, add.named_in).await?;
        if add.named_minor.is_some() && add.named_in.is_some_and(|currency| named_in != Some(currency)) {
            let title = "This edition has no price in that currency here. Look at it again and name yours.";
            return Err(Problem::invalid("price", "other_currency", title));
        }
        let mut lines = cart.lines.clone();
        match lines.iter_mut().find(|l| l.variant == add.variant) {
            Some(line) => {
                line.quantity = quantity;
                line.later = false;
                if add.named_minor.is_some() {
                    (line.named_minor, line.named_in) = (add.named_minor, named_in);
                }
            }
            None => lines.push(CartLine {
                variant: add.variant.clone(),
                quantity,
                named_minor: add.named_minor,
                named_in: named_in.filter(|_| add.named_minor.is_some()),
                added_ms: ctx.now_ms,
                later: false,
            }),
        }
        let cart = self.store.write(&owner, cart, lines, ctx.now_ms).await?;
        Ok(Changed { cart, token: fresh })
    }

    /// Sets the pieces of lines, all or none; 0 takes one out. `rev` is the one the caller saw.
    ///
    /// # Errors
    /// 404 for no such line, 409 for another `rev` or short stock, 422 for too many pieces.
    pub async fn set(
        &self,
        ctx: &OpCtx,
        token: Option<&str>,
        pieces: &[(VariantId, u32)],
        rev: i64,
    ) -> Result<CartRecord> {
        let (owner, cart) = self.seen(ctx, token, rev).await?;
        let lines = self.with(ctx, &cart, pieces).await?;
        self.store.write(&owner, cart, lines, ctx.now_ms).await
    }

    /// The lines of a cart with other numbers of pieces.
    async fn with(&self, ctx: &OpCtx, cart: &CartRecord, pieces: &[(VariantId, u32)]) -> Result<Vec<CartLine>> {
        let mut lines = cart.lines.clone();
        for (variant, pieces) in pieces {
            let Some(at) = lines.iter().position(|l| l.variant == *variant) else {
                return Err(Problem::not_found("cart line"));
            };
            if *pieces == 0 {
                lines.remove(at);
            } else {
                let line = &lines[at];
                lines[at].quantity = self.allowed(ctx, variant, *pieces, line.named_minor, line.named_in).await?.0;
            }
        }
        Ok(lines)
    }

    /// Keeps a line for later, or puts it back among what is bought with as many pieces as there are; with it other numbers of pieces of lines,
    /// all or none. `rev` is the one the caller saw.
    ///
    /// # Errors
    /// As of [`Carts::set`]; 404 for no such line or, putting it back, one that is not on sale here; 409 for another `rev` or when sold out.
    pub async fn later(
        &self,
        ctx: &OpCtx,
        token: Option<&str>,
        variant: &VariantId,
        later: bool,
        pieces: &[(VariantId, u32)],
        rev: i64,
    ) -> Result<CartRecord> {
        let (owner, cart) = self.seen(ctx, token, rev).await?;
        // Of what waits nobody asks how many are left.
        let pieces: Vec<_> = pieces.iter().filter(|(of, _)| !later || of != variant).cloned().collect();
        let mut lines = self.with(ctx, &cart, &pieces).await?;
        let Some(line) = lines.iter_mut().find(|l| l.variant == *variant) else {
            return Err(Problem::not_found("cart line"));
        };
        if !later {
            let left = self.offers.kept(std::slice::from_ref(variant)).await?.left(variant);
            let left = left.map_or(u32::MAX, |left| u32::try_from(left.max(1)).unwrap_or(u32::MAX));
            let want = line.quantity.min(left);
            line.quantity = self.allowed(ctx, variant, want, line.named_minor, line.named_in).await?.0;
        }
        line.later = later;
        self.store.write(&owner, cart, lines, ctx.now_ms).await
    }

    /// Takes back the last change; once.
    ///
    /// # Errors
    /// 409 if there is nothing to take back or `rev` is not the present one.
    pub async fn undo(&self, ctx: &OpCtx, token: Option<&str>, rev: i64) -> Result<CartRecord> {
        let (owner, mut cart) = self.seen(ctx, token, rev).await?;
        let Some(lines) = cart.before.take() else {
            return Err(Problem::conflict("nothing_to_undo", "There is nothing to take back."));
        };
        self.store.restore(&owner, cart, lines, ctx.now_ms).await
    }

    /// Keeps a discount code with the caller's cart; one that is there already changes nothing. What it takes off is said with the prices.
    ///
    /// # Errors
    /// 404 without a cart; 422 `bad_code` for what can be no code; 409 `too_many_codes`, or if the cart changed meanwhile.
    pub async fn add_code(&self, ctx: &OpCtx, token: Option<&str>, code: &str) -> Result<CartRecord> {
        let (owner, cart) = self.present(ctx, token).await?;
        let code = code.trim();
        if code.is_empty() || code.len() > MOST_ID_BYTES || code.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(Problem::invalid("code", "bad_code", "This is no code."));
        }
        if cart.codes.iter().any(|known| is_same_code(known, code)) {
            return Ok(cart);
        }
        if cart.codes.len() >= MOST_CODES {
            return Err(Problem::conflict("too_many_codes", "So many codes are not kept. Take one out first."));
        }
        let codes = cart.codes.iter().cloned().chain([code.to_owned()]).collect();
        self.store.write_codes(&owner, cart, codes, ctx.now_ms).await
    }

    /// Takes a discount code out of the caller's cart; one that is not there changes nothing.
    ///
    /// # Errors
    /// 404 without a cart; 409 if the cart changed meanwhile.
    pub async fn drop_code(&self, ctx: &OpCtx, token: Option<&str>, code: &str) -> Result<CartRecord> {
        let (owner, cart) = self.present(ctx, token).await?;
        let codes: Vec<String> = cart.codes.iter().filter(|known| !is_same_code(known, code)).cloned().collect();
        if codes.len() == cart.codes.len() {
            return Ok(cart);
        }
        self.store.write_codes(&owner, cart, codes, ctx.now_ms).await
    }

    /// Puts a guest's cart into the signed-in person's. A token that opens nothing changes nothing.
    ///
    /// # Errors
    /// 401 for nobody, 409 if either cart changed meanwhile (safe to repeat).
    pub async fn merge(&self, ctx: &OpCtx, token: &str) -> Result<CartRecord> {
        let user = Owner::User(authz::user(ctx)?.id.clone());
        let mine = self.store.read(&user).await?.unwrap_or_default();
        let Some(guest) = Owner::guest(token) else { return Ok(mine) };
        let Some(theirs) = self.store.read(&guest).await? else { return Ok(mine) };
        let mut digital = Vec::new();
        for line in &theirs.lines {
            if self.offers.records().variant(&line.variant).await?.is_none_or(|p| p.kind != ProductKind::Physical) {
                digital.push(line.variant.clone());
            }
        }
        let lines = vitrine_shared::cart::merge(&mine.lines, &theirs.lines, |v| digital.contains(v));
        self.store.merge(&user, mine, &guest, &theirs, lines).await
    }

    fn owner(&self, ctx: &OpCtx, token: Option<&str>) -> Option<Owner> {
        match ctx.caller.user() {
            Some(user) => Some(Owner::User(user.id.clone())),
            None => token.and_then(Owner::guest),
        }
    }

    async fn present(&self, ctx: &OpCtx, token: Option<&str>) -> Result<(Owner, CartRecord)> {
        let owner = self.owner(ctx, token).ok_or_else(|| Problem::not_found("cart"))?;
        let cart = self.store.read(&owner).await?.ok_or_else(|| Problem::not_found("cart"))?;
        Ok((owner, cart))
    }

    async fn seen(&self, ctx: &OpCtx, token: Option<&str>, rev: i64) -> Result<(Owner, CartRecord)> {
        let (owner, cart) = self.present(ctx, token).await?;
        if cart.rev != rev {
            return Err(Problem::conflict("cart_changed", "The cart was changed elsewhere. Look at it again."));
        }
        Ok((owner, cart))
    }

    /// How many pieces a line that asks for `want` gets, and in which currency its price is named. What was named in a currency that has no
    /// price here any more, or cannot be paid in here, counts for nothing, as the cart says.
    async fn allowed(
        &self,
        ctx: &OpCtx,
        id: &VariantId,
        want: u32,
        named: Option<i64>,
        named_in: Option<Currency>,
    ) -> Result<(u32, Option<Currency>)> {
        let gone = || Problem::not_found("edition");
        let found = self.offers.kept(std::slice::from_ref(id)).await?;
        let offer = found.offer(id).ok_or_else(gone)?;
        let bundle = &offer.bundle;
        let here = match &ctx.scope {
            Scope::Marketplace => offer.tenant.listed,
            Scope::Tenant(tenant) => offer.tenant.id == *tenant,
        };
        let published = bundle.work.status == vitrine_shared::catalog::Status::Published;
        let (product, variant) =
            on_sale(&bundle.products).find(|(_, v)| v.id == *id && here && published).ok_or_else(gone)?;
        let price = |pays_in: &[Currency]| price_here(&bundle.prices, id, ctx.sold_in(), pays_in, ctx.now_ms, 1);
        let payable = named_in.filter(|currency| ctx.pays_in().contains(currency));
        match payable.and_then(|currency| price(&[currency])) {
            Some((currency, price)) => {
                rules::named_price(price, named)?;
                Ok((rules::pieces(product.kind, want, found.left(id).filter(|_| variant.stocked))?, Some(currency)))
            }
            None => {
                let (currency, price) = price(&ctx.pays_in()).ok_or_else(gone)?;
                rules::named_price(price, named.filter(|_| named_in.is_none()))?;
                Ok((rules::pieces(product.kind, want, found.left(id).filter(|_| variant.stocked))?, Some(currency)))
            }
        }
    }
}
