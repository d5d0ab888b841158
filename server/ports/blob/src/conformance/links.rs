//! Signed addresses, opened by a client without any rights.

use std::time::{Duration, Instant};

use url::Url;

use super::objects::pattern;
use super::{Env, Fetched, Outcome, ensure, ensure_eq, ensure_err};
use crate::{BlobError, MAX_URL_SECS, PutOptions, SignOptions};

pub(super) fn options(expires_secs: u32) -> SignOptions {
    SignOptions { expires_secs, attachment: None, content_type: None, version: None }
}

fn header<'a>(fetched: &'a Fetched, name: &str) -> &'a str {
    fetched.headers.get(name).map_or("", String::as_str)
}

pub(super) async fn opened_by_anybody(env: Env) -> Outcome {
    let key = env.key("a/b.bin");
    let all = pattern(200_000);
    env.blob.put_bytes(&key, all.clone(), PutOptions::new("image/webp")).await?;
    let url = env.blob.signed_url(&key, options(60)).await?;
    let whole = env.fetch(&url, None).await?;
    ensure_eq!(whole.status, 200);
    ensure!(whole.body == all, "other bytes came");
    ensure_eq!(header(&whole, "content-type"), "image/webp");
    ensure_eq!(header(&whole, "content-length"), "200000");
    ensure!(!header(&whole, "content-disposition").starts_with("attachment"), "{:?}", whole.headers);
    for (range, first, last) in
        [("bytes=0-9", 0, 9), ("bytes=199990-", 199_990, 199_999), ("bytes=-5", 199_995, 199_999)]
    {
        let part = env.fetch(&url, Some(range)).await?;
        ensure_eq!((range, part.status), (range, 206));
        ensure_eq!(header(&part, "content-range"), format!("bytes {first}-{last}/200000"));
        ensure!(part.body == all.slice(first..=last), "{range} brought other bytes");
    }
    ensure_eq!(env.fetch(&url, Some("bytes=200000-")).await?.status, 416);
    // The link names the key, not the bytes of the moment it was made.
    env.put(&key, "newer").await?;
    ensure_eq!(env.fetch(&url, None).await?.body, "newer");
    env.blob.delete(&key).await?;
    ensure_eq!(env.fetch(&url, None).await?.status, 404);
    Ok(())
}

pub(super) async fn dispositions(env: Env) -> Outcome {
    let key = env.key("f");
    env.put(&key, "x").await?;
    for name in
        ["plain.pdf", "two words.pdf", "Grüße.epub", "日本語 \u{1F3A8}.zip", "a\"b;c%d+e&f=g#h.txt", "../up\\down"]
    {
        let asked = SignOptions {
            attachment: Some(name.into()),
            content_type: Some("application/x-other; a=b".into()),
            ..options(60)
        };
        let got = env.fetch(&env.blob.signed_url(&key, asked).await?, None).await?;
        ensure_eq!((name, got.status), (name, 200));
        ensure_eq!(header(&got, "content-disposition"), crate::http::content_disposition(Some(name)));
        ensure_eq!(header(&got, "content-type"), "application/x-other; a=b");
    }
    Ok(())
}

pub(super) async fn of_a_version(env: Env) -> Outcome {
    let key = env.key("v");
    let old = env.put(&key, "old").await?;
    env.put(&key, "new").await?;
    let url = env.blob.signed_url(&key, SignOptions { version: Some(old.version.clone()), ..options(60) }).await?;
    ensure_eq!(env.fetch(&url, None).await?.body, "old");
    env.blob.delete(&key).await?;
    ensure_eq!(env.fetch(&url, None).await?.body, "old");
    env.blob.delete_version(&key, &old.version).await?;
    ensure_eq!(env.fetch(&url, None).await?.status, 404);
    Ok(())
}

