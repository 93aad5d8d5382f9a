//! The one fetcher: everything that is asked of another machine is asked here.
//!
//! An address that the operator set is trusted to lead where it leads. An address out of a document is not: a stranger
//! could name a printer in the studio or the cloud's own metadata service. Such an address is followed only to
//! machines that anybody on the internet can reach, which is checked where it counts: on the addresses that the name
//! resolves to, at the moment of connecting, and again after every redirect.
//!
//! Time, size and the number of redirects are bounded.
//!
//! Start at [`Fetcher::get`].

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Response, StatusCode};
use url::{Host, Url};

/// How long one answer may take, redirects not counted.
const ANSWER_MS_MAX: u64 = 10_000;
/// How long one connection may take.
const CONNECT_MS_MAX: u64 = 5_000;
/// How many redirects are followed.
const REDIRECTS_MAX: u32 = 4;

/// Who gave an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The operator, in the settings: it may lead anywhere.
    Operator,
    /// A document: it may lead only to machines that are open to the internet.
    Document,
}

/// Fetches over HTTP.
#[derive(Clone, Debug)]
pub struct Fetcher {
    trusting: Client,
    wary: Client,
}

/// Why nothing was fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The machine cannot speak TLS, or has no certificates.
    #[error("no HTTP client could be made")]
    Client(#[source] reqwest::Error),
    /// The address is none, or not of the web.
    #[error("`{0}` is not an http or https address")]
    NotAnAddress(String),
    /// The address leads to a machine that a document may not send us to.
    #[error("`{0}` leads into a private network")]
    Private(Url),
    /// The other machine did not answer, or broke off.
    #[error("{host} did not answer")]
    Silent {
        /// Which.
        host: String,
        /// Why.
        source: reqwest::Error,
    },
    /// The other machine refused.
    #[error("{host} answered {status}")]
    Refused {
        /// Which.
        host: String,
        /// What it said.
        status: StatusCode,
    },
    /// It led from one address to the next without end.
    #[error("{0} redirects more than {REDIRECTS_MAX} times")]
    Redirects(String),
    /// The answer is larger than the caller wants.
    #[error("the answer of {host} is larger than {bytes_max} bytes")]
    TooLarge {
        /// Whose.
        host: String,
        /// How large it may be.
        bytes_max: usize,
    },
}

impl Fetcher {
    /// A fetcher with its two kinds of caution.
    pub fn new() -> Result<Self, Error> {
        let common = || {
            Client::builder()
                .user_agent(concat!("Groundwave/", env!("CARGO_PKG_VERSION")))
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(Duration::from_millis(CONNECT_MS_MAX))
                .timeout(Duration::from_millis(ANSWER_MS_MAX))
                // A proxy would connect for us, past the filter.
                .no_proxy()
        };
        Ok(Self {
            trusting: common().build().map_err(Error::Client)?,
            wary: common().dns_resolver(OpenToTheInternet).build().map_err(Error::Client)?,
        })
    }

    /// Fetches `address`, which came from `trust`, if the answer has at most `bytes_max` bytes.
    pub async fn get(&self, address: &str, trust: Trust, bytes_max: usize) -> Result<Vec<u8>, Error> {
        let start = web_address(address)?;
        let mut url = start.clone();
        for _ in 0..=REDIRECTS_MAX {
            // Away from the operator's own host, the operator's word counts no longer.
            let trust = if url.origin() == start.origin() { trust } else { Trust::Document };
            let response = self.ask(&url, trust).await?;
            match response.status() {
                status if status.is_redirection() => url = next_address(&url, &response)?,
                status if status.is_success() => return body(&url, response, bytes_max).await,
                status => return Err(Error::Refused { host: host(&url), status }),
            }
        }
        Err(Error::Redirects(host(&start)))
    }

    async fn ask(&self, url: &Url, trust: Trust) -> Result<Response, Error> {
        let client = match trust {
            Trust::Operator => &self.trusting,
            Trust::Document => {
                // An address that is a number is never resolved, so the resolver cannot refuse it.
                if literal_address(url).is_some_and(|address| !is_open_to_the_internet(address)) {
                    return Err(Error::Private(url.clone()));
                }
                &self.wary
            }
        };
        client.get(url.clone()).send().await.map_err(|source| match is_refused_by_filter(&source) {
            true => Error::Private(url.clone()),
            false => Error::Silent { host: host(url), source },
        })
    }
}

