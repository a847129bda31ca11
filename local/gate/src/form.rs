//! A `multipart/form-data` body as S3 reads it (RFC 7578): fields, then one file, and nothing that
//! counts after it.

use sha2::{Digest as _, Sha256};

/// What a form has, up to its file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Form<'a> {
    /// The fields before the file, with their names as they were sent.
    pub(crate) fields: Vec<(&'a str, &'a str)>,
    /// The first file.
    pub(crate) file: Option<File<'a>>,
    /// How many files there are in all.
    pub(crate) files: usize,
    /// Bytes before the first file's content, boundaries among them; of the whole where there is no
    /// file.
    pub(crate) before_the_file: usize,
}

/// The part that is called `file`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct File<'a> {
    /// Its headers.
    head: &'a str,
    content: &'a [u8],
}

impl<'a> Form<'a> {
    /// Reads a body; none where it is not well formed.
    pub(crate) fn read(content_type: &str, body: &'a [u8]) -> Option<Self> {
        let delimiter = format!("--{}", boundary(content_type)?);
        let mut rest = after(body, delimiter.as_bytes())?;
        let mut form = Self {
            fields: Vec::new(),
            file: None,
            files: 0,
            before_the_file: body.len(),
        };
        while !rest.starts_with(b"--") {
            let part = rest.strip_prefix(b"\r\n")?;
            let head_ends = find(part, b"\r\n\r\n")?;
            let head = std::str::from_utf8(part.get(..head_ends)?).ok()?;
            let content = part.get(head_ends + 4..)?;
            let ends = find(content, format!("\r\n{delimiter}").as_bytes())?;
            rest = after(content.get(ends..)?, delimiter.as_bytes())?;
            let content = content.get(..ends)?;
            let name = parameter(head, "name")?;
            if name == "file" {
                form.files += 1;
                if form.file.is_none() {
                    form.file = Some(File { head, content });
                    form.before_the_file = content.as_ptr().addr() - body.as_ptr().addr();
                }
            } else if form.file.is_none() {
                form.fields.push((name, std::str::from_utf8(content).ok()?));
            }
        }
        Some(form)
    }

    /// A field's value, by its name in whatever letters.
    pub(crate) fn field(&self, name: &str) -> Option<&'a str> {
        let mut fields = self.fields.iter();
        let found = fields.find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value)
    }

    /// How many fields have this name.
    pub(crate) fn count(&self, name: &str) -> usize {
        let fields = self.fields.iter();
        fields
            .filter(|(found, _)| found.eq_ignore_ascii_case(name))
            .count()
    }

    /// The same form written anew, so that whoever reads it next finds in it what was found here: its
    /// content type and its body.
    pub(crate) fn written(&self) -> (String, Vec<u8>) {
        // Nothing holds its own digest.
        let mut digest = Sha256::new();
        for (name, value) in &self.fields {
            digest.update(name);
            digest.update(value);
        }
        if let Some(file) = &self.file {
            digest.update(file.content);
        }
        let boundary = hex::encode(digest.finalize());
        let mut body = Vec::new();
        for (name, value) in &self.fields {
            let field = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
            body.extend_from_slice(field.as_bytes());
        }
        if let Some(file) = &self.file {
            let head = file.written_head();
            body.extend_from_slice(format!("--{boundary}\r\n{head}\r\n\r\n").as_bytes());
            body.extend_from_slice(file.content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        (format!("multipart/form-data; boundary={boundary}"), body)
    }
}

impl File<'_> {
    fn written_head(&self) -> String {
        let mut head = "Content-Disposition: form-data; name=\"file\"".to_owned();
        if let Some(name) = parameter(self.head, "filename") {
            head = format!("{head}; filename=\"{name}\"");
        }
        if let Some(content_type) = header(self.head, "content-type") {
            head = format!("{head}\r\nContent-Type: {content_type}");
        }
        head
    }
}

/// The boundary that a content type names.
fn boundary(content_type: &str) -> Option<&str> {
    let boundary = content_type
        .split(';')
        .filter_map(|part| part.trim().split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("boundary"))?
        .1
        .trim_matches('"');
    (!boundary.is_empty()).then_some(boundary)
}

/// A header of a part's.
fn header<'a>(head: &'a str, wanted: &str) -> Option<&'a str> {
    head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case(wanted).then(|| value.trim())
    })
}

