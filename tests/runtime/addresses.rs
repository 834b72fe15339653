//! An address of the host means nothing on the VE: a kernel that is given one by force
//! faults, and neither reads nor writes what the host has there.

use ve_kernels::basics::bump;
use veo_core::{Result, Value, VeoProc};
use veo_test_support as _;

/// A page of the host at an address that nothing else of this program, nor of a VE
/// process, uses: the two may well have heap and stack at equal places.
struct HostPage(*mut u64);

const SECRET: u64 = 0x5ec2_e7c0_de5e_c2e7;

impl HostPage {
    fn new() -> HostPage {
        let wanted = 0x2345_6780_0000_usize as *mut libc::c_void;
        // SAFETY: a new private mapping; MAP_FIXED_NOREPLACE refuses a place in use.
        let page = unsafe {
            libc::mmap(
                wanted,
                4096,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE,
                -1,
                0,
            )
        };
        assert_eq!(page, wanted, "{}", std::io::Error::last_os_error());
        let page = HostPage(page.cast());
        // SAFETY: the page is mapped for writing and aligned.
        unsafe { page.0.write_volatile(SECRET) };
        page
    }

    fn word(&self) -> u64 {
        // SAFETY: the page is mapped for reading until `drop`, aligned, and was written.
        unsafe { self.0.read_volatile() }
    }
}

impl Drop for HostPage {
    fn drop(&mut self) {
        // SAFETY: the mapping of `new`, to which no reference exists.
        unsafe { libc::munmap(self.0.cast(), 4096) };
    }
}

/// The message of the error with which a kernel of this name ends, called by name with
/// words that nobody checks.
fn forced(kernel: &str, words: &[u64]) -> Result<String> {
    let proc = VeoProc::new(0)?;
    let ctx = proc.open_context()?;
    let library = proc.load_library(ve_kernels::host_library("libvebasics.so"))?;
    let function = library.find_function(kernel)?;
    let words: Vec<Value> = words.iter().copied().map(Value::from).collect();
    let error = function.call(&ctx, words)?.wait().unwrap_err();
    Ok(error.to_string())
}

#[test]
fn reading_and_writing_host_memory_faults() -> Result<()> {
    let page = HostPage::new();
    let address = page.0 as u64;
    for message in [
        forced("peek_word", &[address])?,
        forced("poke_word", &[address, 0])?,
    ] {
        assert!(message.contains("SIGSEGV"), "{message}");
        assert!(message.contains(&format!("{address:#x}")), "{message}");
    }
    assert_eq!(page.word(), SECRET);

    // The host lives, and so does a new process.
    assert_eq!(bump(&VeoProc::new(0)?, 1)?, 101);
    Ok(())
}

/// The same kernel reads the VE's own memory well.
#[test]
fn the_ve_has_its_own_memory_at_its_addresses() -> Result<()> {
    let proc = VeoProc::new(0)?;
    let buffer = proc.upload(&[SECRET])?;
    let address = buffer.as_ptr().addr();
    assert_eq!(ve_kernels::basics::peek_word(&proc, address)?, SECRET);
    Ok(())
}
