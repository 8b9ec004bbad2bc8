//! Working: lanes that claim what is due, hand it over, and write down what became of it.
#![allow(dead_code, reason = "the lane is built on it next")]

mod outcome;
mod pace;
mod pause;
