//! The player: one queue, one audio element, a bar at the bottom that stays while pages change.
//!
//! Invariants: at most one thing plays; the bar is there only when something was played; the audio element is always in
//! the page, so that playing starts inside the press that asked for it.

use dioxus::prelude::*;
use vitrine_shared::views::{PlayView, Shared};
use vitrine_ui::prelude::*;

use crate::platform::{self, MediaKey};
use crate::t;

/// One step of the arrow keys, milliseconds.
pub const STEP_MS: u64 = 5_000;

/// What plays; kept in a context of the shell.
#[derive(Clone, Copy, PartialEq)]
pub struct Player {
    queue: Signal<Vec<PlayView>>,
    at: Signal<Option<usize>>,
    playing: Signal<bool>,
    place_ms: Signal<u64>,
    length_ms: Signal<u64>,
    failed: Signal<bool>,
}

impl Player {
    /// Makes the player and offers it to everything below; call it once.
    pub fn provide() -> Self {
        let (queue, at, playing) = (use_signal(Vec::new), use_signal(|| None), use_signal(|| false));
        let (place_ms, length_ms, failed) = (use_signal(|| 0), use_signal(|| 0), use_signal(|| false));
        use_context_provider(|| Self { queue, at, playing, place_ms, length_ms, failed })
    }

    /// What is loaded.
    pub fn current(self) -> Option<PlayView> {
        self.queue.read().get((self.at)()?).cloned()
    }

    /// Whether something is loaded; reads without subscribing, so it may be asked outside of drawing.
    pub fn current_now(self) -> bool {
        self.at.peek().is_some()
    }

    /// Whether this file is the loaded one.
    pub fn holds(self, src: &str) -> bool {
        self.current().is_some_and(|p| p.src == src)
    }

    /// Whether this file is heard now.
    pub fn plays(self, src: &str) -> bool {
        (self.playing)() && self.holds(src)
    }

    /// Share heard of the loaded file, per mille.
    pub fn heard(self) -> u32 {
        let length = (self.length_ms)();
        ((self.place_ms)() * 1000).checked_div(length).unwrap_or(0).min(1000) as u32
    }

    /// Plays one of a list; the rest follows.
    pub fn start(mut self, list: Vec<PlayView>, index: usize) {
        if index < list.len() {
            self.queue.set(list);
            self.load(index);
        }
    }

    /// Plays one of a list from a moment on; the loaded file only moves.
    pub fn start_at(mut self, list: Vec<PlayView>, index: usize, ms: u64) {
        let Some(item) = list.get(index) else { return };
        if self.current_now() && self.current().is_some_and(|c| c.src == item.src) {
            platform::resume();
        } else {
            self.start(list, index);
        }
        self.place_ms.set(ms);
        platform::seek(ms);
    }

    /// Play and pause of one file: what a button beside a title does.
    pub fn press(self, list: &[PlayView], index: usize) {
        match list.get(index) {
            Some(item) if self.holds(&item.src) => self.toggle(),
            Some(_) => self.start(list.to_vec(), index),
            None => {}
        }
    }

    fn load(mut self, index: usize) {
        let Some(item) = self.queue.peek().get(index).cloned() else { return };
        self.at.set(Some(index));
        self.place_ms.set(0);
        self.length_ms.set(item.length_ms.unwrap_or(0));
        self.failed.set(false);
        platform::play(&item.src);
        platform::media_session(&item.title, &item.by);
    }

    /// Goes on or stops.
    pub fn toggle(self) {
        if self.at.peek().is_none() {
            return;
        }
        if *self.playing.peek() { platform::pause() } else { platform::resume() }
    }

    /// Moves the place by milliseconds, within the file.
    pub fn skip(mut self, by_ms: i64) {
        if self.at.peek().is_some() {
            let to = self.place_ms.peek().saturating_add_signed(by_ms).min((*self.length_ms.peek()).max(1));
            self.place_ms.set(to);
            platform::seek(to);
        }
    }

    /// The next of the list, if there is one.
    pub fn next(self) {
        let at = *self.at.peek();
        if let Some(at) = at
            && at + 1 < self.queue.peek().len()
        {
            self.load(at + 1);
        }
    }

    /// The beginning, or the one before within the first seconds.
    pub fn previous(mut self) {
        let at = *self.at.peek();
        match at {
            Some(at) if at > 0 && *self.place_ms.peek() < 3_000 => self.load(at - 1),
            Some(_) => {
                self.place_ms.set(0);
                platform::seek(0);
            }
            None => {}
        }
    }

    /// Stops and takes the bar away.
    pub fn close(mut self) {
        platform::pause();
        self.at.set(None);
        self.queue.set(Vec::new());
    }
}

