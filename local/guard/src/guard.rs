//! For whom a request is, and whose page it comes from.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN, UPGRADE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

/// What browsers say of where a request comes from (Fetch Metadata, W3C).
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What a page of another origin may call, by method and path.
type Reach = fn(&Method, &str) -> bool;

/// The rules of one server.
#[derive(Clone, Debug)]
pub struct Guard {
    /// The ports by which it is reached: its own, and those of servers that pass requests on as they
    /// are. Nobody but them can send those: a browser names the port that it connects to.
    ports: Vec<u16>,
    /// Whether it serves pages itself, which then may call it.
    serves_pages: bool,
    /// The origins of the pages that may call it, such as `http://localhost:5173`.
    pages: Vec<String>,
    reach: Reach,
}

/// Who sent a request that was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// No web page: a program, or the developer who typed an address.
    Program,
    /// A page that this server itself serves.
    OwnPage,
    /// A page that may call this server, of this origin.
    Page(HeaderValue),
}

/// Why a request was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `Host` is missing, there twice, or not ours: a name that leads here by DNS rebinding.
    #[error(
        "this is a server of a local stack, and answers to 127.0.0.1, localhost and [::1] alone"
    )]
    Host,
    /// A browser says that another site's page sent it.
    #[error("a web page of another site sent this; type the address to come here yourself")]
    Site,
    /// A page that may call this server called something that it has no business with.
    #[error("a web page may not call this")]
    Reach,
    /// A method, a form of address or a protocol that nothing here has a use for.
    #[error("this form of request is not served here")]
    Form,
}

impl Guard {
    /// The guard of a server that is reached by a port, and that no page may call.
    pub fn new(port: u16) -> Self {
        Self {
            ports: vec![port],
            serves_pages: false,
            pages: Vec::new(),
            reach: |_, _| false,
        }
    }

    /// The same, reached through servers on other ports as well, which leave `Host` as it is.
    #[must_use]
    pub fn behind(mut self, ports: impl IntoIterator<Item = u16>) -> Self {
        self.ports.extend(ports);
        self
    }

    /// The same, for a server whose own pages may call it.
    #[must_use]
    pub fn serving_pages(mut self) -> Self {
        self.serves_pages = true;
        self
    }

    /// The same, with pages of these origins that may call what `reach` says.
    #[must_use]
    pub fn called_by(mut self, pages: impl IntoIterator<Item = String>, reach: Reach) -> Self {
        self.pages.extend(pages);
        self.reach = reach;
        self
    }

    /// Who sent a request.
    ///
    /// # Errors
    /// When it is not for us, or a browser marks it as another site's.
    pub fn admit(&self, request: &Parts) -> Result<Admitted, Refusal> {
        let headers = &request.headers;
        let host = self.own_host(request)?;
        if headers.contains_key(UPGRADE)
            || [Method::CONNECT, Method::TRACE].contains(&request.method)
        {
            return Err(Refusal::Form);
        }
        let origin = single(headers, &ORIGIN)?;
        let site = single(headers, &FETCH_SITE)?;
        let own = self.serves_pages;
        match (origin, site.map(HeaderValue::as_bytes)) {
            (None, None | Some(b"none")) => Ok(Admitted::Program),
            (None, Some(b"same-origin")) if own => Ok(Admitted::OwnPage),
            // What else there is: another site's, or a word that browsers have yet to invent.
            (None, Some(_)) => Err(Refusal::Site),
            (Some(origin), _) => {
                let origin_text = origin.to_str().map_err(|_| Refusal::Site)?;
                if own && origin_text.strip_prefix("http://") == Some(host) {
                    return Ok(Admitted::OwnPage);
                }
                if !self.pages.iter().any(|page| page == origin_text) {
                    return Err(Refusal::Site);
                }
                if !(self.reach)(&request.method, request.uri.path()) {
                    return Err(Refusal::Reach);
                }
                Ok(Admitted::Page(origin.clone()))
            }
        }
    }

    /// Puts the guard in front of everything that a router serves.
    pub fn protect(self, router: Router) -> Router {
        // A fallback of its own, since layers do not reach the one that is there by itself.
        router.layer(from_fn_with_state(Arc::new(self), stand))
    }

    /// The request's `Host`, where it is one of ours.
    fn own_host<'a>(&self, request: &'a Parts) -> Result<&'a str, Refusal> {
        // Whoever spoke an older protocol, or a newer one, would name the host elsewhere.
        if request.version != Version::HTTP_11 {
            return Err(Refusal::Form);
        }
        // `GET http://elsewhere/ HTTP/1.1`: for proxies, which we are not to anybody.
        if request.uri.authority().is_some() || request.uri.scheme().is_some() {
            return Err(Refusal::Form);
        }
        let host = single(&request.headers, &HOST).map_err(|_| Refusal::Host)?;
        let host = host.and_then(|host| host.to_str().ok());
        host.filter(|host| self.is_own(host)).ok_or(Refusal::Host)
    }

    /// Whether a host and port are ours, letter for letter: a list of what is right cannot forget
    /// any of the ways to write what is wrong.
    fn is_own(&self, host: &str) -> bool {
        self.ports.iter().any(|port| {
            ["127.0.0.1", "localhost", "[::1]"]
                .iter()
                .any(|name| host.eq_ignore_ascii_case(&format!("{name}:{port}")))
        })
    }
}

