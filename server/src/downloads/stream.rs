//! Playing and reading what was bought: short signed addresses on the files origin, asked for again as needed.
//!
//! The address holds what it allows and a keyed hash over it, so making one writes nothing; opening it still reads the
//! grant, so a refund ends playing at once.

use data_encoding::BASE64URL_NOPAD;
use serde_json::json;
use vitrine_blob::ByteRange;
use vitrine_shared::Problem;
use vitrine_shared::access::Grant;
use vitrine_shared::catalog::Asset;
use vitrine_shared::id::{AssetId, CustomerId, GrantId, WorkId};
use vitrine_table::{Consistency, Transact};

use super::open::expired;
use super::{Access, Ask, Content, Downloads, Opened, Proofs, access, clean};
use crate::audit;
use crate::ctx::OpCtx;
use crate::entitlements::store::key;
use crate::fault::{self, Result};

/// How long a streaming address lives.
pub const STREAM_MS: i64 = 15 * 60 * 1000;

/// A streaming address.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StreamLink {
    /// Absolute address on the files origin.
    pub url: String,
    /// UTC milliseconds; ask for another one before.
    pub expires_ms: i64,
}

/// What a streaming address shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// The file, to be played.
    File,
    /// The book unpacked from the file, to be read.
    Book,
}

impl Show {
    const fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Book => "book",
        }
    }
}

fn damaged() -> Problem {
    Problem::new(403, "link_damaged", "The address does not fit what it was made for.")
        .detail("Open the library again.")
}

/// What a streaming address allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Whom.
    pub customer: CustomerId,
    /// Which work.
    pub work: WorkId,
    /// By which right.
    pub grant: GrantId,
    /// Which file.
    pub asset: AssetId,
    /// Until when, UTC milliseconds.
    pub exp_ms: i64,
}

impl Claims {
    /// The token of an address that is made now: base64url of the claims, and a keyed hash over them.
    pub fn token(&self, proofs: &Proofs, show: Show, now_ms: i64) -> String {
        let kid = proofs.kid(now_ms);
        let Self { customer, work, grant, asset, exp_ms } = self;
        let claims = format!("{kid}|{customer}|{work}|{grant}|{asset}|{exp_ms}");
        let hash = proofs.sign(show.word(), &kid, &claims);
        format!("{}.{hash}", BASE64URL_NOPAD.encode(claims.as_bytes()))
    }

    /// Reads the token of an address; when it ends is for the caller to look at.
    ///
    /// # Errors
    /// 403 `link_damaged` for whatever was not made by [`Claims::token`] to show the same.
    pub fn read(proofs: &Proofs, show: Show, token: &str) -> Result<Self> {
        let (claims, hash) = token.split_once('.').ok_or_else(damaged)?;
        let claims = BASE64URL_NOPAD
            .decode(claims.as_bytes())
            .ok()
            .and_then(|b| String::from_utf8(b).ok())
            .ok_or_else(damaged)?;
        let parts: Vec<&str> = claims.split('|').collect();
        let [kid, customer, work, grant, asset, exp] = parts[..] else { return Err(damaged()) };
        if !proofs.holds(show.word(), kid, &claims, hash) {
            return Err(damaged());
        }
        Ok(Self {
            customer: customer.parse().map_err(|_| damaged())?,
            work: work.parse().map_err(|_| damaged())?,
            grant: grant.parse().map_err(|_| damaged())?,
            asset: asset.parse().map_err(|_| damaged())?,
            exp_ms: exp.parse().map_err(|_| damaged())?,
        })
    }
}

impl Downloads {
    /// An address that plays a file for [`STREAM_MS`]; ask again to go on.
    ///
    /// # Errors
    /// As [`Downloads::link`], but for limits.
    pub async fn stream_link(&self, ctx: &OpCtx, customers: &[CustomerId], asset: &AssetId) -> Result<StreamLink> {
        let (file, grant) = self.entitled(customers, asset).await?;
        Ok(self.signed(ctx, &grant, &file.id, Show::File))
    }

    /// An address that shows chapter `chapter` (from 0) of a book for [`STREAM_MS`]; pictures and further chapters
    /// resolve beside it.
    ///
    /// # Errors
    /// As [`Downloads::stream_link`]; 404 for a chapter or book that is not there.
    pub async fn reader_link(
        &self,
        ctx: &OpCtx,
        customers: &[CustomerId],
        asset: &AssetId,
        chapter: u32,
    ) -> Result<StreamLink> {
        let (file, grant) = self.entitled(customers, asset).await?;
        self.blob.head(&format!("reader/{}/{chapter}.html", file.sha256), None).await.map_err(fault::blob)?;
        let mut link = self.signed(ctx, &grant, &file.id, Show::Book);
        link.url = format!("{}/{chapter}.html", link.url);
        Ok(link)
    }

