//! Search with facets and autocomplete over generated catalogues of 5,000 and 100,000 documents.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::json;
use vitrine_search::{Facet, Kind, Maker, Scope, Search, SearchDoc, SearchQuery, Sort, SuggestQuery, TantivySearch};

const SYLLABLES: [&str; 24] = [
    "ka", "lo", "mi", "ren", "sta", "vel", "dor", "ash", "in", "tu", "bra", "no", "sil", "qui", "zen", "fa", "gre",
    "hol", "ya", "pe", "cor", "und", "eth", "wo",
];
const GENRES: [&str; 12] = [
    "ambient",
    "jazz",
    "rock",
    "folk",
    "techno",
    "classical",
    "novel",
    "poetry",
    "essay",
    "drama",
    "comedy",
    "history",
];
const FORMATS: [&str; 6] = ["flac", "mp3", "epub", "pdf", "mp4", "vinyl"];
const LANGUAGES: [&str; 8] = ["en", "de", "fr", "tr", "el", "ru", "ja", "ar"];

/// A small linear congruential generator: the same catalogue on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len())]
    }

    fn word(&mut self) -> String {
        (0..2 + self.roll(3)).map(|_| self.pick(&SYLLABLES)).collect()
    }

    fn words(&mut self, count: usize) -> String {
        (0..count).map(|_| self.word()).collect::<Vec<_>>().join(" ")
    }
}

fn catalogue(count: usize) -> Vec<SearchDoc> {
    let mut dice = Dice(7);
    let makers: Vec<String> = (0..count / 10).map(|_| dice.words(2)).collect();
    (0..count)
        .map(|at| {
            let maker = dice.roll(makers.len());
            let words = 1 + dice.roll(4);
            let title = dice.words(words);
            let kind = [Kind::Album, Kind::Album, Kind::Book, Kind::Video, Kind::Podcast, Kind::Artist][dice.roll(6)];
            SearchDoc {
                id: format!("w_{at:08}"),
                kind,
                tenant: format!("t_{}", dice.roll(40)),
                listed: dice.roll(10) > 0,
                latin: None,
                makers: vec![Maker { id: format!("a_{maker}"), name: makers[maker].clone() }],
                description: dice.words(40),
                genres: vec![dice.pick(&GENRES).to_owned(), dice.pick(&GENRES).to_owned()],
                tags: (0..3).map(|_| format!("tag{}", dice.roll(300))).collect(),
                formats: vec![dice.pick(&FORMATS).to_owned()],
                languages: vec![dice.pick(&LANGUAGES).to_owned()],
                year: Some(1950 + i32::try_from(dice.roll(75)).unwrap()),
                released_ms: i64::try_from(dice.roll(1 << 30)).unwrap(),
                popularity: u32::try_from(dice.roll(1000)).unwrap(),
                prices: ["de", "us", "jp"].map(|market| (market.to_owned(), 100 + i64::try_from(dice.roll(5_000)).unwrap())).into(),
                data: json!({"title": title, "maker": makers[maker], "cover": format!("/c/{at:08x}.webp"), "path": format!("/albums/w-{at}")}),
                title,
                rev: 1,
            }
        })
        .collect()
}

