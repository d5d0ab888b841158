//! How checkouts, orders and their lines may move; pure state machines.

use serde::{Deserialize, Serialize};

/// One payment of one cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckoutState {
    /// Stock is reserved, the provider's page waits.
    PendingPayment,
    /// The buyer did their part; the money is on its way.
    Settling,
    /// The money is ours; orders are paid.
    Paid,
    /// The reservation ended without money.
    Released,
    /// Money came after the reservation ended and could not be honoured: all of it goes back.
    RefundedLate,
}

impl CheckoutState {
    /// Whether it may move there.
    pub const fn may_become(self, next: CheckoutState) -> bool {
        matches!(
            (self, next),
            (Self::PendingPayment, Self::Settling | Self::Paid | Self::Released)
                | (Self::Settling, Self::Paid | Self::Released)
                | (Self::Released, Self::Paid | Self::RefundedLate)
        )
    }

    /// Nothing more can happen to its payment.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Paid | Self::RefundedLate)
    }
}

/// How a line reaches the buyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fulfilment {
    /// Not paid yet.
    Unpaid,
    /// Digital and paid: the grant exists.
    Granted,
    /// Physical and paid.
    ToShip,
    /// On its way.
    Shipped,
    /// Given back.
    Refunded,
}

impl Fulfilment {
    /// Whether it may move there.
    pub const fn may_become(self, next: Fulfilment) -> bool {
        matches!(
            (self, next),
            (Self::Unpaid, Self::Granted | Self::ToShip)
                | (Self::ToShip, Self::Shipped | Self::Refunded)
                | (Self::Granted | Self::Shipped, Self::Refunded)
        )
    }
}
