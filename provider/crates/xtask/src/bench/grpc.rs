//! One gRPC call over a connection: just enough HTTP/2 (RFC 9113, RFC 7541) to ask and to count the answer.
//!
//! Blocking and without buffers of its own, so that what is measured is the provider and not a client's runtime.

use std::io::{Read, Write};

use anyhow::{Context as _, bail, ensure};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// Calls `path` with an empty message and gives the length of the answer in bytes.
///
/// # Errors
///
/// The connection breaks, or the call is not answered with a message.
pub(crate) fn call(connection: &mut (impl Read + Write), path: &str) -> anyhow::Result<usize> {
    let mut request = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    // Windows of any size: the answer must not wait for us.
    request.extend(frame(SETTINGS, 0, 0, &[0, 4, 0x7f, 0xff, 0xff, 0xff]));
    request.extend(frame(WINDOW_UPDATE, 0, 0, &0x7fff_0000_u32.to_be_bytes()));
    request.extend(frame(HEADERS, END_HEADERS, 1, &headers(path)));
    request.extend(frame(DATA, END_STREAM, 1, &[0; 5]));
    connection.write_all(&request).context("asking")?;
    connection.flush().context("asking")?;
    let mut answered = 0;
    loop {
        let mut head = [0; 9];
        connection.read_exact(&mut head).context("reading the answer")?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).context("reading the answer")?];
        connection.read_exact(&mut payload).context("reading the answer")?;
        let (kind, flags) = (head[3], head[4]);
        match kind {
            DATA => answered += payload.len(),
            SETTINGS if flags & ACK == 0 => {
                connection.write_all(&frame(SETTINGS, ACK, 0, &[])).context("answering")?;
            }
            PING if flags & ACK == 0 => {
                connection.write_all(&frame(PING, ACK, 0, &payload)).context("answering")?;
            }
            RST_STREAM | GOAWAY => bail!("{path} was refused"),
            _ => {}
        }
        if matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0 {
            ensure!(answered > 0, "{path} was answered without a message");
            return Ok(answered);
        }
    }
}

/// The request's headers, compressed the simplest way: static names, literal values, no Huffman code.
fn headers(path: &str) -> Vec<u8> {
    // `:method: POST` and `:scheme: https` stand in the static table.
    let mut block = vec![0x83, 0x87];
    literal(&mut block, &[0x04], path);
    literal(&mut block, &[0x01], "localhost");
    literal(&mut block, &[0x0f, 0x10], "application/grpc");
    literal(&mut block, &[0x00, 2, b't', b'e'], "trailers");
    block
}

fn literal(block: &mut Vec<u8>, name: &[u8], value: &str) {
    block.extend(name);
    // All values are shorter than 127 bytes, so that their length is one byte.
    block.push(u8::try_from(value.len()).unwrap_or(u8::MAX));
    block.extend(value.as_bytes());
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

#[cfg(test)]
mod tests {
    use std::io::{self, Cursor};

    use super::*;

    struct Scripted {
        answer: Cursor<Vec<u8>>,
        asked: Vec<u8>,
    }

    impl Read for Scripted {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.answer.read(buffer)
        }
    }

    impl Write for Scripted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.asked.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn scripted(frames: &[Vec<u8>]) -> Scripted {
        Scripted { answer: Cursor::new(frames.concat()), asked: Vec::new() }
    }

    #[test]
    fn an_answer_is_counted_to_its_end() {
        let mut connection = scripted(&[
            frame(SETTINGS, 0, 0, &[]),
            frame(HEADERS, END_HEADERS, 1, &[0x88]),
            frame(DATA, 0, 1, &[7; 300]),
            frame(HEADERS, END_HEADERS | END_STREAM, 1, &[]),
        ]);
        assert_eq!(call(&mut connection, "/a.B/C").unwrap(), 300);
        assert!(connection.asked.ends_with(&frame(SETTINGS, ACK, 0, &[])));
    }

    #[test]
    fn an_answer_without_a_message_is_an_error() {
        let mut connection = scripted(&[frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0x88])]);
        assert!(call(&mut connection, "/a.B/C").is_err());
    }
}
