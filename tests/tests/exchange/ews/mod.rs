//! The transport `exchange-ews` at the double, which checks every request against Microsoft's schemas.

mod autodiscover;
mod diagnosis;
mod doubt;
mod judged;
mod large;
mod logins;
mod mailbox;
mod memory;
mod setup;