/// A parameter of a part's `Content-Disposition: form-data`, with or without quotes. One with a
/// line's end in it, or a quote that browsers would have escaped, is none.
fn parameter<'a>(head: &'a str, wanted: &str) -> Option<&'a str> {
    let mut rest = header(head, "content-disposition")?.strip_prefix("form-data")?;
    loop {
        rest = rest.trim_start().strip_prefix(';')?.trim_start();
        let (name, value) = rest.split_once('=')?;
        let (value, behind) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => value.split_at(value.find(';').unwrap_or(value.len())),
        };
        if name.eq_ignore_ascii_case(wanted) {
            return (!value.contains(['\r', '\n', '"'])).then_some(value);
        }
        rest = behind;
    }
}

fn after<'a>(text: &'a [u8], what: &[u8]) -> Option<&'a [u8]> {
    text.get(find(text, what)? + what.len()..)
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=edge";

    fn form(parts: &[&str]) -> Vec<u8> {
        let parts = parts.iter().map(|part| format!("--edge\r\n{part}\r\n"));
        format!("{}--edge--\r\n", parts.collect::<String>()).into_bytes()
    }

    fn field(name: &str, value: &str) -> String {
        format!("Content-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}")
    }

    #[test]
    fn what_comes_after_the_file_does_not_count() {
        let (key, file, late) = (field("key", "a"), field("file", "b"), field("policy", "c"));
        let body = form(&[&key, &file, &late]);
        let read = Form::read(TYPE, &body).unwrap();
        assert_eq!(read.fields, [("key", "a")]);
        assert_eq!(read.files, 1);
        assert_eq!(read.field("policy"), None);
        assert!(body[read.before_the_file..].starts_with(b"b\r\n"));

        let (content_type, written) = read.written();
        let again = Form::read(&content_type, &written).unwrap();
        assert_eq!(again.fields, read.fields);
        assert_eq!(again.file.unwrap().content, b"b");
        assert!(!written.windows(6).any(|window| window == b"policy"));
    }

    #[test]
    fn a_file_may_hold_what_looks_like_a_form() {
        let content = "x--edge\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nother";
        let body = form(&[&field("key", "a"), &field("file", content)]);
        let read = Form::read(TYPE, &body).unwrap();
        assert_eq!(read.field("key"), Some("a"));
        assert_eq!(read.file.unwrap().content, content.as_bytes());
    }

    #[test]
    fn names_are_found_however_they_are_written() {
        let unquoted = "content-disposition:form-data;filename=a;name=key\r\n\r\nv";
        let quoted = "Content-Disposition: form-data; x=\"; name=\"; name=\"KEY\"\r\n\r\nw";
        let body = form(&[unquoted, quoted]);
        let read = Form::read(TYPE, &body).unwrap();
        assert_eq!(read.fields, [("key", "v"), ("KEY", "w")]);
        assert_eq!((read.field("Key"), read.count("Key")), (Some("v"), 2));
    }

    #[test]
    fn a_files_name_and_type_are_kept() {
        let head = "Content-Disposition: form-data; name=\"file\"; filename=\"a;b\"";
        let body = form(&[&format!("{head}\r\nContent-Type: image/jpeg\r\n\r\nx")]);
        let (_, written) = Form::read(TYPE, &body).unwrap().written();
        let written = String::from_utf8(written).unwrap();
        assert!(written.contains(&format!("{head}\r\nContent-Type: image/jpeg\r\n\r\nx\r\n")));
    }

    #[test]
    fn what_is_no_form_is_none() {
        let good = form(&[&field("key", "a")]);
        for content_type in [
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=other",
        ] {
            assert_eq!(Form::read(content_type, &good), None, "{content_type}");
        }
        assert_eq!(Form::read(TYPE, &good[..good.len() - 9]), None);
        for part in [
            "",
            "Content-Type: a/b\r\n\r\nx",
            "Content-Disposition: x; name=a\r\n\r\nx",
        ] {
            assert_eq!(Form::read(TYPE, &form(&[part])), None, "{part}");
        }
    }

    proptest! {
        #[test]
        fn no_form_makes_the_reader_stumble(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut framed = b"--edge\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n".to_vec();
            framed.extend(&body);
            let _ = Form::read(TYPE, &body);
            let _ = Form::read(TYPE, &framed);
        }

        #[test]
        fn a_form_that_is_written_anew_reads_the_same(
            fields in proptest::collection::vec(("[a-zA-Z-]{1,8}", "[ -~]{0,20}"), 0..4),
            content in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let fields: Vec<(&str, &str)> = fields
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .filter(|(name, _)| *name != "file")
                .collect();
            let head = "Content-Disposition: form-data; name=\"file\"";
            let file = Some(File { head, content: &content });
            let form = Form { fields, file, files: 1, before_the_file: 0 };
            let (content_type, body) = form.written();
            let read = Form::read(&content_type, &body).unwrap();
            prop_assert_eq!(read.fields, form.fields);
            prop_assert_eq!(read.file, form.file);
        }
    }
}
