//! Conditions, updates and key ranges as DynamoDB expressions.
//!
//! Invariants:
//! - Every name and value is a placeholder, so reserved words and odd characters are no matter.
//! - No parenthesis is doubled: DynamoDB refuses redundant ones.
//! - `ItemAbsent` and `ItemExists` carry the time, so that an expired item counts as absent before it is swept.
//! - ADD is guarded by the range of integers an item may hold, which DynamoDB itself does not know.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use vitrine_table::{Condition, Index, SortRange, Update, check};

use super::value::attribute;

/// Placeholders of one request.
#[derive(Debug, Default)]
pub(super) struct Expression {
    names: Vec<String>,
    values: Vec<AttributeValue>,
}

/// Where a sub-expression stands decides whether it needs parentheses.
enum Part {
    /// A comparison or function.
    Leaf(String),
    /// Joined by AND or OR, or negated.
    Joined(String),
}

impl Part {
    fn wrapped(self) -> String {
        match self {
            Self::Leaf(text) => text,
            Self::Joined(text) => format!("({text})"),
        }
    }

    fn bare(self) -> String {
        match self {
            Self::Leaf(text) | Self::Joined(text) => text,
        }
    }
}

impl Expression {
    fn name(&mut self, attribute: &str) -> String {
        let at = self.names.iter().position(|n| n == attribute).unwrap_or_else(|| {
            self.names.push(attribute.to_owned());
            self.names.len() - 1
        });
        format!("#n{at}")
    }

    fn value(&mut self, value: &Value) -> String {
        self.values.push(attribute(value));
        format!(":v{}", self.values.len() - 1)
    }

    /// For `expression_attribute_names`.
    pub(super) fn names(&self) -> Option<HashMap<String, String>> {
        let all = self.names.iter().enumerate().map(|(at, name)| (format!("#n{at}"), name.clone()));
        (!self.names.is_empty()).then(|| all.collect())
    }

