//! A client of gdb's remote protocol, at a Unix socket.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long anything may take, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection.
#[derive(Debug)]
pub struct Gdb {
    stream: UnixStream,
    bytes: Vec<u8>,
}

/// A packet around a text.
#[must_use]
pub fn packet(text: &[u8]) -> Vec<u8> {
    let sum = text.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    [b"$", text, format!("#{sum:02x}").as_bytes()].concat()
}

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The number in a register or in memory, as its digits are sent: the lowest byte first.
///
/// # Panics
///
/// These are not 16 digits.
#[must_use]
pub fn number(digits: &str) -> u64 {
    let value = u64::from_str_radix(digits, 16)
        .ok()
        .filter(|_| digits.len() == 16);
    value
        .unwrap_or_else(|| panic!("{digits} is no register"))
        .swap_bytes()
}

impl Gdb {
    /// Waits for the socket, connects, and makes packets be taken for granted.
    ///
    /// # Panics
    ///
    /// Nobody listens there for long.
    #[must_use]
    pub fn connect(path: &Path) -> Self {
        let end = Instant::now() + PATIENCE;
        let stream = loop {
            match UnixStream::connect(path) {
                Ok(stream) => break stream,
                Err(error) => assert!(Instant::now() < end, "{}: {error}", path.display()),
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("it can be set");
        let mut this = Self {
            stream,
            bytes: Vec::new(),
        };
        let supported = this.ask("qSupported:multiprocess-;swbreak+;hwbreak+;vContSupported+");
        assert!(supported.contains("qXfer:features:read+"), "{supported}");
        assert_eq!(this.ask("QStartNoAckMode"), "OK");
        this
    }

    /// Sends bytes as they are. Nobody may read them.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// Sends a packet.
    pub fn send(&mut self, text: &str) {
        self.send_bytes(&packet(text.as_bytes()));
    }

    /// The next answer.
    ///
    /// # Panics
    ///
    /// There is none.
    pub fn answer(&mut self) -> String {
        self.try_answer().expect("an answer")
    }

    /// The next answer, unless the connection ends.
    pub fn try_answer(&mut self) -> Option<String> {
        while !matches!(self.byte()?, b'$') {}
        let mut text: Vec<u8> = Vec::new();
        loop {
            match self.byte()? {
                b'#' => break,
                b'*' => {
                    // The byte before comes again.
                    let times = self.byte()? - 29;
                    let last = *text.last()?;
                    text.extend((0..times).map(|_| last));
                }
                b'}' => {
                    let byte = self.byte()? ^ 0x20;
                    text.push(byte);
                }
                byte => text.push(byte),
            }
        }
        // The sum, which a local connection cannot spoil.
        self.byte()?;
        self.byte()?;
        Some(String::from_utf8_lossy(&text).into_owned())
    }

    /// Sends a packet; the result is the answer.
    pub fn ask(&mut self, text: &str) -> String {
        self.send(text);
        self.answer()
    }

    /// Works like gdb's `monitor`: gives the output.
    ///
    /// # Panics
    ///
    /// The command is not answered as one.
    pub fn monitor(&mut self, command: &str) -> String {
        let mut said = String::new();
        let mut answer = self.ask(&format!("qRcmd,{}", hexadecimal(command.as_bytes())));
        while let Some(digits) = answer.strip_prefix('O').filter(|digits| *digits != "K") {
            let bytes = digits.as_bytes().chunks(2).map(|pair| {
                let pair = std::str::from_utf8(pair).expect("digits");
                u8::from_str_radix(pair, 16).expect("digits")
            });
            said += &String::from_utf8_lossy(&bytes.collect::<Vec<u8>>());
            answer = self.answer();
        }
        assert_eq!(answer, "OK", "{command}");
        said.trim_end().to_owned()
    }

    /// The address of a function or variable.
    ///
    /// # Panics
    ///
    /// There is none of this name.
    pub fn symbol(&mut self, name: &str) -> u64 {
        let said = self.monitor(&format!("symbol {name}"));
        let digits = said.strip_prefix("0x").unwrap_or_else(|| panic!("{said}"));
        u64::from_str_radix(digits, 16).expect("an address")
    }

    /// A register of 64 bits of the thread that was chosen.
    pub fn register(&mut self, register: u32) -> u64 {
        number(&self.ask(&format!("p{register:x}")))
    }

    /// Sets a breakpoint.
    ///
    /// # Panics
    ///
    /// It cannot be set.
    pub fn break_at(&mut self, address: u64) {
        assert_eq!(self.ask(&format!("Z0,{address:x},8")), "OK", "{address:#x}");
    }

    fn byte(&mut self) -> Option<u8> {
        if self.bytes.is_empty() {
            let mut buffer = [0; 65536];
            let length = self.stream.read(&mut buffer).unwrap_or(0);
            self.bytes = buffer[..length].to_vec();
            self.bytes.reverse();
        }
        self.bytes.pop()
    }
}
