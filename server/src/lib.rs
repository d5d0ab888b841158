//! What Vitrine knows: services, rules, stores and REST, without a user interface.
