//! Interface primitives: behaviour and skin, no data access and no words of their own.
//!
//! Invariants:
//! - Every text comes in through props, so the crate needs no locale.
//! - Nothing writes a `style` attribute or an inline script: a strict content security policy holds.
//! - What can work without scripts does: links, forms, `<details>`, `<dialog>` opened by invoker commands.
//! - Class names are those of `assets/css/ui.css`; tints are those of `assets/css/tints.css`, which [`tint`] makes.
//!
//! Not here: pages, routes, loading of data, formatting of numbers.

pub mod button;
pub mod card;
pub mod choice;
pub mod combobox;
pub mod cover;
pub mod dialog;
pub mod feedback;
pub mod field;
pub mod icon;
pub mod link;
pub mod list;
pub mod price;
pub mod stepper;
pub mod table;
pub mod tabs;
pub mod time;
pub mod tint;
pub mod toast;
pub mod waveform;

/// Everything a page uses.
pub mod prelude {
    pub use crate::button::{Button, ButtonKind, IconButton};
    pub use crate::card::{Card, CardGrid};
    pub use crate::choice::{Checkbox, RadioCard, RadioCards, Select, SelectOption};
    pub use crate::combobox::{Combobox, Suggestion};
    pub use crate::cover::{Cover, IN_GRID, IN_LIST, Picture, Wanted};
    pub use crate::dialog::{Dialog, DialogButton};
    pub use crate::feedback::{Alert, Disclosure, EmptyState, Notice, Skeleton, SkeletonShape, Tone, VisuallyHidden};
    pub use crate::field::{Field, TextArea};
    pub use crate::icon::{Icon, Shape};
    pub use crate::link::Go;
    pub use crate::list::{Breadcrumb, Chip, Crumb, FacetGroup, FacetOption, Pagination};
    pub use crate::price::Price;
    pub use crate::stepper::QuantityStepper;
    pub use crate::table::{Column, Table};
    pub use crate::tabs::{TabItem, Tabs};
    pub use crate::time::Time;
    pub use crate::tint::tint_class;
    pub use crate::toast::{Toast, ToastRegion, Toasts};
    pub use crate::waveform::Waveform;
}
