//! Who buys, in words: sealed under a key of each customer's own, which the customer's item holds sealed under the master
//! key. Without that key nothing said of the person can be read again, wherever a copy of it lies.

use vitrine_identity::MasterKey;
use vitrine_shared::Problem;
use vitrine_shared::id::CustomerId;
use vitrine_table::{Condition, Consistency, Item, Key, Put, TransactOp, Update, UpdateItem, retry};

use super::Checkouts;
use super::place::email_partition;
use super::store::{self, Order, Person};
use crate::ctx::{Caller, OpCtx};
use crate::fault::{self, Result};
use crate::ids;

/// Attribute of the customer's item that holds its sealed key.
const KEY: &str = "key";

fn key_place(customer: &CustomerId) -> String {
    format!("customer/{customer}")
}

fn place(customer: &CustomerId) -> String {
    format!("person/{customer}")
}

fn sealed_of<'a>(item: &'a Item, attribute: &str) -> Option<&'a str> {
    item.get(attribute).and_then(|v| v.as_str())
}

/// A customer with what seals their data.
pub(super) struct Customer {
    /// Their id.
    pub(super) id: CustomerId,
    key: MasterKey,
}

impl Customer {
    /// Seals what is said of them.
    pub(super) fn seal(&self, person: &Person) -> Result<String> {
        self.key.seal_value(&place(&self.id), person).map_err(|e| fault::internal("personal data", &e))
    }

    /// Seals what they say of somebody else: it can be read as long as what is said of them.
    pub(super) fn seal_other(&self, at: &str, what: &impl serde::Serialize) -> Result<String> {
        self.key.seal_value(at, what).map_err(|e| fault::internal("personal data", &e))
    }
}

impl Checkouts {
    fn key_of(&self, id: &CustomerId, item: &Item) -> Result<Option<MasterKey>> {
        let key = sealed_of(item, KEY).map(|sealed| self.master.below(&key_place(id), sealed));
        key.transpose().map_err(|e| fault::internal("a customer's key", &e))
    }

    /// Where the customer of whoever buys is, if they are known by an account.
    pub(super) fn known_customer(ctx: &OpCtx) -> Option<Key> {
        ctx.caller.user().map(|user| store::customer_key(&super::customer_of(&user.id)))
    }

    /// The customer of this address and the write that makes them, if there is none; `known` is what was read at
    /// [`Checkouts::known_customer`]. For a person with a verified address it is theirs.
    ///
    /// # Errors
    /// 422 for no address; the store's.
    pub(super) async fn customer(
        &self,
        ctx: &OpCtx,
        email: &str,
        known: Option<&Item>,
    ) -> Result<(Customer, Option<TransactOp>)> {
        let email = vitrine_identity::account::normalise_email(email)
            .map_err(|_| Problem::invalid("email", "fault-email", "This is no address."))?;
        // Guests get a customer of their own each time: an address alone opens nobody's orders.
        let (id, owner) = match &ctx.caller {
            Caller::User(user) => (super::customer_of(&user.id), format!("user#{}", user.id)),
            _ => (CustomerId::from_bits(ids::new_bits(ctx.now_ms)), super::claim::GUEST.to_owned()),
        };
        if let Some(key) = known.and_then(|known| self.key_of(&id, known).transpose()) {
            return Ok((Customer { id, key: key? }, None));
        }
        let (key, sealed) =
            self.master.fresh_below(&key_place(&id)).map_err(|e| fault::internal("a customer's key", &e))?;
        let at = store::customer_key(&id);
        if known.is_none() {
            let mut item = Item::new();
            item.insert("pk".into(), at.pk.into());
            item.insert("sk".into(), at.sk.into());
            item.insert("owner".into(), owner.into());
            item.insert(KEY.into(), sealed.into());
            item.insert("pk2".into(), email_partition(&email).into());
            item.insert("sk2".into(), id.to_string().into());
            item.insert("_v".into(), 1.into());
            let op = TransactOp::Put(Put { item, condition: Some(Condition::ItemAbsent) });
            return Ok((Customer { id, key }, Some(op)));
        }
        // Erased and back again: what comes now has a key of its own.
        let updates = vec![Update::SetIfAbsent(KEY.into(), sealed.into())];
        let update = UpdateItem { key: at, updates, condition: Some(Condition::ItemExists) };
        let item = self.table.update(update).await.map_err(fault::table)?;
        let key = self.key_of(&id, &item)?.ok_or_else(|| fault::internal("a customer's key", &"it was not kept"))?;
        Ok((Customer { id, key }, None))
    }

    /// What seals everything said of and by a customer; `None` once it was destroyed.
    ///
    /// # Errors
    /// The store's; a key that cannot be opened.
    pub(crate) async fn data_key(&self, customer: &CustomerId) -> Result<Option<MasterKey>> {
        let item = self.table.get(&store::customer_key(customer), Consistency::Strong).await.map_err(fault::table)?;
        item.map_or(Ok(None), |item| self.key_of(customer, &item))
    }

    /// Who bought, as they last said; `None` once their data was erased.
    ///
    /// # Errors
    /// The store's; a key that cannot be opened.
    pub async fn person(&self, customer: &CustomerId) -> Result<Option<Person>> {
        self.opened(store::person_key(customer), customer).await
    }

    /// Who bought and where it goes, as said with this order; `None` once erased.
    ///
    /// # Errors
    /// As [`Checkouts::person`].
    pub async fn order_person(&self, order: &Order) -> Result<Option<Person>> {
        self.opened(store::order_person_key(&order.id), &order.customer).await
    }

    async fn opened(&self, at: Key, customer: &CustomerId) -> Result<Option<Person>> {
        let keys = vec![at, store::customer_key(customer)];
        let mut items = retry::get_each(&*self.table, keys).await.map_err(fault::table)?.into_iter();
        let (Some(item), Some(of_key)) = (items.next().flatten(), items.next().flatten()) else { return Ok(None) };
        let Some(key) = self.key_of(customer, &of_key)? else { return Ok(None) };
        let Some(sealed) = sealed_of(&item, "sealed") else { return Ok(None) };
        // Said under a key that was destroyed since: as good as erased.
        Ok(key.open_value(&place(customer), sealed).ok())
    }
}
