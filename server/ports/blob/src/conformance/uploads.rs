//! Uploads in parts.

use super::objects::pattern;
use super::{Env, Outcome, ensure, ensure_eq, ensure_err};
use crate::{BlobError, MIN_PART_BYTES, PutOptions, Upload};

pub(super) async fn joined_in_order(env: Env) -> Outcome {
    let key = env.key("up");
    let all = pattern(2 * MIN_PART_BYTES + 1000);
    let upload = env.blob.begin_upload(&key, PutOptions::new("audio/flac")).await?;
    // The last part first, and through a copy of the handle, as after a restart.
    let last = env.blob.put_part(&upload, 10_000, all.slice(2 * MIN_PART_BYTES..)).await?;
    let text = serde_json::to_string(&upload).map_err(|e| super::Failure(e.to_string()))?;
    let resumed: Upload = serde_json::from_str(&text).map_err(|e| super::Failure(e.to_string()))?;
    let first = env.blob.put_part(&resumed, 1, all.slice(..MIN_PART_BYTES)).await?;
    ensure_err!(env.blob.head(&key, None).await, BlobError::NotFound);
    let second = env.blob.put_part(&resumed, 7, all.slice(MIN_PART_BYTES..2 * MIN_PART_BYTES)).await?;
    let meta = env.blob.finish_upload(&resumed, vec![(1, first), (7, second), (10_000, last)]).await?;
    ensure_eq!((meta.key.as_str(), meta.size, meta.content_type.as_str()), (&*key, all.len() as u64, "audio/flac"));
    ensure_eq!(env.blob.head(&key, None).await?, meta);
    ensure!(env.blob.get_bytes(&key).await? == all, "other bytes came back");
    ensure_eq!(env.blob.versions(&key).await?, vec![meta]);
    ensure_err!(env.blob.put_part(&resumed, 2, "late".into()).await, BlobError::NotFound);
    Ok(())
}

pub(super) async fn replaced_part(env: Env) -> Outcome {
    let key = env.key("up");
    let upload = env.blob.begin_upload(&key, PutOptions::new("x/y")).await?;
    let wrong = env.blob.put_part(&upload, 1, "wrong".into()).await?;
    let right = env.blob.put_part(&upload, 1, "right".into()).await?;
    ensure!(wrong != right, "two contents have one tag");
    ensure_err!(env.blob.finish_upload(&upload, vec![(1, wrong)]).await, BlobError::Invalid(_));
    env.blob.finish_upload(&upload, vec![(1, right)]).await?;
    ensure_eq!(env.blob.get_bytes(&key).await?, "right");
    Ok(())
}

pub(super) async fn aborted(env: Env) -> Outcome {
    let key = env.key("up");
    let upload = env.blob.begin_upload(&key, PutOptions::new("x/y")).await?;
    let tag = env.blob.put_part(&upload, 1, "part".into()).await?;
    env.blob.abort_upload(&upload).await?;
    env.blob.abort_upload(&upload).await?;
    ensure_err!(env.blob.put_part(&upload, 2, "part".into()).await, BlobError::NotFound);
    ensure_err!(env.blob.finish_upload(&upload, vec![(1, tag)]).await, BlobError::NotFound);
    ensure_err!(env.blob.head(&key, None).await, BlobError::NotFound);
    Ok(())
}

pub(super) async fn refused(env: Env) -> Outcome {
    let key = env.key("up");
    let upload = env.blob.begin_upload(&key, PutOptions::new("x/y")).await?;
    for number in [0, 10_001] {
        ensure_err!(env.blob.put_part(&upload, number, "x".into()).await, BlobError::Invalid(_));
    }
    let one = env.blob.put_part(&upload, 1, "small".into()).await?;
    let two = env.blob.put_part(&upload, 2, "last".into()).await?;
    let wrong = [
        vec![],
        vec![(2, two.clone()), (1, one.clone())],
        vec![(1, one.clone()), (1, one.clone())],
        vec![(3, two.clone())],
        vec![(1, two.clone())],
        vec![(1, "nonsense".into())],
        vec![(1, "../../../etc/passwd".into())],
        // Only the last part may be small.
        vec![(1, one), (2, two)],
    ];
    for parts in wrong {
        let answer = env.blob.finish_upload(&upload, parts.clone()).await;
        ensure!(matches!(answer, Err(BlobError::Invalid(_))), "{parts:?} were joined or refused wrongly: {answer:?}");
    }
    ensure_err!(env.blob.head(&key, None).await, BlobError::NotFound);
    for id in ["", "nonsense", "../uploads", "00000000000000000000000000000000"] {
        let strange = Upload { key: key.clone(), id: id.into() };
        ensure_err!(env.blob.put_part(&strange, 1, "x".into()).await, BlobError::NotFound);
        ensure_err!(env.blob.finish_upload(&strange, vec![(1, "x".into())]).await, BlobError::NotFound);
    }
    let elsewhere = Upload { key: env.key("other"), id: upload.id.clone() };
    ensure_err!(env.blob.put_part(&elsewhere, 1, "x".into()).await, BlobError::NotFound);
    env.blob.abort_upload(&upload).await?;
    Ok(())
}

pub(super) async fn only_if_absent(env: Env) -> Outcome {
    let key = env.key("up");
    let options = PutOptions { only_if_absent: true, ..PutOptions::new("x/y") };
    let (slow, quick) =
        (env.blob.begin_upload(&key, options.clone()).await?, env.blob.begin_upload(&key, options).await?);
    let (a, b) =
        (env.blob.put_part(&slow, 1, "slow".into()).await?, env.blob.put_part(&quick, 1, "quick".into()).await?);
    env.blob.finish_upload(&quick, vec![(1, b)]).await?;
    ensure_err!(env.blob.finish_upload(&slow, vec![(1, a)]).await, BlobError::Exists);
    ensure_eq!(env.blob.get_bytes(&key).await?, "quick");
    env.blob.abort_upload(&slow).await?;
    Ok(())
}