    /// For `expression_attribute_values`.
    pub(super) fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        let all = self.values.iter().enumerate().map(|(at, value)| (format!(":v{at}"), value.clone()));
        (!self.values.is_empty()).then(|| all.collect())
    }

    /// A condition expression, if there is anything to check.
    pub(super) fn guard(&mut self, condition: Option<&Condition>, updates: &[Update], now: i64) -> Option<String> {
        let mut parts: Vec<Part> = condition.map(|c| self.condition(c, now)).into_iter().collect();
        parts.extend(updates.iter().filter_map(|update| match update {
            Update::Add(name, by) => Some(self.addable(name, *by)),
            _ => None,
        }));
        match parts.len() {
            0 => None,
            1 => parts.pop().map(Part::bare),
            _ => Some(parts.into_iter().map(Part::wrapped).collect::<Vec<_>>().join(" AND ")),
        }
    }

    fn condition(&mut self, condition: &Condition, now: i64) -> Part {
        match condition {
            Condition::ItemExists => {
                let (pk, ttl, now) = (self.name("pk"), self.name("ttl"), self.value(&now.into()));
                let alive = format!("(attribute_not_exists({ttl}) OR NOT {ttl} <= {now})");
                Part::Joined(format!("attribute_exists({pk}) AND {alive}"))
            }
            Condition::ItemAbsent => {
                let (pk, ttl, now) = (self.name("pk"), self.name("ttl"), self.value(&now.into()));
                Part::Joined(format!("attribute_not_exists({pk}) OR {ttl} <= {now}"))
            }
            Condition::Exists(a) => Part::Leaf(format!("attribute_exists({})", self.name(a))),
            Condition::Absent(a) => Part::Leaf(format!("attribute_not_exists({})", self.name(a))),
            Condition::Eq(a, v) => self.compare(a, "=", v),
            Condition::Ne(a, v) => {
                let (name, value) = (self.name(a), self.value(v));
                Part::Joined(format!("attribute_not_exists({name}) OR {name} <> {value}"))
            }
            Condition::Lt(a, v) => self.compare(a, "<", v),
            Condition::Le(a, v) => self.compare(a, "<=", v),
            Condition::Gt(a, v) => self.compare(a, ">", v),
            Condition::Ge(a, v) => self.compare(a, ">=", v),
            Condition::BeginsWith(a, prefix) => {
                let (name, prefix) = (self.name(a), self.value(&prefix.as_str().into()));
                Part::Leaf(format!("begins_with({name}, {prefix})"))
            }
            Condition::All(all) => self.join(all, " AND ", now),
            Condition::Any(all) => self.join(all, " OR ", now),
            Condition::Not(inner) => Part::Joined(format!("NOT {}", self.condition(inner, now).wrapped())),
        }
    }

    fn compare(&mut self, attribute: &str, operator: &str, value: &Value) -> Part {
        Part::Leaf(format!("{} {operator} {}", self.name(attribute), self.value(value)))
    }

    fn join(&mut self, all: &[Condition], by: &str, now: i64) -> Part {
        if let [one] = all {
            return self.condition(one, now);
        }
        Part::Joined(all.iter().map(|c| self.condition(c, now).wrapped()).collect::<Vec<_>>().join(by))
    }

    /// Absent, or an integer that stays one after adding.
    fn addable(&mut self, attribute: &str, by: i64) -> Part {
        // 2^53 fits an i64.
        let most = check::INTEGER_BOUND.cast_signed() - 1;
        let name = self.name(attribute);
        let (low, high) = (self.value(&(-most).max(-most - by).into()), self.value(&most.min(most - by).into()));
        Part::Joined(format!("attribute_not_exists({name}) OR {name} BETWEEN {low} AND {high}"))
    }

    /// An update expression.
    pub(super) fn update(&mut self, updates: &[Update]) -> String {
        let (mut set, mut add, mut remove) = (Vec::new(), Vec::new(), Vec::new());
        for update in updates {
            match update {
                Update::Set(a, v) => set.push(format!("{} = {}", self.name(a), self.value(v))),
                Update::SetIfAbsent(a, v) => {
                    let name = self.name(a);
                    set.push(format!("{name} = if_not_exists({name}, {})", self.value(v)));
                }
                Update::Add(a, n) => add.push(format!("{} {}", self.name(a), self.value(&(*n).into()))),
                Update::Remove(a) => remove.push(self.name(a)),
            }
        }
        [("SET", set), ("ADD", add), ("REMOVE", remove)]
            .into_iter()
            .filter(|(_, clauses)| !clauses.is_empty())
            .map(|(word, clauses)| format!("{word} {}", clauses.join(", ")))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// A key condition expression.
    pub(super) fn keys(&mut self, index: Index, pk: &str, range: &SortRange) -> String {
        let (partition, sort) = index.attributes();
        let own = format!("{} = {}", self.name(partition), self.value(&pk.into()));
        let sort = match range {
            SortRange::All => return own,
            SortRange::Equals(a) => self.compare(sort, "=", &a.as_str().into()).bare(),
            SortRange::From(a) => self.compare(sort, ">=", &a.as_str().into()).bare(),
            SortRange::To(a) => self.compare(sort, "<=", &a.as_str().into()).bare(),
            SortRange::BeginsWith(a) => format!("begins_with({}, {})", self.name(sort), self.value(&a.as_str().into())),
            SortRange::Between(a, b) => {
                let name = self.name(sort);
                let (a, b) = (self.value(&a.as_str().into()), self.value(&b.as_str().into()));
                format!("{name} BETWEEN {a} AND {b}")
            }
        };
        format!("{own} AND {sort}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(condition: &Condition) -> (String, Expression) {
        let mut expression = Expression::default();
        let text = expression.guard(Some(condition), &[], 77).unwrap();
        (text, expression)
    }

    #[test]
    fn every_name_and_value_is_a_placeholder() {
        let (text, expression) = guard(&Condition::eq("size", 3).and(Condition::BeginsWith("a.b".into(), "x".into())));
        assert_eq!(text, "#n0 = :v0 AND begins_with(#n1, :v1)");
        assert_eq!(expression.names().unwrap()["#n1"], "a.b");
        assert_eq!(expression.values().unwrap()[":v0"], AttributeValue::N("3".into()));
    }

    #[test]
    fn parentheses_stand_where_they_are_needed_and_never_twice() {
        let a = || Condition::Exists("a".into());
        let nested = Condition::Any(vec![
            Condition::All(vec![Condition::All(vec![a(), Condition::Not(Box::new(a()))])]),
            Condition::Not(Box::new(Condition::Any(vec![a(), Condition::Ne("b".into(), 1.into())]))),
        ]);
        let (text, _) = guard(&nested);
        assert_eq!(
            text,
            "(attribute_exists(#n0) AND (NOT attribute_exists(#n0))) OR \
             (NOT (attribute_exists(#n0) OR (attribute_not_exists(#n1) OR #n1 <> :v0)))"
        );
        let (text, _) = guard(&Condition::Not(Box::new(Condition::Not(Box::new(a())))));
        assert_eq!(text, "NOT (NOT attribute_exists(#n0))");
    }

    #[test]
    fn presence_knows_the_time() {
        let (text, expression) = guard(&Condition::ItemAbsent);
        assert_eq!(text, "attribute_not_exists(#n0) OR #n1 <= :v0");
        assert_eq!(expression.values().unwrap()[":v0"], AttributeValue::N("77".into()));
        let (text, _) = guard(&Condition::ItemExists);
        assert_eq!(text, "attribute_exists(#n0) AND (attribute_not_exists(#n1) OR NOT #n1 <= :v0)");
    }

    #[test]
    fn adding_is_guarded_by_the_range_of_integers() {
        let most = (1_i64 << 53) - 1;
        for (by, low, high) in [(1, -most, most - 1), (-5, -most + 5, most), (0, -most, most)] {
            let mut expression = Expression::default();
            let updates = [Update::Add("n".into(), by), Update::set("s", "x"), Update::Remove("r".into())];
            let text = expression.guard(Some(&Condition::ItemAbsent), &updates, 1).unwrap();
            assert_eq!(
                text,
                "(attribute_not_exists(#n0) OR #n1 <= :v0) AND (attribute_not_exists(#n2) OR #n2 BETWEEN :v1 AND :v2)"
            );
            assert_eq!(expression.values().unwrap()[":v1"], AttributeValue::N(low.to_string()));
            assert_eq!(expression.values().unwrap()[":v2"], AttributeValue::N(high.to_string()));
            assert_eq!(expression.update(&updates), "SET #n3 = :v4 ADD #n2 :v3 REMOVE #n4");
        }
    }
}
