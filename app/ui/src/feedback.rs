//! Saying how things stand.

use dioxus::prelude::*;

use crate::icon::{Icon, Shape};

/// What a message means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// To know.
    #[default]
    Plain,
    /// It worked.
    Good,
    /// Look out.
    Warn,
    /// It failed.
    Bad,
}

/// A message in a box: a sign, a title in words, what to do.
#[component]
pub fn Alert(
    /// What it means.
    #[props(default)]
    tone: Tone,
    /// What happened.
    #[props(into)]
    title: String,
    /// Read out at once, for messages that appear after an act.
    #[props(default)]
    live: bool,
    /// What to do.
    children: Element,
) -> Element {
    let (class, shape) = match tone {
        Tone::Plain => ("alert", Shape::Info),
        Tone::Good => ("alert alert-good", Shape::Check),
        Tone::Warn => ("alert alert-warn", Shape::Warning),
        Tone::Bad => ("alert alert-bad", Shape::Warning),
    };
    rsx! {
        div { class, role: live.then_some("alert"),
            Icon { shape }
            p { class: "alert-title", "{title}" }
            div { class: "alert-body", {children} }
        }
    }
}

/// A quiet remark.
#[component]
pub fn Notice(
    /// Remark.
    children: Element,
) -> Element {
    rsx! {
        p { class: "notice", {children} }
    }
}

/// Nothing here: says why and what to do.
#[component]
pub fn EmptyState(
    /// What is not here.
    #[props(into)]
    title: String,
    /// Why, or what would be here.
    #[props(default, into)]
    text: String,
    /// Ways on, as links or buttons.
    children: Element,
) -> Element {
    rsx! {
        div { class: "empty",
            h2 { "{title}" }
            if !text.is_empty() {
                p { "{text}" }
            }
            div { class: "empty-actions", {children} }
        }
    }
}

/// What a [`Skeleton`] stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SkeletonShape {
    /// A line of text.
    #[default]
    Line,
    /// Half a line.
    Short,
    /// A heading.
    Title,
    /// A square cover.
    Cover,
}

/// A place kept for what is on its way.
#[component]
pub fn Skeleton(
    /// What it stands for.
    #[props(default)]
    shape: SkeletonShape,
) -> Element {
    let class = match shape {
        SkeletonShape::Line => "skeleton skeleton-line",
        SkeletonShape::Short => "skeleton skeleton-short",
        SkeletonShape::Title => "skeleton skeleton-title",
        SkeletonShape::Cover => "skeleton skeleton-cover",
    };
    rsx! {
        span { class, "aria-hidden": "true" }
    }
}

/// More, on demand.
#[component]
pub fn Disclosure(
    /// Words of the switch.
    #[props(into)]
    title: String,
    /// Unfolded at first.
    #[props(default)]
    open: bool,
    /// What unfolds.
    children: Element,
) -> Element {
    rsx! {
        details { class: "disclosure", open,
            summary {
                "{title}"
                Icon { shape: Shape::Down }
            }
            div { class: "disclosure-body", {children} }
        }
    }
}

/// For screen readers only.
#[component]
pub fn VisuallyHidden(
    /// Words.
    children: Element,
) -> Element {
    rsx! {
        span { class: "sr-only", {children} }
    }
}
