//! Other numbers of pieces in the cart, before they are kept: chosen with the steppers, priced in the browser where the page carries what that
//! takes, else by the server. What is kept is what a form brings.

use dioxus::prelude::*;
use vitrine_shared::json;
use vitrine_shared::views::preview::Pieces;
use vitrine_shared::views::trade::CartView;

use crate::{platform, t};

/// What the reader chose and has not kept yet.
#[derive(Clone, Copy, PartialEq)]
pub struct Chosen(Signal<State>);

/// One state for all of it: every signal's type costs the client.
pub struct State {
    /// What the page carries to price by itself.
    pricing: Option<String>,
    /// Lines that are kept, with their numbers.
    kept: Vec<Pieces>,
    pieces: Vec<Pieces>,
    answer: Answer,
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
    let state = use_signal(|| {
        let lines = view.sellers.iter().flat_map(|s| &s.lines);
        let kept = lines.map(|l| Pieces { variant: l.variant.clone(), quantity: l.quantity }).collect();
        State { pricing: view.pricing.clone(), kept, pieces: Vec::new(), answer: Answer::Coming }
    });
    use_effect(move || {
        if let Some(pricing) = &state.peek().pricing {
            platform::preview_ahead(pricing);
        }
    });
    Chosen(state)
}

impl Chosen {
    /// Takes a number of pieces of a line, and finds out what the cart comes to.
    pub fn choose(self, variant: String, quantity: u32) {
        let mut state = self.0;
        let one = Pieces { variant, quantity };
        let pieces = {
            let mut now = state.write();
            now.answer = Answer::Coming;
            now.pieces.retain(|p| p.variant != one.variant);
            if !now.kept.contains(&one) {
                now.pieces.push(one);
            }
            now.pieces.clone()
        };
        if pieces.is_empty() {
            return;
        }
        spawn(async move {
            let answer = match self.by_itself(&pieces).await {
                Some(view) => Answer::Known(Box::new(view)),
                None => match crate::data::cart_as(pieces.clone()).await {
                    Ok(view) => Answer::Known(Box::new(view)),
                    Err(problem) => Answer::Unknown(match problem.code.as_str() {
                        "network" => t!("cart-unknown-offline"),
                        _ => t!("cart-unknown"),
                    }),
                },
            };
            // Chosen anew meanwhile: that choice has an answer of its own.
            if state.peek().pieces == pieces {
                state.write().answer = answer;
            }
        });
    }

    async fn by_itself(self, pieces: &[Pieces]) -> Option<CartView> {
        let pricing = self.0.peek().pricing.clone()?;
        let answer = platform::preview(&pricing, &serde_json::json!(pieces).to_string()).await?;
        // Anything but a view says why the server is to be asked.
        json::from_str(&answer).ok()
    }

    /// The cart as it would be; of an answer that is not there no number is said.
    pub fn over(self, mut view: CartView) -> CartView {
        let State { pieces, answer, .. } = &*self.0.read();
        if pieces.is_empty() {
            return view;
        }
        if let Answer::Known(known) = answer {
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
        !self.0.read().pieces.is_empty()
    }

    /// How it stands with what is chosen, in words; nothing if nothing is.
    pub fn status(self) -> String {
        match &self.0.read().answer {
            _ if !self.is_some() => String::new(),
            Answer::Unknown(why) => why.clone(),
            _ => t!("cart-unsaved"),
        }
    }

    /// Hidden fields of what is chosen, without those of one line (a variant's id), whose form has fields of its own.
    pub fn fields(self, without: &str) -> Element {
        let state = self.0.read();
        rsx! {
            for one in state.pieces.iter().filter(|p| p.variant != without) {
                input { r#type: "hidden", name: "variant", value: "{one.variant}" }
                input { r#type: "hidden", name: "quantity", value: "{one.quantity}" }
            }
        }
    }
}
