//! What becomes of what messages hold: times with fractions, pictures within the text, much of it.

use super::bench::{Bench, Seen, Sent};
use super::{Halt, Verdict};
use crate::front::json_body;
use crate::mapping::finding::{INLINE_IMAGES, LARGEST_REQUEST};
use crate::request::File;
use crate::request::encode::{encode, encoded_size};
use bytes::Bytes;
use serde_json::{Value, json};

const FRACTIONS: &str = "fractional_dates";
const LIMIT_COUNTS: &str = "limit_counts";

/// One white dot (PNG).
const DOT: &[u8] = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\
                     \x00\x00\x00\rIDATx\x9cc\xf8\xff\xff\xff\x7f\x00\t\xfb\x03\xfd\x05CE\xca\x00\x00\x00\x00IEND\xaeB`\x82";

/// Sizes of requests, largest first: 25 MiB, 25 MB, and what is sent without a finding.
const SIZES: [u64; 3] = [25 << 20, 25_000_000, 24_000_000];

/// Two files that are each below all of these limits, and together above.
const HALF: usize = 15_000_000;

pub(super) async fn fractions(bench: &mut Bench<'_>) -> Result<Vec<Verdict>, Halt> {
    let letter = bench.letter("a time with a fraction of a second");
    let whole = letter.created_at;
    let mut request = serde_json::to_value(&letter).unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "Unix seconds of this century")]
    let given = whole as f64 + 0.25;
    request["created_at"] = json!(given);
    let inbox = bench.job.inbox_id.clone();
    let uid = match bench.send_bytes(&inbox, &json_body(&request)).await? {
        Sent::Taken(uid) => uid,
        refused @ Sent::Refused { .. } => {
            return Ok(vec![Verdict::settled(FRACTIONS, "refused", format!("{given} was {}", refused.told()))]);
        }
        lost @ Sent::Lost(_) => return Ok(vec![Verdict::open(FRACTIONS, lost.told())]),
    };
    let seen = match bench.arrived(uid).await? {
        Ok(seen) => seen,
        Err(why) => return Ok(vec![Verdict::open(FRACTIONS, why)]),
    };
    let shown = seen.message.get("created_at").and_then(Value::as_f64);
    let told = format!("{given} was sent, {} is shown of {}", shown.unwrap_or_default(), seen.uid);
    Ok(vec![match shown {
        Some(shown) if (shown - given).abs() < 0.01 => Verdict::settled(FRACTIONS, "kept", told),
        Some(shown) if (shown - given).abs() < 1.0 => Verdict::settled(FRACTIONS, "cut", told),
        _ => Verdict::open(FRACTIONS, told),
    }])
}

pub(super) async fn inline(bench: &mut Bench<'_>) -> Result<Vec<Verdict>, Halt> {
    let mut told = Vec::new();
    for (value, is_header, is_name) in
        [("as it is", false, false), ("content-id", true, false), ("filename", false, true)]
    {
        let mut letter = bench.letter(&format!("a picture within the text ({value})"));
        let id = format!("{}@threadlift.invalid", letter.external_id);
        letter.body += &["<p><img src=\"cid:", &id, "\"></p>"].concat();
        letter.attachments.push(File {
            filename: if is_name { id.clone() } else { "dot.png".to_owned() },
            content_type: "image/png".to_owned(),
            content_id: Some(id),
            is_named_by_id: is_header,
            content: Bytes::from_static(DOT),
        });
        let seen = match bench.deliver(&letter).await? {
            Ok(seen) => seen,
            Err(why) => return Ok(vec![Verdict::open(INLINE_IMAGES, format!("{value}: {why}"))]),
        };
        let metadata = seen.message.pointer("/attachments/0/metadata").cloned().unwrap_or_default();
        told.push(format!("{value}: {} has {metadata}", seen.uid));
        if is_shown_inline(&seen) {
            return Ok(vec![Verdict::settled(INLINE_IMAGES, value, told.join("; "))]);
        }
    }
    Ok(vec![Verdict::settled(INLINE_IMAGES, "none", told.join("; "))])
}

fn is_shown_inline(seen: &Seen) -> bool {
    seen.message.pointer("/attachments/0/metadata/is_inline") == Some(&Value::Bool(true))
}

/// Few requests, the largest first: nothing here is worth much of anybody's time.
pub(super) async fn sizes(bench: &mut Bench<'_>) -> Result<Vec<Verdict>, Halt> {
    let mut told = Vec::new();
    let mut largest = None;
    for size in SIZES {
        let (is_taken, words) = is_taken(bench, size).await?;
        told.push(format!("{size} bytes: {words}"));
        if is_taken {
            largest = Some(size);
            break;
        }
    }
    let evidence = told.join("; ");
    let Some(bytes) = largest.and_then(|size| i64::try_from(size).ok()) else {
        let why = format!("none of the sizes was taken, and smaller ones were not tried: {evidence}");
        return Ok(vec![Verdict::open(LARGEST_REQUEST, why), Verdict::open(LIMIT_COUNTS, "no size was taken")]);
    };
    Ok(vec![Verdict::settled(LARGEST_REQUEST, bytes, evidence), of_what(bench).await?])
}

/// Whether a request of exactly this size comes to be a message. A 202 alone says nothing of it.
async fn is_taken(bench: &mut Bench<'_>, size: u64) -> Result<(bool, String), Halt> {
    let mut letter = bench.letter(&format!("a request of {size} bytes"));
    letter.attachments.push(zeros("zeros.bin", 0));
    let missing = size.saturating_sub(encoded_size(&letter));
    letter.attachments = vec![zeros("zeros.bin", usize::try_from(missing).unwrap_or_default())];
    let sent = bench.send(&letter).await?;
    let Sent::Taken(uid) = sent else { return Ok((false, sent.told())) };
    Ok(match bench.arrived(uid).await? {
        Ok(seen) => (true, format!("taken as {}", seen.uid)),
        Err(why) => (false, why),
    })
}

/// Two files below the limit, together above it.
async fn of_what(bench: &mut Bench<'_>) -> Result<Verdict, Halt> {
    let mut letter = bench.letter("two files of 15 MB");
    letter.attachments = vec![zeros("one.bin", HALF), zeros("two.bin", HALF)];
    let size = encode(&letter).size;
    Ok(match bench.send(&letter).await? {
        refused @ Sent::Refused { .. } => Verdict::settled(
            LIMIT_COUNTS,
            "the whole request",
            format!("{size} bytes in two files: {}", refused.told()),
        ),
        Sent::Taken(uid) => match bench.arrived(uid).await? {
            Ok(seen) => {
                let told = format!("{size} bytes in two files: taken as {}", seen.uid);
                Verdict::settled(LIMIT_COUNTS, "each file, or more than 30 MB", told)
            }
            Err(why) => Verdict::open(LIMIT_COUNTS, why),
        },
        // A server that hangs up on what is too large leaves no answer.
        lost @ Sent::Lost(_) => Verdict::open(LIMIT_COUNTS, lost.told()),
    })
}

fn zeros(filename: &str, size: usize) -> File {
    File {
        filename: filename.to_owned(),
        content_type: "application/octet-stream".to_owned(),
        content_id: None,
        is_named_by_id: false,
        content: Bytes::from(vec![0; size]),
    }
}
