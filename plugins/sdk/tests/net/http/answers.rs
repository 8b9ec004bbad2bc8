//! What a server may answer, and what it may not.

use super::web::answered;

#[test]
fn an_answer_that_is_cut_anywhere_is_an_error_and_never_half_a_body() {
    for whole in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
    ] {
        for cut in 1..whole.len() {
            let error = answered(&whole.as_bytes()[..cut]).unwrap_err();
            assert!(["net.closed_by_server", "http.truncated"].contains(&error.code.as_str()), "{} after {cut}", error.code);
        }
        assert_eq!(answered(whole.as_bytes()).unwrap(), (200, b"hello".to_vec()));
    }
}
