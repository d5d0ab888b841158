//! JSON Schemas of types that write themselves as text; the others derive theirs.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::date::{Date, Moment};
use crate::money::{Currency, Money};
use crate::promotion::SkipReason;

impl JsonSchema for Currency {
    fn schema_name() -> Cow<'static, str> {
        "Currency".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217 code of an active currency." })
    }
}

impl JsonSchema for Date {
    fn schema_name() -> Cow<'static, str> {
        "Date".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date", "description": "A day of the years 1 to 9999." })
    }
}

impl JsonSchema for Moment {
    fn schema_name() -> Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time", "description": "RFC 3339, UTC, to the millisecond." })
    }
}

impl JsonSchema for Money {
    fn schema_name() -> Cow<'static, str> {
        "Money".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let currency = generator.subschema_for::<Currency>();
        let most = crate::money::MAX_MINOR;
        json_schema!({
            "type": "object",
            "description": "An amount in minor units.",
            "properties": {
                "minor": { "type": "integer", "minimum": -most, "maximum": most },
                "currency": currency,
                "exponent": { "type": "integer", "description": "Decimals of the currency; answered, and compared if it is sent." },
            },
            "required": ["minor", "currency"],
            "additionalProperties": false,
        })
    }
}

impl JsonSchema for SkipReason {
    fn schema_name() -> Cow<'static, str> {
        "SkipReason".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let codes: Vec<&str> = SkipReason::codes().filter(|code| *code != "excluded_by").collect();
        json_schema!({
            "type": "string",
            "pattern": format!("^({}|excluded_by:.+)$", codes.join("|")),
            "description": "Why a code was skipped; excluded_by names the other promotion.",
        })
    }
}