/// Runs `act` on all cores for a while and prints searches a second and the 95th percentile.
fn load(label: &str, queries: usize, act: impl Fn(usize) + Sync) {
    let threads = std::thread::available_parallelism().unwrap().get();
    let begun = Instant::now();
    let mut times: Vec<Duration> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                let act = &act;
                scope.spawn(move || {
                    let mut times = Vec::new();
                    let mut at = thread * 31;
                    while begun.elapsed() < Duration::from_secs(3) {
                        let one = Instant::now();
                        act(at % queries);
                        times.push(one.elapsed());
                        at += 1;
                    }
                    times
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let rate = times.len() as f64 / begun.elapsed().as_secs_f64();
    times.sort_unstable();
    println!(
        "{label}: {rate:.0}/s on {threads} threads, p50 {:?}, p95 {:?}",
        times[times.len() / 2],
        times[times.len() * 95 / 100]
    );
}

fn searches(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    for count in [5_000, 100_000] {
        let docs = catalogue(count);
        let dir = tempfile::tempdir().unwrap();
        let index = TantivySearch::create(dir.path()).unwrap();
        let begun = Instant::now();
        for batch in docs.chunks(10_000) {
            runtime.block_on(index.upsert(batch.to_vec())).unwrap();
        }
        runtime.block_on(index.set_position("0")).unwrap();
        println!("{count}: indexed in {:?}", begun.elapsed());
        let begun = Instant::now();
        let mut one = docs[5].clone();
        one.title.push_str(" again");
        runtime.block_on(index.upsert(vec![one])).unwrap();
        runtime.block_on(index.set_position("1")).unwrap();
        println!("{count}: one document committed in {:?}", begun.elapsed());

        let mut dice = Dice(99);
        let facets = vec![Facet::Type, Facet::Genre, Facet::Tag, Facet::Year, Facet::Format, Facet::Price];
        let asked =
            |text: String| SearchQuery { facets: facets.clone(), ..SearchQuery::new(Scope::Marketplace, text, "de") };
        let mut words = Vec::new();
        let mut typos = Vec::new();
        let mut starts = Vec::new();
        for _ in 0..500 {
            let doc = &docs[dice.roll(docs.len())];
            let title = doc.title.clone();
            let maker = doc.makers[0].name.clone();
            words.push(asked(if dice.roll(2) == 0 {
                title.clone()
            } else {
                format!("{maker} {}", title.split(' ').next().unwrap())
            }));
            let mut typo = maker.clone().into_bytes();
            let at = dice.roll(typo.len() - 1);
            typo.swap(at, at + 1);
            typos.push(asked(String::from_utf8(typo).unwrap()));
            let letters = 1 + dice.roll(6);
            starts.push(SuggestQuery {
                scope: Scope::Marketplace,
                text: title.chars().take(letters).collect(),
                limit: 5,
            });
        }
        let mut filtered: Vec<SearchQuery> = Vec::new();
        for genre in GENRES {
            let mut query = asked(String::new());
            query.filters.genres = vec![genre.to_owned()];
            query.filters.types = vec![Kind::Album, Kind::Book];
            query.sort = Sort::PriceUp;
            filtered.push(query);
        }
        let everything = [asked(String::new())];
        let run = |query: &SearchQuery| black_box(futures_now(index.search(query.clone())).unwrap());
        let complete = |query: &SuggestQuery| black_box(futures_now(index.suggest(query.clone())).unwrap());
        load(&format!("{count} search with facets"), words.len(), |at| drop(run(&words[at])));
        load(&format!("{count} search with typos and facets"), typos.len(), |at| drop(run(&typos[at])));
        load(&format!("{count} filtered browsing with facets"), filtered.len(), |at| drop(run(&filtered[at])));
        load(&format!("{count} whole catalogue with facets"), 1, |at| drop(run(&everything[at])));
        load(&format!("{count} autocomplete"), starts.len(), |at| drop(complete(&starts[at])));

        let mut group = criterion.benchmark_group(format!("{count}"));
        group.sample_size(20).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
        let mut at = 0;
        let mut next = move |of: usize| {
            at += 1;
            at % of
        };
        group.bench_function("search with facets", |b| b.iter(|| run(&words[next(words.len())])));
        group.bench_function("search with typos and facets", |b| b.iter(|| run(&typos[next(typos.len())])));
        group.bench_function("filtered browsing with facets", |b| b.iter(|| run(&filtered[next(filtered.len())])));
        group.bench_function("whole catalogue with facets", |b| b.iter(|| run(&everything[0])));
        group.bench_function("autocomplete", |b| b.iter(|| complete(&starts[next(starts.len())])));
        group.finish();
    }
}

/// Searches never wait, so one poll answers them; no runtime is measured.
fn futures_now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

criterion_group!(benches, searches);
criterion_main!(benches);
