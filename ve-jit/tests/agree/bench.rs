//! Both engines on one memory, from the same state: what they leave is compared.

use std::sync::Arc;

use ve_isa::encoding::{Insn, operand};
use ve_isa::interp::{Common, Interpreter, Observer, Pause, Reach, StopHandle};
use ve_isa::memory::{Protection, Window};
use ve_isa::state::Cpu;
use ve_isa::trap::Trap;
use ve_jit::Cranelift;

/// Where blocks return to: outside the window, so never code.
pub(crate) const HOME: u64 = 8;

/// How they do.
pub(crate) const RETURN: &str = "b.l.t 0(, %s10)";

/// Bytes of data that blocks may use.
pub(crate) const DATA: u64 = 64 << 10;

/// Sees each instruction, so that the interpreter executes it.
#[derive(Debug)]
struct Nobody;

impl Observer for Nobody {
    fn instruction(&mut self, _: u64, _: u64, _: &Insn, _: &Cpu) {}
}

/// Both engines with one memory.
pub(crate) struct Bench {
    pub(crate) common: Arc<Common>,
    /// Where the data is.
    pub(crate) data: u64,
    interpreted: Interpreter,
    pub(crate) translated: Interpreter,
}

/// The state that a block leaves.
struct End {
    result: Result<Pause, Trap>,
    memory: Vec<u8>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let common = Arc::new(Common::new(Window::reserve().unwrap()));
        common.translate_with(Box::new(Cranelift::new().unwrap()), Reach::Region);
        let data = common
            .window
            .map(DATA, Protection::ReadWrite)
            .unwrap()
            .start;
        let mut interpreted = Interpreter::new(common.clone(), StopHandle::default());
        interpreted.observe(Some(Box::new(Nobody)));
        let translated = Interpreter::new(common.clone(), StopHandle::default());
        Self {
            common,
            data,
            interpreted,
            translated,
        }
    }

    /// Puts code into memory. The result is where it begins.
    pub(crate) fn place(&mut self, words: &[u64]) -> std::ops::Range<u64> {
        let window = &self.common.window;
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let code = window
            .map(bytes.len() as u64, Protection::ReadWrite)
            .unwrap();
        window.write(code.start, &bytes).unwrap();
        window.protect(code.clone(), Protection::Read).unwrap();
        self.common.executable.add(code.clone());
        code
    }

    pub(crate) fn remove(&mut self, code: std::ops::Range<u64>) {
        self.common.executable.remove(&code);
        self.common.window.unmap(code.start).unwrap();
        self.interpreted.forget_code();
        self.translated.forget_code();
    }

    fn run(&mut self, engine: Engine, start: u64, state: &Cpu, memory: &[u8]) -> End {
        self.common.window.write(self.data, memory).unwrap();
        let thread = match engine {
            Engine::Interpreted => &mut self.interpreted,
            Engine::Translated => &mut self.translated,
        };
        thread.cpu_mut().clone_from(state);
        thread.cpu_mut().ic = start;
        let result = thread.run(&|ic| ic == HOME);
        let mut after = vec![0; DATA as usize];
        self.common.window.read(self.data, &mut after).unwrap();
        End {
            result,
            memory: after,
        }
    }

    /// Runs a block in both and compares.
    pub(crate) fn compare(
        &mut self,
        start: u64,
        state: &Cpu,
        memory: &[u8],
        text: &dyn Fn() -> String,
    ) {
        assert!(
            self.translated.translate(start),
            "not translated:\n{}",
            text()
        );
        let expected = self.run(Engine::Interpreted, start, state, memory);
        let found = self.run(Engine::Translated, start, state, memory);
        let (mine, theirs) = (self.translated.cpu(), self.interpreted.cpu());
        assert_eq!(found.result, expected.result, "\n{}", text());
        for number in 0..operand::COUNT {
            assert_eq!(
                mine.operand(number),
                theirs.operand(number),
                "operand {number}, {:#x}\n{}\n{:x?}",
                theirs.operand(number),
                text(),
                (0..64)
                    .map(|number| state.scalar(number))
                    .collect::<Vec<_>>(),
            );
        }
        assert_eq!(mine.psw, theirs.psw, "\n{}", text());
        assert_eq!(
            (mine.ic, mine.vl()),
            (theirs.ic, theirs.vl()),
            "\n{}",
            text()
        );
        for number in 0..64 {
            assert!(
                mine.vector(number) == theirs.vector(number),
                "vector {number}\n{}",
                text()
            );
        }
        for number in 0..16 {
            assert_eq!(mine.mask(number), theirs.mask(number), "\n{}", text());
        }
        assert!(found.memory == expected.memory, "memory\n{}", text());
    }
}

#[derive(Clone, Copy)]
enum Engine {
    Interpreted,
    Translated,
}
