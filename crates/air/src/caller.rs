//! Calls the few addresses that the settings name: authentication services, directories, the server that is relayed.
//!
//! It follows no redirection and no proxy, so that it connects to those addresses and to nothing else; it waits for a
//! bounded time, and reads a bounded answer.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};

/// What it calls itself. Scripts that were written for Icecast look for that name.
pub const AGENT: &str = "Icecast 2.4.4 (compatible; Groundwave)";
/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// What a form is called.
const FORM: &str = "application/x-www-form-urlencoded";

/// Why an address gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It could not be reached, or did not speak HTTP, or was too slow.
    #[error("it did not answer")]
    NoAnswer(#[from] reqwest::Error),
    /// It sent more than is read.
    #[error("its answer is longer than {ANSWER_BYTES_MAX} bytes")]
    TooLong,
}

/// The fields of an answer.
#[derive(Debug)]
pub struct Answer(HeaderMap);

impl Answer {
    /// A field's value, if it is there and is text.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.to_str().ok()
    }
}

/// Calls addresses.
#[derive(Clone, Debug)]
pub struct Caller(Client);

impl Caller {
    /// A caller that waits this long for each answer.
    pub fn new(patience: Duration) -> Result<Self, Error> {
        let client = Client::builder()
            .user_agent(AGENT)
            .redirect(Policy::none())
            .no_proxy()
            .http1_only()
            .timeout(patience)
            .build()?;
        Ok(Self(client))
    }

    /// Sends a form; what the answer says below its fields is not read.
    pub async fn post(&self, url: &Url, authorization: Option<&str>, form: String) -> Result<Answer, Error> {
        let mut request = self.0.post(url.clone()).header(CONTENT_TYPE, FORM).body(form);
        if let Some(value) = authorization {
            request = request.header(AUTHORIZATION, value);
        }
        let response = request.send().await?;
        Ok(Answer(response.headers().clone()))
    }

    /// Gets a text. The status tells whether it is what was asked for.
    pub async fn get(&self, url: &Url, authorization: Option<&str>) -> Result<(u16, String), Error> {
        let mut request = self.0.get(url.clone());
        if let Some(value) = authorization {
            request = request.header(AUTHORIZATION, value);
        }
        let mut response = request.send().await?;
        let (status, mut text) = (response.status().as_u16(), Vec::new());
        while let Some(piece) = response.chunk().await? {
            text.extend_from_slice(&piece);
            if text.len() > ANSWER_BYTES_MAX {
                return Err(Error::TooLong);
            }
        }
        Ok((status, String::from_utf8_lossy(&text).into_owned()))
    }
}
