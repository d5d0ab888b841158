//! Objects, versions, listings.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::{Env, Outcome, ensure, ensure_eq, ensure_err};
use crate::{BlobError, ByteRange, ByteStream, PutOptions};

/// Bytes that tell where they stand.
pub(super) fn pattern(len: usize) -> Bytes {
    (0..len).map(|n| (n * 31 + n / 251) as u8).collect::<Vec<_>>().into()
}

pub(super) async fn put_head_get(env: Env) -> Outcome {
    let key = env.key("a/b.C_d-1.txt");
    ensure_err!(env.blob.head(&key, None).await, BlobError::NotFound);
    ensure_err!(env.blob.get(&key, None, None).await, BlobError::NotFound);
    let put = env.blob.put_bytes(&key, "hello".into(), PutOptions::new("text/plain; charset=utf-8")).await?;
    ensure_eq!((put.key.as_str(), put.size, put.content_type.as_str()), (&*key, 5, "text/plain; charset=utf-8"));
    ensure!(!put.etag.is_empty() && !put.version.is_empty() && put.modified_ms > 0, "{put:?}");
    ensure_eq!(env.blob.head(&key, None).await?, put);
    let (meta, range, bytes) = env.read(&key, None, None).await?;
    ensure_eq!((meta, range, &*bytes), (put, Some((0, 4)), &b"hello"[..]));
    ensure_eq!(env.blob.get_bytes(&key).await?, "hello");
    // A key may continue another one.
    env.put(&env.key("a"), "x").await?;
    ensure_eq!(env.blob.get_bytes(&key).await?, "hello");
    ensure_eq!(env.blob.get_bytes(&env.key("a")).await?, "x");
    Ok(())
}

pub(super) async fn ranges(env: Env) -> Outcome {
    let (key, size) = (env.key("r"), 300_000u64);
    let all = pattern(300_000);
    env.put(&key, all.clone()).await?;
    let asked = [
        (ByteRange::Between(0, 0), 0, 0),
        (ByteRange::Between(0, 99), 0, 99),
        (ByteRange::Between(131_000, 262_200), 131_000, 262_200),
        (ByteRange::Between(299_990, u64::MAX / 4), 299_990, size - 1),
        (ByteRange::From(0), 0, size - 1),
        (ByteRange::From(size - 1), size - 1, size - 1),
        (ByteRange::Last(1), size - 1, size - 1),
        (ByteRange::Last(1_000), size - 1_000, size - 1),
        (ByteRange::Last(size * 2), 0, size - 1),
    ];
    for (range, first, last) in asked {
        let (meta, got, bytes) = env.read(&key, None, Some(range)).await?;
        ensure_eq!((range, meta.size, got), (range, size, Some((first, last))));
        ensure!(bytes == all.slice(first as usize..=last as usize), "{range:?} brought other bytes");
    }
    for beyond in
        [ByteRange::From(size), ByteRange::Between(size, size + 9), ByteRange::Last(0), ByteRange::Between(9, 2)]
    {
        ensure_err!(env.blob.get(&key, None, Some(beyond)).await, BlobError::BadRange(300_000));
    }
    Ok(())
}

pub(super) async fn empty(env: Env) -> Outcome {
    let key = env.key("empty");
    ensure_eq!(env.put(&key, "").await?.size, 0);
    let (meta, range, bytes) = env.read(&key, None, None).await?;
    ensure_eq!((meta.size, range, bytes.len()), (0, None, 0));
    for range in [ByteRange::From(0), ByteRange::Between(0, 5), ByteRange::Last(3)] {
        ensure_err!(env.blob.get(&key, None, Some(range)).await, BlobError::BadRange(0));
    }
    let nothing: ByteStream = Box::pin(futures::stream::empty());
    ensure_eq!(env.blob.put(&key, nothing, PutOptions::new("x/y")).await?.size, 0);
    Ok(())
}

pub(super) async fn versions(env: Env) -> Outcome {
    let key = env.key("v");
    ensure!(env.blob.versions(&key).await?.is_empty(), "versions of nothing");
    let mut puts = Vec::new();
    for n in 0..4 {
        puts.push(env.put(&key, format!("content {n}")).await?);
    }
    let other = env.put(&env.key("v2"), "other").await?;
    env.put(&env.key("v/2"), "below").await?;
    ensure_eq!(puts.iter().map(|m| &m.version).collect::<BTreeSet<_>>().len(), 4);
    ensure_eq!(puts.iter().map(|m| &m.etag).collect::<BTreeSet<_>>().len(), 4);
    ensure_eq!(env.blob.versions(&key).await?, puts.iter().rev().cloned().collect::<Vec<_>>());
    for (n, meta) in puts.iter().enumerate() {
        ensure_eq!(&env.blob.head(&key, Some(&meta.version)).await?, meta);
        ensure_eq!(env.read(&key, Some(&meta.version), None).await?.2, format!("content {n}"));
        let part = env.read(&key, Some(&meta.version), Some(ByteRange::Last(1))).await?;
        ensure_eq!(part.2, n.to_string());
    }
    ensure_eq!(env.blob.get_bytes(&key).await?, "content 3");
    for strange in [other.version.as_str(), "nonsense", "../../x", "-"] {
        ensure_err!(env.blob.head(&key, Some(strange)).await, BlobError::NotFound);
        ensure_err!(env.blob.get(&key, Some(strange), None).await, BlobError::NotFound);
    }
    Ok(())
}

