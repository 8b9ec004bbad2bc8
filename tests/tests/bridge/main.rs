//! The bridge, as foreign mail programs and hostile ones see it.
