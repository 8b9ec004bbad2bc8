//! What to do about an error of the service, and about others where this transport has another setting for it.

use postkontor_plugin::Error;
use postkontor_plugin::net::Advice;
use postkontor_plugin::serde_json::{Value, json};

/// Pointer, advice and patch for an error; nothing for one that every transport shares.
pub(crate) fn advice(error: &Error) -> Option<Advice> {
    let mut patch: Option<Value> = None;
    let (pointer, advice): (_, &[&str]) = match error.code.as_str() {
        "graph.role_missing" => ("/auth/oauth2", &["advice.graph_grant_role", "advice.graph_scope_role"]),
        "graph.mailbox_out_of_scope" => ("/exchange/mailbox", &["advice.graph_widen_scope", "advice.graph_check_mailbox"]),
        "graph.access_denied" => ("/auth/oauth2", &["advice.graph_grant_role", "advice.graph_widen_scope"]),
        "graph.forbidden" => ("/server/proxy", &["advice.ask_proxy_administrator", "advice.graph_conditional_access"]),
        "graph.mailbox_unknown" => ("/exchange/mailbox", &["advice.graph_check_mailbox"]),
        "graph.mailbox_elsewhere" => {
            patch = Some(json!({"transport": "exchange-ews", "exchange": {"url": null}}));
            ("/exchange/mailbox", &["advice.graph_use_ews", "advice.graph_licence"])
        }
        "graph.token_refused" => ("/auth/oauth2", &["advice.renew_token", "advice.graph_audience"]),
        "graph.not_graph" | "graph.redirected" | "graph.link_foreign" | "graph.answer_malformed" => {
            patch = Some(json!({"exchange": {"url": null}}));
            ("/exchange/url", &["advice.graph_url"])
        }
        "graph.web_page" => ("/server/proxy", &["advice.graph_sign_in_page", "advice.graph_url"]),
        "graph.throttled" | "graph.later" => ("", &["advice.try_later"]),
        "graph.folder_missing" => (if error.at.is_empty() { "/exchange/inbox" } else { "" }, &["advice.graph_check_folder"]),
        _ => return None,
    };
    Some(Advice { pointer, advice, patch })
}