async fn body(url: &Url, mut response: Response, bytes_max: usize) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    let silent = |source| Error::Silent { host: host(url), source };
    while let Some(chunk) = response.chunk().await.map_err(silent)? {
        if body.len() + chunk.len() > bytes_max {
            return Err(Error::TooLarge { host: host(url), bytes_max });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn next_address(from: &Url, response: &Response) -> Result<Url, Error> {
    let location = response.headers().get(reqwest::header::LOCATION).and_then(|value| value.to_str().ok());
    let location = location.unwrap_or_default();
    let next = from.join(location).map_err(|_| Error::NotAnAddress(location.to_owned()))?;
    web_address(next.as_str())
}

fn web_address(text: &str) -> Result<Url, Error> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or_else(|| Error::NotAnAddress(text.to_owned()))
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

fn literal_address(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

/// Resolves names, and leaves out every address that is not open to the internet.
struct OpenToTheInternet;

#[derive(Debug, thiserror::Error)]
#[error("no address of `{0}` is open to the internet")]
struct OnlyPrivate(String);

impl Resolve for OpenToTheInternet {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let open: Vec<SocketAddr> = found.filter(|address| is_open_to_the_internet(address.ip())).collect();
            if open.is_empty() {
                return Err(OnlyPrivate(name.as_str().to_owned()).into());
            }
            Ok(Box::new(open.into_iter()) as Addrs)
        })
    }
}

fn is_refused_by_filter(error: &reqwest::Error) -> bool {
    let first = std::error::Error::source(error);
    std::iter::successors(first, |cause| cause.source()).any(|cause| cause.is::<OnlyPrivate>())
}

/// True for an address that anybody on the internet can reach.
fn is_open_to_the_internet(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_open_v4(address),
        IpAddr::V6(address) => is_open_v6(address),
    }
}

fn is_open_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_shared_by_carriers = a == 100 && (64..128).contains(&b);
    let is_for_protocols = (a, b, c) == (192, 0, 0) || (a, b, c) == (192, 88, 99);
    let is_for_benchmarks = a == 198 && (18..20).contains(&b);
    !(a == 0
        || a >= 224
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_documentation()
        || is_shared_by_carriers
        || is_for_protocols
        || is_for_benchmarks)
}

fn is_open_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_open_v4(mapped);
    }
    let [first, second, ..] = address.segments();
    // Only 2000::/3 is handed out to the world; some of it is for documentation, or tunnels into IPv4.
    let is_handed_out = first & 0xe000 == 0x2000;
    let is_documentation = (first == 0x2001 && second == 0x0db8) || first == 0x3fff;
    let is_tunnel = first == 0x2002 || (first == 0x2001 && second < 0x0200);
    is_handed_out && !is_documentation && !is_tunnel
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_told_from_open_ones() {
        for open in ["8.8.8.8", "100.63.0.1", "172.32.0.1", "192.1.0.1", "2607:f8b0::1", "::ffff:8.8.8.8"] {
            assert!(is_open_to_the_internet(open.parse().unwrap()), "{open} was refused");
        }
        for private in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "fc00::1",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2001::1",
            "fec0::1",
        ] {
            assert!(!is_open_to_the_internet(private.parse().unwrap()), "{private} was let through");
        }
    }

    #[tokio::test]
    async fn a_document_cannot_send_us_into_the_studio() {
        let fetcher = Fetcher::new().unwrap();
        for address in [
            "http://127.0.0.1:1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://[::1]/",
            "http://localhost:1/",
            "http://169.254.169.254/latest/meta-data/",
            "http://[::ffff:10.0.0.1]/",
        ] {
            let error = fetcher.get(address, Trust::Document, 1000).await.unwrap_err();
            assert!(matches!(error, Error::Private(_)), "{address}: {error:?}");
        }
        for address in ["file:///etc/passwd", "gopher://a.example/", "", "/relative", "data:text/plain,x"] {
            let error = fetcher.get(address, Trust::Document, 1000).await.unwrap_err();
            assert!(matches!(error, Error::NotAnAddress(_)), "{address}: {error:?}");
        }
    }
}
