//! Other numbers of pieces in the cart, before they are kept: chosen with the steppers, priced in the browser where the page carries what that
//! takes, else by the server. What is kept is what a form brings.

use dioxus::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use vitrine_shared::json;
use vitrine_shared::views::preview::{Pieces, Totals};
use vitrine_shared::views::trade::CartView;
use vitrine_ui::prelude::*;

use crate::{platform, t};

/// What the reader chose and has not kept yet.
#[derive(Clone, Copy, PartialEq)]
pub struct Chosen {
    /// As the server said it.
    kept: Signal<CartView>,
    pieces: Signal<Vec<Pieces>>,
    answer: Signal<Answer>,
}

/// What it comes to.
#[derive(Clone, PartialEq)]
enum Answer {
    /// Not known yet.
    Coming,
    /// The cart as it would be.
    Known(Box<CartView>),
    /// Nobody could say; there was no server to ask, or it refused.
    Unknown { alone: bool },
}

/// The answer of the module that prices; without totals it says why the server is to be asked.
#[derive(Deserialize)]
struct Previewed {
    totals: Option<Totals>,
}

/// Nothing is chosen at first. What prices is loaded when the page is alive, so that it is there without a network too.
pub fn use_chosen(view: CartView) -> Chosen {
    let mut kept = use_signal(|| view.clone());
    let (mut pieces, answer) = (use_signal(Vec::new), use_signal(|| Answer::Coming));
    use_effect(use_reactive((&view,), move |(view,)| {
        // A cart that was read anew is as it is.
        if *kept.peek() != view {
            pieces.set(Vec::new());
            kept.set(view.clone());
        }
        spawn(async move {
            if let Some(pricing) = &view.pricing {
                // Its answer is asked for again when something is chosen.
                drop(platform::preview(pricing, "[]").await);
            }
        });
    }));
    Chosen { kept, pieces, answer }
}

impl Chosen {
    /// Takes a number of pieces of a line, and finds out what the cart comes to.
    pub fn choose(mut self, variant: String, quantity: u32) {
        let kept = self.kept.peek().clone();
        let mut lines = kept.sellers.iter().flat_map(|s| &s.lines);
        let as_kept = lines.any(|line| line.variant == variant && line.quantity == quantity);
        let mut pieces = self.pieces.peek().clone();
        pieces.retain(|p| p.variant != variant);
        if !as_kept {
            pieces.push(Pieces { variant, quantity });
        }
        self.pieces.set(pieces.clone());
        self.answer.set(Answer::Coming);
        if pieces.is_empty() {
            return;
        }
        spawn(async move {
            let answer = match by_itself(&kept, &pieces).await {
                Some(view) => Answer::Known(Box::new(view)),
                None => match crate::data::cart_as(pieces.clone()).await {
                    Ok(view) => Answer::Known(Box::new(CartView { with_it: kept.with_it, ..view })),
                    Err(problem) => Answer::Unknown { alone: problem.code == "network" },
                },
            };
            // Chosen anew meanwhile: that choice has an answer of its own.
            if *self.pieces.peek() == pieces {
                self.answer.set(answer);
            }
        });
    }

    /// The cart as it would be; of an answer that is not there no number is said.
    pub fn over(self, view: CartView) -> CartView {
        let pieces = self.pieces.read();
        if pieces.is_empty() {
            return view;
        }
        if let Answer::Known(known) = &*self.answer.read() {
            return (**known).clone();
        }
        let mut view = CartView { total: "…".to_owned(), about: None, ..view };
        for part in &mut view.sellers {
            part.sums.clear();
            part.explain.clear();
            for line in &mut part.lines {
                line.total.clear();
                let chosen = pieces.iter().find(|p| p.variant == line.variant);
                line.quantity = chosen.map_or(line.quantity, |p| p.quantity);
            }
        }
        view
    }

    /// Whether something is not kept yet.
    pub fn is_some(self) -> bool {
        !self.pieces.read().is_empty()
    }
}

async fn by_itself(kept: &CartView, pieces: &[Pieces]) -> Option<CartView> {
    let asked: Vec<Value> = pieces.iter().map(|p| json!({ "variant": p.variant, "quantity": p.quantity })).collect();
    let answer = platform::preview(kept.pricing.as_ref()?, &Value::from(asked).to_string()).await?;
    let totals = json::from_str::<Previewed>(&answer).ok()?.totals?;
    let mut view = kept.clone();
    totals.put(&mut view).then_some(view)
}

/// Hidden fields of what is chosen, without those of one line, whose form has fields of its own.
#[component]
pub fn ChosenFields(
    /// All.
    chosen: Chosen,
    /// Variant id.
    #[props(default)]
    without: String,
) -> Element {
    let pieces = chosen.pieces.read();
    rsx! {
        for one in pieces.iter().filter(|p| p.variant != without) {
            input { r#type: "hidden", name: "variant", value: "{one.variant}" }
            input { r#type: "hidden", name: "quantity", value: "{one.quantity}" }
        }
    }
}

/// Says how it stands with what is chosen; always there, so that it is read out when it changes.
#[component]
pub fn ChosenStatus(
    /// All.
    chosen: Chosen,
) -> Element {
    let text = match &*chosen.answer.read() {
        _ if !chosen.is_some() => String::new(),
        Answer::Unknown { alone: true } => t!("cart-unknown-offline"),
        Answer::Unknown { alone: false } => t!("cart-unknown"),
        _ => t!("cart-unsaved"),
    };
    rsx! {
        p { class: "notice", role: "status", "{text}" }
    }
}

/// Goes on to the checkout with the numbers that are chosen.
#[component]
pub fn KeepAndGo(
    /// All.
    chosen: Chosen,
    /// Counts the cart's writes.
    rev: i64,
) -> Element {
    rsx! {
        form { role: "none", method: "post", action: "/cart/set",
            input { r#type: "hidden", name: "rev", value: "{rev}" }
            input { r#type: "hidden", name: "then", value: "checkout" }
            ChosenFields { chosen }
            Button { r#type: "submit", kind: ButtonKind::Primary, large: true, wide: true, {t!("cart-checkout")} }
        }
    }
}
