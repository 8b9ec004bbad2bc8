//! multipart/signed (RFC 1847; RFC 8551, section 3.5.3).

use super::guard::{About, Guard, part_head};
use crate::keys::{CERTIFICATE, Judged, judge, judge_address, now};
use crate::message::base64;
use crate::message::entity::Entity;
use crate::message::findings::Findings;
use crate::message::segments::{Reading, Segment, failed};
use memchr::{memchr2, memmem};
use postkontor_plugin::{At, Error, Input, Status};
use postkontor_smime::Certificate;
use postkontor_smime::sign::{Signer, Terms};
use serde_json::{Map, Value};
use std::ops::Range;

/// What is read at a time to be signed.
const BLOCK: usize = 64 * 1024;

impl Guard<'_> {
    /// The entity as the first part of a multipart/signed. Without a signer that may sign it stays what it is, and `findings` say why.
    pub(super) fn signed<'a>(
        &self,
        entity: Entity<'a>,
        out: &mut Vec<u8>,
        about: &About<'_>,
        findings: &mut Findings<'_>,
    ) -> Result<Entity<'a>, Error> {
        let Some(signature) = self.certificates.signature()? else {
            findings.add("/smime/sign", "message.smime_no_signer", &[]);
            return Ok(entity);
        };
        let terms = Terms { time: now(), ..signature.terms.clone() };
        if !may_sign(signature.identity.certificate(), terms.time, about, findings) {
            return Ok(entity);
        }
        let entity = match &about.fields {
            Some(fields) => with_fields(entity, fields, out),
            None => entity,
        };
        let mut signer = Signer::new(&signature.identity, &terms).map_err(|error| failed(&error))?;
        let micalg = signer.digest().micalg();
        let (mut reading, mut block) = (Reading::default(), vec![0; BLOCK]);
        loop {
            if !findings.goes_on() {
                return Ok(entity);
            }
            match reading.fill(&entity.segments, out, &mut block)? {
                0 => break,
                count => signer.update(&block[..count]),
            }
        }
        let signature = signer.finish().map_err(|error| failed(&error))?;
        let begun = out.len();
        let boundary = format!("=_s_{}", about.token);
        if about.eight_bit {
            out.extend_from_slice(b"Content-Transfer-Encoding: 8bit\r\n");
        }
        let head = format!(
            "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n micalg={micalg}; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n"
        );
        out.extend_from_slice(head.as_bytes());
        let before = begun..out.len();
        out.extend_from_slice(format!("\r\n--{boundary}\r\n").as_bytes());
        part_head(out, "pkcs7-signature; name=\"smime.p7s\"", "smime.p7s");
        base64::append_lines(out, &signature);
        out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        let behind = before.end..out.len();
        let mut signed = Entity { size: entity.size + behind.len() as u64, segments: entity.segments };
        signed.segments.push(Segment::Head(behind));
        Ok(signed.behind(before))
    }
}

/// The entity with the header fields of the message among its own, so that the signature covers them as well (RFC 9788). They are no secret, and stay where every program looks for them: `hp="clear"`.
fn with_fields<'a>(mut entity: Entity<'a>, fields: &Range<usize>, out: &mut Vec<u8>) -> Entity<'a> {
    const KIND: &[u8] = b"Content-Type: ";
    let Some(Segment::Head(own)) = entity.segments.first() else { return entity };
    let own = own.clone();
    let Some(kind) = memmem::find(&out[own.clone()], KIND).map(|place| own.start + place + KIND.len()) else { return entity };
    let Some(end) = memchr2(b';', b'\r', &out[kind..own.end]).map(|length| kind + length) else { return entity };
    let begun = out.len();
    // MIME-Version is about the message as a whole, and stays alone.
    let copied = out[fields.clone()].strip_suffix(b"MIME-Version: 1.0\r\n").map_or(fields.end, |copied| fields.start + copied.len());
    out.extend_from_within(fields.start..copied);
    out.extend_from_within(own.start..end);
    out.extend_from_slice(b"; hp=\"clear\"");
    entity.size += (out.len() - begun - (end - own.start)) as u64;
    entity.segments[0] = Segment::Head(end..own.end);
    entity.segments.insert(0, Segment::Head(begun..out.len()));
    entity
}

/// Whether readers will take a signature by this certificate, made now.
fn may_sign(certificate: &Certificate, now: i64, about: &About<'_>, findings: &mut Findings<'_>) -> bool {
    let at = |code, args: &Map<String, Value>| At { args: args.clone(), ..At::new(Input::Settings, CERTIFICATE, code) };
    let (warnings, problems): (Vec<Judged>, Vec<Judged>) = judge(certificate, now).into_iter().partition(|judged| judged.is_warning);
    for Judged { code, args, .. } in &problems {
        findings.add_at(Status::Settings, at(code, args));
    }
    // Readers doubt such a signature; a message from another address is for its program to decide.
    let address = about.from.and_then(|from| judge_address(certificate, from));
    for Judged { code, args, .. } in warnings.into_iter().chain(address).filter(|_| problems.is_empty()) {
        findings.warn_at(code, args.clone(), vec![at(code, &args)]);
    }
    problems.is_empty()
}
