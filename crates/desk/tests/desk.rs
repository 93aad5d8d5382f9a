//! The desk, asked as a browser asks it, on a real store.

mod house;
mod publishing;
mod writing;

use std::collections::BTreeSet;

use desk::routes::{Guard, ROUTES};
use house::{House, ORIGIN, PASSWORD};
use http::{Method, StatusCode};
use station::Permission;
use station::role::presets;

/// Everything that a browser on this desk says of itself.
const OURS: [(&str, &str); 2] = [("sec-fetch-site", "same-origin"), ("origin", ORIGIN)];

#[tokio::test]
async fn the_first_owner_comes_in_by_a_link_that_is_good_once() {
    let house = House::new().await;
    let link = house.owner_link().await;
    let mut browser = house.browser();
    let page = browser.get(&link).await;
    assert!(page.status == StatusCode::OK && page.text.contains("Make this desk yours"), "{}", page.text);
    assert_eq!(browser.get(&link).await.status, StatusCode::OK, "looking uses nothing up");

    let weak = [("name", "June Okafor"), ("email", "June@Harrow.example"), ("password", "passwordpassword")];
    let refused = browser.post(&link, &weak).await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.text.contains("everybody tries"));

    let good = [("name", "June Okafor"), ("email", "June@Harrow.example"), ("password", PASSWORD)];
    let come_in = browser.post(&link, &good).await;
    assert_eq!((come_in.status, come_in.location()), (StatusCode::SEE_OTHER, "/account?said=welcome"));
    assert!(browser.get("/").await.text.contains("Stories"));
    assert_eq!(house.browser().get(&link).await.status, StatusCode::GONE);
    assert_eq!(house.browser().post(&link, &good).await.status, StatusCode::GONE);
    assert_eq!(house.owner_ticket().await, None, "there is an owner");
}

#[tokio::test]
async fn a_password_signs_in_and_a_sign_out_ends_it() {
    let house = House::new().await;
    house.owner().await;
    let mut browser = house.browser();
    let away = browser.get("/audit?before=9").await;
    assert_eq!(away.location(), "/sign-in?then=%2Faudit%3Fbefore%3D9");
    let wrong = browser.sign_in("june@harrow.example", "not her password at all").await;
    let unknown = browser.sign_in("nobody@harrow.example", "not her password at all").await;
    assert_eq!((wrong.status, unknown.status), (StatusCode::UNPROCESSABLE_ENTITY, StatusCode::UNPROCESSABLE_ENTITY));
    let shape = |page: &house::Page| page.text.replace("nobody@", "june@");
    assert_eq!(shape(&wrong), shape(&unknown), "one can tell who has an account");

    assert_eq!(browser.sign_in(" JUNE@harrow.example", PASSWORD).await.location(), "/");
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    let kept = browser.clone();
    browser.post("/sign-out", &[]).await;
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER);
    let mut thief = kept;
    assert_eq!(thief.get("/").await.status, StatusCode::SEE_OTHER, "the cookie outlived the session");
}

