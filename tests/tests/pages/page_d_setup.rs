//! Page D at its servers: Exim for SMTP, the double for Exchange.

use crate::form::Form;
use postkontor_tests::exchange::{CLIENT, Exchange, TENANT};
use serde_json::{Value, json};

/// The page without a double: its Exchange connections lead nowhere.
pub(crate) fn smtp() -> Option<Form> {
    let nowhere = "https://localhost:9";
    form(nowhere, "sales@example.com", "support@example.com")
}

fn form(exchange: &str, sales: &str, support: &str) -> Option<Form> {
    let places = [
        ("exchange.url", format!("{exchange}/EWS/Exchange.asmx")),
        ("authority", exchange.to_owned()),
        ("sales", sales.to_owned()),
        ("support", support.to_owned()),
        ("tenant", TENANT.to_owned()),
        ("client", CLIENT.to_owned()),
        ("token_user", "anna".to_owned()),
    ];
    Form::d(&places)
}

/// The page with two mailboxes at a double.
pub(crate) struct Page<'e> {
    pub(crate) form: Form,
    pub(crate) exchange: &'e Exchange,
    pub(crate) sales: String,
    pub(crate) support: String,
}

impl Page<'static> {
    /// At the double of this process.
    pub(crate) fn new() -> Option<Page<'static>> {
        Page::at(Exchange::shared().unwrap()?)
    }
}

impl<'e> Page<'e> {
    /// At a double that belongs to the test.
    pub(crate) fn at(exchange: &'e Exchange) -> Option<Page<'e>> {
        let (sales, support) = (exchange.user().unwrap(), exchange.user().unwrap());
        let form = form(&exchange.secure(), &sales, &support)?;
        Some(Page { form, exchange, sales, support })
    }

    /// The same with some fields of an account changed.
    pub(crate) fn with_account(&self, id: &str, patch: Value) -> Page<'e> {
        let form = self.form.with_account(id, patch);
        Page { form, exchange: self.exchange, sales: self.sales.clone(), support: self.support.clone() }
    }

    /// The messages in a folder of a mailbox.
    pub(crate) fn messages(&self, mailbox: &str, folder: &str) -> Vec<Value> {
        let shown = self.exchange.control("POST", "/mailbox", &json!({"mailbox": mailbox})).unwrap();
        let found = shown["folders"].as_array().unwrap().iter().find(|found| found["distinguished"] == folder);
        found.unwrap_or_else(|| panic!("{folder} in {shown}"))["messages"].as_array().unwrap().clone()
    }

    /// The scheme of each request that the double answered well to this user, and what it saw of the login.
    pub(crate) fn logins(&self, user: &str) -> Vec<(String, Value)> {
        let log = self.exchange.log().unwrap();
        let own = log.iter().filter(|entry| entry["user"] == user && entry["status"] == 200);
        own.map(|entry| (entry["scheme"].as_str().unwrap_or_default().to_owned(), entry["login"].clone())).collect()
    }

    /// How many tokens the double's token endpoint was asked for.
    pub(crate) fn token_requests(&self) -> usize {
        self.exchange.log().unwrap().iter().filter(|entry| entry["operation"] == "token").count()
    }
}
