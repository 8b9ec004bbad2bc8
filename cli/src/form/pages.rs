//! How many tabs show the page.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How long the last tab may be gone before the command ends: a page that is loaded again comes back at once.
const GRACE: Duration = Duration::from_secs(5);

/// The tabs that are open.
#[derive(Clone)]
pub(crate) struct Pages(Arc<watch::Sender<usize>>);

/// An open tab; dropped when it is closed.
pub(crate) struct Page(Arc<watch::Sender<usize>>);

impl Default for Pages {
    fn default() -> Pages {
        Pages(Arc::new(watch::Sender::new(0)))
    }
}

impl Pages {
    /// A tab has opened.
    pub(crate) fn opened(&self) -> Page {
        self.0.send_modify(|count| *count += 1);
        Page(Arc::clone(&self.0))
    }

    /// Waits until there was a tab and none is left.
    pub(crate) async fn all_closed(&self) {
        let mut count = self.0.subscribe();
        // The sender is `self`, so it is there.
        while count.wait_for(|count| *count > 0).await.is_ok() && count.wait_for(|count| *count == 0).await.is_ok() {
            if tokio::time::timeout(GRACE, count.wait_for(|count| *count > 0)).await.is_err() {
                return;
            }
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_is_loaded_again_is_no_end() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let Ok(runtime) = runtime else { panic!("no runtime") };
        runtime.block_on(async {
            let pages = Pages::default();
            let is_over = || async { tokio::time::timeout(3 * GRACE, pages.all_closed()).await.is_ok() };
            assert!(!is_over().await);
            let first = pages.opened();
            assert!(!is_over().await);
            let second = pages.opened();
            drop(first);
            assert!(!is_over().await);
            let (watching, closing) = (tokio::time::timeout(3 * GRACE, pages.all_closed()), async {
                drop(second);
                tokio::time::sleep(GRACE / 2).await;
                pages.opened()
            });
            let (over, third) = tokio::join!(watching, closing);
            assert!(over.is_err());
            let (over, ()) = tokio::join!(is_over(), async { drop(third) });
            assert!(over);
        });
    }
}
