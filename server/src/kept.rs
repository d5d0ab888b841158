//! View models that are kept while nothing they show has changed.
//!
//! Invariants: a kept view is never older than [`LIFE`]; it holds the number of the last change from before it was made; what decides
//! about money or rights is read from records, never from here.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;

use crate::changes::{Changes, Tag};
use crate::fault::Result;

/// How long a view is kept, whatever happens: what begins at a moment shows after it.
pub const LIFE: Duration = Duration::from_secs(60);

struct Made<V> {
    since: u64,
    tags: Vec<Tag>,
    view: V,
}

/// Views of one kind by name. Cheap to clone.
pub struct Kept<V> {
    views: Cache<String, Arc<Made<V>>>,
    changes: Changes,
}

impl<V> Clone for Kept<V> {
    fn clone(&self) -> Self {
        Self { views: self.views.clone(), changes: self.changes.clone() }
    }
}

impl<V: Clone + Send + Sync + 'static> Kept<V> {
    /// At most this many; the least used go first.
    pub fn new(changes: Changes, most: u64) -> Self {
        Self { views: Cache::builder().max_capacity(most).time_to_live(LIFE).build(), changes }
    }

    /// What is kept under this name, or what `make` answers; `tags` names what a new one shows, `None`: it is not kept.
    ///
    /// # Errors
    /// Those of `make`; they are not kept.
    pub async fn get(
        &self,
        name: String,
        make: impl Future<Output = Result<V>>,
        tags: impl FnOnce(&V) -> Option<Vec<Tag>>,
    ) -> Result<V> {
        if let Some(made) = self.views.get(&name).filter(|m| !self.changes.stale(m.since, &m.tags)) {
            return Ok(made.view.clone());
        }
        let since = self.changes.now();
        let view = make.await?;
        if let Some(tags) = tags(&view) {
            self.views.insert(name, Arc::new(Made { since, tags, view: view.clone() }));
        }
        Ok(view)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::changes::{LISTS, tag};

    #[tokio::test]
    async fn a_view_is_made_once_until_what_it_shows_changes() {
        let changes = Changes::default();
        let kept: Kept<u32> = Kept::new(changes.clone(), 10);
        let get = async |value: u32| {
            kept.get("a".into(), async { Ok(value) }, |_| Some(vec![tag("WORK#w_1"), tag(LISTS)])).await.unwrap()
        };
        assert_eq!((get(1).await, get(2).await), (1, 1));
        changes.mark(["STOCK#other"]);
        assert_eq!(get(3).await, 1);
        changes.mark(["WORK#w_2"]);
        assert_eq!((get(4).await, get(5).await), (4, 4));
        // What changed while it was made makes it stale at once.
        let made = kept
            .get(
                "b".into(),
                async {
                    changes.mark(["WORK#w_1"]);
                    Ok(6)
                },
                |_| Some(vec![tag("WORK#w_1")]),
            )
            .await;
        assert_eq!(made.unwrap(), 6);
        let again = kept.get("b".into(), async { Ok(7) }, |_| Some(vec![tag("WORK#w_1")])).await;
        assert_eq!(again.unwrap(), 7);
        let fault = kept.get("c".into(), async { Err(vitrine_shared::Problem::not_found("x")) }, |_| None).await;
        assert_eq!(fault.unwrap_err().status, 404);
    }
}
