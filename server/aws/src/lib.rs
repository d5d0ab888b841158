//! The ports on AWS: DynamoDB and S3.