/// A header that may be there once.
fn single<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a HeaderValue>, Refusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        (_, Some(_)) => Err(Refusal::Site),
    }
}

/// Refuses, or hands on together with who it was.
async fn stand(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match guard.admit(&parts) {
        Ok(admitted) => {
            parts.extensions.insert(admitted);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(refusal) => refusal.into_response(),
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Host => StatusCode::MISDIRECTED_REQUEST,
            Self::Site | Self::Reach => StatusCode::FORBIDDEN,
            Self::Form => StatusCode::BAD_REQUEST,
        };
        (status, format!("{self}\n")).into_response()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use axum::body::Body;
    use proptest::prelude::*;

    use super::*;

    const PORT: u16 = 4566;
    const PAGE: &str = "http://localhost:5173";

    fn guard() -> Guard {
        Guard::new(PORT).called_by([PAGE.to_owned()], |method, path| {
            method == Method::POST && path == "/"
        })
    }

    fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::empty()).unwrap().into_parts().0
    }

    fn asked(guard: &Guard, headers: &[(&str, &str)]) -> Result<Admitted, Refusal> {
        guard.admit(&request("POST", "/", headers))
    }

    #[test]
    fn a_program_that_calls_us_by_our_name_is_let_in() {
        for host in [
            "127.0.0.1:4566",
            "localhost:4566",
            "LocalHost:4566",
            "[::1]:4566",
        ] {
            assert_eq!(asked(&guard(), &[("host", host)]), Ok(Admitted::Program));
        }
        let behind_a_proxy = guard().behind([4569]);
        let host = ("host", "127.0.0.1:4569");
        assert_eq!(asked(&behind_a_proxy, &[host]), Ok(Admitted::Program));
        assert_eq!(asked(&guard(), &[host]), Err(Refusal::Host));
    }

    #[test]
    fn no_other_name_leads_here() {
        for host in [
            "",
            "evil.example:4566",
            "evil.example",
            "127.0.0.1",
            "localhost",
            "localhost:80",
            "localhost:45660",
            "localhost:04566",
            "localhost:+4566",
            "localhost.:4566",
            "127.0.0.1.:4566",
            "127.0.0.1.evil.example:4566",
            "localhost.evil.example:4566",
            "evil.localhost:4566",
            "evil@localhost:4566",
            "localhost:4566@evil.example",
            "localhost:4566, evil.example",
            "localhost:4566/",
            "localhost:4566#",
            " localhost:4566 x",
            "127.1:4566",
            "127.0.0.2:4566",
            "2130706433:4566",
            "0x7f.0.0.1:4566",
            "0.0.0.0:4566",
            "[::]:4566",
            "::1:4566",
            "[0:0:0:0:0:0:0:1]:4566",
            "[::ffff:127.0.0.1]:4566",
            "[::1%25lo]:4566",
            "[::1]",
        ] {
            assert_eq!(
                asked(&guard(), &[("host", host)]),
                Err(Refusal::Host),
                "{host}"
            );
        }
        assert_eq!(asked(&guard(), &[]), Err(Refusal::Host));
        let twice = [("host", "localhost:4566"), ("host", "evil.example:4566")];
        assert_eq!(asked(&guard(), &twice), Err(Refusal::Host));
        let same_twice = [("host", "localhost:4566"), ("host", "localhost:4566")];
        assert_eq!(asked(&guard(), &same_twice), Err(Refusal::Host));
    }

    #[test]
    fn what_a_browser_marks_as_another_sites_is_refused() {
        let host = ("host", "localhost:4566");
        for marks in [
            &[("sec-fetch-site", "cross-site")][..],
            // Another port of this machine is the same site to a browser.
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "None")],
            &[("sec-fetch-site", "none, cross-site")],
            &[("sec-fetch-site", "")],
            &[("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")],
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
            &[("origin", "")],
            &[("origin", "http://localhost:4566")],
            &[("origin", "http://localhost:8080")],
            &[("origin", "http://localhost:5173.evil.example")],
            &[("origin", "http://localhost:5173/")],
            &[("origin", "HTTP://LOCALHOST:5173")],
            &[("origin", "https://localhost:5173")],
            &[("origin", "http://127.0.0.1:5173")],
            &[("origin", PAGE), ("origin", "https://evil.example")],
            &[
                ("origin", "https://evil.example"),
                ("sec-fetch-site", "none"),
            ],
        ] {
            let headers: Vec<_> = [host].iter().chain(marks).copied().collect();
            assert_eq!(asked(&guard(), &headers), Err(Refusal::Site), "{marks:?}");
        }
    }

    #[test]
    fn what_the_developer_types_is_let_in() {
        let typed = [("host", "localhost:4566"), ("sec-fetch-site", "none")];
        assert_eq!(asked(&guard(), &typed), Ok(Admitted::Program));
        // Node's own `fetch` says this much and no more.
        let node = [("host", "localhost:4566"), ("sec-fetch-mode", "cors")];
        assert_eq!(asked(&guard(), &node), Ok(Admitted::Program));
    }

    #[test]
    fn a_page_may_call_what_it_needs_and_nothing_else() {
        let headers = [
            ("host", "127.0.0.1:4566"),
            ("origin", PAGE),
            ("sec-fetch-site", "cross-site"),
        ];
        let page = Admitted::Page(HeaderValue::from_static(PAGE));
        assert_eq!(asked(&guard(), &headers), Ok(page));
        for (method, path) in [("GET", "/"), ("POST", "/_local/clock"), ("DELETE", "/")] {
            let refused = guard().admit(&request(method, path, &headers));
            assert_eq!(refused, Err(Refusal::Reach), "{method} {path}");
        }
    }

    #[test]
    fn a_server_of_pages_is_called_by_its_own_alone() {
        let guard = Guard::new(5173).serving_pages();
        let host = ("host", "localhost:5173");
        let own = [host, ("origin", PAGE), ("sec-fetch-site", "same-origin")];
        assert_eq!(asked(&guard, &own), Ok(Admitted::OwnPage));
        let script = [host, ("sec-fetch-site", "same-origin")];
        assert_eq!(asked(&guard, &script), Ok(Admitted::OwnPage));
        for marks in [
            ("origin", "http://127.0.0.1:5173"),
            ("origin", "http://localhost:4568"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "cross-site"),
        ] {
            assert_eq!(
                asked(&guard, &[host, marks]),
                Err(Refusal::Site),
                "{marks:?}"
            );
        }
    }

    #[test]
    fn what_is_no_plain_request_is_not_served() {
        let host = ("host", "localhost:4566");
        for (method, path, headers) in [
            ("CONNECT", "/", vec![host]),
            ("TRACE", "/", vec![host]),
            ("GET", "http://localhost:4566/", vec![host]),
            ("GET", "http://evil.example/", vec![host]),
            ("GET", "/", vec![host, ("upgrade", "websocket")]),
            ("GET", "/", vec![host, ("upgrade", "h2c")]),
        ] {
            let refused = guard().admit(&request(method, path, &headers));
            assert_eq!(refused, Err(Refusal::Form), "{method} {path} {headers:?}");
        }
        let mut old = request("GET", "/", &[host]);
        old.version = Version::HTTP_10;
        assert_eq!(guard().admit(&old), Err(Refusal::Form));
    }

    proptest! {
        #[test]
        fn only_the_names_on_the_list_are_ours(host in "[ -~]{0,40}", port in 1..=u16::MAX) {
            let own = ["127.0.0.1", "localhost", "[::1]"].map(|name| format!("{name}:{port}"));
            let is_own = own.contains(&host.to_ascii_lowercase());
            let admitted = asked(&Guard::new(port), &[("host", host.as_str())]);
            prop_assert_eq!(admitted.is_ok(), is_own);
        }

        #[test]
        fn no_part_of_our_name_is_enough(before in "[a-z.@:/-]{0,4}", after in "[a-z0-9.@:/-]{0,4}") {
            let host = format!("{before}localhost:4566{after}");
            let admitted = asked(&guard(), &[("host", host.as_str())]);
            prop_assert_eq!(admitted.is_ok(), before.is_empty() && after.is_empty());
        }

        #[test]
        fn whatever_a_browser_says_of_the_site_only_none_is_let_in(site in "[ -~]{0,16}") {
            let headers = [("host", "localhost:4566"), ("sec-fetch-site", site.as_str())];
            prop_assert_eq!(asked(&guard(), &headers).is_ok(), site == "none");
        }

        #[test]
        fn no_origin_but_the_pages_is_let_in(origin in "(http://localhost:5173)?[ -~]{0,24}") {
            let headers = [("host", "localhost:4566"), ("origin", origin.as_str())];
            prop_assert_eq!(asked(&guard(), &headers).is_ok(), origin == PAGE);
        }
    }

    #[tokio::test]
    async fn a_router_is_guarded_down_to_what_it_does_not_serve() {
        use axum::routing::get;
        use tower::ServiceExt as _;

        let router = guard().protect(Router::new().route("/", get(|| async { "served" })));
        let status = async |path: &str, host: &str| {
            let request = Request::get(path).header("host", host);
            let request = request.body(Body::empty()).unwrap();
            router.clone().oneshot(request).await.unwrap().status()
        };
        assert_eq!(status("/", "localhost:4566").await, StatusCode::OK);
        assert_eq!(status("/no", "localhost:4566").await, StatusCode::NOT_FOUND);
        for path in ["/", "/no"] {
            let answer = status(path, "evil.example:4566").await;
            assert_eq!(answer, StatusCode::MISDIRECTED_REQUEST, "{path}");
        }
    }
}
