//! What a demonstration station tells the person who started it, and the program that did.

use std::path::Path;

use anyhow::Context;
use serde_json::json;

use crate::assembly::Open;
use crate::settings::Settings;

/// Prints where to look, listen and send a stream; writes the same as JSON to `ready_file`.
pub(super) fn tell(open: &Open, settings: &Settings, ready_file: Option<&Path>) -> anyhow::Result<()> {
    let site = address(open);
    let password = crate::assembly::source_password(settings)?.unwrap_or_default();
    println!("{}", for_a_person(open, &site, &settings.air.source_user, &password));
    let Some(file) = ready_file else { return Ok(()) };
    let ready = for_a_program(open, &site, &settings.air.source_user, &password);
    write_whole(file, &ready.to_string()).with_context(|| format!("could not write {}", file.display()))
}

fn for_a_person(open: &Open, site: &str, user: &str, password: &str) -> String {
    let name = open.stations.first().map_or("The station", |station| station.name.as_str());
    let mut lines = vec![format!("\n{name} is on the air.\n"), format!("  Look      {site}/")];
    for service in &open.services {
        for mount in &service.mounts {
            let kind = format!("{} {} kbit/s", mount.codec.name(), mount.bitrate_kbps);
            lines.push(format!("  Listen    {site}{:<12} {} ({kind})", mount.path, service.name));
        }
        lines.extend(service.hls_path().map(|path| format!("            {site}{path}  (HLS, with rewind)")));
    }
    if let Some(mount) =
        open.services.iter().flat_map(|service| &service.mounts).find(|mount| mount.codec == station::Codec::Mp3)
    {
        let host = site.trim_start_matches("http://");
        lines.push(format!(
            "  Send      ffmpeg -re -i FILE -c:a libmp3lame -b:a {}k -ar {} -ac {} -content_type audio/mpeg -f mp3 \\\n              icecast://{user}:{password}@{host}{}",
            mount.bitrate_kbps, mount.sample_rate_hz, mount.channels, mount.path
        ));
    }
    for desk in &open.desks {
        lines.push(match &desk.owner_link {
            Some(link) => format!("  Desk      {link}\n            Whoever opens this first owns the desk."),
            None => format!("  Desk      {}/", desk.origin),
        });
    }
    lines.push("\nCtrl-C ends it. Started again on the same folder, it goes on where it was.\n".to_owned());
    lines.join("\n")
}

fn for_a_program(open: &Open, site: &str, user: &str, password: &str) -> serde_json::Value {
    let services: Vec<_> = open
        .services
        .iter()
        .map(|service| {
            let mounts: Vec<_> = service
                .mounts
                .iter()
                .map(|mount| json!({"path": mount.path, "codec": mount.codec.slug(), "bitrate_kbps": mount.bitrate_kbps}))
                .collect();
            json!({"slug": service.slug, "name": service.name, "hls": service.hls_path(), "mounts": mounts})
        })
        .collect();
    let desk = open.desks.first().map(|desk| json!({"origin": desk.origin, "owner_link": desk.owner_link}));
    json!({"site": site, "source": {"user": user, "password": password}, "services": services, "desk": desk})
}

/// Where a browser on this machine reaches the station.
fn address(open: &Open) -> String {
    let Some(address) = open.addresses.first() else { return String::new() };
    let host = match address.ip() {
        ip if ip.is_unspecified() || ip.is_loopback() && ip.is_ipv4() => "localhost".to_owned(),
        std::net::IpAddr::V6(ip) => format!("[{ip}]"),
        std::net::IpAddr::V4(ip) => ip.to_string(),
    };
    format!("http://{host}:{}", address.port())
}

/// Writes `text` so that whoever waits for the file never sees half of it.
fn write_whole(file: &Path, text: &str) -> std::io::Result<()> {
    let mut aside = file.as_os_str().to_owned();
    aside.push(".part");
    std::fs::write(&aside, text)?;
    std::fs::rename(&aside, file)
}
