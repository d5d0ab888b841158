//! The simulator: the port's suite, its jobs and webhooks, and its pages over HTTP.

mod common;
mod pages;
mod webhooks;
