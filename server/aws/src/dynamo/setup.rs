//! Making the table: for tests and a first set-up. Production's table comes from infrastructure code with the same shape.

use std::time::Duration;

use aws_sdk_dynamodb::client::Waiters;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, StreamSpecification, StreamViewType, TimeToLiveSpecification,
};
use vitrine_table::{Index, Result, TableError};

use super::DynamoTable;
use super::fault::failure;
use super::read::index_name;

const READY_WITHIN: Duration = Duration::from_secs(120);

fn unbuilt(e: impl std::fmt::Display) -> TableError {
    TableError::Unavailable(e.to_string())
}

fn schema(index: Index) -> Result<Vec<KeySchemaElement>> {
    let (partition, sort) = index.attributes();
    [(partition, KeyType::Hash), (sort, KeyType::Range)]
        .into_iter()
        .map(|(name, kind)| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().map_err(unbuilt))
        .collect()
}

impl DynamoTable {
    /// Makes the table unless it is there: keys, three indexes with all attributes, paid per request, a stream of new
    /// and old images, expiry by `ttl`. Answers when it can be used.
    ///
    /// # Errors
    /// `Unavailable` if it cannot be made or is not ready within two minutes.
    pub async fn create(&self) -> Result<()> {
        let mut names: Vec<&str> = Vec::new();
        for index in [Index::Base].into_iter().chain(Index::GLOBAL) {
            let (partition, sort) = index.attributes();
            names.extend([partition, sort]);
        }
        names.sort_unstable();
        names.dedup();
        let mut call = self
            .repeating
            .create_table()
            .table_name(&self.name)
            .billing_mode(BillingMode::PayPerRequest)
            .set_key_schema(Some(schema(Index::Base)?))
            .stream_specification(
                StreamSpecification::builder()
                    .stream_enabled(true)
                    .stream_view_type(StreamViewType::NewAndOldImages)
                    .build()
                    .map_err(unbuilt)?,
            );
        for name in names {
            let definition =
                AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build();
            call = call.attribute_definitions(definition.map_err(unbuilt)?);
        }
        for index in Index::GLOBAL {
            let definition = GlobalSecondaryIndex::builder()
                .set_index_name(index_name(index).map(str::to_owned))
                .set_key_schema(Some(schema(index)?))
                .projection(Projection::builder().projection_type(ProjectionType::All).build())
                .build();
            call = call.global_secondary_indexes(definition.map_err(unbuilt)?);
        }
        match call.send().await {
            Ok(_) => {}
            Err(e) if matches!(e.as_service_error(), Some(CreateTableError::ResourceInUseException(_))) => {}
            Err(e) => return Err(failure(&e)),
        }
        self.repeating.wait_until_table_exists().table_name(&self.name).wait(READY_WITHIN).await.map_err(unbuilt)?;
        let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name("ttl").build().map_err(unbuilt)?;
        match self.repeating.update_time_to_live().table_name(&self.name).time_to_live_specification(ttl).send().await {
            Ok(_) => Ok(()),
            Err(e) => {
                let message = e.as_service_error().and_then(|s| s.message()).unwrap_or_default();
                if message.contains("already enabled") { Ok(()) } else { Err(failure(&e)) }
            }
        }
    }
}