    async fn entitled(&self, customers: &[CustomerId], asset: &AssetId) -> Result<(Asset, Grant)> {
        if customers.is_empty() {
            return Err(Problem::unauthenticated());
        }
        let file = self.records.asset(asset).await?.ok_or_else(|| Problem::not_found("file"))?;
        let access = Access::load(&self.records, &self.grants, customers, &file.work).await?;
        let grant = access.open(asset)?.clone();
        clean(&file)?;
        Ok((file, grant))
    }

    /// The address for a grant that was just checked; a book's ends before its chapter.
    pub(crate) fn signed(&self, ctx: &OpCtx, grant: &Grant, asset: &AssetId, show: Show) -> StreamLink {
        let expires_ms = ctx.now_ms + STREAM_MS;
        let claims = Claims {
            customer: grant.customer.clone(),
            work: grant.work.clone(),
            grant: grant.id.clone(),
            asset: asset.clone(),
            exp_ms: expires_ms,
        };
        let token = claims.token(&self.proofs, show, ctx.now_ms);
        let room = if show == Show::File { "s" } else { "r" };
        StreamLink { url: format!("{}/{room}/{token}", self.files_url), expires_ms }
    }

    async fn redeem(&self, ctx: &OpCtx, token: &str, show: Show, ask: &Ask) -> Result<(Claims, Asset)> {
        let claims = Claims::read(&self.proofs, show, token).inspect_err(|_| ctx.guess.mark_wrong())?;
        ask.is_of(&[claims.customer.as_str()])?;
        if claims.exp_ms <= ctx.now_ms {
            return Err(expired());
        }
        let place = key(&claims.customer, &claims.work, &claims.grant);
        let grant = self.table.get(&place, Consistency::Strong).await.map_err(fault::table)?;
        let grant: Option<Grant> = grant.map(vitrine_table::from_item).transpose().map_err(fault::table)?;
        if grant.is_none_or(|g| g.revoked.is_some()) {
            return Err(access::revoked());
        }
        let file = self.records.asset(&claims.asset).await?.ok_or_else(|| Problem::not_found("file"))?;
        clean(&file)?;
        Ok((claims, file))
    }

    /// Plays: bytes of the file, in place.
    ///
    /// # Errors
    /// 403 `link_damaged`, `not_yours`, `access_revoked`, `file_quarantined`; 410 `link_expired`; 404.
    pub async fn open_stream(&self, ctx: &OpCtx, token: &str, ask: Ask) -> Result<Opened> {
        let (claims, file) = self.redeem(ctx, token, Show::File, &ask).await?;
        self.shown(ctx, &claims, &file.key, format!("\"{}\"", file.sha256), file.content_type, &ask).await
    }

    /// Reads: a chapter (`<n>.html`) or a picture of the book.
    ///
    /// # Errors
    /// As [`Downloads::open_stream`].
    pub async fn open_reader(&self, ctx: &OpCtx, token: &str, name: &str, ask: Ask) -> Result<Opened> {
        let (claims, file) = self.redeem(ctx, token, Show::Book, &ask).await?;
        if name.contains('/') || name.starts_with('.') {
            return Err(Problem::not_found("chapter"));
        }
        let key = format!("reader/{}/{name}", file.sha256);
        let meta = match self.blob.head(&key, None).await {
            Err(vitrine_blob::BlobError::BadKey(_)) => return Err(Problem::not_found("chapter")),
            other => other.map_err(fault::blob)?,
        };
        let etag = format!("\"{}\"", super::proof::stored(&format!("{}{}", meta.key, meta.etag)));
        self.shown(ctx, &claims, &key, etag, meta.content_type, &ask).await
    }

    async fn shown(
        &self,
        ctx: &OpCtx,
        claims: &Claims,
        key: &str,
        etag: String,
        content_type: String,
        ask: &Ask,
    ) -> Result<Opened> {
        let size = self.blob.head(key, None).await.map_err(fault::blob)?.size;
        if ask.fresh(&etag) {
            return Ok(Opened::NotModified(etag));
        }
        let range = match ask.part(&etag, size) {
            Ok(range) => range,
            Err(size) => return Ok(Opened::BadRange(size)),
        };
        let bytes = if ask.head {
            None
        } else {
            // One line of the trail for each beginning; a player asks for many parts.
            if range.as_ref().is_none_or(|r| *r.start() == 0) {
                let what = json!({ "customer": claims.customer, "grant": claims.grant, "address": self.proofs.address(ask.address) });
                let ops = vec![audit::entry(ctx, claims.asset.as_str(), "stream.opened", "", what)];
                self.table.transact(Transact { ops, token: None }).await.map_err(fault::table)?;
            }
            let wanted = range.clone().map(|r| ByteRange::Between(*r.start(), *r.end()));
            Some(self.blob.get(key, None, wanted).await.map_err(fault::blob)?.bytes)
        };
        Ok(Opened::Content(Content { name: None, content_type, etag, size, range, bytes }))
    }
}
