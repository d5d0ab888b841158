//! A small set of drawn signs; each is one path on a 24 by 24 grid.

use dioxus::prelude::*;

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A lens.
    Search,
    /// A bag.
    Cart,
    /// A person.
    Account,
    /// Play.
    Play,
    /// Pause.
    Pause,
    /// Next track.
    Next,
    /// Previous track.
    Previous,
    /// A cross.
    Close,
    /// A tick.
    Check,
    /// Opens downwards.
    Down,
    /// Goes on; mirrored from right to left.
    Forward,
    /// Goes back; mirrored from right to left.
    Back,
    /// Less.
    Minus,
    /// More.
    Plus,
    /// A globe: place, language, currency.
    Globe,
    /// Something is wrong.
    Warning,
    /// Something to know.
    Info,
    /// A download.
    Download,
    /// A parcel.
    Parcel,
    /// A record.
    Album,
    /// A book.
    Book,
    /// A film.
    Video,
    /// A microphone.
    Podcast,
    /// Waves of a feed.
    Feed,
    /// A keyboard.
    Keyboard,
    /// Share.
    Share,
    /// Sliders: filters.
    Filter,
}

impl Shape {
    const fn path(self) -> &'static str {
        match self {
            Self::Search => "M10.5 4a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13zM15.5 15.5L20 20",
            Self::Cart => "M5 8h14l-1 12H6zM9 10V7a3 3 0 0 1 6 0v3",
            Self::Account => "M12 4a4 4 0 1 0 0 8a4 4 0 0 0 0-8zM4.5 20c1-4 4-5.5 7.5-5.5s6.5 1.5 7.5 5.5",
            Self::Play => "M8 5.500v13l10.5-6.500z",
            Self::Pause => "M7 5h3.500v14H7zM13.5 5H17v14h-3.500z",
            Self::Next => "M6 6v12l8.5-6zM16 6h2v12h-2z",
            Self::Previous => "M18 6v12l-8.5-6zM6 6h2v12H6z",
            Self::Close => "M6 6l12 12M18 6L6 18",
            Self::Check => "M5 12.500l4.5 4.500L19 7.5",
            Self::Down => "M6 9.500l6 6l6-6",
            Self::Forward => "M9.5 6l6 6l-6 6",
            Self::Back => "M14.5 6l-6 6l6 6",
            Self::Minus => "M6 12h12",
            Self::Plus => "M6 12h12M12 6v12",
            Self::Globe => {
                "M12 3.500a8.5 8.5 0 1 0 0 17a8.5 8.5 0 0 0 0-17zM3.5 12h17M12 3.500c5 5 5 12 0 17c-5-5-5-12 0-17z"
            }
            Self::Warning => "M12 4L2.8 20h18.400zM12 10v4.500M12 17.200v.1",
            Self::Info => "M12 3.500a8.5 8.5 0 1 0 0 17a8.5 8.5 0 0 0 0-17zM12 11v5.500M12 7.700v.1",
            Self::Download => "M12 4v11M7.5 11l4.5 4.500l4.5-4.500M5 20h14",
            Self::Parcel => "M4 8l8-4l8 4v8l-8 4l-8-4zM4 8l8 4l8-4M12 12v8",
            Self::Album => {
                "M12 3.500a8.5 8.5 0 1 0 0 17a8.5 8.5 0 0 0 0-17zM12 9.500a2.5 2.5 0 1 0 0 5a2.5 2.5 0 0 0 0-5z"
            }
            Self::Book => "M12 7c-2-1.7-4.5-2-8-2v13c3.5 0 6 .3 8 2c2-1.7 4.5-2 8-2V5c-3.5 0-6 .3-8 2zM12 7v13",
            Self::Video => "M4 6h16v12H4zM10 9.500v5l4.5-2.500z",
            Self::Podcast => "M12 4a3 3 0 0 0-3 3v4a3 3 0 0 0 6 0V7a3 3 0 0 0-3-3zM6 11a6 6 0 0 0 12 0M12 17v3.5",
            Self::Feed => "M5 18.500v.1M5 12a7 7 0 0 1 7 7M5 5.500A13.5 13.5 0 0 1 18.5 19",
            Self::Keyboard => "M3.5 7h17v10h-17zM7 10.500v.1M10.5 10.500v.1M14 10.500v.1M17 10.500v.1M8 14h8",
            Self::Share => "M12 15V4M8 7.500L12 4l4 3.500M6 12v8h12v-8",
            Self::Filter => "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.500v5M9 14.500v5",
        }
    }

    const fn is_solid(self) -> bool {
        matches!(self, Self::Play | Self::Pause | Self::Next | Self::Previous)
    }

    const fn flips(self) -> bool {
        matches!(self, Self::Forward | Self::Back)
    }
}

/// A sign beside words; hidden from screen readers, which get the words.
#[component]
pub fn Icon(
    /// What is drawn.
    shape: Shape,
) -> Element {
    icon(shape)
}

/// [`Icon`] without a scope of its own, for what a page shows by the dozen.
pub fn icon(shape: Shape) -> Element {
    let class = match (shape.is_solid(), shape.flips()) {
        (true, _) => "icon icon-solid",
        (_, true) => "icon icon-flip",
        _ => "icon",
    };
    rsx! {
        svg { class, view_box: "0 0 24 24", "aria-hidden": "true", "focusable": "false",
            path { d: shape.path() }
        }
    }
}
