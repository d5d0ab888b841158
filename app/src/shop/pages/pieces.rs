//! Other numbers of pieces in the cart, before they are kept: chosen with the steppers, priced in the browser where the page carries what that
//! takes, else by the server. What is kept is what a form brings.

use dioxus::prelude::*;
use serde_json::{Value, json};
use vitrine_shared::json;
use vitrine_shared::views::preview::Pieces;
use vitrine_shared::views::trade::CartView;

use crate::{platform, t};

/// What the reader chose and has not kept yet.
#[derive(Clone, Copy, PartialEq)]
pub struct Chosen {
    /// What the page carries to price by itself.
    pricing: Signal<Option<String>>,
    /// Lines that are kept, with their numbers.
    kept: Signal<Vec<(String, u32)>>,
    pieces: Signal<Vec<Pieces>>,
    answer: Signal<Answer>,
}

/// What it comes to.
enum Answer {
    /// Not known yet.
    Coming,
    /// The cart as it would be.
    Known(Box<CartView>),
    /// Nobody could say; why, in words.
    Unknown(String),
}

/// Nothing is chosen at first. What prices is loaded when the page is alive, so that it is there without a network too.
pub fn use_chosen(view: &CartView) -> Chosen {
    let lines = view.sellers.iter().flat_map(|s| &s.lines);
    let chosen = Chosen {
        pricing: use_signal(|| view.pricing.clone()),
        kept: use_signal(|| lines.map(|l| (l.variant.clone(), l.quantity)).collect()),
        pieces: use_signal(Vec::new),
        answer: use_signal(|| Answer::Coming),
    };
    use_effect(move || {
        spawn(async move {
            // Its answer is asked for again when something is chosen.
            drop(chosen.by_itself(&[]).await);
        });
    });
    chosen
}

impl Chosen {
    /// Takes a number of pieces of a line, and finds out what the cart comes to.
    pub fn choose(mut self, variant: String, quantity: u32) {
        let mut pieces = self.pieces.peek().clone();
        pieces.retain(|p| p.variant != variant);
        if !self.kept.peek().iter().any(|(line, kept)| *line == variant && *kept == quantity) {
            pieces.push(Pieces { variant, quantity });
        }
        self.pieces.set(pieces.clone());
        self.answer.set(Answer::Coming);
        if pieces.is_empty() {
            return;
        }
        spawn(async move {
            let view = match self.by_itself(&pieces).await {
                Some(view) => Ok(view),
                None => crate::data::cart_as(pieces.clone()).await,
            };
            let answer = match view {
                Ok(view) => Answer::Known(Box::new(view)),
                Err(problem) if problem.code == "network" => Answer::Unknown(t!("cart-unknown-offline")),
                Err(_) => Answer::Unknown(t!("cart-unknown")),
            };
            // Chosen anew meanwhile: that choice has an answer of its own.
            if *self.pieces.peek() == pieces {
                self.answer.set(answer);
            }
        });
    }

    async fn by_itself(self, pieces: &[Pieces]) -> Option<CartView> {
        let pricing = self.pricing.peek().clone()?;
        let asked = pieces.iter().map(|p| json!({ "variant": p.variant.as_str(), "quantity": p.quantity }));
        let answer = platform::preview(&pricing, &Value::Array(asked.collect()).to_string()).await?;
        // Anything but a view says why the server is to be asked.
        json::from_str(&answer).ok()
    }

    /// The cart as it would be; of an answer that is not there no number is said.
    pub fn over(self, mut view: CartView) -> CartView {
        let pieces = self.pieces.read();
        if pieces.is_empty() {
            return view;
        }
        if let Answer::Known(known) = &*self.answer.read() {
            return (**known).clone();
        }
        view.total = "…".to_owned();
        view.about = None;
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

    /// How it stands with what is chosen, in words; nothing if nothing is.
    pub fn status(self) -> String {
        match &*self.answer.read() {
            _ if !self.is_some() => String::new(),
            Answer::Unknown(why) => why.clone(),
            _ => t!("cart-unsaved"),
        }
    }

    /// Hidden fields of what is chosen, without those of one line (a variant's id), whose form has fields of its own.
    pub fn fields(self, without: &str) -> Element {
        let pieces = self.pieces.read();
        rsx! {
            for one in pieces.iter().filter(|p| p.variant != without) {
                input { r#type: "hidden", name: "variant", value: "{one.variant}" }
                input { r#type: "hidden", name: "quantity", value: "{one.quantity}" }
            }
        }
    }
}