#[tokio::test]
async fn a_session_that_was_planted_is_worth_nothing_after_signing_in() {
    let house = House::new().await;
    house.owner().await;
    let mut browser = house.browser();
    browser.plant("__Host-desk", "planted");
    browser.sign_in("june@harrow.example", PASSWORD).await;
    assert_ne!(browser.cookie("__Host-desk"), Some("planted"));
    let mut attacker = house.browser();
    attacker.plant("__Host-desk", "planted");
    assert_eq!(attacker.get("/").await.status, StatusCode::SEE_OTHER);
    // Signing in anew ends the session that the browser had.
    let before = browser.clone();
    browser.sign_in("june@harrow.example", PASSWORD).await;
    let mut before = before;
    assert_eq!(before.get("/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn whoever_guesses_is_slowed_and_june_is_let_in_on_her_own_device() {
    let house = House::new().await;
    let mut june = house.owner().await;
    june.post("/sign-out", &[]).await;
    let mut guesser = house.browser();
    let mut answers = Vec::new();
    for guess in 0..12 {
        answers.push(guesser.sign_in("june@harrow.example", &format!("a wrong guess, number {guess}")).await.status);
    }
    assert_eq!(answers.iter().filter(|status| **status == StatusCode::UNPROCESSABLE_ENTITY).count(), 10);
    assert_eq!(answers[11], StatusCode::TOO_MANY_REQUESTS);
    // Even the right password does not help the guesser; June, from the same network, comes in.
    assert_eq!(guesser.sign_in("june@harrow.example", PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(june.sign_in("june@harrow.example", PASSWORD).await.location(), "/");
}

#[tokio::test]
async fn a_code_is_asked_for_after_the_password_and_is_good_once() {
    let house = House::new().await;
    let mut june = house.owner().await;
    let setup = june.get("/account/codes").await;
    let secret = setup.between("name=\"secret\" value=\"", "\"");
    let wrong = june.post("/account/codes", &[("secret", &secret), ("code", "000000")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let shown = june.post("/account/codes", &[("secret", &secret), ("code", &house.code(&secret))]).await;
    let recovery: Vec<String> = shown.all_between("<li><code>", "</code>");
    assert_eq!(recovery.len(), 10, "{}", shown.text);

    house.advance_seconds(30);
    let mut elsewhere = house.browser();
    let on = elsewhere.sign_in("june@harrow.example", PASSWORD).await;
    assert_eq!(on.location(), "/sign-in/code?then=%2F");
    assert_eq!(elsewhere.get("/").await.status, StatusCode::SEE_OTHER, "the password alone was enough");
    let wrong = elsewhere.post("/sign-in/code", &[("code", "123456"), ("then", "/")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let code = house.code(&secret);
    assert_eq!(elsewhere.post("/sign-in/code", &[("code", &code), ("then", "/people")]).await.location(), "/people");
    assert_eq!(elsewhere.get("/").await.status, StatusCode::OK);

    let mut third = house.browser();
    third.sign_in("june@harrow.example", PASSWORD).await;
    let again = third.post("/sign-in/code", &[("code", &code), ("then", "/")]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "a code was good twice");
    let recovered = third.post("/sign-in/code", &[("code", &recovery[0].to_uppercase()), ("then", "/")]).await;
    assert_eq!(recovered.location(), "/");
    let mut fourth = house.browser();
    fourth.sign_in("june@harrow.example", PASSWORD).await;
    let twice = fourth.post("/sign-in/code", &[("code", &recovery[0]), ("then", "/")]).await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY, "a recovery code was good twice");
}

#[tokio::test]
async fn a_new_password_ends_every_other_session() {
    let house = House::new().await;
    let mut june = house.owner().await;
    let mut phone = house.browser();
    phone.sign_in("june@harrow.example", PASSWORD).await;
    let changed = june.post("/account/password", &[("password", "lantern kettle moss ferry")]).await;
    assert_eq!(changed.location(), "/account?said=password-set");
    assert_eq!(phone.get("/").await.status, StatusCode::SEE_OTHER);
    assert_eq!(june.get("/").await.status, StatusCode::OK);
    assert_eq!(phone.sign_in("june@harrow.example", PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(phone.sign_in("june@harrow.example", "lantern kettle moss ferry").await.location(), "/");
}

#[tokio::test]
async fn how_one_signs_in_is_changed_only_soon_after_signing_in() {
    let house = House::new().await;
    let mut june = house.owner().await;
    house.advance_seconds(31 * 60);
    assert_eq!(june.get("/account").await.status, StatusCode::OK);
    let refused = june.post("/account/password", &[("password", "lantern kettle moss ferry")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(june.get("/account/codes").await.location(), "/sign-in?again=yes&then=%2Faccount%2Fcodes");
    june.sign_in("june@harrow.example", PASSWORD).await;
    let changed = june.post("/account/password", &[("password", "lantern kettle moss ferry")]).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_session_ends_without_use_and_after_sixty_days() {
    let house = House::new().await;
    let mut june = house.owner().await;
    for _ in 0..4 {
        house.advance_seconds(13 * 86_400);
        assert_eq!(june.get("/").await.status, StatusCode::OK);
    }
    house.advance_seconds(9 * 86_400);
    assert_eq!(june.get("/").await.status, StatusCode::SEE_OTHER, "it lasted longer than sixty days");
    june.sign_in("june@harrow.example", PASSWORD).await;
    house.advance_seconds(15 * 86_400);
    assert_eq!(june.get("/").await.status, StatusCode::SEE_OTHER, "it lasted two weeks without use");
}

#[tokio::test]
async fn somebody_is_invited_comes_in_and_is_kept_out_again() {
    let house = House::new().await;
    let mut june = house.owner().await;
    let link = house.invite(&mut june, "Del Aguirre", "del@harrow.example", "reporter").await;
    let taken = june
        .post("/people", &[("name", "D"), ("email", "Del@harrow.example"), ("role", "editor"), ("scope", "station")])
        .await;
    assert!(taken.status == StatusCode::UNPROCESSABLE_ENTITY && taken.text.contains("has an account already"));

    let mut del = house.browser();
    del.post(&link, &[("password", "ferry moss kettle lantern")]).await;
    assert_eq!(del.get("/").await.status, StatusCode::OK);
    assert_eq!(del.get("/people").await.status, StatusCode::FORBIDDEN);
    let id = house.account("del@harrow.example").await;
    june.post(&format!("/people/{id}/disable"), &[]).await;
    assert_eq!(del.get("/").await.status, StatusCode::SEE_OTHER, "a disabled account went on");
    let refused = del.sign_in("del@harrow.example", "ferry moss kettle lantern").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    june.post(&format!("/people/{id}/enable"), &[]).await;
    assert_eq!(del.sign_in("del@harrow.example", "ferry moss kettle lantern").await.location(), "/");

    // A link that lets them in again: a new password, nobody else signed in, and the link before it worth nothing.
    let first = june.post(&format!("/people/{id}/link"), &[]).await.between("<code id=\"link\">", "</code>");
    let second = june.post(&format!("/people/{id}/link"), &[]).await.between("<code id=\"link\">", "</code>");
    let (first, second) = (house::path(&first), house::path(&second));
    let mut lost = house.browser();
    assert_eq!(lost.get(&first).await.status, StatusCode::GONE);
    lost.post(&second, &[("password", "moss ferry lantern kettle")]).await;
    assert_eq!(lost.get("/").await.status, StatusCode::OK);
    assert_eq!(del.get("/").await.status, StatusCode::SEE_OTHER, "the old session went on");
}

#[tokio::test]
async fn nobody_makes_themselves_more_than_they_are() {
    let house = House::new().await;
    let mut june = house.owner().await;
    let mut priya = house.colleague(&mut june, "Priya", "priya@harrow.example", "managing-editor").await;
    let (her, hers) = (house.account("june@harrow.example").await, house.account("priya@harrow.example").await);

    let promoted = [("role", "owner"), ("scope", "station")];
    assert_eq!(priya.post(&format!("/people/{hers}/roles"), &promoted).await.status, StatusCode::FORBIDDEN);
    for act in ["link", "disable"] {
        let tried = priya.post(&format!("/people/{her}/{act}"), &[]).await;
        assert_eq!(tried.status, StatusCode::FORBIDDEN, "an editor did {act} to an owner");
    }
    let smuggled = [("title", "Helper"), ("permission", "read-addresses"), ("permission", "view-drafts")];
    assert_eq!(priya.post("/roles", &smuggled).await.status, StatusCode::FORBIDDEN);
    let preset = [("title", "Owner"), ("permission", "view-drafts")];
    assert_eq!(june.post("/roles", &preset).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let fields = [("name", "Priya"), ("role", "owner"), ("is_owner", "1"), ("id", &her.to_string())];
    priya.post("/account/name", &fields).await;
    assert_eq!(house.roles("priya@harrow.example").await, ["managing-editor"]);

    // What she may give, she gives; and the last owner stays.
    let mut del = house.colleague(&mut priya, "Del", "del@harrow.example", "reporter").await;
    assert_eq!(del.get("/audit").await.status, StatusCode::FORBIDDEN);
    let owner = [("role", "owner"), ("scope", "station")];
    let last = june.post(&format!("/people/{her}/roles/take"), &owner).await;
    assert!(last.status == StatusCode::UNPROCESSABLE_ENTITY && last.text.contains("last owner"), "{}", last.text);
    let last = june.post(&format!("/people/{her}/disable"), &[]).await;
    assert_eq!(last.status, StatusCode::UNPROCESSABLE_ENTITY);
    june.post(&format!("/people/{hers}/roles"), &owner).await;
    assert_eq!(priya.post(&format!("/people/{her}/roles/take"), &owner).await.status, StatusCode::SEE_OTHER);
    assert_eq!(june.get("/people").await.status, StatusCode::FORBIDDEN, "what was taken went on");
}

#[tokio::test]
async fn a_role_of_the_stations_own_holds_where_it_was_given() {
    let house = House::new().await;
    let mut june = house.owner().await;
    let saved = [
        ("title", "Weekend desk"),
        ("teaser", "Alone on Sundays"),
        ("permission", "view-drafts"),
        ("permission", "manage-accounts"),
    ];
    assert_eq!(june.post("/roles", &saved).await.location(), "/roles?said=role-saved");
    let mut del = house.colleague(&mut june, "Del", "del@harrow.example", "weekend-desk").await;
    assert_eq!(del.get("/people").await.status, StatusCode::OK);
    assert!(del.get("/roles").await.text.contains("Weekend desk"));
}

#[tokio::test]
async fn every_line_lets_in_exactly_the_roles_that_it_names() {
    let house = House::new().await;
    let mut june = house.owner().await;
    for role in presets() {
        let name = role.slug.as_str();
        let email = if name == "owner" { "june@harrow.example".to_owned() } else { format!("{name}@harrow.example") };
        let mut browser = match name {
            "owner" => june.clone(),
            _ => house.colleague(&mut june, name, &email, name).await,
        };
        for route in ROUTES {
            let answer = browser.send(route.method.clone(), &house::filled(route.path), &OURS, "").await;
            let is_let_in = answer.status != StatusCode::FORBIDDEN;
            let should_be = match route.guard {
                Guard::May(permission) => role.permissions.contains(&permission),
                Guard::Anyone | Guard::SignedIn | Guard::Fresh => true,
            };
            assert_eq!(is_let_in, should_be, "{name} at {} {}: {}", route.method, route.path, answer.status);
            assert!(!answer.status.is_server_error(), "{name} at {} {}: {}", route.method, route.path, answer.status);
            // Signing out is a line too.
            if browser.get("/").await.status != StatusCode::OK {
                browser = house.signed_in(&email, PASSWORD).await;
                june = if name == "owner" { browser.clone() } else { june };
            }
        }
    }
}

#[tokio::test]
async fn every_line_that_wants_somebody_sends_a_stranger_to_the_way_in() {
    let house = House::new().await;
    house.owner().await;
    for route in ROUTES.iter().filter(|route| route.guard != Guard::Anyone) {
        let answer = house.browser().send(route.method.clone(), &house::filled(route.path), &OURS, "").await;
        let expected = if route.method == Method::GET { StatusCode::SEE_OTHER } else { StatusCode::UNAUTHORIZED };
        assert_eq!(answer.status, expected, "{} {}", route.method, route.path);
    }
}

#[tokio::test]
async fn no_line_changes_anything_for_another_site() {
    let house = House::new().await;
    let june = house.owner().await;
    let foreign: [&[(&str, &str)]; 6] = [
        &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
        &[("sec-fetch-site", "same-site"), ("origin", "https://harrow.example")],
        &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[],
    ];
    for route in ROUTES.iter().filter(|route| route.method == Method::POST) {
        for headers in foreign {
            let answer = june.clone().send(Method::POST, &house::filled(route.path), headers, "").await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{} {headers:?}", route.path);
        }
    }
}

#[tokio::test]
async fn a_link_of_another_site_opens_a_page_without_telling_it_who_is_here() {
    let house = House::new().await;
    house.owner().await;
    let link = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    // The browser keeps a strict cookie to itself; the page opens itself once more, from here.
    let opening = house.browser().send(Method::GET, "/audit?before=7", &link, "").await;
    assert!(opening.text.contains("content=\"0; url=&#x2f;audit?before=7\""), "{}", opening.text);
    let framed = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
    assert_eq!(house.browser().send(Method::GET, "/", &framed, "").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn no_line_takes_more_than_it_says() {
    let house = House::new().await;
    let june = house.owner().await;
    for route in ROUTES {
        let body = "x".repeat(route.body_bytes_max + 1);
        let answer = june.clone().send(route.method.clone(), &house::filled(route.path), &OURS, &body).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{} {}", route.method, route.path);
    }
}

#[tokio::test]
async fn what_has_no_line_does_not_exist() {
    let house = House::new().await;
    let mut june = house.owner().await;
    for path in ["/nothing", "/sign-in/", "/people/1/2/3", "/.env", "/assets/../Cargo.toml", "/Account"] {
        assert_eq!(june.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["/people/x", "/people/+7", "/people/007", "/people/-1", "/people/1abc", "/people/99999999999999999999"]
    {
        assert_eq!(june.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let wrong = june.send(Method::DELETE, "/account", &OURS, "").await;
    assert_eq!((wrong.status, wrong.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, Some("GET")));
    let head = june.send(Method::HEAD, "/account", &[("sec-fetch-site", "none")], "").await;
    assert!(head.status == StatusCode::OK && head.text.is_empty());
}

#[tokio::test]
async fn every_answer_is_guarded_and_none_but_files_is_kept() {
    let house = House::new().await;
    let june = house.owner().await;
    for route in ROUTES {
        let mut browser = june.clone();
        let answer = browser.send(route.method.clone(), &house::filled(route.path), &OURS, "").await;
        let policy = answer.header("content-security-policy").unwrap_or_default();
        for wanted in [
            "default-src 'none'",
            "script-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ] {
            assert!(policy.contains(wanted), "{}: {policy}", route.path);
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"));
        assert!(answer.header("strict-transport-security").is_some());
        if answer.status != StatusCode::OK || !route.path.starts_with("/assets") {
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{}", route.path);
        }
        for cookie in answer.cookies() {
            assert!(cookie.starts_with("__Host-") && cookie.contains("; Path=/"), "{cookie}");
            assert!(cookie.contains("; HttpOnly; SameSite=Strict; Secure") && !cookie.contains("Domain"), "{cookie}");
        }
    }
    let packed = june.clone().send(Method::GET, web::path("desk.css"), &[("accept-encoding", "gzip, br")], "").await;
    assert_eq!(packed.header("content-encoding"), Some("br"));
    let asset = june.clone().get(web::path("desk.css")).await;
    assert!(asset.text.contains("--paper") && asset.header("content-encoding").is_none());
    assert_eq!(asset.header("cache-control"), Some("public, max-age=31536000, immutable"));
}

#[tokio::test]
async fn whatever_is_done_stands_in_the_log_with_who_and_on_what() {
    let house = House::new().await;
    let mut june = house.owner().await;
    house.invite(&mut june, "Del Aguirre", "del@harrow.example", "reporter").await;
    june.post("/account/name", &[("name", "June Okafor-Lindqvist")]).await;
    let log = june.get("/audit").await;
    for words in [
        "invited Del Aguirre (del@harrow.example) as Reporter",
        "took up the invitation",
        "changed their name",
        "Firefox on Linux",
    ] {
        assert!(log.text.contains(words), "no “{words}” in {}", log.text);
    }
    assert!(!log.text.contains("127.0.0.1") && !log.text.contains("192.0.2"), "an address");
    let checked = store::audit::check(&house.db, house.station.id).await.unwrap();
    assert_eq!(checked.broken_at, None);
}

#[tokio::test]
async fn no_secret_is_kept_as_it_is() {
    let house = House::new().await;
    let link = house.owner_link().await;
    let mut june = house.browser();
    june.post(&link, &[("name", "June"), ("email", "june@harrow.example"), ("password", PASSWORD)]).await;
    let invited = house.invite(&mut june, "Del", "del@harrow.example", "reporter").await;
    let secrets = [
        link.rsplit('/').next().unwrap().to_owned(),
        invited.rsplit('/').next().unwrap().to_owned(),
        june.cookie("__Host-desk").unwrap().to_owned(),
        june.cookie("__Host-desk-device").unwrap().to_owned(),
        PASSWORD.to_owned(),
    ];
    let rows = house.every_byte().await;
    for secret in &secrets {
        assert!(secret.len() >= 20, "a secret of {} letters", secret.len());
        assert!(!rows.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()), "a secret is in the database");
    }
}

#[tokio::test]
async fn a_host_that_is_no_desk_gets_nothing_and_links_never_follow_a_request() {
    let house = House::new().await;
    let mut june = house.owner().await;
    for host in ["harrow.example", "evil.example", "desk.evil.example", ""] {
        june.host = host.to_owned();
        assert_eq!(june.get("/").await.status, StatusCode::MISDIRECTED_REQUEST, "{host}");
    }
    june.host = "desk.harrow.example:9999".to_owned();
    let link = house.invite(&mut june, "Del", "del@harrow.example", "reporter").await;
    assert!(link.starts_with("/join/"));
    let forwarded = [("x-forwarded-host", "evil.example"), ("sec-fetch-site", "same-origin"), ("origin", ORIGIN)];
    let page =
        june.send(Method::POST, "/people", &forwarded, "name=A&email=a%40b.example&role=reporter&scope=station").await;
    assert!(page.text.contains(&format!("{ORIGIN}/join/").replace('/', "&#x2f;")), "{}", page.text);
    assert!(!page.text.contains("evil.example"));
}

#[test]
fn presets_never_hold_more_than_the_owner() {
    let all: BTreeSet<Permission> = Permission::ALL.iter().copied().collect();
    for role in presets() {
        assert!(role.permissions.is_subset(&all));
        assert_eq!(role.permissions == all, role.slug.as_str() == "owner", "{}", role.slug);
    }
}
