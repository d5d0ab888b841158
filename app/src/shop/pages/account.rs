//! Who is signed in, and where.

use dioxus::prelude::*;
use vitrine_shared::views::owned::{AccountView, DeviceView};
use vitrine_ui::prelude::*;

use super::drawn;
use crate::platform::Head;
use crate::shop::frame::Me;
use crate::shop::parts::{Moment, Page};
use crate::t;

/// Loads the account.
#[component]
pub fn Account() -> Element {
    let view = crate::data::use_data(crate::data::account)?;
    let view = view.read();
    match &*view {
        Err(problem) if problem.status == 401 => rsx! {
            SignedOut {}
        },
        loaded => drawn(loaded, |view| {
            rsx! {
                AccountBody { view: view.clone() }
            }
        }),
    }
}

/// Nobody is signed in: why one would be, and the way there.
#[component]
pub fn SignedOut() -> Element {
    rsx! {
        Page { head: Head { title: t!("account"), private: true, ..Head::default() },
            article { class: "wrap eula",
                h1 { {t!("account-signed-out")} }
                p { {t!("account-why")} }
                p {
                    a { class: "button button-primary", href: "/auth/login?to=/account", {t!("account-sign-in")} }
                }
            }
        }
    }
}

/// Name, address, devices, signing out.
#[component]
pub fn AccountBody(
    /// What to show.
    view: AccountView,
) -> Element {
    let me = use_context::<Me>().0;
    let bar = me();
    rsx! {
        Page { head: Head { title: t!("account"), private: true, ..Head::default() },
            article { class: "wrap eula",
                h1 { {t!("account-hello", name = view.name.clone())} }
                p {
                    {t!("account-email", email = view.email.clone())}
                    if !view.verified {
                        " "
                        {t!("account-unverified")}
                    }
                }
                ul { class: "fault-ways", role: "list",
                    li {
                        Go { to: "/my-products", class: "button", {t!("footer-library")} }
                    }
                    li {
                        Go { to: "/invoices", class: "button", {t!("footer-invoices")} }
                    }
                    if bar.as_ref().is_some_and(|b| b.creator) {
                        li {
                            a { class: "button", href: "/studio", {t!("account-studio")} }
                        }
                    }
                    if bar.as_ref().is_some_and(|b| b.staff) {
                        li {
                            a { class: "button", href: "/admin", {t!("account-console")} }
                        }
                    }
                }
                form { method: "post", action: "/auth/logout",
                    Button { r#type: "submit", {t!("account-sign-out")} }
                }
                section {
                    h2 { {t!("account-devices")} }
                    p { class: "notice", {t!("account-devices-hint")} }
                    ul { class: "devices", role: "list",
                        for device in view.devices.iter().cloned() {
                            Device { key: "{device.id}", device }
                        }
                    }
                }
            }
        }
    }
}

#[component]
fn Device(device: DeviceView) -> Element {
    let agent = if device.agent.is_empty() { t!("account-device-unknown") } else { device.agent.clone() };
    rsx! {
        li {
            p {
                bdi { "{agent}" }
                if device.current {
                    " · "
                    strong { {t!("account-device-this")} }
                } else {
                    " · "
                    {t!("account-device-seen")}
                    " "
                    Moment { at: device.seen.clone() }
                }
            }
            if !device.current {
                form { method: "post", action: "/account/devices",
                    input { r#type: "hidden", name: "session", value: "{device.id}" }
                    Button { r#type: "submit", {t!("account-device-end")} }
                }
            }
        }
    }
}
