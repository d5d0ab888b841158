//! A view model that many requests share.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A view model behind a counter, with its JSON once somebody asked for it: cloning one costs nothing, and what is shown a
/// thousand times is written out once. Serialises as the view itself.
pub struct Shared<V>(Arc<Inner<V>>);

struct Inner<V> {
    view: V,
    script: OnceLock<Arc<str>>,
}

impl<V> Shared<V> {
    /// Shares a view.
    pub fn new(view: V) -> Self {
        Self(Arc::new(Inner { view, script: OnceLock::new() }))
    }
}

impl<V: Serialize> Shared<V> {
    /// The view as [`script_json`], made by who asks first.
    pub fn script_json(&self) -> Arc<str> {
        self.0.script.get_or_init(|| script_json(&self.0.view)).clone()
    }
}

/// JSON that may stand inside a script element: no `<` is left in it, so nothing in it ends the element or opens a comment.
/// A value that cannot be written out (a map with keys that are no texts) gives `null`.
pub fn script_json<T: Serialize>(value: &T) -> Arc<str> {
    let text = serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned());
    // In JSON a `<` occurs inside of strings only.
    if text.contains('<') { text.replace('<', "\\u003c").into() } else { text.into() }
}

impl<V> Deref for Shared<V> {
    type Target = V;

    fn deref(&self) -> &V {
        &self.0.view
    }
}

impl<V> Clone for Shared<V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<V> From<V> for Shared<V> {
    fn from(view: V) -> Self {
        Self::new(view)
    }
}

impl<V: Default> Default for Shared<V> {
    fn default() -> Self {
        Self::new(V::default())
    }
}

impl<V: PartialEq> PartialEq for Shared<V> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.view == other.0.view
    }
}

impl<V: std::fmt::Debug> std::fmt::Debug for Shared<V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.view.fmt(f)
    }
}

impl<V: Serialize> Serialize for Shared<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.view.serialize(serializer)
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Shared<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        V::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(feature = "schema")]
impl<V: schemars::JsonSchema> schemars::JsonSchema for Shared<V> {
    fn inline_schema() -> bool {
        V::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        V::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        V::schema_id()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        V::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_script_ends_it_and_the_value_comes_back() {
        let words = vec!["</script><!--".to_owned(), "<script>".to_owned(), "a < b \u{2028}".to_owned()];
        let shared = Shared::new(words.clone());
        let text = shared.script_json();
        assert!(!text.contains('<'));
        assert_eq!(serde_json::from_str::<Vec<String>>(&text).unwrap(), words);
        assert!(Arc::ptr_eq(&text, &shared.clone().script_json()), "made once");
    }

    #[test]
    fn it_is_written_and_read_as_the_view_itself() {
        let shared = Shared::new(7u32);
        assert_eq!(serde_json::to_string(&shared).unwrap(), "7");
        assert_eq!(serde_json::from_str::<Shared<u32>>("7").unwrap(), shared);
        assert_eq!(*shared, 7);
    }
}
