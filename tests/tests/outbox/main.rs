//! The outbox on real databases: what is lost, doubled or held when something dies.
