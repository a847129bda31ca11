//! 8: pictures made to break whoever looks at them.

use e2e::people::{asked_for_face, challenge};
use e2e::stack::fresh_email;
use e2e::trial::{Ground, Seen};
use e2e::{drawn, hostile, pictures};
use signin_client::{Answer, Round};
use signin_core::factor::Factor;
use signin_core::step::Step;

use crate::common::words;

/// Uploads each picture and answers with it; the reasons, or what went wrong.
async fn reasons(
    ground: &Ground,
    pictures: Vec<(&'static str, Vec<u8>)>,
    may_reach_recognition: bool,
) -> Result<Vec<String>, String> {
    let (client, proxy) = (ground.stack.client(), ground.stack.proxy());
    ground.begins().await;
    let mut seen = Vec::new();
    for (what, picture) in pictures {
        let asked = asked_for_face(&client, &fresh_email()).await;
        client
            .upload(&asked, picture)
            .await
            .unwrap_or_else(|error| panic!("{what}: the form takes any bytes: {error}"));
        let mark = proxy.mark().await;
        let round = client.answer(&asked, Answer::Uploaded).await;
        let reason = match &round {
            Ok(Round::Challenge(next)) => next.reason,
            _ => None,
        };
        let Some(reason) = reason else {
            return Err(format!("{what}: {}", words(&round)));
        };
        let calls = proxy.calls(mark, "").await;
        let reached = calls.iter().any(|call| call.operation == "DetectFaces");
        if reached && !may_reach_recognition {
            return Err(format!("{what} reaches the recognition service"));
        }
        seen.push(format!("{what} {reason}"));
    }
    // Whoever was killed by one of them answers nobody any more.
    let asked = asked_for_face(&client, &fresh_email()).await;
    let round = client
        .answer(&asked, e2e::people::inline(pictures::live()))
        .await;
    challenge(round, Step::Verify(Factor::Face));
    Ok(seen)
}

fn seen(reasons: Result<Vec<String>, String>) -> Seen {
    match reasons {
        Ok(reasons) => Seen::held(reasons.join(", ")),
        Err(harm) => Seen::fell(harm),
    }
}

/// What can be refused by its first bytes is, and nobody unpacks it.
pub(crate) async fn refused_at_once(ground: Ground) -> Seen {
    let live = pictures::live();
    let pictures = vec![
        ("not an image", b"%PDF-1.7 not an image".to_vec()),
        ("GIF", hostile::gif()),
        ("WebP", b"RIFF\x24\0\0\0WEBPVP8 ".to_vec()),
        ("SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec()),
        ("HEIC", b"\0\0\0\x18ftypheic\0\0\0\0".to_vec()),
        ("HTML and JPEG", hostile::polyglot(b"<html><script>", &live)),
        ("ZIP and JPEG", hostile::polyglot(b"PK\x03\x04", &live)),
        ("60,000 x 60,000", drawn::png_that_declares(60_000, 60_000)),
        ("0 x 0", drawn::png_that_declares(0, 0)),
        (
            "4 billion across",
            drawn::png_that_declares(u32::MAX, u32::MAX),
        ),
        (
            "JPEG of 65,535 x 65,535",
            hostile::jpeg_that_declares(&live, 65_535),
        ),
        ("JPEG without a frame", hostile::jpeg_of_segments(64)),
        ("10 pixels", drawn::shrunk(&live, 40)),
    ];
    seen(reasons(&ground, pictures, false).await)
}

/// What must be unpacked to be judged gets a reason all the same.
pub(crate) async fn judged(ground: Ground) -> Seen {
    let live = pictures::live();
    let cut = live[..live.len() / 2].to_vec();
    let pictures = vec![
        ("truncated JPEG", cut),
        ("CMYK JPEG", hostile::cmyk_jpeg()),
        ("16-bit JPEG", hostile::jpeg_with_precision(&live, 16)),
        ("12-bit JPEG", hostile::jpeg_with_precision(&live, 12)),
        ("16-bit PNG", hostile::png_16_bit()),
        ("animated PNG", hostile::animated_png()),
        ("huge EXIF", hostile::with_exif(&live, 4 * 1024 * 1024)),
        (
            "EXIF that contradicts itself",
            hostile::with_exif_loop(&live),
        ),
        ("deflate bomb in the pixels", hostile::png_bomb()),
        ("deflate bomb in a comment", hostile::png_comment_bomb()),
        (
            "PNG with a wrong checksum",
            hostile::png_with_wrong_checksum(),
        ),
        (
            "JPEG and HTML",
            hostile::jpeg_then(&live, b"<html><script>"),
        ),
        (
            "JPEG and ZIP",
            hostile::jpeg_then(&live, b"PK\x03\x04PK\x05\x06"),
        ),
        ("black", drawn::plain(0)),
        ("nobody", drawn::plain(128)),
        ("dark", drawn::darkened(&live, 0.35)),
        ("blurred", drawn::blurred(&live, 6.0)),
        ("30-pixel face", drawn::shrunk(&live, 90)),
        ("two people", pictures::two_people()),
    ];
    seen(reasons(&ground, pictures, true).await)
}
