//! Who asks, for what part of the house, when and where: the first argument of every service function.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use vitrine_pricing::market::Market;
use vitrine_pricing::money::Currency;
use vitrine_pricing::shown_in;
use vitrine_shared::id::{CustomerId, TenantId, UserId};

/// Which records an operation may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Published works of listed tenants.
    Marketplace,
    /// One tenant: from the trusted host, from `/@handle` (public reads), or from the caller's membership (desk).
    Tenant(TenantId),
}

/// Who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Caller {
    /// Nobody known.
    #[default]
    Anonymous,
    /// Nobody known, but the bearer of a cart or order secret made at guest checkout.
    Guest {
        /// Whose orders these are.
        customer: CustomerId,
    },
    /// A signed-in person.
    User(User),
    /// A program with an API key.
    Key {
        /// Public part of the key.
        id: String,
        /// The tenant it acts for; `None`: the platform's.
        tenant: Option<TenantId>,
        /// What it may do.
        scopes: Vec<String>,
    },
    /// The program itself: jobs, webhooks, start-up.
    System(&'static str),
}

/// A signed-in person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The account.
    pub id: UserId,
    /// Their address, verified or not.
    pub email: String,
    /// They proved that the address is theirs.
    pub verified: bool,
    /// Shown name.
    pub name: String,
    /// `admin`, `staff`, `creator`, `buyer`.
    pub roles: Vec<String>,
    /// Tenants whose desk they may use.
    pub tenants: Vec<TenantId>,
    /// Names their session, if they came with one; no secret.
    pub session: Option<String>,
}

impl User {
    /// Has this role.
    pub fn is(&self, role: &str) -> bool {
        self.roles.iter().any(|r| r == role)
    }
}

impl Caller {
    /// The signed-in person.
    pub fn user(&self) -> Option<&User> {
        match self {
            Self::User(user) => Some(user),
            _ => None,
        }
    }

    /// For the audit trail.
    pub fn audit_name(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".into(),
            Self::Guest { customer } => format!("guest:{customer}"),
            Self::User(user) => format!("user:{}", user.id),
            Self::Key { id, .. } => format!("key:{id}"),
            Self::System(what) => format!("system:{what}"),
        }
    }
}

/// What came of the secret that a request shows: a key, a token, a link, a signature. Clones are one mark. Who checks a secret sets it,
/// the wall that counts guesses reads it; a status alone does not tell whether what is missing was guessed.
#[derive(Clone, Debug, Default)]
pub struct Guess(Arc<AtomicBool>);

impl Guess {
    /// The secret is not right.
    pub fn mark_wrong(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Somebody said that it is not.
    pub fn is_wrong(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The circumstances of one operation.
#[derive(Clone, Debug)]
pub struct OpCtx {
    /// What may be seen.
    pub scope: Scope,
    /// Who asks.
    pub caller: Caller,
    /// Names the request in logs and answers.
    pub request_id: String,
    /// UTC milliseconds; the same for the whole operation.
    pub now_ms: i64,
    /// BCP 47 of texts and formats, one of the shipped locales.
    pub locale: String,
    /// Market id of the pricing engine.
    pub market: String,
    /// ISO 3166-1 of the place prices are shown for.
    pub country: String,
    /// The currency that the visitor chose, or a configured proxy for them; see [`OpCtx::wish`].
    pub currency: Option<Currency>,
    /// ISO 3166-1 of the network the request came from, as a configured proxy saw it; evidence of place, not a choice.
    pub network: Option<String>,
    /// The guest cart's token the request came with.
    pub cart: Option<String>,
    /// See [`Guess`].
    pub guess: Guess,
    /// The address the request came from, as far as it is known; the program itself has none.
    pub peer: Option<IpAddr>,
}

impl OpCtx {
    /// The program itself at work.
    pub fn system(what: &'static str, now_ms: i64) -> Self {
        Self {
            scope: Scope::Marketplace,
            caller: Caller::System(what),
            request_id: format!("{what}-{now_ms}"),
            now_ms,
            locale: "en-US".into(),
            market: "us".into(),
            country: "US".into(),
            currency: None,
            network: None,
            cart: None,
            guess: Guess::default(),
            peer: None,
        }
    }

    /// The market whose prices are shown; the one of the rest of the world for an id that is none.
    pub fn sold_in(&self) -> &'static Market {
        Market::by_id(&self.market).unwrap_or_else(|| Market::of_country(""))
    }

    /// The currency that amounts are shown in as far as they can be: the chosen one, else the country's own.
    pub fn wish(&self) -> Currency {
        let market = self.sold_in();
        let own = || match Market::of_country(&self.country).id == market.id {
            true => shown_in::of_country(&self.country),
            false => market.currency,
        };
        self.currency.unwrap_or_else(own)
    }

    /// As [`OpCtx::wish`] for what goes to a country: the chosen one, else that country's own.
    pub fn wish_for(&self, country: &str) -> Currency {
        self.currency.unwrap_or_else(|| shown_in::of_country(country))
    }

    /// What can be paid in here, the best first.
    pub fn pays_in(&self) -> [Currency; 4] {
        self.sold_in().pays_in(self.wish())
    }
}