pub(super) async fn deletes(env: Env) -> Outcome {
    let key = env.key("d");
    env.blob.delete(&key).await?;
    let (first, second) = (env.put(&key, "1").await?, env.put(&key, "2").await?);
    env.blob.delete(&key).await?;
    env.blob.delete(&key).await?;
    ensure_err!(env.blob.head(&key, None).await, BlobError::NotFound);
    ensure_err!(env.blob.get(&key, None, None).await, BlobError::NotFound);
    ensure_eq!(env.read(&key, Some(&second.version), None).await?.2, "2");
    ensure_eq!(env.blob.versions(&key).await?, vec![second.clone(), first.clone()]);
    // A deleted key is free again.
    let third = env.put_new(&key, "3").await?;
    ensure_eq!(env.blob.versions(&key).await?, vec![third.clone(), second.clone(), first.clone()]);
    env.blob.delete_version(&key, &second.version).await?;
    ensure_err!(env.blob.head(&key, Some(&second.version)).await, BlobError::NotFound);
    ensure_eq!(env.blob.versions(&key).await?, vec![third.clone(), first.clone()]);
    ensure_eq!(env.blob.get_bytes(&key).await?, "3");
    env.blob.delete_version(&key, &first.version).await?;
    env.blob.delete_version(&key, &third.version).await?;
    ensure_err!(env.blob.head(&key, None).await, BlobError::NotFound);
    ensure!(env.blob.versions(&key).await?.is_empty(), "a removed version is still told");
    // Without the newest one, the version before it is the present one.
    let (old, new) = (env.put(&env.key("e"), "old").await?, env.put(&env.key("e"), "new").await?);
    env.blob.delete_version(&env.key("e"), &new.version).await?;
    ensure_eq!(env.blob.head(&env.key("e"), None).await?, old);
    Ok(())
}

pub(super) async fn only_if_absent(env: Env) -> Outcome {
    let key = env.key("once");
    let first = env.put_new(&key, "first").await?;
    ensure_err!(env.put_new(&key, "second").await, BlobError::Exists);
    ensure_eq!(env.blob.get_bytes(&key).await?, "first");
    ensure_eq!(env.blob.versions(&key).await?, vec![first]);
    Ok(())
}

pub(super) async fn only_if_absent_under_racing_writers(env: Env) -> Outcome {
    for round in 0..3 {
        let key = env.key(&format!("race{round}"));
        let writers = (0..16).map(|n| {
            let (env, key) = (env.clone(), key.clone());
            async move { env.put_new(&key, format!("writer {n}")).await.map(|_| n) }
        });
        let done = futures::future::join_all(writers).await;
        let won: Vec<i32> = done.iter().filter_map(|d| d.as_ref().ok().copied()).collect();
        ensure_eq!(won.len(), 1);
        for lost in done.into_iter().filter(|d| d.is_err()) {
            ensure_err!(lost, BlobError::Exists);
        }
        ensure_eq!(env.blob.get_bytes(&key).await?, format!("writer {}", won[0]));
        ensure_eq!(env.blob.versions(&key).await?.len(), 1);
    }
    Ok(())
}

pub(super) async fn broken_stream_leaves_nothing(env: Env) -> Outcome {
    // Breaks early, and late enough that an adapter may have begun to send.
    for chunks in [1, 12] {
        let broken = || -> ByteStream {
            let chunk = pattern(1024 * 1024);
            let good = (0..chunks).map(move |_| Ok(chunk.clone()));
            let end = std::iter::once(Err(BlobError::Unavailable("the sender went away".into())));
            Box::pin(futures::stream::iter(good.chain(end)))
        };
        let key = env.key(&format!("broken{chunks}"));
        ensure_err!(env.blob.put(&key, broken(), PutOptions::new("x/y")).await, BlobError::Unavailable(_));
        ensure_err!(env.blob.head(&key, None).await, BlobError::NotFound);
        ensure!(env.blob.versions(&key).await?.is_empty(), "a broken put left a version");
        ensure!(env.blob.list(&key, None, 10).await?.objects.is_empty(), "a broken put is listed");
        let kept = env.put(&key, "kept").await?;
        ensure_err!(env.blob.put(&key, broken(), PutOptions::new("x/y")).await, BlobError::Unavailable(_));
        ensure_eq!(env.blob.head(&key, None).await?, kept);
        ensure_eq!(env.blob.get_bytes(&key).await?, "kept");
    }
    Ok(())
}

