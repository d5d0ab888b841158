//! Why an edition costs what it does. Item pages are kept and hold only a link here: this page needs no client and its total is asked anew.

use dioxus::prelude::*;
use vitrine_shared::Problem;
use vitrine_shared::catalog::WorkKind;
use vitrine_shared::views::trade::{PieceView, PieceWork};
use vitrine_ui::prelude::*;

use crate::platform::Head;
use crate::shop::pages::{Sums, drawn, sentence};
use crate::shop::parts::Page;
use crate::t;

/// What one piece of each edition of a work comes to for who looks.
#[component]
pub(super) fn Piece(kind: String, id: String) -> Element {
    let view = crate::data::use_data(move || {
        let (kind, id) = (kind.clone(), id.clone());
        async move {
            let kind = WorkKind::ALL.into_iter().find(|k| k.segment() == kind);
            let ask = crate::serve::Ask::here()?;
            let work = ask.work(kind.ok_or_else(|| Problem::not_found("page"))?, id).await?;
            let (app, ctx) = ask.parts();
            app.checkouts.one_piece(&ctx, &work).await
        }
    })?;
    let view = view.read();
    drawn(&view, |view: &PieceWork| {
        rsx! {
            Page { head: Head { title: t!("sum-how"), private: true, ..Head::default() },
                div { class: "wrap trade",
                    h1 { {t!("sum-how")} }
                    p { class: "lead",
                        a { href: "{view.href}", dir: "auto", "{view.title}" }
                    }
                    if view.pieces.is_empty() {
                        Alert { title: t!("buy-none"), {t!("buy-none-text")} }
                    } else {
                        Notice { {t!("piece-text", country = view.place.clone())} }
                    }
                    for (i , piece) in view.pieces.iter().cloned().enumerate() {
                        One { key: "{i}", piece }
                    }
                }
            }
        }
    })
}

#[component]
fn One(piece: PieceView) -> Element {
    rsx! {
        section { class: "trade-part",
            h2 { dir: "auto", "{piece.edition}" }
            if let Some(trouble) = piece.trouble.clone() {
                p { class: "notice", {t!(&trouble)} }
            }
            Sums { sums: piece.sums.clone() }
            if let Some(note) = piece.tax_note.clone() {
                p { class: "notice", {t!(&note)} }
            }
            ol { class: "explain",
                for (i , step) in piece.explain.iter().enumerate() {
                    li { key: "{i}", {sentence(step)} }
                }
            }
        }
    }
}
