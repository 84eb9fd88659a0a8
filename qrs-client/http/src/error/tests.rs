use super::*;

#[test]
fn a_message_names_status_url_and_the_response_text_once() {
    let error = Error::new(ErrorKind::Forbidden, "the server refuses this request")
        .with_status(403)
        .with_url("https://server.example/api")
        .with_excerpt(Some("Your account is inactive.".to_owned()));
    assert_eq!(
        error.to_string(),
        "the server refuses this request (status 403) at `https://server.example/api`; \
         response text: `Your account is inactive.`"
    );
}

#[test]
fn an_error_is_permanent_unless_its_class_is_temporary() {
    let kinds = [
        ErrorKind::Configuration,
        ErrorKind::Tls,
        ErrorKind::Unauthorized,
        ErrorKind::WebPage,
    ];
    for kind in kinds {
        assert!(!Error::new(kind, "no").is_retryable(), "{kind:?}");
    }
    let cases = [
        (FailureClass::Status(503, None), true),
        (FailureClass::Status(403, None), false),
        (FailureClass::NameNotResolved, true),
        (FailureClass::NotConnected, true),
        (FailureClass::ConnectionLost, true),
        (FailureClass::TimeLimit, true),
        (FailureClass::Later, true),
    ];
    for (class, expected) in cases {
        let error = Error::new(ErrorKind::Proxy, "no").with_class(class);
        assert_eq!(error.is_retryable(), expected, "{class:?}");
    }
}

#[test]
fn a_message_says_how_many_tries_failed() {
    let error = |took| {
        Error::new(ErrorKind::ServerError, "the service is not available")
            .with_status(503)
            .with_url("https://server.example/api")
            .with_tries(5, Duration::from_millis(took))
    };
    assert_eq!(
        error(10_020).to_string(),
        "the service is not available (status 503) at `https://server.example/api`, \
         tried 5 times in 10 s"
    );
    assert!(error(240).to_string().ends_with(", tried 5 times"));
    assert!(error(1_240).to_string().ends_with("in 1.2 s"));
}

#[test]
fn a_redirect_is_a_response_to_its_url() {
    let error = Error::new(
        ErrorKind::UnexpectedAnswer,
        "the server redirects to `/login`",
    )
    .with_status(302)
    .with_url("https://server.example/api");
    assert_eq!(
        error.to_string(),
        "the server redirects to `/login` (status 302) in response to `https://server.example/api`"
    );
}

#[test]
fn display_does_not_repeat_the_source() {
    let cause = Cause::chain(["outer".to_owned(), "inner".to_owned()].into_iter()).unwrap();
    let error = Error::new(ErrorKind::Unreachable, "no response").with_source(cause);
    assert_eq!(error.to_string(), "no response");
    let outer = error.source().unwrap();
    assert_eq!(outer.to_string(), "outer");
    assert_eq!(outer.source().unwrap().to_string(), "inner");
}