pub(super) async fn streamed_in_pieces(env: Env) -> Outcome {
    // More than a store may hold in memory at once, in pieces that fit no boundary.
    let all = pattern(20 * 1024 * 1024 + 77);
    let pieces: Vec<_> = all.chunks(700_001).map(|c| Ok(all.slice_ref(c))).collect();
    let key = env.key("large.bin");
    let meta = env.blob.put(&key, Box::pin(futures::stream::iter(pieces)), PutOptions::new("video/mp4")).await?;
    ensure_eq!((meta.size, meta.content_type.as_str()), (all.len() as u64, "video/mp4"));
    ensure!(env.read(&key, None, None).await?.2 == all, "other bytes came back");
    let middle = env.read(&key, None, Some(ByteRange::Between(9_000_000, 9_000_099))).await?;
    ensure!(middle.2 == all.slice(9_000_000..9_000_100), "other bytes came back from the middle");
    Ok(())
}

pub(super) async fn listing(env: Env) -> Outcome {
    let names = ["b", "a/1", "a/10", "a/2", "a-b", "a.b", "a", "a/1/x", "c/d/e/f", "c", "B"];
    for name in names {
        env.put(&env.key(name), name).await?;
    }
    env.put(&env.key("gone"), "x").await?;
    env.blob.delete(&env.key("gone")).await?;
    env.put(&env.key("a/2"), "a/2 again").await?;
    let mut sorted: Vec<String> = names.iter().map(|n| env.key(n)).collect();
    sorted.sort_unstable();
    for (prefix, limit) in
        [("", 3), ("", 1), ("", 11), ("", 1000), ("a", 2), ("a/", 2), ("a/1", 1), ("c/d", 5), ("zz", 5)]
    {
        let prefix = env.key(prefix);
        let expected: Vec<_> = sorted.iter().filter(|k| k.starts_with(&prefix)).cloned().collect();
        let (mut found, mut cursor) = (Vec::new(), None);
        loop {
            let page = env.blob.list(&prefix, cursor, limit).await?;
            ensure!(page.objects.len() <= limit, "a page of {} for {limit}", page.objects.len());
            found.extend(page.objects);
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
        ensure_eq!(found.iter().map(|m| m.key.clone()).collect::<Vec<_>>(), expected);
        for meta in &found {
            ensure_eq!(&env.blob.head(&meta.key, None).await?, meta);
        }
    }
    for limit in [0, 1001] {
        ensure_err!(env.blob.list(&env.key(""), None, limit).await, BlobError::Invalid(_));
    }
    ensure!(
        env.blob.list(&format!("{}/../", env.prefix), None, 5).await?.objects.is_empty(),
        "a listing left its root"
    );
    Ok(())
}

pub(super) async fn bad_keys(env: Env) -> Outcome {
    let long = "x".repeat(513);
    let segment = "x".repeat(201);
    let bad = [
        "",
        "/",
        "/etc/passwd",
        "a/",
        "a//b",
        "..",
        ".",
        "a/../b",
        "../a",
        "a/./b",
        "a/..",
        "a\0b",
        "a b",
        "a\\b",
        "ä",
        "a\nb",
        "a%2e",
        "a?b",
        "a:b",
        "~",
        "*",
        &long,
        &segment,
    ];
    for key in bad {
        let options = || PutOptions::new("x/y");
        ensure_err!(env.blob.put_bytes(key, "x".into(), options()).await, BlobError::BadKey(_));
        ensure_err!(env.blob.head(key, None).await, BlobError::BadKey(_));
        ensure_err!(env.blob.head(key, Some("1")).await, BlobError::BadKey(_));
        ensure_err!(env.blob.get(key, None, None).await, BlobError::BadKey(_));
        ensure_err!(env.blob.delete(key).await, BlobError::BadKey(_));
        ensure_err!(env.blob.delete_version(key, "1").await, BlobError::BadKey(_));
        ensure_err!(env.blob.versions(key).await, BlobError::BadKey(_));
        ensure_err!(env.blob.signed_url(key, super::links::options(60)).await, BlobError::BadKey(_));
        ensure_err!(env.blob.begin_upload(key, options()).await, BlobError::BadKey(_));
    }
    Ok(())
}

pub(super) async fn refused(env: Env) -> Outcome {
    for bad in ["", " ", "text/plain\r\nx: y", "téxt/plain"] {
        let put = env.blob.put_bytes(&env.key("c"), "x".into(), PutOptions::new(bad)).await;
        ensure_err!(put, BlobError::Invalid(_));
        ensure_err!(env.blob.begin_upload(&env.key("c"), PutOptions::new(bad)).await, BlobError::Invalid(_));
    }
    ensure_err!(env.blob.head(&env.key("c"), None).await, BlobError::NotFound);
    Ok(())
}
