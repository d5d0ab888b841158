//! The Search port on tantivy: facets, prefixes, typos, many scripts.
