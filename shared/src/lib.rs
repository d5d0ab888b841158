//! What server and clients agree on: wire types, validation, pure rules.
