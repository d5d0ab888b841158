//! JSON read in two steps: text to a tree once for all types, then the tree to a type.
//!
//! `serde_json` compiles its whole reader into every type that is read from text, and for every struct the reading of arrays too.
//! The browser's client reads some hundred types; here each of them costs what it takes out of a tree, and structs are read of
//! objects only. Text in, the same value out as from `serde_json::from_str`, but for a struct written as an array.
//!
//! Not here: what the server reads of strangers (serde_json, straight).

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, Expected, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde_json::{Error, Map, Value};

/// A value of its text.
///
/// # Errors
/// The text is no JSON, or is not of that type.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    T::deserialize(Tree(&mut tree(text)?))
}

/// Compiled once.
#[inline(never)]
fn tree(text: &str) -> Result<Value, Error> {
    serde_json::from_str(text)
}

/// Not what was wanted: said once for all types.
#[cold]
fn unfit(value: &Value, wanted: &dyn Expected) -> Error {
    let found = match value {
        Value::Null => Unexpected::Unit,
        Value::Bool(is) => Unexpected::Bool(*is),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Unexpected::Unsigned(number),
            (None, Some(number)) => Unexpected::Signed(number),
            (None, None) => Unexpected::Float(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => Unexpected::Str(text),
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
    };
    Error::invalid_type(found, wanted)
}

/// What is taken out of it leaves null.
struct Tree<'a>(&'a mut Value);

macro_rules! whole {
    ($($name:ident)*) => {$(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match &*self.0 {
                Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                    (Some(number), _) => visitor.visit_u64(number),
                    (None, Some(number)) => visitor.visit_i64(number),
                    (None, None) => Err(unfit(self.0, &visitor)),
                },
                other => Err(unfit(other, &visitor)),
            }
        }
    )*};
}

