//! Sign-in, sign-out and the mails of accounts: the app as an OIDC client with sessions on the server.
//!
//! Invariants: the browser never sees a token; a sign-in begins a fresh session; where people return to is a path of this
//! site; mails go through durable jobs, so that answering takes the same time for known and unknown addresses.

pub mod demo;
mod http;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;
use vitrine_clock::SharedClock;
use vitrine_identity::account::Account;
use vitrine_identity::browser_name;
use vitrine_identity::provider::{AccountMail, SendAccountMail};
use vitrine_identity::{MasterKey, SessionInfo};
use vitrine_mail::{Message, SharedMail};
use vitrine_queue::worker::{Handler, JobFailed, Outcome};
use vitrine_queue::{Job, NewJob, SharedQueue};

use vitrine_shared::Problem;
use vitrine_shared::views::MomentView;
use vitrine_shared::views::owned::{AccountView, DeviceView};

use crate::ctx::{OpCtx, User};
use crate::state::App;
use crate::{audit, authz, fault};

pub use http::routes;
pub use vitrine_identity::client::local_path;

/// Bytes of what names a session at most.
const MOST_SESSION: usize = 200;
/// Kind of the job that sends one rendered mail.
pub const SEND: &str = "mail.send";
/// The same for mails that go out in heaps.
pub const SEND_BULK: &str = "bulk.mail.send";

/// Puts account mails into the queue.
pub struct AccountMails {
    /// Jobs.
    pub queue: SharedQueue,
    /// The time.
    pub clock: SharedClock,
    /// Sender.
    pub from: String,
}

#[async_trait]
impl SendAccountMail for AccountMails {
    async fn send(&self, mail: AccountMail) -> Result<(), String> {
        let rendered = mail.render();
        let message = Message {
            key: mail.key,
            to: mail.to,
            from: self.from.clone(),
            reply_to: None,
            subject: rendered.subject,
            text: rendered.text,
            html: rendered.html,
            locale: mail.locale,
            unsubscribe: None,
        };
        let job = send_job(&message, self.clock.now_ms()).map_err(|e| e.to_string())?;
        self.queue.enqueue(job).await.map(|_| ()).map_err(|e| e.to_string())
    }
}

/// The job that sends this message, once for its key.
///
/// # Errors
/// The message cannot be written as JSON.
pub fn send_job(message: &Message, now_ms: i64) -> Result<NewJob, serde_json::Error> {
    Ok(NewJob {
        // Who can be left off by one press is one of many.
        kind: if message.unsubscribe.is_some() { SEND_BULK } else { SEND }.into(),
        key: message.key.clone(),
        payload: serde_json::to_value(message)?,
        run_at_ms: now_ms,
        max_attempts: 12,
        trace: None,
    })
}

/// As [`send_job`] for a message that says a secret: in the queue it is sealed under the job's name, and opened to be sent.
///
/// # Errors
/// The message cannot be sealed.
pub fn sealed_job(message: &Message, master: &MasterKey, now_ms: i64) -> anyhow::Result<NewJob> {
    let job = send_job(message, now_ms)?;
    let sealed = master.seal_value(&mail_place(&job.key), message)?;
    Ok(NewJob { payload: json!({ "sealed": sealed }), ..job })
}

fn mail_place(key: &str) -> String {
    format!("mail/{key}")
}

/// Sends rendered mails; opens those that were sealed.
pub struct SendMail {
    /// Sends.
    pub mail: SharedMail,
    /// Opens.
    pub master: Arc<MasterKey>,
}

#[async_trait]
impl Handler for SendMail {
    async fn run(&self, job: &Job) -> Result<Outcome, JobFailed> {
        let message: Message = match job.job.payload.get("sealed").and_then(|sealed| sealed.as_str()) {
            Some(sealed) => self.master.open_value(&mail_place(&job.job.key), sealed).map_err(JobFailed::new)?,
            None => serde_json::from_value(job.job.payload.clone()).map_err(JobFailed::new)?,
        };
        self.mail.send(&message).await.map_err(JobFailed::new)?;
        Ok(Outcome::Done)
    }
}