/// The player of the shell around.
pub fn use_player() -> Player {
    use_context::<Player>()
}

fn clock(ms: u64) -> String {
    let s = ms / 1000;
    format!("{}:{:02}", s / 60, s % 60)
}

/// A round button that plays one of a list.
#[component]
pub fn PlayButton(
    /// What follows each other; the buttons of one list share it.
    #[props(into)]
    list: Shared<Vec<PlayView>>,
    /// Which of it.
    #[props(default)]
    index: usize,
    /// Further classes.
    #[props(default)]
    class: &'static str,
) -> Element {
    let player = use_player();
    let Some(item) = list.get(index) else { return VNode::empty() };
    let on = player.plays(&item.src);
    let label = if on {
        t!("player-pause-title", title = item.title.clone())
    } else {
        t!("player-play-title", title = item.title.clone())
    };
    rsx! {
        IconButton {
            shape: if on { Shape::Pause } else { Shape::Play },
            class: format!("needs-script {class}"),
            label,
            pressed: Some(on),
            onclick: move |_| player.press(&list, index),
        }
    }
}

/// Plays all of a list, from the first on; says so in words.
#[component]
pub fn PlayAll(
    /// What follows each other.
    list: Vec<PlayView>,
    /// What it says while it is silent.
    words: String,
) -> Element {
    let player = use_player();
    let on = list.iter().any(|p| player.plays(&p.src));
    let mine = list.iter().any(|p| player.holds(&p.src));
    rsx! {
        Button {
            scripted: true,
            onclick: move |_| if mine { player.toggle() } else { player.start(list.clone(), 0) },
            Icon { shape: if on { Shape::Pause } else { Shape::Play } }
            if on {
                {t!("player-pause")}
            } else {
                "{words}"
            }
        }
    }
}

/// The bar and the sound itself.
#[component]
pub fn PlayerBar(
    /// The player.
    player: Player,
) -> Element {
    let mut p = player;
    let current = p.current();
    use_effect(move || {
        platform::on_media_keys(move |key| match key {
            MediaKey::Play | MediaKey::Pause => player.toggle(),
            MediaKey::Next => player.next(),
            MediaKey::Previous => player.previous(),
        });
    });
    let (place, length, heard) = ((p.place_ms)(), (p.length_ms)(), p.heard());
    let many = p.queue.read().len() > 1;
    let last = (p.at)().is_none_or(|i| i + 1 >= p.queue.read().len());
    rsx! {
        audio {
            id: "vitrine-sound",
            preload: "none",
            onplay: move |_| p.playing.set(true),
            onpause: move |_| p.playing.set(false),
            onerror: move |_| {
                p.playing.set(false);
                p.failed.set(p.at.peek().is_some());
            },
            ontimeupdate: move |_| {
                if let Some((place, length)) = platform::position() {
                    p.place_ms.set(place);
                    if length > 0 {
                        p.length_ms.set(length);
                    }
                }
            },
            onended: move |_| player.next(),
        }
        if let Some(item) = current {
            section { class: "player", aria_label: t!("player-label"),
                div { class: "player-keys",
                    if many {
                        IconButton { shape: Shape::Previous, label: t!("player-previous"), onclick: move |_| player.previous() }
                    }
                    IconButton {
                        shape: if (p.playing)() { Shape::Pause } else { Shape::Play },
                        class: "icon-button-solid",
                        label: if (p.playing)() { t!("player-pause") } else { t!("player-play") },
                        onclick: move |_| player.toggle(),
                    }
                    if many {
                        IconButton { shape: Shape::Next, label: t!("player-next"), disabled: last, onclick: move |_| player.next() }
                    }
                }
                div { class: "player-what",
                    p { class: "player-title", dir: "auto", "{item.title}" }
                    p { class: "player-by", dir: "auto",
                        if (p.failed)() {
                            {t!("player-failed")}
                        } else {
                            "{item.by}"
                        }
                    }
                }
                div { class: "player-place",
                    span { class: "num", "{clock(place)}" }
                    div { class: "player-wave",
                        Waveform { peaks: item.peaks.clone(), heard }
                        input {
                            r#type: "range",
                            class: "player-seek",
                            aria_label: t!("player-seek"),
                            aria_valuetext: t!("player-place", place = clock(place), length = clock(length)),
                            min: "0",
                            max: "{length.max(1)}",
                            step: "1000",
                            value: "{place}",
                            oninput: move |event| {
                                if let Ok(to) = event.value().parse::<u64>() {
                                    p.place_ms.set(to);
                                    platform::seek(to);
                                }
                            },
                        }
                    }
                    span { class: "num", "{clock(length)}" }
                }
                IconButton { shape: Shape::Close, label: t!("player-close"), onclick: move |_| player.close() }
            }
        }
    }
}