pub(super) async fn expire(env: Env) -> Outcome {
    let key = env.key("e");
    env.put(&key, "x").await?;
    let short = env.blob.signed_url(&key, options(2)).await?;
    let long = env.blob.signed_url(&key, options(600)).await?;
    ensure_eq!(env.fetch(&short, None).await?.status, 200);
    if let Some(advance) = &env.options.advance {
        advance(Duration::from_secs(2));
        ensure!(env.fetch(&short, None).await?.status >= 400, "a link outlives its time");
    } else {
        let end = Instant::now() + env.options.lag;
        while env.fetch(&short, None).await?.status == 200 {
            ensure!(Instant::now() < end, "a link of two seconds lives after {:?}", env.options.lag);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    ensure_eq!(env.fetch(&long, None).await?.status, 200);
    Ok(())
}

/// The same text with one character changed, staying of its kind.
fn bent(text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let at = chars.iter().rposition(char::is_ascii_alphanumeric);
    match at {
        Some(at) => {
            chars[at] = match chars[at] {
                '9' => '8',
                'z' => 'y',
                'Z' => 'Y',
                c => char::from_u32(c as u32 + 1).unwrap_or('x'),
            };
        }
        None => chars.push('x'),
    }
    chars.into_iter().collect()
}

pub(super) async fn changed_links_are_refused(env: Env) -> Outcome {
    let key = env.key("mine");
    let old = env.put(&key, "secret").await?;
    env.put(&key, "secret").await?;
    env.put(&env.key("nine"), "secret").await?;
    let asked = SignOptions {
        attachment: Some("name.txt".into()),
        content_type: Some("text/plain".into()),
        version: Some(old.version),
        ..options(600)
    };
    let text = env.blob.signed_url(&key, asked).await?;
    ensure_eq!(env.fetch(&text, None).await?.body, "secret");
    let url: Url = text.parse().map_err(|e| super::Failure(format!("{text}: {e}")))?;
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let mut changed = vec![("another key", text.replace("/mine", "/nine"))];
    for at in 0..pairs.len() {
        let mut bent_pairs = pairs.clone();
        bent_pairs[at].1 = bent(&pairs[at].1);
        let mut with = url.clone();
        with.query_pairs_mut().clear().extend_pairs(&bent_pairs);
        changed.push(("a changed parameter", with.into()));
        let mut without = url.clone();
        bent_pairs.remove(at);
        without.query_pairs_mut().clear().extend_pairs(&bent_pairs);
        changed.push(("a missing parameter", without.into()));
    }
    let segments: Vec<String> = url.path().split('/').map(str::to_owned).collect();
    for at in 1..segments.len() {
        let mut bent_segments = segments.clone();
        // Each dotted field by itself: a ticket in the path has several.
        let fields: Vec<&str> = segments[at].split('.').collect();
        for field in 0..fields.len() {
            let mut with: Vec<String> = fields.iter().map(|f| (*f).to_owned()).collect();
            with[field] = bent(fields[field]);
            bent_segments[at] = with.join(".");
            let mut with = url.clone();
            with.set_path(&bent_segments.join("/"));
            changed.push(("a changed segment", with.into()));
        }
    }
    let mut bare = url.clone();
    bare.set_query(None);
    changed.push(("no parameters", bare.into()));
    for (name, value) in [
        ("response-content-disposition", "inline"),
        ("response-content-type", "text/html"),
        ("name", "x"),
        ("ct", "text/html"),
    ] {
        let mut with = url.clone();
        with.query_pairs_mut().append_pair(name, value);
        changed.push(("an added parameter", with.into()));
    }
    for (what, changed) in changed {
        ensure!(changed != text, "{what}: nothing changed");
        let got = env.fetch(&changed, None).await?;
        ensure!(got.status >= 400 && got.body != "secret", "{what} opened: {} {changed}", got.status);
    }
    Ok(())
}

pub(super) async fn refused(env: Env) -> Outcome {
    let key = env.key("r");
    env.put(&key, "x").await?;
    for secs in [0, MAX_URL_SECS + 1, u32::MAX] {
        ensure_err!(env.blob.signed_url(&key, options(secs)).await, BlobError::Invalid(_));
    }
    for name in ["", "a\r\nb", "a\0b", &"x".repeat(501)] {
        let asked = SignOptions { attachment: Some(name.to_owned()), ..options(60) };
        ensure_err!(env.blob.signed_url(&key, asked).await, BlobError::Invalid(_));
    }
    let asked = SignOptions { content_type: Some("a\nb".into()), ..options(60) };
    ensure_err!(env.blob.signed_url(&key, asked).await, BlobError::Invalid(_));
    Ok(())
}
