//! The answer of every server function, and how faults travel.

use dioxus::fullstack::{AsStatusCode, ClientResponse, FromResponse, ServerFnError, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use vitrine_shared::Problem;

/// What came. The framework's own decoder panics when a connection breaks off; this one answers an error.
#[derive(Clone, Debug)]
pub struct Wire<T>(pub T);

#[cfg(feature = "server")]
impl<T: Serialize> dioxus::fullstack::response::IntoResponse for Wire<T> {
    fn into_response(self) -> dioxus::fullstack::response::Response {
        dioxus::fullstack::Json(self.0).into_response()
    }
}

impl<T: DeserializeOwned> FromResponse for Wire<T> {
    async fn from_response(response: ClientResponse) -> Result<Self, ServerFnError> {
        #[derive(Deserialize)]
        struct Payload {
            message: String,
            code: u16,
            data: Option<serde_json::Value>,
        }
        let status = response.status();
        let bytes = response.bytes().await.map_err(ServerFnError::Request)?;
        if status.is_success() {
            return serde_json::from_slice(&bytes).map(Wire).map_err(|e| ServerFnError::Deserialization(e.to_string()));
        }
        let payload = serde_json::from_slice::<Payload>(&bytes).unwrap_or_else(|_| Payload {
            message: String::from_utf8_lossy(&bytes).into_owned(),
            code: status.as_u16(),
            data: None,
        });
        Err(ServerFnError::ServerError { message: payload.message, code: payload.code, details: payload.data })
    }
}

/// A [`Problem`] on its way through the framework.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fault(pub Problem);

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        fault.0
    }
}

impl From<ServerFnError> for Fault {
    fn from(error: ServerFnError) -> Self {
        match error {
            ServerFnError::ServerError { details: Some(details), code, message } => {
                serde_json::from_value(details).unwrap_or_else(|_| Fault(Problem::new(code, "unexpected", message)))
            }
            ServerFnError::ServerError { code, message, .. } => Fault(Problem::new(code, "unexpected", message)),
            ServerFnError::Request(_) => Fault(Problem::network()),
            other => Fault(Problem::new(500, "unexpected", other.to_string())),
        }
    }
}

impl AsStatusCode for Fault {
    fn as_status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}