/// Handlers of this domain's jobs.
pub fn handlers(mail: SharedMail, master: Arc<MasterKey>) -> vitrine_queue::worker::Handlers {
    let send: Arc<dyn Handler> = Arc::new(SendMail { mail, master });
    [(SEND.to_owned(), send.clone()), (SEND_BULK.to_owned(), send)].into_iter().collect()
}

/// Who a session stands for now: the account says what the session is too old to know, its roles and whether everything
/// issued before was ended since (a new password, all sessions revoked). `None`: the session has ended.
///
/// # Errors
/// The store's.
pub async fn caller_of(app: &App, session: &SessionInfo) -> Result<Option<User>, Problem> {
    let account = app.provider.accounts().get(&session.user_id).await.map_err(|e| fault::internal("an account", &e))?;
    Ok(account
        .filter(|a| session.created_ms >= a.ended_ms)
        .and_then(|account| Some(User { session: Some(session.id.clone()), ..person(&account)? })))
}

/// An account as a caller.
pub(crate) fn person(account: &Account) -> Option<User> {
    Some(User {
        id: account.id.parse().ok()?,
        email: account.email.clone(),
        verified: account.email_verified,
        name: account.name.clone(),
        roles: account.roles.clone(),
        tenants: account.tenant_ids().iter().filter_map(|t| t.parse().ok()).collect(),
        session: None,
    })
}

/// The person of a session that just began.
pub fn user_of(session: &SessionInfo) -> Option<User> {
    Some(User {
        id: session.user_id.parse().ok()?,
        email: session.email.clone().unwrap_or_default(),
        verified: session.email_verified,
        name: session.name.clone().unwrap_or_default(),
        roles: session.roles.clone(),
        tenants: session.tenant_ids.iter().filter_map(|t| t.parse().ok()).collect(),
        session: Some(session.id.clone()),
    })
}

/// The caller's account page.
///
/// # Errors
/// 401 for nobody.
pub async fn account(app: &App, ctx: &OpCtx) -> Result<AccountView, Problem> {
    let user = authz::user(ctx)?;
    let locale = app.catalog.place(ctx).locale;
    let mut sessions = app.sessions.list(user.id.as_str()).await.map_err(|e| fault::internal("the sessions", &e))?;
    let account = app.provider.accounts().get(user.id.as_str()).await.map_err(|e| fault::internal("an account", &e))?;
    sessions.retain(|s| account.as_ref().is_some_and(|a| s.created_ms >= a.ended_ms));
    sessions.sort_by_key(|s| std::cmp::Reverse((user.session.as_deref() == Some(&s.id), s.last_seen_ms)));
    let devices = sessions
        .into_iter()
        .map(|s| DeviceView {
            current: user.session.as_deref() == Some(&s.id),
            id: s.id,
            agent: browser_name(&s.user_agent).unwrap_or_else(|| s.user_agent.clone()),
            seen: MomentView::of(s.last_seen_ms, locale),
        })
        .collect();
    Ok(AccountView { name: user.name.clone(), email: user.email.clone(), verified: user.verified, devices })
}

/// Signs one of the caller's browsers out: here and at the provider, so that it is asked for a password again, with every
/// session and refresh token it has. The trail says so.
///
/// # Errors
/// 401 for nobody, 404 for a session that is not theirs; the stores', safe to repeat.
pub async fn sign_out_device(app: &App, ctx: &OpCtx, session: &str) -> Result<(), Problem> {
    let user = authz::user(ctx)?;
    let missing = || Problem::not_found("session");
    if session.len() > MOST_SESSION {
        return Err(missing());
    }
    let failed = |e: vitrine_identity::SessionError| fault::internal("a session", &e);
    let behind = app.sessions.behind(user.id.as_str(), session).await.map_err(failed)?.ok_or_else(missing)?;
    // First at the provider: if something fails then, the browser is still in the list and can be signed out again.
    if let Some(sid) = &behind.sid {
        app.provider.end_session(sid).await.map_err(|e| fault::internal("a session at the provider", &e))?;
    }
    let trail = audit::entry(ctx, user.id.as_str(), "account.device_signed_out", "", json!({ "session": session }));
    let ended = app.sessions.revoke(user.id.as_str(), session, vec![trail]).await.map_err(failed)?;
    if ended { Ok(()) } else { Err(missing()) }
}