macro_rules! words {
    ($($name:ident)*) => {$(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.0 {
                Value::String(text) => visitor.visit_string(std::mem::take(text)),
                other => Err(unfit(other, &visitor)),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Tree<'_> {
    type Error = Error;

    whole! { deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 }

    words! { deserialize_char deserialize_str deserialize_string deserialize_identifier deserialize_bytes deserialize_byte_buf }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(is) => visitor.visit_bool(*is),
            Value::Number(number) => (&*number).deserialize_any(visitor),
            Value::String(text) => visitor.visit_string(std::mem::take(text)),
            Value::Array(all) => sequence(all, visitor),
            Value::Object(all) => visitor.visit_map(Object::of(all)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Bool(is) => visitor.visit_bool(*is),
            other => Err(unfit(other, &visitor)),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.as_f64() {
            Some(number) => visitor.visit_f64(number),
            None => Err(unfit(self.0, &visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            other => Err(unfit(other, &visitor)),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(all) => sequence(all, visitor),
            other => Err(unfit(other, &visitor)),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Object(all) => visitor.visit_map(Object::of(all)),
            other => Err(unfit(other, &visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let (name, content) = match self.0 {
            Value::String(name) => (name.as_str(), None),
            Value::Object(all) => {
                let mut entries = all.iter_mut();
                match (entries.next(), entries.next()) {
                    (Some((name, content)), None) => (name.as_str(), Some(content)),
                    _ => return Err(Error::invalid_value(Unexpected::Map, &"a variant and what is in it")),
                }
            }
            other => return Err(unfit(other, &visitor)),
        };
        visitor.visit_enum(Variant { name, content })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}

fn sequence<'de, V: Visitor<'de>>(all: &mut [Value], visitor: V) -> Result<V::Value, Error> {
    let count = all.len();
    let mut left = all.iter_mut();
    let read = visitor.visit_seq(Elements(&mut left))?;
    if left.len() > 0 {
        return Err(Error::invalid_length(count, &"fewer elements"));
    }
    Ok(read)
}

struct Elements<'a, 'b>(&'b mut std::slice::IterMut<'a, Value>);

impl<'de> SeqAccess<'de> for Elements<'_, '_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        self.0.next().map(|value| seed.deserialize(Tree(value))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Object<'a> {
    left: serde_json::map::IterMut<'a>,
    value: Option<&'a mut Value>,
}

impl<'a> Object<'a> {
    fn of(all: &'a mut Map<String, Value>) -> Self {
        Self { left: all.iter_mut(), value: None }
    }
}

impl<'de> MapAccess<'de> for Object<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((key, value)) = self.left.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(Key(key)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        match self.value.take() {
            Some(value) => seed.deserialize(Tree(value)),
            None => Err(Error::custom("a value without its name")),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.len())
    }
}

/// A name in an object; numbers are written as texts there.
struct Key<'a>(&'a str);

macro_rules! numbers {
    ($($name:ident $visit:ident)*) => {$(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.0.parse() {
                Ok(number) => visitor.$visit(number),
                Err(_) => visitor.visit_str(self.0),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Key<'_> {
    type Error = Error;

    numbers! {
        deserialize_i8 visit_i8 deserialize_i16 visit_i16 deserialize_i32 visit_i32 deserialize_i64 visit_i64
        deserialize_u8 visit_u8 deserialize_u16 visit_u16 deserialize_u32 visit_u32 deserialize_u64 visit_u64
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(Variant { name: self.0, content: None })
    }

    serde::forward_to_deserialize_any! {
        bool f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Variant<'a> {
    name: &'a str,
    content: Option<&'a mut Value>,
}

impl<'de, 'a> EnumAccess<'de> for Variant<'a> {
    type Error = Error;
    type Variant = Content<'a>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Content<'a>), Error> {
        Ok((seed.deserialize(Key(self.name))?, Content(self.content)))
    }
}

struct Content<'a>(Option<&'a mut Value>);

impl<'a> Content<'a> {
    fn tree(self) -> Result<Tree<'a>, Error> {
        self.0.map(Tree).ok_or_else(|| Error::invalid_type(Unexpected::UnitVariant, &"what is in a variant"))
    }
}

impl<'de> VariantAccess<'de> for Content<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.0 {
            None | Some(Value::Null) => Ok(()),
            Some(other) => Err(unfit(other, &"a variant with nothing in it")),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.tree()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, Error> {
        self.tree()?.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _fields: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.tree()?.deserialize_map(visitor)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Debug;

    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::Problem;
    use crate::catalog::{PriceRecord, WorkKind};
    use crate::id::WorkId;

    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default)]
    struct Everything {
        is: bool,
        small: u8,
        large: u64,
        signed: i64,
        part: f64,
        letter: Option<char>,
        text: String,
        maybe: Option<Box<Everything>>,
        list: Vec<Either>,
        pair: (i32, String),
        fixed: [u16; 3],
        by_name: BTreeMap<String, Vec<u8>>,
        by_number: BTreeMap<i64, Nothing>,
        by_kind: BTreeMap<Word, Named>,
        none: (),
    }

    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Nothing;

    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Named(String);

    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Word {
        One,
        Two,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Either {
        Alone,
        One(Word),
        Two(u32, String),
        Fields { a: Option<i64>, b: Value },
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,4}".prop_map(Value::from),
            Just(Value::from("one")),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            let name = prop_oneof![Just("One".to_owned()), Just("Fields".to_owned()), "[a-z]{1,4}"];
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map(name, inner, 0..4)
                    .prop_map(|all| Value::Object(all.into_iter().collect())),
            ]
        })
    }

    fn everything() -> impl Strategy<Value = Everything> {
        let either = prop_oneof![
            Just(Either::Alone),
            Just(Either::One(Word::Two)),
            (any::<u32>(), ".{0,4}").prop_map(|(n, t)| Either::Two(n, t)),
            (any::<Option<i64>>(), value()).prop_map(|(a, b)| Either::Fields { a, b }),
        ];
        let numbers = (any::<bool>(), any::<u8>(), any::<u64>(), any::<i64>(), any::<f64>(), any::<Option<char>>());
        let texts = (".{0,9}", proptest::collection::vec(either, 0..3), any::<(i32, String)>(), any::<[u16; 3]>());
        let maps = (
            any::<BTreeMap<String, Vec<u8>>>(),
            proptest::collection::btree_map(any::<i64>(), Just(Nothing), 0..3),
            proptest::collection::btree_map(prop_oneof![Just(Word::One), Just(Word::Two)], ".{0,3}", 0..3),
        );
        (numbers, texts, maps, any::<bool>()).prop_map(|(numbers, texts, maps, nested)| {
            let (is, small, large, signed, part, letter) = numbers;
            let (text, list, pair, fixed) = texts;
            let (by_name, by_number, by_kind) = maps;
            let by_kind = by_kind.into_iter().map(|(word, name)| (word, Named(name))).collect();
            let maybe = nested.then(|| Box::new(Everything { small, ..Everything::default() }));
            let none = ();
            Everything {
                is,
                small,
                large,
                signed,
                part,
                letter,
                text,
                maybe,
                list,
                pair,
                fixed,
                by_name,
                by_number,
                by_kind,
                none,
            }
        })
    }

    /// Both readers say the same, but for structs in arrays.
    fn agree<T: DeserializeOwned + Debug + PartialEq>(text: &str) {
        match (from_str::<T>(text), serde_json::from_str::<T>(text)) {
            (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs, "{text}"),
            (Err(_), Err(_)) => {}
            (ours, theirs) => assert!(text.contains("\"Fields\":[") && ours.is_err(), "{text}: {ours:?} {theirs:?}"),
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(all in everything()) {
            let text = serde_json::to_string(&all).unwrap();
            prop_assert_eq!(from_str::<Everything>(&text).unwrap(), serde_json::from_str(&text).unwrap());
        }

        #[test]
        fn what_is_of_another_type_is_refused_as_serde_json_does(value in value()) {
            let text = value.to_string();
            agree::<bool>(&text);
            agree::<u8>(&text);
            agree::<i64>(&text);
            agree::<f64>(&text);
            agree::<char>(&text);
            agree::<String>(&text);
            agree::<()>(&text);
            agree::<Nothing>(&text);
            agree::<Named>(&text);
            agree::<Word>(&text);
            agree::<Either>(&text);
            agree::<Option<Either>>(&text);
            agree::<Vec<Either>>(&text);
            agree::<(i32, String)>(&text);
            agree::<BTreeMap<String, Value>>(&text);
            agree::<BTreeMap<u8, Value>>(&text);
            agree::<BTreeMap<Word, Value>>(&text);
            agree::<Value>(&text);
        }
    }

    #[test]
    fn records_are_read_and_faults_say_what_was_wanted() {
        let text = r#"{"variant":"v_0000000000000000000000000A","region":"eu","currency":"EUR","amount_minor":"9"}"#;
        for fault in
            [from_str::<PriceRecord>(text).unwrap_err(), serde_json::from_str::<PriceRecord>(text).unwrap_err()]
        {
            assert!(!fault.to_string().is_empty());
        }
        let work = WorkId::from_bits(7);
        assert_eq!(from_str::<WorkId>(&format!("\"{work}\"")).unwrap(), work);
        assert!(from_str::<WorkId>("\"p_1\"").is_err() && from_str::<WorkId>("7").is_err());
        assert_eq!(from_str::<WorkKind>("\"album\"").unwrap(), WorkKind::Album);
        let problem = Problem::invalid("amount", "fault-empty", "Some fields need another look.");
        assert_eq!(from_str::<Problem>(&serde_json::to_string(&problem).unwrap()).unwrap(), problem);
        let wrong = from_str::<Everything>(r#"{"small":256}"#).unwrap_err().to_string();
        assert!(wrong.contains("256") && wrong.contains("u8"), "{wrong}");
        let wrong = from_str::<Everything>(r#"{"text":5}"#).unwrap_err().to_string();
        assert!(wrong.contains("integer `5`") && wrong.contains("a string"), "{wrong}");
        for broken in ["", "{", "[1,2", "{\"small\":1}x", &"[".repeat(100_000)] {
            assert!(from_str::<Everything>(broken).is_err());
        }
    }
}
